//! What this build is.

use crate::migrations;

/// The commit that it was built from, twelve digits, with `-dirty` where files were changed; `unknown` outside a clone and
/// in debug builds. `CASEBASE_COMMIT` at build time says another.
pub const COMMIT: &str = env!("CASEBASE_COMMIT");

/// What `casebase --version` prints after the name: the version, the commit, and the release of the schema that it makes
/// and that `casebase serve` needs.
pub fn long() -> String {
    let migrations = migrations::all();
    let schema = migrations.last().map_or("none", |m| &m.release);
    format!(
        "{}\ncommit {COMMIT}\nschema {schema}",
        env!("CARGO_PKG_VERSION")
    )
}
