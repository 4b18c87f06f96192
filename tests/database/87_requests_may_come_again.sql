-- A request with an Idempotency-Key has its effect once: whose turn it is, what was made, and what was answered.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
create function pg_temp.hash(text text) returns text language sql as $$ select encode(sha256(text::bytea), 'hex') $$;
-- Whose turn it is, without the claim, which is kept under the name of the person.
create temporary table claims (person text primary key, claim uuid);
create function pg_temp.turn(person text, key text default 'k', asked text default 'a') returns text language plpgsql
as $$
declare
  turn jsonb := tests.sees(person, format('select claim_idempotency_key(%L, %L)', key, pg_temp.hash(asked)))::jsonb;
begin
  if turn ? 'claim' then
    insert into claims values (person, (turn ->> 'claim')::uuid) on conflict on constraint claims_pkey do update set claim = excluded.claim;
  end if;
  return (turn - 'claim')::text;
end
$$;
create function pg_temp.claim(whose text) returns uuid language sql as $$ select claim from claims where person = whose $$;
-- As long as nobody heard of whoever works.
create function pg_temp.silence(how_long interval default '2 minutes') returns void language sql
as $$ update casebase.idempotency_keys set alive_until = alive_until - how_long, expires_at = expires_at - how_long $$;
create function pg_temp.does(person text, statement text, whose text default null) returns text language plpgsql
as $$
declare
  outcome text;
begin
  perform set_config('request.headers', case when whose is null then '' else jsonb_build_object('casebase-claim', pg_temp.claim(whose))::text end, true);
  outcome := tests.does(person, statement);
  perform set_config('request.headers', '', true);
  return outcome;
end
$$;
create function pg_temp.answers(person text, whose text, status integer default 201) returns text language sql
as $$ select tests.does(person, format('select where answer_idempotency_key(%L, %s, ''/l'', ''b'', null)', pg_temp.claim(whose), status)) $$;
select plan(87);

-- The first works, others wait, and everybody has keys of their own.
select is(pg_temp.turn('Carla'), '{"turn": "mine", "made_id": null}', 'who comes first works');
select is(pg_temp.turn('Carla'), '{"turn": "running"}', 'who comes again waits');
select is(pg_temp.turn('Carla', 'other'), '{"turn": "mine", "made_id": null}', 'not under another key');
select is(pg_temp.turn('Carla', 'k', 'b'), '{"turn": "other"}', 'and not with another request');
select is(pg_temp.turn('Otto', 'k', 'b'), '{"turn": "mine", "made_id": null}', 'somebody else''s key is another');
select is(pg_temp.turn(person, 'k', asked), '{"turn": "running"}', person || ' waits for ' || asked) from (values ('Carla', 'a'), ('Otto', 'b')) t (person, asked);
select is(pg_temp.answers('Otto', 'Carla'), '0', 'nobody answers for somebody else');
select is(tests.does('Otto', format('select where keep_idempotency_key(%L)', pg_temp.claim('Carla'))), '0', 'or keeps their work alive');
select is(tests.does('Otto', format('select release_idempotency_key(%L)', pg_temp.claim('Carla'))), '1', 'or lets go');
select is(pg_temp.turn('Carla', 'other'), '{"turn": "running"}', 'of anything');

-- An answer is there for a day, and the same.
select is(pg_temp.answers('Carla', 'Carla'), '1', 'who worked answers');
select is(pg_temp.turn('Carla', 'other'), '{"body": "b", "turn": "answered", "status": 201, "content": null, "location": "/l"}', 'and who comes again hears it');
select is(pg_temp.turn('Carla', 'other', 'b'), '{"turn": "other"}', 'with the same request only');
select is(pg_temp.answers('Carla', 'Carla', 200), '0', 'an answer stays as it is');
select is(tests.does('Carla', format('select where keep_idempotency_key(%L)', pg_temp.claim('Carla'))), '0', 'and is no work');
select tests.does('Carla', format('select release_idempotency_key(%L)', pg_temp.claim('Carla')));
select is(pg_temp.turn('Carla', 'other'), '{"body": "b", "turn": "answered", "status": 201, "content": null, "location": "/l"}', 'nor can be let go of');
select pg_temp.silence('23 hours');
select is(pg_temp.turn('Carla', 'other'), '{"body": "b", "turn": "answered", "status": 201, "content": null, "location": "/l"}', 'it is there for a day');
select pg_temp.silence('2 hours');
select is(pg_temp.turn('Carla', 'other', 'b'), '{"turn": "mine", "made_id": null}', 'and then free for anything');
select is(pg_temp.turn('Carla', 'other', 'b'), '{"turn": "running"}', 'once');

