//! `casebase login`, `logout` and `whoami`: a session of one's own, for the commands that work as somebody.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::place::Place;
use crate::{
    session::{Session, aside},
    terminal,
};

/// Read in the place of a question.
const PASSWORD: &str = "CASEBASE_PASSWORD";

/// The options of `casebase login`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The password is asked for on a terminal; without one it is the first line of standard input.
The session is kept in casebase/session.json of your configuration folder ($XDG_CONFIG_HOME or ~/.config), which you
alone can read, and goes on until `casebase logout`. There is one at a time.

Environment:
  CASEBASE_PASSWORD                the password, so that nobody is asked")]
pub struct Login {
    /// Whose account
    #[arg(value_name = "EMAIL")]
    email: String,
    #[command(flatten)]
    place: Place,
}

/// The options of `casebase whoami`.
#[derive(Debug, clap::Args)]
pub struct WhoAmI {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Signs in.
pub async fn login(args: Login) -> anyhow::Result<()> {
    let place = args.place.read()?;
    let password = password(&args.email).await?;
    let session = Session::begin(place, &args.email, &password).await?;
    terminal::say(format_args!(
        "signed in as {} at {}",
        args.email,
        session.place().supabase
    ));
    Ok(())
}

/// Signs out.
pub async fn logout() -> anyhow::Result<()> {
    Session::open()?.end().await?;
    terminal::say("signed out");
    Ok(())
}

/// Says who is signed in, as Auth and the database have them now.
pub async fn whoami(args: WhoAmI) -> anyhow::Result<()> {
    let session = Session::open()?;
    let user = session.user().await?;
    let access: Value = session.rpc("my_access").await?.call(&json!({})).await?;
    let place = session.place();
    let mut out = terminal::stdout();
    if args.json {
        let said = json!({
            "id": user.id,
            "email": user.email,
            "standing": access["standing"],
            "is_client": access["is_client"],
            "supabase_url": place.supabase.as_str(),
            "service_url": place.service.as_str(),
        });
        return Ok(writeln!(out, "{said}")?);
    }
    writeln!(out, "{} ({}), {}", user.email, user.id, standing(&access))?;
    writeln!(out, "project  {}", place.supabase)?;
    writeln!(out, "service  {}", place.service)?;
    if let Some(problem) = access["problem"].as_str() {
        terminal::say(problem);
    }
    Ok(())
}

/// What they are, in words.
fn standing(access: &Value) -> String {
    match (access["standing"].as_str(), &access["is_client"]) {
        (Some("admin"), _) => "admin".to_owned(),
        (Some(scope), _) => format!("staff of scope {scope}"),
        (None, Value::Bool(true)) => "a client's member".to_owned(),
        (None, _) => "without a role here".to_owned(),
    }
}

async fn password(email: &str) -> anyhow::Result<String> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password);
    }
    let question = format!("Password of {email}: ");
    let asked = aside(move || {
        if std::io::stdin().is_terminal() {
            return rpassword::prompt_password(question);
        }
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line)
    });
    let password = asked.await.context("the password can't be read")?;
    match password.trim_end_matches(['\r', '\n']) {
        "" => bail!("there is no password\nhint: type it, pipe it in, or set {PASSWORD}"),
        password => Ok(password.to_owned()),
    }
}
