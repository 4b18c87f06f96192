//! When a trigger fires, and for what: each of its events, columns, conditions and arguments.

use sqlx::{FromRow, PgConnection};

use crate::{
    catalogue::{Kind, Mutant, rows},
    conditions,
};

#[derive(FromRow)]
struct Trigger {
    name: String,
    on_table: String,
    table: String,
    /// As `pg_get_triggerdef` writes it.
    definition: String,
}

const TRIGGERS: &str = "
    select quote_ident(t.tgname) as name, t.tgrelid::regclass::text as on_table, c.relname::text as table,
           pg_get_triggerdef(t.oid) as definition
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal
      and (c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) or t.tgname like 'casebase%')
    order by t.tgrelid::regclass::text, t.tgname";

pub async fn mutants(connection: &mut PgConnection) -> Vec<Mutant> {
    let triggers: Vec<Trigger> = rows(connection, TRIGGERS).await;
    let mut mutants = Vec::new();
    for Trigger {
        name,
        on_table,
        table,
        definition,
    } in triggers
    {
        for (what, changed) in changes(&definition) {
            mutants.push(Mutant {
                kind: Kind::Trigger,
                name: format!("{name} on {on_table}: {what}"),
                sql: format!("drop trigger {name} on {on_table}; {changed}"),
                subjects: vec![table.clone()],
            });
        }
    }
    mutants
}

/// What stands between two marks of a definition.
struct Part<'a> {
    before: &'a str,
    text: &'a str,
    after: &'a str,
}

impl<'a> Part<'a> {
    fn between(definition: &'a str, opening: &str, closing: &str) -> Option<Self> {
        let start = definition.find(opening)? + opening.len();
        let length = definition[start..].find(closing)?;
        Some(Self {
            before: &definition[..start],
            text: &definition[start..start + length],
            after: &definition[start + length..],
        })
    }

    fn with(&self, text: &str) -> String {
        format!("{}{text}{}", self.before, self.after)
    }

    /// Without each of its items, where there are several: what was left out, and the rest.
    fn without_each(&self, separator: &str) -> Vec<(String, String)> {
        let items: Vec<_> = self.text.split(separator).collect();
        if items.len() < 2 {
            return Vec::new();
        }
        let without = |left_out: usize| {
            let kept: Vec<_> = (0..items.len())
                .filter(|at| *at != left_out)
                .map(|at| items[at])
                .collect();
            let what = format!("without {}", items[left_out].to_lowercase());
            (what, self.with(&kept.join(separator)))
        };
        (0..items.len()).map(without).collect()
    }
}

fn changes(definition: &str) -> Vec<(String, String)> {
    let mut changes = Vec::new();
    let opening = ["BEFORE ", "AFTER "]
        .into_iter()
        .find(|timing| definition.contains(timing));
    if let Some(events) = opening.and_then(|opening| Part::between(definition, opening, " ON ")) {
        changes.extend(events.without_each(" OR "));
        if let Some((others, columns)) = events.text.split_once("UPDATE OF ") {
            let columns = Part {
                before: &format!("{}{others}UPDATE OF ", events.before),
                text: columns,
                after: events.after,
            };
            changes.extend(columns.without_each(", "));
        }
    }
    if let Some(condition) = Part::between(definition, " WHEN (", ") EXECUTE FUNCTION") {
        let whole = format!(" WHEN ({})", condition.text);
        changes.push((
            "whatever it asks".to_owned(),
            definition.replace(&whole, ""),
        ));
        for change in conditions::changes_of_condition(condition.text) {
            changes.push((change.what, condition.with(&change.text)));
        }
    }
    if let Some((_, called)) = definition.split_once(" EXECUTE FUNCTION ")
        && let Some(arguments) = Part::between(called, "(", ")")
    {
        let until = &definition[..definition.len() - called.len()];
        for (what, called) in arguments.without_each(", ") {
            changes.push((what, format!("{until}{called}")));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_column_condition_and_argument_is_left_out() {
        let definition = "CREATE TRIGGER t BEFORE INSERT OR UPDATE OF a, b ON s.t FOR EACH ROW \
                          WHEN (((new.a > 1) AND new.b)) EXECUTE FUNCTION s.f('x', 'y')";
        let changed: Vec<_> = changes(definition)
            .into_iter()
            .map(|(what, _)| what)
            .collect();
        assert_eq!(
            changed,
            [
                "without insert",
                "without update of a, b",
                "without a",
                "without b",
                "whatever it asks",
                "`(new.a > 1)` dropped",
                "`new.b` dropped",
                "without 'x'",
                "without 'y'",
            ]
        );
        let (_, without_a) = &changes(definition)[2];
        assert_eq!(
            *without_a,
            definition.replace("UPDATE OF a, b", "UPDATE OF b")
        );
        let (_, always) = &changes(definition)[4];
        assert_eq!(
            *always,
            definition.replace(" WHEN (((new.a > 1) AND new.b))", "")
        );
        let (_, last) = &changes(definition)[8];
        assert_eq!(*last, definition.replace("'x', 'y'", "'x'"));
    }
}
