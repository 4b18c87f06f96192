-- Who speaks in an interaction: its client as themselves, in the open and to whoever works the case; staff as they say.
-- Whether somebody is staff is a question of the case, not of the person.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(48);

-- What comes of: I am somebody else, and say it behind the client's back.
create function pg_temp.speaks(who text, the_case text) returns text language plpgsql
as $$
declare
  said text;
begin
  begin
    said := tests.does(who, format($s$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
      values ({%s}, 'X', 'CONTRACTOR', 'Y', 'EMPLOYEE', 'It is said', false)$s$, the_case));
    if said = '1' then
      select party1_name || ' (' || party1_type || ') to ' || party2_name || ' (' || party2_type || case when visible_to_client then '), shown' else ')' end
      into said from interactions where content = 'It is said';
    end if;
    raise exception using errcode = 'UNDO1';
  exception when sqlstate 'UNDO1' then
    return said;
  end;
end
$$;

select is(pg_temp.speaks(who, 'case'), said, who || ' in a case that is worked: ' || said)
from (values ('Ada', 'X (CONTRACTOR) to Y (EMPLOYEE)'), ('Alan', 'X (CONTRACTOR) to Y (EMPLOYEE)'), ('Dora', 'X (CONTRACTOR) to Y (EMPLOYEE)'), ('Asta', 'X (CONTRACTOR) to Y (EMPLOYEE)'),
             ('Carla', 'Carla (CLIENT) to Asta (ARGAN), shown'), ('Sam', 'Sam (CLIENT) to Asta (ARGAN), shown'), ('Otto', '42501'), ('Ivan', '42501'), ('Nemo', '42501')) v (who, said);
select is(pg_temp.speaks(who, 'other case'), said, who || ' in another: ' || said)
from (values ('Sam', 'X (CONTRACTOR) to Y (EMPLOYEE)'), ('Otto', 'Otto (CLIENT) to Argan (ARGAN), shown'), ('Dora', '42501')) v (who, said);
-- Nobody's case: that nobody works it makes nobody staff.
update cases set assigned_to = null where id = tests.id('case')::bigint;
select is(pg_temp.speaks(who, 'case'), said, who || ' in a case that nobody works: ' || said)
from (values ('Ada', 'X (CONTRACTOR) to Y (EMPLOYEE)'), ('Asta', '42501'), ('Carla', 'Carla (CLIENT) to Argan (ARGAN), shown'), ('Sam', 'Sam (CLIENT) to Argan (ARGAN), shown')) v (who, said);
-- Nor does a case that was theirs, once they are dismissed; not even where they are its client too.
update cases set assigned_to = tests.filled('{Alan}')::uuid where id = tests.id('case')::bigint;
insert into client_members (client_id, user_id, display_name)
select tests.id('acme')::uuid, id, name from tests.people where name in ('Ivan', 'Alan');
update staff_members set active = false where user_id = tests.filled('{Alan}')::uuid;
select is(pg_temp.speaks('Alan', 'case'), 'Alan (CLIENT) to Alan (ARGAN), shown', 'who was dismissed speaks as the client they are');
select is(pg_temp.speaks('Ivan', 'resolved case'), 'Ivan (CLIENT) to Ivan (ARGAN), shown', 'whatever their token says');
select is(tests.would('Ivan', $$update cases set status = 'open' where id = {resolved case}$$), '42501', 'and works the case no more');
select is(tests.would('Ivan', $$insert into internal_notes (case_id, content) values ({resolved case}, 'c')$$), '42501', 'writes no note in it');
select is(tests.would('Ivan', 'select from internal_notes'), '0', 'reads none');
select is(tests.would('Ivan', 'select from case_events'), '0', 'nor its history');
update staff_members set active = true where user_id = tests.filled('{Alan}')::uuid;
select is(pg_temp.speaks('Alan', 'case'), 'X (CONTRACTOR) to Y (EMPLOYEE)', 'who is back, speaks as staff');

-- To whom: the party that works the cases, as the project calls it.
update party_types set internal = false where code = 'ARGAN';
update cases set assigned_to = null where id = tests.id('case')::bigint;
select is(pg_temp.speaks('Carla', 'case'), 'Carla (CLIENT) to Argan (ARGAN), shown', 'where none is named, it is Argan');
insert into party_types (code, label, internal) values ('BENEFITS', 'Benefits', true), ('DESK', 'The desk', true);
select is(pg_temp.speaks('Carla', 'case'), 'Carla (CLIENT) to Benefits (BENEFITS), shown', 'the first of several');
-- A service key acts for whomever it says.
select is(pg_temp.speaks('service', 'case'), 'X (CONTRACTOR) to Y (EMPLOYEE)', 'a service key says who spoke');
select is(tests.sees('service', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, created_by)
  values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'On behalf', '{Alan}') returning created_by$$), tests.filled('{Alan}'), 'and on whose behalf');

