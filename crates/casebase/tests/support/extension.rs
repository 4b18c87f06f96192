//! Extensions of PostgreSQL that only tests need.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a failing test may panic, a skipped one says so"
)]

use std::path::Path;

use casebase_local::postgres;
use sqlx::PgConnection;

/// Whether the server has the extension. Where this machine lets us, Debian's `postgresql-<version>-<package>` is
/// installed; otherwise a test that needs it is skipped, and says so.
pub async fn is_available(connection: &mut PgConnection, name: &str, package: &str) -> bool {
    if is_there(connection, name).await {
        return true;
    }
    let version: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::int / 10000")
            .fetch_one(&mut *connection)
            .await
            .expect("the server has a version");
    // pgTAP is SQL alone: any version's files will do, and this server's folder may be ours to write to.
    if name == "pgtap" && lend_files(connection, name).await && is_there(connection, name).await {
        return true;
    }
    let package = format!("postgresql-{version}-{package}");
    match postgres::install_debian_packages(&[&package]) {
        Ok(()) if is_there(connection, name).await => return true,
        Ok(()) => eprintln!("skipped: this server has no {name}, though {package} is installed"),
        Err(reason) => eprintln!("skipped: this server has no {name} ({package}: {reason})"),
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "CI needs {name} and skips nothing"
    );
    false
}

async fn is_there(connection: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("select exists (select from pg_available_extensions where name = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .expect("the catalogue answers")
}

/// Copies an extension's files out of Debian's folders; whether there were any that could be copied.
async fn lend_files(connection: &mut PgConnection, name: &str) -> bool {
    let to: String = sqlx::query_scalar("select setting from pg_config where name = 'SHAREDIR'")
        .fetch_one(connection)
        .await
        .expect("a superuser may ask");
    let versions = std::fs::read_dir("/usr/share/postgresql").into_iter();
    let files = versions
        .flatten()
        .flatten()
        .filter_map(|version| std::fs::read_dir(version.path().join("extension")).ok())
        .flatten()
        .flatten()
        .filter(|file| file.file_name().to_string_lossy().starts_with(name));
    let mut copied = false;
    for file in files {
        let to = Path::new(&to).join("extension").join(file.file_name());
        copied |= std::fs::copy(file.path(), to).is_ok();
    }
    copied
}
