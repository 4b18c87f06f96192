//! What the reference is written from, as the catalogue has it.

use std::collections::BTreeMap;

use sqlx::{FromRow, PgConnection};

use super::constraint_words::Met;

/// Tables, views and composite types of public, and what of casebase says that it is for somebody.
const RELATIONS: &str = "
    select n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
           coalesce(case c.relkind when 'c' then obj_description(c.reltype, 'pg_type')
                                   else obj_description(c.oid, 'pg_class') end, '') as comment
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
      and (n.nspname = 'public' or n.nspname = 'casebase' and obj_description(c.oid, 'pg_class') ~ '\\nFor ')
      and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
    order by n.nspname, c.relname";

const COLUMNS: &str = "
    select n.nspname::text as schema, c.relname::text as relation, a.attname::text as name,
           format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as is_required,
           coalesce(pg_get_expr(d.adbin, d.adrelid), '') as expression,
           a.attgenerated <> '' as is_computed, a.attidentity <> '' as is_counted,
           coalesce(col_description(c.oid, a.attnum), '') as comment,
           c.relkind <> 'c' and has_column_privilege('authenticated', c.oid, a.attnum, 'insert') as in_new,
           c.relkind <> 'c' and has_column_privilege('authenticated', c.oid, a.attnum, 'update') as in_change,
           (select format('%s.%s', r.relname, ra.attname)
            from pg_constraint k
            join pg_class r on r.oid = k.confrelid
            join pg_attribute ra on ra.attrelid = r.oid and ra.attnum = k.confkey[1]
            where k.contype = 'f' and k.conrelid = c.oid and k.conkey[1] = a.attnum
              and r.relnamespace = 'public'::regnamespace
            limit 1) as refers_to
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where n.nspname in ('public', 'casebase')
    order by n.nspname, c.relname, a.attnum";

/// The checks of single columns.
const CHECKS: &str = "
    select c.relname::text as \"table\", k.conname::text as name, 'c' as kind, pg_get_constraintdef(k.oid) as definition,
           obj_description(k.oid, 'pg_constraint') as words, array[a.attname::text] as columns,
           array[a.attname::text] as written, false as keeps
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_attribute a on a.attrelid = c.oid and k.conkey = array[a.attnum]
    where k.contype = 'c' and k.connamespace in ('public'::regnamespace, 'casebase'::regnamespace)
    order by k.conname";

/// The functions of public, and those of casebase that say whom they are for.
const FUNCTIONS: &str = "
    select n.nspname::text as schema, p.proname::text as name, coalesce(obj_description(p.oid, 'pg_proc'), '') as comment,
           coalesce(p.proargnames, '{}') as names,
           array(select format_type(u.type, null)
                 from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality u (type, nth)
                 order by u.nth) as types,
           coalesce(p.proargmodes::text[], array_fill('i'::text, array[p.pronargs])) as modes,
           array(select coalesce(pg_get_function_arg_default(p.oid, nth), '')
                 from generate_series(1, cardinality(p.proargnames)) nth order by nth) as defaults,
           format_type(p.prorettype, null) as type, p.provolatile <> 'v' as is_read,
           array(select r from unnest(array['anon', 'authenticated', 'service_role']) r
                 where has_function_privilege(r, p.oid, 'execute')) as granted
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where (n.nspname = 'public' or n.nspname = 'casebase' and obj_description(p.oid, 'pg_proc') ~ '\\nFor ')
      and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    order by n.nspname, p.proname";

#[derive(FromRow)]
pub struct Relation {
    pub schema: String,
    pub name: String,
    pub kind: String,
    pub comment: String,
}

#[derive(FromRow)]
pub struct Column {
    pub schema: String,
    pub relation: String,
    pub name: String,
    pub r#type: String,
    pub is_required: bool,
    pub expression: String,
    pub is_computed: bool,
    pub is_counted: bool,
    pub comment: String,
    pub in_new: bool,
    pub in_change: bool,
    pub refers_to: Option<String>,
}

#[derive(FromRow)]
pub struct Function {
    pub schema: String,
    pub name: String,
    pub comment: String,
    names: Vec<String>,
    types: Vec<String>,
    modes: Vec<String>,
    defaults: Vec<String>,
    pub r#type: String,
    pub is_read: bool,
    pub granted: Vec<String>,
}

/// What a function is given, or gives.
pub struct Argument<'a> {
    pub name: &'a str,
    pub r#type: &'a str,
    /// As SQL; empty: it has to be given.
    pub default: &'a str,
    pub is_given: bool,
}

impl Function {
    pub fn arguments(&self) -> impl Iterator<Item = Argument<'_>> {
        (0..self.names.len()).map(|nth| Argument {
            name: &self.names[nth],
            r#type: &self.types[nth],
            default: &self.defaults[nth],
            is_given: matches!(self.modes[nth].as_str(), "i" | "b" | "v"),
        })
    }
}

pub struct Catalogue {
    pub relations: Vec<Relation>,
    /// By the name of their relation, with its schema.
    pub columns: BTreeMap<String, Vec<Column>>,
    /// By table and column.
    pub checks: BTreeMap<(String, String), Vec<Met>>,
    pub functions: Vec<Function>,
}

impl Catalogue {
    pub async fn read(connection: &mut PgConnection) -> Self {
        // Names are written as they are, whatever the session finds without them.
        let _: String = sqlx::query_scalar("select set_config('search_path', 'pg_catalog', true)")
            .fetch_one(&mut *connection)
            .await
            .expect("it is set");
        let mut columns = BTreeMap::<_, Vec<_>>::new();
        for column in all::<Column>(connection, COLUMNS).await {
            let relation = format!("{}.{}", column.schema, column.relation);
            columns.entry(relation).or_default().push(column);
        }
        let mut checks = BTreeMap::<_, Vec<_>>::new();
        for check in all::<Met>(connection, CHECKS).await {
            let column = (check.table.clone(), check.columns[0].clone());
            checks.entry(column).or_default().push(check);
        }
        Self {
            relations: all(connection, RELATIONS).await,
            columns,
            checks,
            functions: all(connection, FUNCTIONS).await,
        }
    }

    pub fn columns_of(&self, relation: &Relation) -> &[Column] {
        let name = format!("{}.{}", relation.schema, relation.name);
        self.columns.get(&name).map_or(&[], Vec::as_slice)
    }
}

pub async fn all<T>(connection: &mut PgConnection, query: &'static str) -> Vec<T>
where
    T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    let rows = sqlx::query_as(query).fetch_all(connection).await;
    rows.expect("the catalogue answers")
}
