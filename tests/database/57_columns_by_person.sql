-- Which column of a case is whose to set, one by one: when it is opened, and when it is worked.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
insert into tests.names values ('tomorrow', now() + interval '1 day');
insert into case_stages (stage, status) values ('With legal', 'waiting');

-- A column, what is written into it, and what comes of it: for an admin, for staff of scope all, departments and
-- assigned, and for the case's client, who may be staff elsewhere (Sam).
create temporary table columns (
  place serial, name text, value text, "Ada" text, "Alan" text, "Dora" text, "Asta" text, "Carla" text, "Sam" text
);
insert into columns (name, value, "Ada", "Alan", "Dora", "Asta", "Carla", "Sam") values
  ('title',                 '''t''',                '1', '1', '1', '1', '1', '1'),
  ('description',           '''d''',                '1', '1', '1', '1', '1', '1'),
  ('status',                '''in_progress''',      '1', '1', '1', '1', '42501', '42501'),
  ('stage',                 '''With legal''',       '1', '1', '1', '1', '42501', '42501'),
  ('priority',              '''high''',             '1', '1', '1', '42501', '42501', '42501'),
  ('metadata',              '''{"a": 1}''',         '1', '1', '1', '1', '42501', '42501'),
  ('action_required_by',    '''{tomorrow}''',       '1', '1', '1', '1', '42501', '42501'),
  ('action_required_of',    '''CLIENT''',           '1', '1', '1', '1', '42501', '42501'),
  ('assigned_to',           '''{Dora}''',           '1', '1', '1', '42501', '42501', '42501'),
  -- Whose assignee lacks it, only an admin gives a specialty.
  ('required_specialty_id', '''{payroll}''',        '1', '23514', '23514', '42501', '42501', '42501'),
  ('department_id',         '''{south}''',          '1', '1', '42501', '42501', '42501', '42501');
-- What an update was made from: not from this.
insert into columns (name, value, "Ada", "Alan", "Dora", "Asta", "Carla", "Sam")
select 'version', '7', 'PT409', 'PT409', 'PT409', 'PT409', 'PT409', 'PT409';
-- What nobody sets by hand.
insert into columns (name, value, "Ada", "Alan", "Dora", "Asta", "Carla", "Sam")
select c.name, c.value, '42501', '42501', '42501', '42501', '42501', '42501'
from (values ('client_id', '''{other}'''), ('created_by', 'null'), ('created_at', 'now()'), ('updated_at', 'now()'),
             ('escalated_at', 'now()'), ('escalated_by', '''{Carla}'''), ('escalation_reason', '''r'''),
             ('follow_up_of', '{resolved case}'), ('split_from', '{resolved case}'), ('merged_into', '{resolved case}'), ('resolved_at', 'now()'), ('closed_at', 'now()')) c (name, value);

select plan((select count(*)::integer from columns) + 48);

select is(
  (select jsonb_object_agg(who.name, tests.would(who.name, format('update cases set %I = %s where id = {case}', c.name, c.value)))
   from jsonb_each_text(to_jsonb(c) - 'place' - 'name' - 'value') who (name, expected)),
  to_jsonb(c) - 'place' - 'name' - 'value',
  c.name || ' of a case that is worked')
from columns c
order by c.place;
select is_empty(
  $$select a.attname from pg_attribute a
    where a.attrelid = 'cases'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
      and not exists (select from columns c where c.name = a.attname)$$, 'no column is missing');

-- Nor does anything that stays become nothing; who made it does, when they are gone.
select is(tests.would('service', format('update cases set %I = null where id = {case}', name)), outcome, name || ' becomes null: ' || outcome)
from (values ('client_id', '23514'), ('created_at', '23514'), ('created_by', '1')) v (name, outcome);

-- Who tries is told which of them it was, and which they can.
select is(tests.refusal('Asta', $$update cases set title = 't', status = 'in_progress', priority = 'high', assigned_to = null where id = {case}$$),
  '42501 | you can''t change priority, assigned_to of this case | You can change title, description, status, stage, metadata, action_required_by, action_required_of.', 'staff are told');
select is(tests.refusal('Carla', $$update cases set title = 't', priority = 'high' where id = {case}$$),
  '42501 | you can''t change priority of this case | You can change title, description.', 'and clients');

-- A new case: a client's has a title and a description.
select is(tests.would('Carla', format('insert into cases (client_id, title, %I) values (''{acme}'', ''t'', %s)', name, value)), '42501',
  'a client opens no case with ' || name)
from columns where name not in ('title', 'description', 'id', 'client_id') order by place;
select is(tests.would('Alan', format('insert into cases (client_id, title, %I) values (''{acme}'', ''t'', %s)', name, value)), outcome,
  'staff open one with ' || name || ': ' || outcome)
from (select place, name, value, case "Ada" when '1' then '1' else '42501' end as outcome
      from columns where name not in ('title', 'id', 'client_id', 'required_specialty_id')) c order by place;

select * from finish();
rollback;
