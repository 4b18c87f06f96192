//! The mutants: everything in the catalogue that decides who may do what, or what must be true, with one thing wrong.

use std::{collections::HashMap, fmt};

use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use crate::{columns, conditions, seeds, triggers};

/// What kind of rule a mutant breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A policy dropped, letting everything through, with one arm of its condition dropped, or for others and other
    /// commands than it is meant for; a table without them.
    Policy,
    /// A trigger dropped, or firing at other times.
    Trigger,
    /// A constraint or a unique index dropped; a check or a reference that asks something else.
    Constraint,
    /// A column with another default, or that takes null, or is generated otherwise.
    Column,
    /// A row of the migrations' gone, or with another value.
    Seed,
    /// A condition in a function's body or a view answered, or one arm of it dropped.
    Condition,
    /// A function or view with its owner's rights instead of its caller's, or the other way round.
    Security,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "policies",
            Self::Trigger => "triggers",
            Self::Constraint => "constraints",
            Self::Column => "columns",
            Self::Seed => "rows of the migrations",
            Self::Condition => "conditions in functions and views",
            Self::Security => "invoker and definer",
        })
    }
}

/// One thing wrong.
#[derive(Debug, Clone)]
pub struct Mutant {
    pub kind: Kind,
    /// What is done to which object, in words: what `survivors.toml` calls it by.
    pub name: String,
    /// The statement that does it.
    pub sql: String,
    /// Tables and functions whose tests will see it first, without their schemas.
    pub subjects: Vec<String>,
}

/// All mutants of the database, in an order that depends on the catalogue alone.
pub async fn mutants(connection: &mut PgConnection) -> Vec<Mutant> {
    // Then every name is written with its schema.
    let _: String = sqlx::query_scalar("select set_config('search_path', 'pg_catalog', false)")
        .fetch_one(&mut *connection)
        .await
        .expect("it is set");
    let mut all = found(connection, Kind::Trigger, TRIGGERS).await;
    all.extend(triggers::mutants(connection).await);
    all.extend(found(connection, Kind::Constraint, CONSTRAINTS).await);
    all.extend(columns::mutants(connection).await);
    all.extend(seeds::mutants(connection).await);
    all.extend(conditions_of_functions(connection).await);
    all.extend(views(connection).await);
    all.extend(security(connection).await);
    all.extend(policies(connection).await);
    all.extend(found(connection, Kind::Policy, REACHES).await);
    number_namesakes(&mut all);
    all
}

/// The same text may stand twice in one function.
fn number_namesakes(mutants: &mut [Mutant]) {
    let mut met: HashMap<String, usize> = HashMap::new();
    for mutant in mutants {
        let count = met.entry(mutant.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            mutant.name += &format!(" ({count})");
        }
    }
}

#[derive(FromRow)]
struct Policy {
    name: String,
    on_table: String,
    table: String,
    qual: Option<String>,
    with_check: Option<String>,
    /// Whether a condition names a column of the table.
    asks_the_row: bool,
}

impl Policy {
    /// Its conditions, each with the clauses that say it. What asks only who is asking is the same for the old row and
    /// the new one, so that where both clauses say it neither alone decides anything.
    fn conditions(&self) -> Vec<(&'static [&'static str], &str)> {
        let (using, check) = (self.qual.as_deref(), self.with_check.as_deref());
        let said: [(&'static [&'static str], _); 2] = if !self.asks_the_row && using == check {
            [(&["using", "with check"], using), (&[], None)]
        } else {
            [(&["using"], using), (&["with check"], check)]
        };
        let there = |(clauses, condition): (_, Option<_>)| Some((clauses, condition?));
        said.into_iter().filter_map(there).collect()
    }
}

const POLICIES: &str = "
    select quote_ident(p.polname) as name, format('%I.%I', n.nspname, c.relname) as on_table, c.relname::text as table,
           pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as with_check,
           exists (
             select from pg_depend d
             where d.classid = 'pg_policy'::regclass and d.objid = p.oid
               and d.refclassid = 'pg_class'::regclass and d.refobjid = p.polrelid and d.refobjsubid > 0
           ) as asks_the_row
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'casebase') or p.polname like 'casebase%'
    order by n.nspname, c.relname, p.polname";

async fn policies(connection: &mut PgConnection) -> Vec<Mutant> {
    let policies: Vec<Policy> = rows(connection, POLICIES).await;
    let mut mutants = Vec::new();
    for policy in policies {
        let named = format!("{} on {}", policy.name, policy.on_table);
        let mut add = |what: &str, sql: String| {
            mutants.push(Mutant {
                kind: Kind::Policy,
                name: format!("{named}: {what}"),
                sql,
                subjects: vec![policy.table.clone()],
            });
        };
        add("dropped", format!("drop policy {named}"));
        for (clauses, condition) in policy.conditions() {
            let altered = |to: &str| {
                let clauses = clauses.iter().map(|clause| format!(" {clause} ({to})"));
                format!("alter policy {named}{}", clauses.collect::<String>())
            };
            let clauses = clauses.join(" and ");
            add(&format!("{clauses} (true)"), altered("true"));
            for change in conditions::changes_of_condition(condition) {
                add(
                    &format!("{clauses}, {}", change.what),
                    altered(&change.text),
                );
            }
        }
    }
    mutants
}

