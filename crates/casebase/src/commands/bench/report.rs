//! What a benchmark found: a table for people, or one JSON object.

use std::{collections::BTreeSet, io::Write, path::Path};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::terminal;

/// One thing measured, and what it was compared with in the same run.
#[derive(Debug, Serialize)]
pub struct Measurement {
    /// What was measured.
    pub name: String,
    /// The median.
    pub value: f64,
    /// The unit of `value`, `control` and `target`.
    pub unit: &'static str,
    /// The median of what it was compared with.
    pub control: f64,
    /// `value` by `control`.
    pub ratio: f64,
    /// What is promised of it.
    #[serde(flatten)]
    pub promise: Promise,
    /// How it grew with the data, where that is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// What processors spent on it, where that is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<Processor>,
}

/// What a measurement should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Promise {
    /// Within a target.
    Target {
        /// What `value` may be at most, or has to be at least.
        target: f64,
        /// Which of the two.
        bound: Bound,
        /// Whether it is.
        holds: bool,
    },
    /// Nothing.
    None {
        /// Why not, and what to do instead.
        no_target: &'static str,
    },
}

/// How many times what an earlier report says of the same, with less data.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Growth {
    /// What was measured.
    pub value: f64,
    /// What it was compared with.
    pub control: f64,
    /// Whether it grew no more than what it was compared with; a fifth is what two runs differ by anyway.
    pub holds: bool,
}

/// Processor time, in the unit of the measurement.
#[derive(Debug, Serialize)]
pub struct Processor {
    /// By what is measured, beyond what is compared as well.
    pub ours: f64,
    /// By everything else meanwhile.
    pub others: f64,
    /// By everything, for what it was compared with.
    pub control: f64,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The most that is good.
    AtMost,
    /// The least that is good.
    AtLeast,
}

impl Measurement {
    /// Compares, where `target` is the most that is good, or the least.
    pub fn new(
        name: String,
        value: f64,
        unit: &'static str,
        control: f64,
        bound: Bound,
        target: f64,
    ) -> Self {
        Self {
            name,
            value,
            unit,
            control,
            ratio: value / control,
            promise: Promise::Target {
                target,
                bound,
                holds: match bound {
                    Bound::AtMost => value <= target,
                    Bound::AtLeast => value >= target,
                },
            },
            growth: None,
            processor: None,
        }
    }
}

/// What a report says, as far as another is compared with it.
#[derive(Debug, Deserialize)]
pub struct Earlier {
    measurements: Vec<EarlierMeasurement>,
}

#[derive(Debug, Deserialize)]
struct EarlierMeasurement {
    name: String,
    value: f64,
    control: f64,
}

impl Earlier {
    /// Reads what [`print_json`] wrote.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(file).with_context(|| file.display().to_string())?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{}: not a report of --json", file.display()))
    }

    /// How it grew since; none where it wasn't measured then.
    pub fn growth_to(&self, now: &Measurement) -> Option<Growth> {
        let then = self.measurements.iter().find(|m| m.name == now.name)?;
        let (value, control) = (now.value / then.value, now.control / then.control);
        Some(Growth {
            value,
            control,
            holds: value <= 1.2 * control.max(1.0),
        })
    }
}

#[derive(Serialize)]
struct Report<'a> {
    measurements: &'a [Measurement],
}

/// Prints one JSON object.
pub fn print_json(measurements: &[Measurement]) -> anyhow::Result<()> {
    let report = serde_json::to_string(&Report { measurements })?;
    writeln!(terminal::stdout(), "{report}")?;
    Ok(())
}

