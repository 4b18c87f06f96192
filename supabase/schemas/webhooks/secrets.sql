-- Signing secrets: written once, read by the worker's functions only. A secret ends when a newer one says so.
--
-- whsec_<base64>: 24 to 64 bytes, HMAC-SHA256, which Standard Webhooks calls v1. whsk_<base64>: an Ed25519 key of 64
-- bytes, its seed and its public key, which it calls v1a. They lie in Supabase's Vault where the project has it.

create table casebase.webhook_secrets (
  id                 bigint      generated always as identity,
  endpoint_id        uuid        not null,
  secret             text,
  -- Where it is in the Vault, instead.
  vault_id           uuid,
  -- Of an Ed25519 key, as whpk_<base64>: for receivers, and no secret.
  public_key         text,
  -- For how long the secrets before this one go on signing beside it.
  previous_valid_for interval    not null,
  created_at         timestamptz not null default now(),
  constraint webhook_secrets_pkey primary key (id),
  constraint webhook_secrets_endpoint_id_fkey
    foreign key (endpoint_id) references casebase.webhook_endpoints (id) on delete cascade,
  constraint webhook_secrets_in_one_place_check check ((secret is null) <> (vault_id is null)),
  constraint webhook_secrets_previous_valid_for_check
    check (previous_valid_for between interval '0' and interval '30 days')
);
comment on table casebase.webhook_secrets is
  'Signing secrets, write-only: no role may select them, the worker gets them with each lease.';
alter table casebase.webhook_secrets enable row level security;
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role;
create index webhook_secrets_endpoint_id_idx on casebase.webhook_secrets (endpoint_id, id);