/// To whom a policy is, for which commands, and whether it allows or restricts, each where the grants of its table let
/// somebody tell; and whether a table has policies at all.
const REACHES: &str = "
    with ours as (
      select c.oid, c.oid::regclass::text as name, c.relname::text as table, c.relkind, c.relnamespace, c.relrowsecurity,
             grantee.oid as grantee, privilege.name as privilege
      from pg_class c
      cross join pg_roles grantee
      cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as privilege (name)
      where grantee.rolname in ('anon', 'authenticated', 'casebase_worker', 'supabase_auth_admin')
        and (c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or c.oid = 'storage.objects'::regclass)
        and c.relkind = 'r'
        and (has_table_privilege(grantee.oid, c.oid, privilege.name)
             or privilege.name <> 'DELETE' and has_any_column_privilege(grantee.oid, c.oid, privilege.name))
    ),
    policy as (
      select p.oid, quote_ident(p.polname) as name, p.polrelid, c.oid::regclass::text as on_table, c.relname::text as table,
             p.polroles, p.polpermissive as allows,
             case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end as command,
             (select string_agg(coalesce(r.rolname, 'public'), ', ')
              from unnest(p.polroles) role left join pg_roles r on r.oid = role) as roles,
             pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as with_check
      from pg_policy p
      join pg_class c on c.oid = p.polrelid
      where c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or p.polname like 'casebase%'
    )
    select format('%s on %s: to everybody', policy.name, policy.on_table) as name,
           format('alter policy %s on %s to public', policy.name, policy.on_table) as sql, policy.table
    from policy
    where not policy.polroles @> '{0}'
      and exists (select from ours where ours.oid = policy.polrelid and not ours.grantee = any (policy.polroles)
                  and policy.command in (ours.privilege, 'ALL'))
    union all
    select format('%s on %s: %s', policy.name, policy.on_table, change.what),
           format('drop policy %1$s on %2$s; create policy %1$s on %2$s as %3$s for %4$s to %5$s', policy.name, policy.on_table,
                  change.kind, change.command, policy.roles)
             || coalesce(' using (' || change.qual || ')', '') || coalesce(' with check (' || policy.with_check || ')', ''), policy.table
    from policy
    cross join lateral (
      -- What only admins may, they may do everywhere.
      values ('for every command',
              policy.command <> 'ALL' and coalesce(policy.qual, policy.with_check) !~ '^[( ]*SELECT casebase.is_admin'
              and exists (
                select from ours where ours.oid = policy.polrelid and ours.grantee = any (policy.polroles) and ours.privilege <> policy.command
              ), case when policy.allows then 'permissive' else 'restrictive' end, 'ALL', coalesce(policy.qual, policy.with_check)),
             (case when policy.allows then 'only restricts' else 'allows' end, true,
              case when policy.allows then 'restrictive' else 'permissive' end, policy.command, policy.qual)
    ) change (what, is_one, kind, command, qual)
    where change.is_one
    union all
    select distinct format('%s: without row level security', ours.name),
           format('alter table %s disable row level security', ours.name), ours.table
    from ours
    where ours.relnamespace <> 'storage'::regnamespace
    order by 1";

/// What a query makes of the catalogue.
#[derive(FromRow)]
struct Found {
    name: String,
    sql: String,
    table: String,
}

const TRIGGERS: &str = "
    select format('%I on %s: dropped', t.tgname, t.tgrelid::regclass) as name,
           format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass) as sql, c.relname::text as table
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal
      and (c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or t.tgname like 'casebase%')
    order by 1";

const CONSTRAINTS: &str = "
    select format('%I on %s: dropped', c.conname, c.conrelid::regclass) as name,
           format('alter table %s drop constraint %I cascade', c.conrelid::regclass, c.conname) as sql,
           t.relname::text as table
    from pg_constraint c
    join pg_class t on t.oid = c.conrelid
    where c.connamespace in ('public'::regnamespace, 'casebase'::regnamespace) and c.contype in ('c', 'f', 'p', 'u', 'x')
    union all
    select format('%s: dropped', i.indexrelid::regclass), format('drop index %s', i.indexrelid::regclass), t.relname::text
    from pg_index i
    join pg_class t on t.oid = i.indrelid
    where i.indisunique
      and t.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace)
      and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
    order by 1";

