//! The walk: one random act after the other, in SQL, and after each that did something everybody searches.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, query_as, query_scalar, raw_sql};
use uuid::Uuid;

use super::{Oracle, Search, acts::KINDS};
use crate::{chance::Chance, model::Id};

/// So many acts that did something are enough for every kind of them; more, where the other walk goes further.
const STEPS: usize = 150;
const SEED: u64 = 16;

/// After so many of them everything is looked for, and after the others one word.
const LOOK_AROUND: usize = 40;

/// What texts are made of. No two are near each other.
const WORDS: [&str; 8] = [
    "basalt",
    "chamomile",
    "gravel",
    "marzipan",
    "obsidian",
    "quicksand",
    "thistle",
    "walnut",
];

/// The cast, and what its tokens claim.
const CAST: [(&str, Option<&str>); 12] = [
    ("Ada", Some("admin")),
    ("Alan", Some("staff")),
    ("Dora", Some("staff")),
    ("Sam", Some("staff")),
    ("Asta", Some("staff")),
    // Was an admin, whom somebody may switch on again.
    ("Ivan", Some("admin")),
    // On the staff, by a token that does not say so.
    ("Lena", None),
    ("Carla", Some("client")),
    ("Otto", Some("client")),
    // A member of both clients.
    ("Bea", Some("client")),
    // Claims to be an admin, and has no row.
    ("Faye", Some("admin")),
    // Signed in, and nobody.
    ("Nemo", None),
];
const STAFF: [&str; 7] = ["Ada", "Alan", "Dora", "Sam", "Asta", "Ivan", "Lena"];
/// Who belongs to some client at times, at first and of each new one.
const MEMBERS: [&[&str]; 2] = [&["Carla", "Sam", "Bea"], &["Otto", "Bea"]];

/// What may come of a statement, beside what is refused with a status of HTTP: a right or a rule, a case that has files, an
/// argument, a file that is in no state for it.
const REFUSALS: [&str; 5] = ["42501", "23514", "23503", "22023", "55000"];

/// Who finds texts of which kinds, at some time of a walk. Ivan and Lena may be members of a client.
const FINDERS: [(&[&str], &[&str]); 4] = [
    (&["Ada"], &["case", "file", "interaction", "note"]),
    (
        &["Alan", "Asta", "Dora"],
        &["case", "file", "interaction", "note"],
    ),
    (&["Carla", "Otto", "Bea"], &["case", "file", "interaction"]),
    (&["Faye", "Nemo"], &[]),
];

/// Somebody's statement.
pub(super) struct Act {
    pub kind: &'static str,
    /// One of the cast, `service` for a service key, or `owner`.
    pub who: &'static str,
    pub sql: String,
}

#[derive(Default)]
struct Tally {
    done: usize,
    refused: usize,
}