-- Work that was let go of, and work that nobody hears of any more.
select is(tests.does('Carla', format('select release_idempotency_key(%L)', pg_temp.claim('Carla'))), '1', 'work that failed is let go of');
select is(pg_temp.turn('Carla', 'other', 'c'), '{"turn": "mine", "made_id": null}', 'and the key is free');
create temporary table old as select claim from claims where person = 'Carla';
select pg_temp.silence();
select is(tests.does('Carla', format('select where keep_idempotency_key(%L)', pg_temp.claim('Carla'))), '1', 'who was silent can go on');
select is(pg_temp.turn('Carla', 'other', 'c'), '{"turn": "running"}', 'and is waited for again');
select pg_temp.silence();
select is(pg_temp.turn('Carla', 'other', 'd'), '{"turn": "other"}', 'silence frees no key for another request');
select is(pg_temp.turn('Carla', 'other', 'c'), '{"turn": "mine", "made_id": null}', 'but whoever comes again takes over');
select isnt(pg_temp.claim('Carla'), (select claim from old), 'with a claim of its own');
select is(tests.does('Carla', format('select where %s(%L)', f, (select claim from old))), '0', f || ': the old one is nobody''s')
from unnest(array['keep_idempotency_key']) f;
select is(tests.does('Carla', format('select where answer_idempotency_key(%L, 201)', (select claim from old))), '0', 'and answers nothing');
select is(tests.does('Carla', format('select release_idempotency_key(%L)', (select claim from old))), '1', 'or lets go');
select is(pg_temp.turn('Carla', 'other', 'c'), '{"turn": "running"}', 'of nothing');

insert into claims select 'her other', claim from claims where person = 'Carla';
select pg_temp.turn(person, 'both') from unnest(array['Carla', 'Otto']) person;
select pg_temp.silence();
select is(pg_temp.turn('Carla', 'both'), '{"turn": "mine", "made_id": null}', 'whoever takes over takes her own');
select is(tests.does('Otto', format('select where keep_idempotency_key(%L)', pg_temp.claim('Otto'))), '1', 'the other of the same name is whose it was');
select tests.does('Carla', format('select where keep_idempotency_key(%L)', pg_temp.claim('her other')));
update claims set claim = pg_temp.claim('her other') where person = 'Carla';

-- What is made under a claim is noted with it, and under one that was taken over, nothing is made.
insert into claims select 'old', claim from old;
select is(pg_temp.does('Carla', 'insert into cases (client_id, title) values (''{acme}'', ''Late'')', 'old'), 'PT409', 'who was taken over makes nothing');
select is(pg_temp.does('Otto', 'insert into cases (client_id, title) values (''{other}'', ''Another''''s'')', 'Carla'), 'PT409', 'nobody makes anything under another''s claim');
select is(pg_temp.does('Carla', 'insert into cases (client_id, title) values (''{other}'', ''Not mine'')', 'Carla'), '42501', 'the policies decide first');
select is((select count(*) from cases where title in ('Late', 'Another''s', 'Not mine')), 0::bigint, 'nothing was made');
select is(pg_temp.does('Carla', 'insert into cases (client_id, title) values (''{acme}'', ''Once'')', 'Carla'), '1', 'who has the turn makes a case');
select is(pg_temp.turn('Carla', 'other', 'c'), '{"turn": "running"}', 'which is not answered yet');
select is(tests.does('Carla', format('select release_idempotency_key(%L)', pg_temp.claim('Carla'))), '1', 'let go of after that');
select is(pg_temp.turn('Carla', 'other', 'c'), format('{"turn": "mine", "made_id": %s}', (select id from cases where title = 'Once')), 'the next hears at once what was made');
select pg_temp.turn('Carla', 'file');
select is(pg_temp.does('Carla', 'insert into case_files (case_id, file_name, original_name, content_type, file_size) values ({case}, ''{number}-1634567890-once.txt'', ''once.txt'', ''text/plain'', 1)', 'Carla'), '1', 'a file is noted, too');
select pg_temp.silence();
select is(pg_temp.turn('Carla', 'file'), format('{"turn": "mine", "made_id": %s}', (select id from case_files where original_name = 'once.txt')), 'for whoever takes over');
select pg_temp.turn('Dora', 'document');
select is(pg_temp.does('Dora', 'insert into client_documents (client_id, category, original_name, content_type, file_size) values (''{acme}'', ''policies'', ''once.pdf'', ''application/pdf'', 1)', 'Dora'), '1', 'so is a document');
select pg_temp.silence();
select is(pg_temp.turn('Dora', 'document'), format('{"turn": "mine", "made_id": %s}', (select id from client_documents where original_name = 'once.pdf')), 'by its version''s number');
select pg_temp.turn('Carla', 'reply');
update cases set status = 'closed' where id = tests.id('case')::bigint;
select is(pg_temp.does('Carla', 'insert into interactions (case_id, content) values ({case}, ''Once'')', 'Carla'), '1', 'so is what is said');
select pg_temp.silence();
select is(pg_temp.turn('Carla', 'reply'), format('{"turn": "mine", "made_id": %s}', (select id from interactions where content = 'Once')), 'and not the case that it opens');
select is(pg_temp.answers('Carla', 'Carla'), '1', 'an answer');
select is(pg_temp.does('Carla', 'insert into cases (client_id, title) values (''{acme}'', ''After'')', 'Carla'), 'PT409', 'is the end of it');
select is(pg_temp.does('Carla', 'insert into cases (client_id, title) values (''{acme}'', ''Without'')'), '1', 'and without a key everything is as ever');

-- What nobody asks for any more goes, and with its user at once.
select is((select count(*) from casebase.idempotency_keys k join tests.people p on p.id = k.user_id where p.name = 'Otto'), 2::bigint, 'Otto has keys');
select is(tests.does('worker', 'select casebase.forget_idempotency_keys()'), '1', 'the service tidies');
select is((select count(*) from casebase.idempotency_keys), 6::bigint, 'what is a day old');
select pg_temp.silence('25 hours');
select pg_temp.turn('Carla', 'new');
select is(tests.does('worker', 'select casebase.forget_idempotency_keys()'), '1', 'again');
select is((select string_agg(key, ' ') from casebase.idempotency_keys), 'new', 'and nothing younger');
select is(tests.does('auth service', 'delete from auth.users where id = ''{Carla}'''), '1', 'a user goes');
select is((select count(*) from casebase.idempotency_keys), 0::bigint, 'with her keys');

