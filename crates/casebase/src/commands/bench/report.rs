//! What a benchmark found: a table for people, or one JSON object.

use std::io::Write;

use serde::Serialize;

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
    /// What `value` may be at most, or has to be at least.
    pub target: f64,
    /// Which of the two.
    pub bound: Bound,
    /// Whether it is.
    pub holds: bool,
    /// What processors spent on it, where that is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<Processor>,
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
            target,
            bound,
            holds: match bound {
                Bound::AtMost => value <= target,
                Bound::AtLeast => value >= target,
            },
            processor: None,
        }
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
        let bound = match m.bound {
            Bound::AtMost => "at most ",
            Bound::AtLeast => "at least",
        };
        let verdict = if m.holds { "holds" } else { "MISSED" };
        let verdict = match &m.processor {
            Some(p) => format!(
                "{verdict:6}  {:.2} + {:.2} against {:.2} {unit}",
                p.ours, p.others, p.control
            ),
            None => verdict.to_owned(),
        };
        writeln!(
            out,
            "{:width$}  {:>9.2} {unit}  {:>9.2} {unit}  {:>7.2}  {bound} {:>9.2} {unit}  {verdict}",
            m.name, m.value, m.control, m.ratio, m.target,
        )?;
    }
    let held = measurements.iter().filter(|m| m.holds).count();
    writeln!(out, "\n{held} of {} hold.", measurements.len())
}