-- The sum of two points of edwards25519, (x, y, z, t) in extended coordinates (RFC 8032, 5.1.4).
create function casebase.ed25519_add(p numeric[], q numeric[]) returns numeric[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  prime constant numeric := 57896044618658097711785492504343953926634992332820282019728792003956564819949;
  twice_d constant numeric := 16295367250680780974490674513165176452449235426866156013048779062215315747161;
  a numeric := mod((p[2] - p[1]) * (q[2] - q[1]), prime);
  b numeric := mod((p[2] + p[1]) * (q[2] + q[1]), prime);
  c numeric := mod(mod(p[4] * q[4], prime) * twice_d, prime);
  d numeric := mod(2 * p[3] * q[3], prime);
begin
  return array[
    mod((b - a) * (d - c), prime), mod((d + c) * (b + a), prime),
    mod((d - c) * (d + c), prime), mod((b - a) * (b + a), prime)
  ];
end
$$;

-- The public key of an Ed25519 seed (RFC 8032, 5.1.5). PostgreSQL has no function for it, and no extension is there
-- everywhere; how long it takes tells about the seed, but nobody but the database sees that.
create function casebase.ed25519_public_key(seed bytea) returns bytea
  language plpgsql immutable strict set search_path = pg_catalog, pg_temp
as $$
declare
  prime constant numeric := 57896044618658097711785492504343953926634992332820282019728792003956564819949;
  scalar   bytea     := substr(sha512(seed), 1, 32);
  base     numeric[] := array[
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
    1,
    46827403850823179245072216630277197565144205554125654976674165829533817101731
  ];
  point    numeric[] := array[0, 1, 1, 0];
  inverse  numeric   := 1;
  x        numeric;
  y        numeric;
  encoded  bytea     := decode(repeat('00', 32), 'hex');
begin
  scalar := set_bit(set_bit(set_bit(set_bit(set_bit(scalar, 0, 0), 1, 0), 2, 0), 255, 0), 254, 1);
  for i in reverse 254..0 loop
    point := casebase.ed25519_add(point, point);
    if get_bit(scalar, i) = 1 then
      point := casebase.ed25519_add(point, base);
    end if;
  end loop;

  -- 1/z is z to the power of prime - 2, of whose bits only the second and the fourth are 0.
  for i in reverse 254..0 loop
    inverse := mod(inverse * inverse, prime);
    if i not in (2, 4) then
      inverse := mod(inverse * point[3], prime);
    end if;
  end loop;
  x := mod(mod(point[1] * inverse, prime) + prime, prime);
  y := mod(mod(point[2] * inverse, prime) + prime, prime);

  for i in 0..31 loop
    encoded := set_byte(encoded, i, mod(y, 256)::integer);
    y := div(y, 256);
  end loop;
  return set_bit(encoded, 255, mod(x, 2)::integer);
end
$$;

-- A new secret for a signature scheme, 'v1' or 'v1a'.
create function casebase.new_webhook_secret(signature text) returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- Three random uuids are 366 random bits; no extension is needed that a host might keep elsewhere.
  random constant bytea := sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
  return case signature
    when 'v1a' then 'whsk_' || translate(encode(random || casebase.ed25519_public_key(random), 'base64'), E'\n', '')
    else 'whsec_' || encode(random, 'base64')
  end;
end
$$;

-- The bytes of a secret of this kind, or null where it is none.
create function casebase.webhook_secret_bytes(secret text, kind text) returns bytea
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select decode(split_part(secret, '_', 2), 'base64')
  where secret ~ ('^' || kind || '_([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$')
$$;

-- BEFORE: what is kept is not what was sent. A definer function, so that the owner puts it into the Vault.
create function casebase.keep_webhook_secret() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  shared   bytea := casebase.webhook_secret_bytes(new.secret, 'whsec');
  key_pair bytea := casebase.webhook_secret_bytes(new.secret, 'whsk');
begin
  if coalesce(octet_length(shared) between 24 and 64, false) then
    new.public_key := null;
  elsif coalesce(substr(key_pair, 33) = casebase.ed25519_public_key(substr(key_pair, 1, 32)), false) then
    new.public_key := 'whpk_' || encode(substr(key_pair, 33), 'base64');
  else
    raise exception 'this is no signing secret'
      using errcode = 'check_violation', column = 'secret',
            hint = 'whsec_ and the base64 of 24 to 64 bytes, or whsk_ and the base64 of an Ed25519 key: its seed and its public key.';
  end if;
  if to_regclass('vault.decrypted_secrets') is not null then
    execute 'select vault.create_secret($1)' into new.vault_id using new.secret;
    new.secret := null;
  end if;
  return new;
end
$$;

create trigger keep_secret before insert on casebase.webhook_secrets
  for each row execute function casebase.keep_webhook_secret();

create function casebase.forget_webhook_secret() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  execute 'delete from vault.secrets where id = $1' using old.vault_id;
  return null;
end
$$;

create trigger forget_secret after delete on casebase.webhook_secrets
  for each row when (old.vault_id is not null)
  execute function casebase.forget_webhook_secret();

-- What the Vault keeps under this id.
create function casebase.vault_secret(vault_id uuid) returns text
  language plpgsql stable strict set search_path = pg_catalog, pg_temp
as $$
declare
  secret text;
begin
  execute 'select decrypted_secret from ' || to_regclass('vault.decrypted_secrets') || ' where id = $1' into secret using vault_id;
  return secret;
end
$$;

-- The secrets that sign at this moment, newest first; none for an endpoint that has none.
create function casebase.webhook_signing_secrets(endpoint_id uuid) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(array_agg(coalesce(signing.secret, casebase.vault_secret(signing.vault_id)) order by signing.id desc), '{}')
    from casebase.webhook_secrets signing
    where signing.endpoint_id = webhook_signing_secrets.endpoint_id
      and not exists (
        select from casebase.webhook_secrets newer
        where newer.endpoint_id = signing.endpoint_id
          and newer.id > signing.id
          and newer.created_at + newer.previous_valid_for <= now()
      )
  );
end
$$;

-- A new secret takes those along that have ended, and there are no more than five: each adds a signature to a header that
-- proxies bound. Who rotates one endpoint twice at the same time takes turns at its row.
create function casebase.limit_webhook_secrets() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from casebase.webhook_endpoints endpoint where endpoint.id = new.endpoint_id for no key update;
  delete from casebase.webhook_secrets ended
  using casebase.webhook_secrets newer
  where ended.endpoint_id = new.endpoint_id
    and newer.endpoint_id = new.endpoint_id
    and newer.id > ended.id
    and newer.created_at + newer.previous_valid_for <= now();

  if (select count(*) > 5 from casebase.webhook_secrets secret where secret.endpoint_id = new.endpoint_id) then
    raise exception 'five secrets of this endpoint sign already'
      using errcode = 'PT409', column = 'previous_valid_for',
            hint = 'Wait until one of them ends, or end them all now: previous_valid_for => ''0''.';
  end if;
  return null;
end
$$;

create trigger limit_secrets after insert on casebase.webhook_secrets
  for each row execute function casebase.limit_webhook_secrets();
