//! What was found, what was looked at, and what could not be.

use std::io::Write;

use serde::Serialize;

use crate::terminal::harmless;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something does not work, or is open.
    Error,
    /// Something may not be meant so.
    Warning,
    /// Worth knowing; the project is as well as without it.
    Note,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Which check found it.
    pub check: &'static str,
    /// What it is about: `policy see_cases on public.cases`, `SUPABASE_ANON_KEY`.
    pub thing: String,
    /// What is wrong with it, as the end of a sentence that begins with the thing.
    pub problem: String,
    /// The SQL or the command that mends it, as it is typed.
    pub mend: Option<String>,
    /// Whether `--fix` does that.
    pub fixable: bool,
}

/// A check that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotMade {
    /// Which.
    pub check: &'static str,
    /// Why not.
    pub reason: String,
    /// What it would need.
    pub needs: Option<String>,
    /// Whether it was to be made, with what was given, and could not be.
    pub failed: bool,
}

/// All of it.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// The checks that were made.
    pub made: Vec<&'static str>,
    /// The others.
    pub not_made: Vec<NotMade>,
    /// The statements that `--fix` ran.
    pub fixed: Vec<String>,
}

/// How it ended, where it did not end well: nothing else is to be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwell {
    /// There are errors or warnings.
    #[error("there are findings")]
    Findings,
    /// There are none, and something that was given could not be looked at.
    #[error("not everything could be checked")]
    Unchecked,
}

impl Unwell {
    /// The process's exit status.
    pub fn status(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Unchecked => 2,
        }
    }
}

impl Report {
    /// A check that needs something that was not given.
    pub fn lacks(&mut self, check: &'static str, reason: impl Into<String>, needs: &str) {
        self.not_made.push(NotMade {
            check,
            reason: reason.into(),
            needs: Some(needs.to_owned()),
            failed: false,
        });
    }

    /// A check that was to be made and could not be.
    pub fn failed(&mut self, check: &'static str, reason: impl Into<String>) {
        self.not_made.push(NotMade {
            check,
            reason: reason.into(),
            needs: None,
            failed: true,
        });
    }

    /// In the order in which it is read, and each mend as it is typed.
    pub fn finish(&mut self) {
        self.findings.sort_by_key(|finding| finding.severity);
        for mend in self
            .findings
            .iter_mut()
            .filter_map(|finding| finding.mend.as_mut())
        {
            let verb = mend.split(' ').next().unwrap_or_default();
            if SQL.contains(&verb) && !mend.ends_with(';') {
                mend.push(';');
            }
        }
    }

    /// How it ended.
    pub fn outcome(&self) -> Result<(), Unwell> {
        let matters = |finding: &Finding| finding.severity < Severity::Note;
        match () {
            () if self.findings.iter().any(matters) => Err(Unwell::Findings),
            () if self.not_made.iter().any(|check| check.failed) => Err(Unwell::Unchecked),
            () => Ok(()),
        }
    }

    /// For a person.
    pub fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        for statement in &self.fixed {
            writeln!(out, "fixed    {}", indented(statement))?;
        }
        for finding in &self.findings {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let (thing, problem) = (harmless(&finding.thing), indented(&finding.problem));
            writeln!(out, "{severity:8} {thing} {problem}")?;
            if let Some(mend) = &finding.mend {
                writeln!(out, "         mend: {}", indented(mend))?;
            }
        }
        if self.findings.iter().any(|finding| finding.fixable) {
            writeln!(out, "\nSome of it is mended by `casebase doctor --fix`.")?;
        }
        writeln!(out, "\nchecks made: {}; {}", self.made.len(), self.count())?;
        for check in &self.not_made {
            write!(out, "not made {}: {}", check.check, indented(&check.reason))?;
            match &check.needs {
                Some(needs) => writeln!(out, " (it needs {needs})")?,
                None => writeln!(out)?,
            }
        }
        Ok(())
    }

    fn count(&self) -> String {
        match self.findings.len() {
            0 => "nothing found".to_owned(),
            1 => "1 finding".to_owned(),
            number => format!("{number} findings"),
        }
    }
}

/// What a statement begins with; other mends are commands, settings or ways through the dashboard.
const SQL: [&str; 8] = [
    "alter", "create", "drop", "grant", "insert", "revoke", "select", "update",
];

/// Further lines below the first, so that each line that begins with a word begins something.
fn indented(text: &str) -> String {
    harmless(text).replace('\n', "\n         ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn finding(severity: Severity, mend: &str) -> Finding {
        Finding {
            severity,
            check: "buckets",
            thing: "bucket client-bucket".to_owned(),
            problem: "is public".to_owned(),
            mend: Some(mend.to_owned()),
            fixable: severity == Severity::Error,
        }
    }

    #[test]
    fn how_it_ended_is_said_by_the_worst_of_it() {
        let mut report = Report::default();
        report.lacks("a user's token", "nobody is signed in", "`casebase login`");
        report.findings.push(finding(Severity::Note, ""));
        assert_eq!(report.outcome(), Ok(()));
        report.failed("the database", "it can't be reached");
        assert_eq!(report.outcome().map_err(Unwell::status), Err(2));
        report.findings.push(finding(Severity::Warning, ""));
        assert_eq!(report.outcome().map_err(Unwell::status), Err(1));
    }

    #[test]
    fn a_person_reads_the_worst_first_and_each_mend_as_it_is_typed() {
        let mut report = Report::default();
        report.made.push("buckets");
        report.lacks("a user's token", "nobody is signed in", "`casebase login`");
        report
            .findings
            .push(finding(Severity::Note, "casebase serve"));
        report.findings.push(finding(
            Severity::Error,
            "update storage.buckets\nset public = false",
        ));
        report.finish();
        let mut said = Vec::new();
        report.print(&mut said).unwrap();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "\
error    bucket client-bucket is public
         mend: update storage.buckets
         set public = false;
note     bucket client-bucket is public
         mend: casebase serve

Some of it is mended by `casebase doctor --fix`.

checks made: 1; 2 findings
not made a user's token: nobody is signed in (it needs `casebase login`)
"
        );
    }
}
