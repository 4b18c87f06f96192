-- Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): what the service answered to a request that may come again.
--
-- A request with a key claims it, does its work and writes its answer down. What the work made is noted beside the claim in
-- the work's own transaction, so whoever died in between has made nothing, or it is known what. A claim lives as long as it
-- is kept alive; then the next request under the key takes over with a claim of its own, and what the old one still tries
-- to make is refused. All of it is the caller's own: somebody else's key is another key.

create table casebase.idempotency_keys (
  user_id     uuid        not null,
  key         text        not null,
  -- Of what was asked, as far as it is known at the beginning: a hash.
  asked       text        not null,
  claim       uuid        not null default gen_random_uuid(),
  alive_until timestamptz not null,
  made_id     bigint,
  -- Of the bytes of a file, which are known at the end.
  content     text,
  status      integer,
  location    text,
  body        text,
  expires_at  timestamptz not null,
  constraint idempotency_keys_pkey primary key (user_id, key),
  constraint idempotency_keys_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint idempotency_keys_key_check check (key ~ '^[ !#-\[\]-~]{1,255}$'),
  constraint idempotency_keys_asked_check check (asked ~ '^[0-9a-f]{64}$'),
  constraint idempotency_keys_content_check check (content ~ '^[0-9a-f]{64}$'),
  constraint idempotency_keys_status_check check (status between 200 and 299),
  constraint idempotency_keys_location_check check (octet_length(location) <= 1000),
  constraint idempotency_keys_body_check check (octet_length(body) <= 1048576)
);
comment on table casebase.idempotency_keys is 'Requests that may be repeated, for a day: by whom, under which key, and what was answered.';
comment on column casebase.idempotency_keys.claim is 'Whose turn it is; another with each turn.';
comment on column casebase.idempotency_keys.made_id is 'The id of the case, interaction or file that the request made.';
alter table casebase.idempotency_keys enable row level security;
revoke all on casebase.idempotency_keys from public, anon, authenticated, service_role;
create index idempotency_keys_expires_at_idx on casebase.idempotency_keys (expires_at);

-- Whose turn it is: {"turn": "mine", "claim", "made_id"}; {"turn": "answered", "status", "location", "body", "content"};
-- {"turn": "running"}; {"turn": "other"}, where the key came with another request.
create function casebase.claim_idempotency_key(key text, asked text) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me    uuid := casebase.caller_id();
  known casebase.idempotency_keys;
