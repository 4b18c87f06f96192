//! Extensions of PostgreSQL that only tests need.

use std::process::Command;

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
    let package = format!("postgresql-{version}-{package}");
    if apt_get_install(&package) && is_there(connection, name).await {
        return true;
    }
    eprintln!("skipped: this server has no {name} (Debian: {package})");
    false
}

fn apt_get_install(package: &str) -> bool {
    let installed = Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends", package])
        .output();
    installed.is_ok_and(|output| output.status.success())
}

async fn is_there(connection: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("select exists (select from pg_available_extensions where name = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .expect("the catalogue answers")
}
