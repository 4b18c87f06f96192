//! Which SQLSTATEs a function may raise to its caller, from the bodies of the functions that it calls.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use regex::Regex;
use sqlx::{FromRow, PgConnection};

use super::catalogue::all;

/// Calls whose refusals their caller answers as a row, or asks about without being refused.
pub const ANSWERED: [(&str, &str); 4] = [
    ("public.my_access", "casebase.registration_problem"),
    ("public.reply_to_cases", "casebase.reply_in_place"),
    ("public.undo_changes", "casebase.undo_changes_of"),
    ("public.update_cases", "casebase.change_cases"),
];

/// Raised by a function to itself: it takes back what a dry run has done.
const CAUGHT: &str = "UNDO1";

/// What PostgreSQL itself raises, for whatever is written or not of its type: no function has it in its body.
pub const OF_POSTGRESQL: [&str; 6] = ["22P02", "23502", "23503", "23505", "23514", "42501"];

const BODIES: &str = "
    select format('%s.%s', n.nspname, p.proname) as name, p.prosrc as body
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'casebase')";

const TRIGGERS: &str = "
    select format('%s.%s', n.nspname, c.relname) as name, format('casebase.%s', p.proname) as body
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'casebase'::regnamespace";

#[derive(FromRow)]
struct Named {
    name: String,
    body: String,
}

/// What a function's body names.
#[derive(Default)]
struct Body {
    called: BTreeSet<String>,
    written: BTreeSet<String>,
    raised: BTreeSet<String>,
}

impl Body {
    fn read(&mut self, body: &str) {
        self.called
            .extend(CALL.captures_iter(body).map(|found| found[1].to_owned()));
        self.written
            .extend(WRITE.captures_iter(body).map(|found| found[1].to_owned()));
        self.raised
            .extend(CODE.captures_iter(body).map(|found| sqlstate(&found[1])));
        let mut raises = RAISE.find_iter(body);
        if raises.any(|raise| !raise.as_str().contains("errcode")) {
            self.raised.insert("P0001".to_owned());
        }
        self.raised.remove(CAUGHT);
    }
}

fn expression(expression: &str) -> Regex {
    Regex::new(expression).expect("an expression")
}

static CALL: LazyLock<Regex> = LazyLock::new(|| expression(r"\b((?:casebase|public)\.\w+)\("));
static WRITE: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\b(?:insert into|update|delete from) ((?:casebase|public)\.\w+)")
});
static CODE: LazyLock<Regex> = LazyLock::new(|| expression(r"\b(?:errcode =|code :=) '(\w+)'"));
static RAISE: LazyLock<Regex> = LazyLock::new(|| expression(r"\braise exception '[^;]*;"));

/// All functions, and the triggers of each table.
pub struct Sources {
    bodies: BTreeMap<String, Body>,
    triggers: BTreeMap<String, Vec<String>>,
}

impl Sources {
    pub async fn read(connection: &mut PgConnection) -> Self {
        let mut bodies = BTreeMap::<_, Body>::new();
        for Named { name, body } in all(connection, BODIES).await {
            // Functions of one name answer together.
            bodies.entry(name).or_default().read(&body);
        }
        let mut triggers = BTreeMap::<_, Vec<_>>::new();
        for Named { name, body } in all(connection, TRIGGERS).await {
            triggers.entry(name).or_default().push(body);
        }
        Self { bodies, triggers }
    }

    /// What the function and those that it calls raise.
    pub fn raised(&self, function: &str) -> BTreeSet<String> {
        self.codes(function, false)
    }

    /// That, and what the triggers on the tables that they write raise.
    pub fn possible(&self, function: &str) -> BTreeSet<String> {
        let mut codes = self.codes(function, true);
        codes.extend(OF_POSTGRESQL.map(str::to_owned));
        codes
    }

    /// What the triggers of a table raise to whoever writes it, in words of ours: what PostgreSQL raises by itself, and they
    /// too, is told of all tables at once.
    pub fn raised_by_table(&self, table: &str) -> BTreeSet<String> {
        let triggers = self.triggers.get(table).into_iter().flatten();
        let mut codes: BTreeSet<_> = triggers.flat_map(|t| self.raised(t)).collect();
        codes.retain(|code| !OF_POSTGRESQL.contains(&code.as_str()));
        codes
    }

    pub fn calls(&self, caller: &str, callee: &str) -> bool {
        let body = self.bodies.get(caller);
        body.is_some_and(|body| body.called.contains(callee))
    }

    fn codes(&self, function: &str, with_triggers: bool) -> BTreeSet<String> {
        let mut codes = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut next = vec![function.to_owned()];
        while let Some(function) = next.pop() {
            let Some(body) = self.bodies.get(&function) else {
                continue;
            };
            codes.extend(body.raised.iter().cloned());
            let called = body.called.iter();
            let refused = called.filter(|c| !ANSWERED.contains(&(function.as_str(), c.as_str())));
            next.extend(refused.filter(|c| !seen.contains(*c)).cloned());
            if with_triggers {
                let triggers = body.written.iter().filter_map(|t| self.triggers.get(t));
                next.extend(triggers.flatten().filter(|t| !seen.contains(*t)).cloned());
            }
            seen.insert(function);
        }
        codes
    }
}

/// The SQLSTATE of a condition (PostgreSQL's appendix A), of those that are raised here.
fn sqlstate(condition: &str) -> String {
    let code = match condition {
        "check_violation" => "23514",
        "foreign_key_violation" => "23503",
        "insufficient_privilege" => "42501",
        "invalid_parameter_value" => "22023",
        "no_data_found" => "P0002",
        "null_value_not_allowed" => "22004",
        "object_not_in_prerequisite_state" => "55000",
        "unique_violation" => "23505",
        code => {
            assert_eq!(code.len(), 5, "which SQLSTATE is {code}?");
            code
        }
    };
    code.to_owned()
}

/// The HTTP status that PostgREST answers a signed-in caller with.
pub fn status(code: &str) -> &str {
    match code {
        "42501" => "403",
        "23503" | "23505" => "409",
        "P0001" => "400",
        _ if code.starts_with("PT") => &code[2..],
        _ if code.starts_with("P0") || code.starts_with("55") => "500",
        _ => "400",
    }
}