pub(super) struct World {
    oracle: Oracle,
    pub chance: Chance,
    pub people: BTreeMap<&'static str, Uuid>,
    pub clients: [Uuid; 2],
    pub departments: [Uuid; 2],
    /// One of the clients, while it is being erased.
    pub erased: Option<usize>,
    /// What was written in this step.
    pub written: Vec<&'static str>,
    done: usize,
    tally: BTreeMap<&'static str, Tally>,
    trail: Vec<String>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let mut world = Self {
            oracle: Oracle::new().await,
            chance: Chance::new(seed),
            people: CAST
                .iter()
                .map(|(name, _)| (*name, Uuid::new_v4()))
                .collect(),
            clients: [Uuid::nil(); 2],
            departments: [Uuid::new_v4(), Uuid::new_v4()],
            erased: None,
            written: Vec::new(),
            done: 0,
            tally: BTreeMap::new(),
            trail: Vec::new(),
        };
        for (name, id) in world.people.clone() {
            world
                .run(format!(
                    "insert into auth.users (id, email, aud, role)
                     values ('{id}', '{name}-{id}@example.com', 'authenticated', 'authenticated')"
                ))
                .await;
        }
        world.employ().await;
        for client in 0..2 {
            world.take_on(client).await;
        }
        world
    }

    async fn employ(&mut self) {
        let [north, south] = self.departments;
        let mut sql = format!(
            "insert into public.departments (id, name) values ('{north}', '{north}'), ('{south}', '{south}');"
        );
        for name in STAFF {
            let id = self.people[name];
            let is_admin = matches!(name, "Ada" | "Ivan");
            let scope = match name {
                "Dora" | "Sam" => "departments",
                "Asta" => "assigned",
                _ => "all",
            };
            let _ = write!(
                sql,
                "insert into public.staff_members (user_id, display_name, is_admin, scope, active)
                 values ('{id}', '{name}', {is_admin}, '{scope}', {});",
                name != "Ivan"
            );
        }
        for (name, department) in [("Dora", north), ("Sam", south)] {
            let id = self.people[name];
            let _ = write!(
                sql,
                "insert into public.staff_departments (user_id, department_id) values ('{id}', '{department}');"
            );
        }
        self.run(sql).await;
    }

    /// A client anew, in the place of one that is gone.
    async fn take_on(&mut self, place: usize) {
        let client = Uuid::new_v4();
        self.clients[place] = client;
        let mut sql =
            format!("insert into public.clients (id, name) values ('{client}', 'Client {place}');");
        for name in MEMBERS[place] {
            let id = self.people[name];
            let _ = write!(
                sql,
                "insert into public.client_members (client_id, user_id, display_name) values ('{client}', '{id}', '{name}');"
            );
        }
        self.run(sql).await;
    }

    async fn run(&mut self, sql: String) {
        raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.oracle.session)
            .await
            .expect("the owner may");
    }

    fn claims(&self, who: &str) -> Value {
        let (name, claim) = CAST
            .iter()
            .find(|(name, _)| *name == who)
            .expect("one of the cast");
        json!({"sub": self.people[name], "role": "authenticated", "app_metadata": {"case_role": claim}})
    }

    /// Keys of rows that hang on the clients' cases, which are `c`.
    pub async fn ids(&mut self, sql: &'static str) -> Vec<Id> {
        query_scalar(sql)
            .bind(self.clients.to_vec())
            .fetch_all(&mut self.oracle.session)
            .await
            .expect("the owner reads")
    }

    pub async fn cases(&mut self) -> Vec<Id> {
        self.ids("select c.id from public.cases c where c.client_id = any ($1) order by c.id")
            .await
    }

    /// Each file's key, state, the state of its second place, and whether clients see it.
    pub async fn files(&mut self) -> Vec<(Id, String, Option<String>, bool)> {
        query_as(
            "select f.id, f.state, f.other_state, f.visible_to_client
             from public.case_files f join public.cases c on c.id = f.case_id
             where c.client_id = any ($1) order by f.id",
        )
        .bind(self.clients.to_vec())
        .fetch_all(&mut self.oracle.session)
        .await
        .expect("the owner reads")
    }

    /// One or two words, which are looked for after this step.
    pub fn text(&mut self) -> String {
        let words = [self.chance.pick(&WORDS), self.chance.pick(&WORDS)];
        let words = &words[..1 + usize::from(self.chance.one_in(3))];
        self.written.extend(words);
        words.join(" and ")
    }

    /// Ada, who may do most, or anybody.
    pub fn somebody(&mut self) -> &'static str {
        let (anybody, _) = self.chance.pick(&CAST);
        self.chance.pick(&["Ada", "Ada", anybody])
    }

    async fn step(&mut self) {
        self.written.clear();
        let Some(act) = self.some_act().await else {
            return;
        };
        let outcome = self.does(&act).await;
        self.trail
            .push(format!("{} {}: {} → {outcome}", act.who, act.kind, act.sql));
        // An SQLSTATE has five letters and digits, and no statement so many rows.
        let is_refused = outcome.len() == 5;
        assert!(
            !is_refused || outcome.starts_with("PT4") || REFUSALS.contains(&outcome.as_str()),
            "{outcome} is no answer to this:\n{}",
            self.last_steps()
        );
        let tally = self.tally.entry(act.kind).or_default();
        if is_refused || outcome == "0" {
            tally.refused += 1;
            return;
        }
        tally.done += 1;
        self.done += 1;
        if let Some(place) = self.erased {
            self.take_on_after(place).await;
        }
        self.everybody_searches().await;
    }

    async fn does(&mut self, act: &Act) -> String {
        let (role, claims) = match act.who {
            "owner" => ("none", None),
            "service" => ("service_role", Some(json!({"role": "service_role"}))),
            who => ("authenticated", Some(self.claims(who))),
        };
        query_scalar("select pg_temp.does($1, $2, $3)")
            .bind(role)
            .bind(claims)
            .bind(&act.sql)
            .fetch_one(&mut self.oracle.session)
            .await
            .unwrap_or_else(|e| panic!("{e}\nin {}", act.sql))
    }

    async fn take_on_after(&mut self, place: usize) {
        let is_left: bool =
            query_scalar("select exists (select from public.clients where id = $1)")
                .bind(self.clients[place])
                .fetch_one(&mut self.oracle.session)
                .await
                .expect("the owner reads");
        if !is_left {
            self.erased = None;
            self.take_on(place).await;
        }
    }

    async fn everybody_searches(&mut self) {
        let searches = if self.done.is_multiple_of(LOOK_AROUND) {
            self.everything().await
        } else {
            let word = self.written.first().copied();
            vec![Search::word(
                word.unwrap_or_else(|| self.chance.pick(&WORDS)),
            )]
        };
        let mut complaints = Vec::new();
        for (who, _) in CAST {
            let claims = self.claims(who);
            complaints.extend(self.oracle.complaints(who, &claims, &searches).await);
        }
        assert!(
            complaints.is_empty(),
            "{}\nThe last steps:\n{}",
            complaints.join("\n"),
            self.last_steps()
        );
    }

    async fn everything(&mut self) -> Vec<Search> {
        let cases = self.cases().await;
        let mut searches: Vec<_> = WORDS.into_iter().map(Search::Pages).collect();
        searches.extend(WORDS.into_iter().step_by(2).map(Search::Near));
        searches.extend(cases.into_iter().step_by(4).map(Search::Number));
        let pair = [self.chance.pick(&WORDS), self.chance.pick(&WORDS)];
        searches.push(Search::Words(pair.into()));
        searches
    }

    fn last_steps(&self) -> String {
        self.trail[self.trail.len().saturating_sub(15)..].join("\n")
    }

    fn summary(&self) -> String {
        let mut text = format!("{} steps were taken:\n", self.done);
        for (kind, Tally { done, refused }) in &self.tally {
            let _ = writeln!(
                text,
                "{kind:24} {done:6} done {refused:6} refused or of nothing"
            );
        }
        text
    }

    /// Whether each kind of act was done, and each kind of text found by those who may read it; the cases, however they were
    /// looked for.
    async fn was_everywhere(&mut self) -> bool {
        let mut was = self.tally.len() == KINDS && self.tally.values().all(|tally| tally.done > 0);
        for (who, sources) in FINDERS {
            was &= self.oracle.found_in(who, "words").await.iter().eq(sources);
        }
        for who in [&["Ada"][..], &["Carla", "Otto", "Bea"]] {
            for kind in ["near", "number"] {
                was &= self.oracle.found_in(who, kind).await.contains("case");
            }
        }
        was
    }
}

#[tokio::test]
async fn what_is_found_and_counted_is_what_the_policies_let_everybody_read() {
    let steps = crate::number("CASEBASE_TEST_STEPS").map_or(crate::STEPS, |n| n as usize);
    let steps = steps * STEPS / crate::STEPS;
    let seed = crate::number("CASEBASE_TEST_SEED").unwrap_or(SEED);
    eprintln!("{steps} steps; again: CASEBASE_TEST_SEED={seed}");
    let mut world = World::new(seed).await;
    // One that had no luck goes on for a while.
    while world.done < steps || world.done < 5 * STEPS && !world.was_everywhere().await {
        world.step().await;
    }
    eprintln!("{}", world.summary());
    assert!(
        world.was_everywhere().await,
        "some kind of act was never done, or some kind of text never found"
    );
}