-- What staff leave out is as for a client, the other way round: who speaks, and who opened the case.
create function pg_temp.leaves_out(who text, the_case text, named jsonb) returns text language plpgsql
as $$
declare
  said text;
begin
  begin
    select tests.sees(who, format('insert into interactions (case_id, content%s) values ({%s}, ''It is said''%s)
        returning party1_name || '' ('' || party1_type || '') to '' || party2_name || '' ('' || party2_type || case when visible_to_client then ''), shown'' else '')'' end',
      (select string_agg(', ' || key, '') from jsonb_each_text(named)), the_case, (select string_agg(', ' || quote_literal(value), '') from jsonb_each_text(named)))) into said;
    raise exception using errcode = 'UNDO1';
  exception
    when sqlstate 'UNDO1' then return said;
    when others then perform tests.become_nobody(); return sqlstate;
  end;
end
$$;
update party_types set internal = code = 'ARGAN';
select is(pg_temp.leaves_out('Dora', 'case', '{}'), 'Dora (ARGAN) to Carla (CLIENT)', 'staff speak to who opened the case, unseen');
insert into client_members (client_id, user_id, display_name) values (tests.id('other')::uuid, tests.filled('{Carla}')::uuid, 'Carla of Other Ltd');
select is(pg_temp.leaves_out('Dora', 'case', '{}'), 'Dora (ARGAN) to Carla (CLIENT)', 'as this client calls her, whatever another does');
select is(pg_temp.leaves_out('Dora', 'case', '{"visible_to_client": true}'), 'Dora (ARGAN) to Carla (CLIENT), shown', 'or in the open');
select is(pg_temp.leaves_out('Dora', 'case', '{"party2_name": "Bob", "party2_type": "CONTRACTOR"}'), 'Dora (ARGAN) to Bob (CONTRACTOR)', 'to whom they say');
select is(pg_temp.leaves_out('Dora', 'case', '{"party1_name": "Bob", "party1_type": "CONTRACTOR", "party2_name": "Eve", "party2_type": "EMPLOYEE"}'), 'Bob (CONTRACTOR) to Eve (EMPLOYEE)', 'others spoke');
select is(pg_temp.leaves_out('Dora', 'case', '{"party1_type": "CLIENT"}'), 'Carla (CLIENT) to Dora (ARGAN)', 'the client called');
select is(pg_temp.leaves_out('Dora', 'case', '{"party1_type": "CLIENT", "party1_name": "Mum"}'), 'Mum (CLIENT) to Dora (ARGAN)', 'or somebody for them');
select is(pg_temp.leaves_out('Dora', 'case', '{"party2_type": "CONTRACTOR"}'), '23514', 'which contractor, must be said');
update cases set created_by = null where id = tests.id('case')::bigint;
select is(pg_temp.leaves_out('Dora', 'case', '{}'), 'Dora (ARGAN) to Acme (CLIENT)', 'where nobody of the client''s opened it, to the client');
update casebase.client_source set name_column = null;
select is(pg_temp.leaves_out('Dora', 'case', '{}'), 'Dora (ARGAN) to Client (CLIENT)', 'as far as it has a name');
select is(pg_temp.leaves_out('service', 'case', '{}'), '23514', 'a service key leaves nothing out');

-- And changes what anybody said.
select is(tests.does('Alan', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'His words')$$), '1', 'Alan says something');
select is(tests.would(who, $$update interactions set content = 'c' where content = 'His words'$$), outcome, who || ' changes his words: ' || outcome)
from (values ('service', '1'), ('Ada', '1'), ('Dora', '42501'), ('Carla', '0')) v (who, outcome);
select is(tests.would('Dora', format('update interactions set %s where content = ''His words''', change)), outcome, 'another sets ' || change || ': ' || outcome)
from (values ('party1_name = ''X''', '42501'), ('party1_type = ''EMPLOYEE''', '42501'), ('party2_name = ''X''', '42501'), ('party2_type = ''EMPLOYEE''', '42501'),
             ('visible_to_client = true', '1')) v (change, outcome);

select * from finish();
rollback;
