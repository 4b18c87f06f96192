//! The mutants: everything in the catalogue that decides who may do what, or what must be true, with one thing wrong.

use std::{collections::HashMap, fmt};

use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use crate::conditions;

/// What kind of rule a mutant breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A policy dropped, letting everything through, or with one arm of its condition dropped.
    Policy,
    /// A trigger dropped.
    Trigger,
    /// A constraint or a unique index dropped.
    Constraint,
    /// A condition in a function's body answered, or one arm of it dropped.
    Condition,
    /// A function with its owner's rights instead of its caller's, or the other way round.
    Security,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "policies",
            Self::Trigger => "triggers",
            Self::Constraint => "constraints",
            Self::Condition => "conditions in functions",
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
    let mut all = policies(connection).await;
    all.extend(droppable(connection, Kind::Trigger, TRIGGERS).await);
    all.extend(droppable(connection, Kind::Constraint, CONSTRAINTS).await);
    all.extend(conditions_of_functions(connection).await);
    all.extend(security(connection).await);
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
}

const POLICIES: &str = "
    select quote_ident(p.policyname) as name, format('%I.%I', p.schemaname, p.tablename) as on_table,
           p.tablename::text as table, p.qual, p.with_check
    from pg_policies p
    where p.schemaname in ('public', 'casebase') or p.policyname like 'casebase%'
    order by p.schemaname, p.tablename, p.policyname";

async fn policies(connection: &mut PgConnection) -> Vec<Mutant> {
    let policies: Vec<Policy> = rows(connection, POLICIES).await;
    let mut mutants = Vec::new();
    for policy in policies {
        let named = format!("{} on {}", policy.name, policy.on_table);
        let mut add = |what: String, sql: String| {
            mutants.push(Mutant {
                kind: Kind::Policy,
                name: what,
                sql,
                subjects: vec![policy.table.clone()],
            });
        };
        add(format!("{named}: dropped"), format!("drop policy {named}"));
        for (clause, condition) in [("using", &policy.qual), ("with check", &policy.with_check)] {
            let Some(condition) = condition else { continue };
            add(
                format!("{named}: {clause} (true)"),
                format!("alter policy {named} {clause} (true)"),
            );
            for change in conditions::changes(condition) {
                add(
                    format!("{named}: {clause}, {}", change.what),
                    format!("alter policy {named} {clause} ({})", change.text),
                );
            }
        }
    }
    mutants
}

/// What is simply dropped.
#[derive(FromRow)]
struct Droppable {
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

async fn droppable(connection: &mut PgConnection, kind: Kind, query: &str) -> Vec<Mutant> {
    let found: Vec<Droppable> = rows(connection, query).await;
    found
        .into_iter()
        .map(|Droppable { name, sql, table }| Mutant {
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
    /// Whether it matters whose rights it has: it may read tables, and somebody but its owner runs it.
    is_shared: bool,
    /// Its name, and the tables whose triggers call it.
    subjects: Vec<String>,
}

const FUNCTIONS: &str = "
    select p.oid::regprocedure::text as signature, p.prosrc as body, pg_get_functiondef(p.oid) as definition,
           p.prosecdef as is_definer,
           p.provolatile <> 'i'
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

/// What the query finds, with every name qualified.
async fn rows<T>(connection: &mut PgConnection, query: &str) -> Vec<T>
where
    T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(AssertSqlSafe(query.to_owned()))
        .fetch_all(connection)
        .await
        .expect("the catalogue answers")
}