begin
  -- Who can make nothing has nothing to repeat.
  if not casebase.is_known() then
    raise exception 'you have no role in this project' using errcode = 'insufficient_privilege';
  end if;
  delete from casebase.idempotency_keys k
  where k.user_id = me and k.key = claim_idempotency_key.key and k.expires_at < now();
  insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at)
  values (me, claim_idempotency_key.key, claim_idempotency_key.asked, now() + interval '1 minute', now() + interval '1 day')
  on conflict do nothing
  returning * into known;
  if found then
    -- Answers take room for a day.
    if (select count(*) from casebase.idempotency_keys k where k.user_id = me and k.expires_at > now()) > 1000 then
      raise exception 'you have used 1000 keys in a day'
        using errcode = 'PT429',
              -- The service makes Retry-After of it.
              detail = (
                select to_char(min(k.expires_at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                from casebase.idempotency_keys k
                where k.user_id = me and k.expires_at > now()),
              hint = 'Send requests that need not be repeated without an Idempotency-Key.';
    end if;
    return jsonb_build_object('turn', 'mine', 'claim', known.claim, 'made_id', null);
  end if;

  select k.* into known
  from casebase.idempotency_keys k
  where k.user_id = me and k.key = claim_idempotency_key.key
  for update;
  -- Let go of in this moment: whoever comes again claims it.
  if not found then
    return jsonb_build_object('turn', 'running');
  end if;
  if known.asked <> claim_idempotency_key.asked then
    return jsonb_build_object('turn', 'other');
  end if;
  if known.status is not null then
    return jsonb_build_object('turn', 'answered', 'status', known.status, 'location', known.location,
                              'body', known.body, 'content', known.content);
  end if;
  if known.alive_until > now() then
    return jsonb_build_object('turn', 'running');
  end if;
  update casebase.idempotency_keys k
  set claim       = gen_random_uuid(),
      alive_until = now() + interval '1 minute'
  where k.user_id = me and k.key = known.key
  returning * into known;
  return jsonb_build_object('turn', 'mine', 'claim', known.claim, 'made_id', known.made_id);
end
$$;

-- For another minute, while the work goes on. Whether it is still the caller's turn.
create function casebase.keep_idempotency_key(claim uuid) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.idempotency_keys k
  set alive_until = now() + interval '1 minute'
  where k.user_id = casebase.caller_id() and k.claim = keep_idempotency_key.claim and k.status is null;
  return found;
end
$$;

-- The work is done: its answer, for whoever asks again.
create function casebase.answer_idempotency_key(claim uuid, status integer, location text, body text, content text)
  returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.idempotency_keys k
  set status   = answer_idempotency_key.status,
      location = answer_idempotency_key.location,
      body     = answer_idempotency_key.body,
      content  = answer_idempotency_key.content
  where k.user_id = casebase.caller_id() and k.claim = answer_idempotency_key.claim and k.status is null;
  return found;
end
$$;

-- The work failed: the key is free. Where something was made all the same, the next request looks at it.
create function casebase.release_idempotency_key(claim uuid) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.idempotency_keys k
  where k.user_id = casebase.caller_id() and k.claim = release_idempotency_key.claim
    and k.status is null and k.made_id is null;
  update casebase.idempotency_keys k
  set alive_until = now()
  where k.user_id = casebase.caller_id() and k.claim = release_idempotency_key.claim;
end
$$;

-- The service says under which claim it writes. AFTER: the policies have spoken.
create function casebase.note_what_was_made() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.idempotency_keys k
  set made_id     = new.id,
      alive_until = now() + interval '1 minute'
  where k.user_id = casebase.caller_id()
    and k.claim::text = current_setting('request.headers')::jsonb ->> 'casebase-claim'
    and k.status is null;
  if not found then
    raise exception 'another request under the same Idempotency-Key has taken over' using errcode = 'PT409';
  end if;
  return null;
end
$$;

create trigger note_what_was_made after insert on public.cases
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();
-- Of a reply to a closed case, after the case that it opens.
create trigger note_what_was_made after insert on public.interactions
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();
create trigger note_what_was_made after insert on public.case_files
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();
create trigger note_what_was_made after insert on public.client_documents
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();

-- By the service, every now and then; a thousand at a time.
create function casebase.forget_idempotency_keys() returns void
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  delete from casebase.idempotency_keys k
  where (k.user_id, k.key) in (
    select e.user_id, e.key
    from casebase.idempotency_keys e
    where e.expires_at < now()
    order by e.expires_at
    limit 1000
  )
$$;

create function public.claim_idempotency_key(key text, asked text) returns jsonb
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.claim_idempotency_key(key, asked)
$$;
comment on function public.claim_idempotency_key(text, text) is
  'Whose turn it is under an Idempotency-Key of the caller''s (draft-ietf-httpapi-idempotency-key-header).

A key is kept for a day, for each caller by themselves. A claim lives for a minute, unless rpc/keep_idempotency_key keeps it alive.

For the service, with the token of whoever asked it.

- key: the key, 1 to 255 printable characters of ASCII without " and \.
- asked: the SHA-256 of what was asked, in hexadecimal.

Returns {"turn": "mine", "claim", "made_id"}; {"turn": "answered", "status", "location", "body", "content"}; {"turn": "running"}; or {"turn": "other"}, where the key came with another request.

- 42501: the caller has no role in this project.
- PT429: they have used 1000 keys in a day; details says when there is room.
- 23514: the key or the hash is none.';

create function public.keep_idempotency_key(claim uuid) returns boolean
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.keep_idempotency_key(claim)
$$;
comment on function public.keep_idempotency_key(uuid) is
  'Keeps a claim alive for another minute, while the work under it goes on.

For the service, with the token of whoever asked it.

- claim: the claim, of rpc/claim_idempotency_key.

Returns whether it is still the caller''s turn.';

create function public.answer_idempotency_key(
  claim    uuid,
  status   integer,
  location text default null,
  body     text default null,
  content  text default null
) returns boolean
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.answer_idempotency_key(claim, status, location, body, content)
$$;
comment on function public.answer_idempotency_key(uuid, integer, text, text, text) is
  'Writes down what was answered, for whoever asks again under the same key.

For the service, with the token of whoever asked it.

- claim: the claim, of rpc/claim_idempotency_key.
- status: the HTTP status, 200 to 299.
- location: the header Location; null: none.
- body: the body, up to 1 MiB; null: none.
- content: the SHA-256 of the bytes that were sent, in hexadecimal; null: none were.

Returns whether it was still the caller''s turn.

- 23514: an argument is none of what is accepted.';

create function public.release_idempotency_key(claim uuid) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.release_idempotency_key(claim)
$$;
comment on function public.release_idempotency_key(uuid) is
  'Lets go of a claim whose work failed: the key is free, unless something was made all the same.

For the service, with the token of whoever asked it.

- claim: the claim, of rpc/claim_idempotency_key.

Returns nothing.';
