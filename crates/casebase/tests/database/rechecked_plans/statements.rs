//! The statements that update, delete or lock rows of a table, as far as a role has any right to it.

use super::*;

/// A table, and how it can be asked.
pub struct Table {
    pub name: String,
    /// `c = c` for each column that the role may update; empty where there is none.
    assignments: String,
    /// The columns that indexes begin with, with their types.
    keys: Vec<(String, String)>,
    /// The tables that it references, each with the condition that joins it as `p` to this one as `t`.
    parents: Vec<(String, String)>,
}

/// One statement; `$1`, of this type, is what a key is compared with.
pub struct Statement {
    pub sql: String,
    pub parameter: Option<String>,
}

const TABLES: &str = "
    select c.oid::regclass::text,
           coalesce((select string_agg(format('%1$I = t.%1$I', a.attname), ', ')
                     from pg_attribute a
                     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                       and a.attgenerated = '' and a.attidentity = ''
                       and has_column_privilege($1, c.oid, a.attnum, 'update')), ''),
           coalesce((select jsonb_agg(distinct jsonb_build_array(a.attname, format_type(a.atttypid, null)))
                     from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                     where i.indrelid = c.oid), '[]'),
           coalesce((select jsonb_agg(jsonb_build_array(k.confrelid::regclass, (
                       select string_agg(format('p.%I = t.%I', p.attname, t.attname), ' and ')
                       from unnest(k.conkey, k.confkey) as pairs (t, p)
                       join pg_attribute t on t.attrelid = k.conrelid and t.attnum = pairs.t
                       join pg_attribute p on p.attrelid = k.confrelid and p.attnum = pairs.p)))
                     from pg_constraint k
                     where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> 'auth.users'::regclass), '[]')
    from pg_class c
    where c.relkind in ('r', 'p')
      and (c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or c.oid = 'storage.objects'::regclass)
      and (has_any_column_privilege($1, c.oid, 'update') or has_table_privilege($1, c.oid, 'delete'))
    order by 1";

/// The tables of ours that the role may change, and that of Storage's objects.
pub async fn tables(connection: &mut PgConnection, role: &str) -> Vec<Table> {
    let found: Vec<(String, String, Value, Value)> = sqlx::query_as(TABLES)
        .bind(role)
        .fetch_all(connection)
        .await
        .expect("the catalogue answers");
    let pairs = |pairs| serde_json::from_value(pairs).expect("pairs");
    found
        .into_iter()
        .map(|(name, assignments, keys, parents)| Table {
            name,
            assignments,
            keys: pairs(keys),
            parents: pairs(parents),
        })
        .collect()
}

impl Table {
    pub fn statements(&self) -> Vec<Statement> {
        let Self {
            name, assignments, ..
        } = self;
        let mut all = self.locks();
        let mut changes = vec![(
            format!("delete from {name} t"),
            format!("delete from {name} t using"),
            "delete".to_owned(),
        )];
        if !assignments.is_empty() {
            changes.push((
                format!("update {name} t set {assignments}"),
                format!("update {name} t set {assignments} from"),
                format!("update set {assignments}"),
            ));
        }
        for (change, joined, merged) in changes {
            all.push(plain(change.clone()));
            // As PostgREST asks.
            all.push(plain(format!(
                "with changed as ({change} returning t.*) select count(*) from changed"
            )));
            for (key, r#type) in &self.keys {
                all.push(with_key(format!("{change} where t.{key} = $1"), r#type));
            }
            if let Some((key, r#type)) = self.keys.first() {
                let sql = format!(
                    "merge into {name} t using (select) one on t.{key} = $1 when matched then {merged}"
                );
                all.push(with_key(sql, r#type));
            }
            for (parent, on) in &self.parents {
                all.push(plain(format!("{joined} {parent} p where {on}")));
            }
        }
        all
    }

    fn locks(&self) -> Vec<Statement> {
        let selects = format!("select t.* from {} t", self.name);
        let mut all: Vec<_> = ["update", "no key update", "share", "key share"]
            .map(|strength| plain(format!("{selects} for {strength}")))
            .into();
        for (key, r#type) in &self.keys {
            let sql = format!("{selects} where t.{key} = $1 limit 1 for no key update skip locked");
            all.push(with_key(sql, r#type));
        }
        for (parent, on) in &self.parents {
            all.push(plain(format!(
                "{selects} join {parent} p on {on} for update of t"
            )));
        }
        all
    }
}

fn plain(sql: String) -> Statement {
    Statement {
        sql,
        parameter: None,
    }
}

fn with_key(sql: String, r#type: &str) -> Statement {
    Statement {
        sql,
        parameter: Some(r#type.to_owned()),
    }
}

impl Statement {
    /// Explains it once planned for a value and once for any.
    pub fn explained(&self, unique: usize) -> String {
        const EXPLAIN: &str = "explain (verbose, costs off, format json)";
        let Some(r#type) = &self.parameter else {
            return format!("{EXPLAIN} {}", self.sql);
        };
        let value = match r#type.as_str() {
            "uuid" => "00000000-0000-0000-0000-000000000000",
            "boolean" => "true",
            "timestamp with time zone" => "2026-01-01",
            array if array.ends_with("[]") => "{}",
            _ => "1",
        };
        format!(
            "prepare p{unique} ({type}) as {};
             set plan_cache_mode = force_custom_plan; {EXPLAIN} execute p{unique} ('{value}');
             set plan_cache_mode = force_generic_plan; {EXPLAIN} execute p{unique} ('{value}')",
            self.sql
        )
    }
}