-- No more than an answer of the service's is.
select is(tests.would('Otto', format('select claim_idempotency_key(%L, %L)', key, asked)), '23514', format('no key: %s, %s', to_json(left(key, 9)), left(asked, 9)))
from (values ('', pg_temp.hash('a')), (repeat('k', 256), pg_temp.hash('a')), (E'a\nb', pg_temp.hash('a')), ('a"b', pg_temp.hash('a')), ('ä', pg_temp.hash('a')), ('k', 'hash')) t (key, asked);
select pg_temp.turn('Otto', 'answered');
select is(tests.would('Otto', format('select answer_idempotency_key(%L, %s, %L, %L, %L)', pg_temp.claim('Otto'), status, location, body, content)), '23514', 'no answer: ' || status || left(location, 5) || left(body, 5) || left(content, 5))
from (values (404, '', '', pg_temp.hash('c')), (200, repeat('l', 1001), '', pg_temp.hash('c')), (200, '', repeat('b', 1048577), pg_temp.hash('c')), (200, '', '', 'hash')) t (status, location, body, content);
select is(tests.would('Otto', format('select where answer_idempotency_key(%L, 200, null, null, %L)', pg_temp.claim('Otto'), pg_temp.hash('c'))), '1', 'one that is');

-- A thousand a day, everybody their own.
insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at)
select tests.filled('{Otto}')::uuid, 'of many ' || n, pg_temp.hash('a'), now() + interval '1 minute', now() + interval '1 day' from generate_series(1, 999) n;
select is((select count(*) from casebase.idempotency_keys where user_id = tests.filled('{Otto}')::uuid), 1000::bigint, 'as many as there may be');
-- When there is room again is told by their own that count.
insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at)
values (tests.filled('{Otto}')::uuid, 'of yesterday', pg_temp.hash('a'), now(), now() - interval '1 hour'),
       (tests.filled('{Ada}')::uuid, 'about to go', pg_temp.hash('a'), now(), now() + interval '1 minute');
select is(tests.refusal('Otto', format('select claim_idempotency_key(''one more'', %L)', pg_temp.hash('a'))),
  format('PT429 | you have used 1000 keys in a day | %s | Send requests that need not be repeated without an Idempotency-Key.',
    to_char((select min(expires_at) from casebase.idempotency_keys where user_id = tests.filled('{Otto}')::uuid and key <> 'of yesterday') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')), 'there is no other until then');
select is(pg_temp.turn('Otto', 'of many 1'), '{"turn": "running"}', 'those that there are hold');
select is(pg_temp.turn('Ada'), '{"turn": "mine", "made_id": null}', 'others have theirs');
select pg_temp.silence('25 hours');
select is(pg_temp.turn('Otto', 'the next day'), '{"turn": "mine", "made_id": null}', 'until the next day');
select is(tests.does('worker', 'select casebase.forget_idempotency_keys() from generate_series(1, 2)'), '2', 'when the service tidies');

-- Not for anybody who is nobody, and not by hand.
select is(tests.would(person, format('select claim_idempotency_key(''k'', %L)', pg_temp.hash('a'))), '42501', person || ' has no keys') from unnest(array['anon', 'service', 'worker', 'Ivan', 'Faye', 'Nemo']) person;
select is(tests.would(person, 'select from casebase.idempotency_keys'), '42501', person || ' reads none') from unnest(array['Otto', 'Ada', 'worker', 'service']) person;
select is(tests.would('Otto', 'select casebase.forget_idempotency_keys()'), '42501', 'the service alone tidies');

-- After a day a key is free, and its owner's alone is.
select pg_temp.turn(person, 'day') from unnest(array['Dora', 'Alan']) person;
select pg_temp.silence('25 hours');
select is(pg_temp.turn('Dora', 'day'), '{"turn": "mine", "made_id": null}', 'after a day a key is free');
select is(tests.does('Alan', format('select where keep_idempotency_key(%L)', pg_temp.claim('Alan'))), '1', 'and nobody else''s is touched');

select * from finish();
rollback;