/// Prints a table whose columns `value` and `control` are called as the benchmark calls them. Behind a line stands the
/// processor time, where it is measured: ours and everybody else's, against that of what it was compared with.
pub fn print_table(
    measurements: &[Measurement],
    value: &str,
    control: &str,
) -> std::io::Result<()> {
    let mut out = terminal::stdout().lock();
    let width = measurements
        .iter()
        .map(|m| m.name.chars().count())
        .max()
        .unwrap_or(0);
    writeln!(
        out,
        "{:width$}  {value:>12}  {control:>12}  {:>7}  {:>21}",
        "", "ratio", "target"
    )?;
    for m in measurements {
        let unit = m.unit;
        let (target, verdict) = match m.promise {
            Promise::Target {
                target,
                bound,
                holds,
            } => {
                let bound = match bound {
                    Bound::AtMost => "at most ",
                    Bound::AtLeast => "at least",
                };
                let verdict = if holds { "holds" } else { "MISSED" };
                (format!("{bound} {target:>9.2} {unit}"), verdict)
            }
            Promise::None { .. } => ("no target".into(), ""),
        };
        write!(
            out,
            "{:width$}  {:>9.2} {unit}  {:>9.2} {unit}  {:>7.2}  {target:>21}  {verdict:6}",
            m.name, m.value, m.control, m.ratio,
        )?;
        if let Some(p) = &m.processor {
            let (ours, others, control) = (p.ours, p.others, p.control);
            write!(out, "  {ours:.2} + {others:.2} against {control:.2} {unit}")?;
        }
        if let Some(g) = &m.growth {
            let verdict = if g.holds { "" } else { "  GREW" };
            write!(out, "  grew {:.2} / {:.2}{verdict}", g.value, g.control)?;
        }
        writeln!(out)?;
    }
    print_sums(&mut out, measurements)
}

/// How many hold, and why others need not.
fn print_sums(out: &mut impl Write, measurements: &[Measurement]) -> std::io::Result<()> {
    let (mut held, mut targets, mut reasons) = (0, 0, BTreeSet::new());
    for m in measurements {
        match m.promise {
            Promise::Target { holds, .. } => {
                targets += 1;
                held += usize::from(holds);
            }
            Promise::None { no_target } => {
                reasons.insert(no_target);
            }
        }
    }
    writeln!(out, "\n{held} of {targets} hold.")?;
    for reason in reasons {
        writeln!(out, "No target: {reason}.")?;
    }
    let grown: Vec<_> = measurements.iter().filter_map(|m| m.growth).collect();
    if !grown.is_empty() {
        let slow = grown.iter().filter(|g| g.holds).count();
        writeln!(
            out,
            "{slow} of {} grew no faster than what they are compared with.",
            grown.len()
        )?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn measured(name: &str, value: f64, control: f64) -> Measurement {
        Measurement::new(name.into(), value, "ms", control, Bound::AtMost, 1.0)
    }

    fn promising_nothing(name: &str) -> Measurement {
        Measurement {
            promise: Promise::None {
                no_target: "ask otherwise",
            },
            ..measured(name, 9.0, 1.0)
        }
    }

    #[test]
    fn what_has_no_target_neither_holds_nor_misses_and_says_why() {
        let json = serde_json::to_value(promising_nothing("plain")).expect("JSON");
        assert_eq!(json["no_target"], "ask otherwise");
        assert!(json.get("holds").is_none() && json.get("target").is_none());
        let all = [measured("one", 0.5, 1.0), promising_nothing("plain")];
        let mut said = Vec::new();
        print_sums(&mut said, &all).expect("it is written");
        assert_eq!(
            String::from_utf8(said).expect("UTF-8"),
            "\n1 of 1 hold.\nNo target: ask otherwise.\n"
        );
    }

    #[test]
    fn growth_is_compared_with_that_of_the_control() {
        let earlier = r#"{"measurements": [{"name": "one", "value": 0.5, "control": 0.25}]}"#;
        let earlier: Earlier = serde_json::from_str(earlier).expect("a report");
        for (value, control, holds) in [
            (0.6, 0.25, true),
            (0.65, 0.25, false),
            (2.0, 1.0, true),
            // What the control gained is no reason to ask for as much.
            (0.5, 0.125, true),
        ] {
            let growth = earlier
                .growth_to(&measured("one", value, control))
                .expect("it was measured");
            assert_eq!(growth.holds, holds, "{growth:?}");
        }
        assert!(earlier.growth_to(&measured("new", 1.0, 1.0)).is_none());
    }
}
