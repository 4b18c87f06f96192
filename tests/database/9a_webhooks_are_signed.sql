-- Signing secrets: two kinds, a handful at a time, in the Vault where there is one, and never to be read.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
select plan(32);

-- Public keys of Ed25519 seeds: the first three vectors of RFC 8032, 7.1.
select is(encode(casebase.ed25519_public_key(decode(seed, 'hex')), 'hex'), key, 'the public key of ' || left(seed, 8))
from (values
  ('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'),
  ('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
  ('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7', 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025')) v (seed, key);

-- An endpoint chooses what signs.
create temporary table made as
  select 'v1' as signature, tests.sees('Ada', $$select row_to_json(e) from create_webhook_endpoint('https://example.com/1') e$$)::jsonb as answer
  union all
  select 'v1a', tests.sees('Ada', $$select row_to_json(e) from create_webhook_endpoint('https://example.com/2', signature => 'v1a') e$$)::jsonb;
insert into tests.names select signature, answer ->> 'id' from made;
select matches((select answer ->> 'secret' from made where signature = 'v1'), '^whsec_[A-Za-z0-9+/]{43}=$', 'v1 is a shared secret');
select is((select answer ->> 'public_key' from made where signature = 'v1'), null, 'which has no public key');
select matches((select answer ->> 'secret' from made where signature = 'v1a'), '^whsk_[A-Za-z0-9+/]{86}==$', 'v1a is a key of one''s own');
select matches((select answer ->> 'public_key' from made where signature = 'v1a'), '^whpk_[A-Za-z0-9+/]{43}=$', 'with a public one');
select is(tests.sees('Ada', 'select public_keys from webhook_endpoints() where id = ''{v1a}'''), format('{%s}', (select answer ->> 'public_key' from made where signature = 'v1a')),
  'which an admin can read');
select is(tests.sees('Ada', 'select public_keys from webhook_endpoints() where id = ''{v1}'''), '{}', 'of its own endpoint, and no other');
select is(tests.would('Ada', $$select create_webhook_endpoint('https://example.com/', signature => 'v2')$$), '23514', 'there is no v2');
select is(tests.would('Ada', 'select public_key from casebase.webhook_secrets'), '2', 'whoever manages webhooks reads public keys');
select is(tests.would('Alan', 'select public_key from casebase.webhook_secrets'), '0', 'nobody else does');
select is(tests.would('Ada', 'select secret from casebase.webhook_secrets'), '42501', 'secrets nobody');
select is(tests.would('Ada', 'select vault_id from casebase.webhook_secrets'), '42501', 'nor where they are');

-- What is none is refused, and what would be right is said.
create function pg_temp.adds(secret text) returns text language sql
as $$
  select tests.would('Ada', format($s$insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for) values ('{v1}', %L, '0')$s$, secret))
$$;
select is(pg_temp.adds('whsk_' || translate(encode(decode(repeat('00', 64), 'hex'), 'base64'), E'\n', '')), '23514', 'a public key that is not its seed''s');
select is(pg_temp.adds((select answer ->> 'secret' from made where signature = 'v1a')), '1', 'and one that is');
select is(pg_temp.adds('whsec_AAAA'), '23514', 'a secret that is too short');
select is(pg_temp.adds('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o'), '23514', 'base64 that is cut off');
select is(pg_temp.adds(null), '23514', 'none at all');

-- A handful signs.
select is(tests.does('Ada', $$select rotate_webhook_secret('{v1a}')$$), '1', 'a secret is rotated') from generate_series(1, 4);
select is(split_part(tests.refusal('Ada', $$select rotate_webhook_secret('{v1a}')$$), ' | ', 2), 'five secrets of this endpoint sign already', 'the sixth would be too many');
select is(cardinality(casebase.webhook_signing_secrets(tests.id('v1a')::uuid)), 5, 'five sign');
select is((select count(*) from unnest(casebase.webhook_signing_secrets(tests.id('v1a')::uuid)) s where s like 'whsk\_%'), 5::bigint, 'each of its endpoint''s kind');
select is(tests.does('Ada', $$select rotate_webhook_secret('{v1a}', '0')$$), '1', 'unless the others end');
select is((select count(*) from casebase.webhook_secrets where endpoint_id = tests.id('v1a')::uuid), 1::bigint, 'which are forgotten');
select is(cardinality(casebase.webhook_signing_secrets(tests.id('v1')::uuid)), 1, 'another endpoint''s have nothing to do with it');

-- A stand-in for Supabase's Vault, as far as it is used.
create schema vault;
create table vault.secrets (id uuid primary key default gen_random_uuid(), hidden bytea);
create function vault.create_secret(new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null)
  returns uuid language sql as $$ insert into vault.secrets (hidden) values (convert_to(reverse(new_secret), 'utf8')) returning id $$;
create view vault.decrypted_secrets as select id, reverse(convert_from(hidden, 'utf8')) as decrypted_secret from vault.secrets;
grant usage on schema vault to postgres;
grant select, insert, delete on all tables in schema vault to postgres;
insert into tests.names select 'new', tests.sees('Ada', $$select rotate_webhook_secret('{v1}')$$);
select is((select count(*) from casebase.webhook_secrets where secret = tests.id('new')), 0::bigint, 'where there is a Vault, a secret is not in the table');
select is(casebase.webhook_signing_secrets(tests.id('v1')::uuid), array[tests.id('new'), (select answer ->> 'secret' from made where signature = 'v1')],
  'and signs all the same, beside one that was there before');
select tests.does('Ada', $$select delete_webhook_endpoint('{v1}')$$);
select is((select count(*) from vault.secrets), 0::bigint, 'it goes with its endpoint');

select * from finish();
rollback;
