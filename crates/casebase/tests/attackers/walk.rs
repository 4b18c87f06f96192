//! The walk: one random call after the other, each compared with the model, which then follows.

mod cases;
mod files;
mod people;
mod words;

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    calls::{Caller, Outcome},
    chance::Chance,
    desk::Desk,
    model::{Id, Who},
    search::{Oracle, Search},
};

/// An id that no row has.
const MISSING: Id = 987_654_321;
/// After so many steps everybody looks around.
const LOOK_AROUND: usize = 50;

/// Who calls: those who may do something, more often than those who may not.
const OFTEN: [Who; 18] = [
    Who::Ada,
    Who::Ada,
    Who::Ada,
    Who::Alan,
    Who::Alan,
    Who::Dora,
    Who::Dora,
    Who::Sam,
    Who::Sam,
    Who::Asta,
    Who::Asta,
    Who::Carla,
    Who::Carla,
    Who::Otto,
    Who::Otto,
    Who::Ivan,
    Who::Nemo,
    Who::Anon,
];

#[derive(Default)]
struct Tally {
    allowed: usize,
    refused: usize,
}

pub struct Walk {
    desk: Desk,
    oracle: Oracle,
    chance: Chance,
    /// Counts up: titles, names and bytes that nobody had before.
    fresh: usize,
    steps: usize,
    tally: BTreeMap<&'static str, Tally>,
    trail: Vec<String>,
}

impl Walk {
    pub fn new(desk: Desk, oracle: Oracle, chance: Chance) -> Self {
        Self {
            desk,
            oracle,
            chance,
            fresh: 0,
            steps: 0,
            tally: BTreeMap::new(),
            trail: Vec::new(),
        }
    }

    pub async fn step(&mut self) {
        self.steps += 1;
        let who = self.chance.pick(&OFTEN);
        match self.chance.below(38) {
            0..2 => self.open_case(who).await,
            2 => self.read_case(who).await,
            3..6 => self.change_case(who).await,
            6 => self.change_cases(who).await,
            7 => self.reopen_case(who).await,
            8 => self.escalate_case(who).await,
            9 => self.hand_over_case(who).await,
            10 => self.read_beside_case(who).await,
            11 if self.chance.one_in(5) => self.delete_case(who).await,
            11 => self.read_case(who).await,
            12 => self.write_internal(who).await,
            13..15 => self.add_interaction(who).await,
            15 => self.change_words(who).await,
            16 => self.show_or_hide(who).await,
            17 => self.delete_interaction(who).await,
            18 => self.add_note(who).await,
            19 => self.change_note(who).await,
            20..22 => self.reserve_file(who).await,
            22..24 => self.put_object(who).await,
            24 => self.move_file(who).await,
            25 | 32 | 33 => self.verify_or_swap().await,
            26..28 => self.read_object(who).await,
            28 => self.tamper_with_object(who).await,
            29 => self.remove_object(who).await,
            30 => self.delete_file(who).await,
            36 | 37 => self.take_case(who).await,
            _ => self.change_people(who).await,
        }
        if self.steps.is_multiple_of(LOOK_AROUND) {
            self.everybody_sees_what_is_theirs().await;
        }
    }

    pub async fn everybody_sees_what_is_theirs(&mut self) {
        for who in Who::ALL {
            self.sees_their_cases(who).await;
            self.sees_their_words(who).await;
            self.sees_their_files(who).await;
            self.finds_their_texts(who).await;
        }
    }

    /// By words that texts are made of here: of titles and notes, or of interactions and the names of files.
    async fn finds_their_texts(&mut self, who: Who) {
        if who == Who::Anon {
            return;
        }
        let claims = self.caller(who).claims();
        let words = self.chance.pick(&[["t", "n"], ["c", "x"]]);
        let searches = words.map(Search::word);
        self.oracle
            .compare(&format!("{who:?}"), &claims, &searches)
            .await;
    }

    fn caller(&self, who: Who) -> &Caller {
        &self.desk.callers[&who]
    }

    fn fresh(&mut self) -> usize {
        self.fresh += 1;
        self.fresh
    }

    /// Some case, mostly one that is there.
    fn some_case(&mut self) -> Id {
        let ids: Vec<_> = self.desk.model.cases.keys().copied().collect();
        self.some(&ids)
    }

    fn some(&mut self, ids: &[Id]) -> Id {
        if ids.is_empty() || self.chance.one_in(12) {
            return MISSING;
        }
        self.chance.pick(ids)
    }

    /// The caller, or as often somebody for whom it is their own.
    fn or_owner(&mut self, who: Who, owner: Option<Who>) -> Who {
        self.chance.pick(&[who, owner.unwrap_or(who)])
    }

    /// The caller, or as often somebody who sees the case.
    fn or_insider(&mut self, who: Who, case: Id) -> Who {
        let model = &self.desk.model;
        let insiders = Who::ALL.into_iter().filter(|w| model.sees_case(*w, case));
        let insiders: Vec<_> = insiders.collect();
        let insider = self.chance.maybe(&insiders);
        self.or_owner(who, insider)
    }

    /// The model's answer and the project's are the same; who is not signed in hears 401 whatever it was.
    fn compare(
        &mut self,
        kind: &'static str,
        who: Who,
        call: &str,
        expected: Outcome,
        found: Outcome,
    ) {
        let expected = match who {
            Who::Anon => Outcome::Refused(401),
            _ => expected,
        };
        let line = format!("{}. {who:?} {kind}: {call} → {found:?}", self.steps);
        self.trail.push(line);
        if expected != found {
            let last = self.trail.len().saturating_sub(15);
            panic!(
                "expected {expected:?}; the last steps:\n{}",
                self.trail[last..].join("\n")
            );
        }
        let tally = self.tally.entry(kind).or_default();
        if found.is_success() {
            tally.allowed += 1;
        } else {
            tally.refused += 1;
        }
    }

    /// The same for calls of Storage, which either do it or don't.
    fn compare_storage(
        &mut self,
        kind: &'static str,
        who: Who,
        call: &str,
        expected: bool,
        found: bool,
    ) {
        let outcome = |done| {
            if done {
                Outcome::row(0)
            } else {
                Outcome::Refused(401)
            }
        };
        self.compare(kind, who, call, outcome(expected), outcome(found));
    }

    /// Which kinds of call were allowed and refused how often.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for (kind, Tally { allowed, refused }) in &self.tally {
            let _ = writeln!(text, "{kind:24} {allowed:6} allowed {refused:6} refused");
        }
        text
    }

    /// Every kind was refused, and all but those that nobody may do were allowed.
    pub fn was_everywhere(&self) -> bool {
        self.tally.iter().all(|(kind, tally)| {
            tally.refused > 0 && (tally.allowed > 0) != files::NOBODY_MAY.contains(kind)
        })
    }
}
