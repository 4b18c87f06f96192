-- Departments: where a case is worked. One is the default.

create table public.departments (
  id         uuid        not null default gen_random_uuid(),
  name       text        not null,
  is_default boolean     not null default false,
  active     boolean     not null default true,
  created_at timestamptz not null default now(),
  constraint departments_pkey primary key (id),
  constraint departments_name_key unique (name),
  constraint departments_name_check check (char_length(name) <= 200 and casebase.is_line(name)),
  constraint departments_default_is_active_check check (active or not is_default),
  constraint departments_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.departments is
  'Departments: where cases are worked. One of them is the default.

Read by client members and staff; written by admins. The default one can''t be deleted.';
comment on column public.departments.id is 'The key.';
comment on column public.departments.name is 'What it is called; no two departments share a name.';
comment on column public.departments.is_default is
  'The department that gets a case which names none. There is always one: set on another department, it ends here in the same statement.';
comment on column public.departments.active is
  'Whether it is in use. Switched off, it keeps the cases it has, and no other is given to it; the default one is always on.';
comment on column public.departments.created_at is 'When the row was made.';
alter table public.departments enable row level security;
revoke all on public.departments from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.departments alter column name set statistics 0;
create unique index departments_one_default_idx on public.departments (is_default) where is_default;

-- Its id is the same in every project, as that of every row that is there from the beginning: a dump of one project's rows
-- fits into another's.
insert into public.departments (id, name, is_default) values ('ca5eba5e-0000-4000-8000-000000000001', 'General', true);

-- A department becomes the default by saying so; the one before steps back in the same statement.
create function casebase.keep_one_default_department() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    if old.is_default then
      raise exception 'the default department can''t be deleted'
        using errcode = 'check_violation', hint = 'Set is_default on another department first.';
    end if;
    return old;
  end if;
  if new.is_default then
    update public.departments d set is_default = false where d.is_default and d.id <> new.id;
  -- Of an insert, old is null.
  elsif old.is_default and pg_catalog.pg_trigger_depth() = 1 then
    raise exception 'there must be a default department'
      using errcode = 'check_violation', hint = 'Set is_default on another department instead.';
  end if;
  return new;
end
$$;

create trigger keep_one_default
  before insert or update of is_default or delete on public.departments
  for each row execute function casebase.keep_one_default_department();

create function casebase.default_department() returns uuid
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.id from public.departments d where d.is_default);
end
$$;