/// The mutants of tables that the query finds, each as `name`, `sql` and `table`.
pub async fn found(connection: &mut PgConnection, kind: Kind, query: &str) -> Vec<Mutant> {
    let found: Vec<Found> = rows(connection, query).await;
    found
        .into_iter()
        .map(|Found { name, sql, table }| Mutant {
            kind,
            name,
            sql,
            subjects: vec![table],
        })
        .collect()
}

#[derive(FromRow)]
struct Function {
    signature: String,
    body: String,
    definition: String,
    is_definer: bool,
    /// Whether it matters whose rights it has: it reads a table itself, but not only the catalogue, or asks whose they are
    /// (what is immutable does neither: plpgsql_check), and somebody but its owner runs it.
    is_shared: bool,
    /// Its name, and the tables whose triggers call it.
    subjects: Vec<String>,
}

const FUNCTIONS: &str = r"
    select p.oid::regprocedure::text as signature, p.prosrc as body, pg_get_functiondef(p.oid) as definition,
           p.prosecdef as is_definer,
           regexp_replace(
             lower(p.prosrc), 'distinct\s+from|from\s+[a-z_.]+\s*\(|(from|join)\s+pg_\w+|hint\s+=\s+''[^'']*''', '', 'g')
               ~ '\m(from|join|into|update)\M|row_security_active|current_user'
             and p.provolatile <> 'i'
             and (p.prorettype = 'trigger'::regtype
                  or exists (select from aclexplode(p.proacl) a where a.grantee <> p.proowner)) as is_shared,
           array[p.proname::text] || array(
             select distinct c.relname::text from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.tgfoid = p.oid
           ) as subjects
    from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'casebase'::regnamespace)
      and not exists (
        select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    order by 1";

async fn conditions_of_functions(connection: &mut PgConnection) -> Vec<Mutant> {
    let functions: Vec<Function> = rows(connection, FUNCTIONS).await;
    let mut mutants = Vec::new();
    for function in functions {
        for change in conditions::changes(&function.body) {
            mutants.push(Mutant {
                kind: Kind::Condition,
                name: format!("{}: {}", function.signature, change.what),
                sql: function.definition.replace(&function.body, &change.text),
                subjects: function.subjects.clone(),
            });
        }
    }
    mutants
}

async fn security(connection: &mut PgConnection) -> Vec<Mutant> {
    let functions: Vec<Function> = rows(connection, FUNCTIONS).await;
    functions
        .into_iter()
        .filter(|function| function.is_definer || function.is_shared)
        .map(|function| {
            let security = if function.is_definer {
                "invoker"
            } else {
                "definer"
            };
            let alter = format!("alter function {} security {security}", function.signature);
            Mutant {
                kind: Kind::Security,
                name: format!("{}: security {security}", function.signature),
                sql: alter,
                subjects: function.subjects,
            }
        })
        .collect()
}

#[derive(FromRow)]
struct View {
    name: String,
    definition: String,
    options: String,
    /// Whether somebody but its owner reads it.
    is_shared: bool,
    subjects: Vec<String>,
}

const VIEWS: &str = "
    select c.oid::regclass::text as name, rtrim(pg_get_viewdef(c.oid), ';') as definition,
           coalesce(array_to_string(c.reloptions, ', '), '') as options,
           exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner) as is_shared,
           array[c.relname::text] || array(
             select distinct t.relname::text
             from pg_rewrite r
             join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
             join pg_class t on d.refclassid = 'pg_class'::regclass and t.oid = d.refobjid and t.oid <> c.oid
             where r.ev_class = c.oid) as subjects
    from pg_class c
    where c.relkind = 'v' and c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace)
    order by 1";

async fn views(connection: &mut PgConnection) -> Vec<Mutant> {
    let views: Vec<View> = rows(connection, VIEWS).await;
    let mut mutants = Vec::new();
    for view in views {
        let mut add = |kind, what: &str, sql| {
            mutants.push(Mutant {
                kind,
                name: format!("{}: {what}", view.name),
                sql,
                subjects: view.subjects.clone(),
            });
        };
        for change in conditions::changes(&view.definition) {
            let with = format!(
                "create or replace view {} with ({})",
                view.name, view.options
            );
            add(
                Kind::Condition,
                &change.what,
                format!("{with} as {}", change.text),
            );
        }
        if view.is_shared {
            let definer = format!("alter view {} set (security_invoker = false)", view.name);
            add(Kind::Security, "security definer", definer);
        }
    }
    mutants
}

/// What the query finds.
pub async fn rows<T>(connection: &mut PgConnection, query: &str) -> Vec<T>
where
    T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(AssertSqlSafe(query.to_owned()))
        .fetch_all(connection)
        .await
        .expect("the catalogue answers")
}
