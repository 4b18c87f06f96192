//! Text of more than a line: from an option, a file, a pipe or the writer's editor.
//!
//! What is written in an editor or comes from a pipe lies in a file below the session until it is sent, so that nothing of it
//! is lost when sending fails.

use std::{
    env, fs,
    io::{IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::error::ErrorKind;

use super::usage;
use crate::session::{Session, aside};

/// Everything below it is not sent. Not git's usual comments: a line of Markdown that begins with # is a heading.
const SCISSORS: &str = "# ------------------------ >8 ------------------------";

/// Where the text comes from.
#[derive(Debug, clap::Args)]
pub struct Words {
    /// The text, in Markdown
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Read the text from this file; `-` is standard input
    #[arg(short = 'F', long, value_name = "FILE", conflicts_with = "message")]
    file: Option<PathBuf>,
}

/// What is said of the variables below the options of every command that has [`Words`].
pub const AFTER_HELP: &str = "\
Environment:
  VISUAL                           the editor for long text; without it EDITOR, or vi
  EDITOR                           the same, where VISUAL is not set";

/// A text to be sent.
pub struct Written {
    /// Never empty, and without white space at its end.
    pub text: String,
    draft: Option<PathBuf>,
}

impl Words {
    /// Whether a text was given, so that no editor opens.
    pub fn are_given(&self) -> bool {
        self.message.is_some() || self.file.is_some()
    }

    /// The text. `name` is that of its file, `about` what stands below it in the editor, `begun` what it begins with there.
    pub async fn read(
        &self,
        session: &Session,
        name: &str,
        about: &str,
        begun: &str,
    ) -> anyhow::Result<Written> {
        let (text, draft) = match (&self.message, &self.file) {
            (Some(text), _) => (text.clone(), None),
            (None, Some(file)) if file == Path::new("-") => {
                let text = piped().await?;
                let draft = keep(session, name, &text)?;
                (text, Some(draft))
            }
            (None, Some(file)) => {
                let text = fs::read_to_string(file);
                (text.with_context(|| file.display().to_string())?, None)
            }
            (None, None) => edited(session, name, about, begun).await?,
        };
        let text = text.trim_end().to_owned();
        if text.is_empty() {
            forget(draft.as_deref());
            bail!("there is no text, so nothing was sent");
        }
        Ok(Written { text, draft })
    }
}

impl Written {
    /// Gives back what became of it. Once it is sent, it is nowhere else; where that failed, the error says where it is.
    pub fn sent<T>(&self, sent: anyhow::Result<T>) -> anyhow::Result<T> {
        let Some(draft) = &self.draft else {
            return sent;
        };
        match sent {
            Ok(done) => {
                forget(Some(draft));
                Ok(done)
            }
            Err(error) => {
                let said = crate::terminal::describe(&error);
                let draft = draft.display();
                bail!("{said}\nhint: what was written is in {draft}: send it with --file")
            }
        }
    }
}

async fn piped() -> anyhow::Result<String> {
    let read = aside(|| {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        Ok(text)
    });
    read.await.context("standard input can't be read as text")
}

/// In a file that its owner alone can read, until it is sent.
fn keep(session: &Session, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let mut file = tempfile::Builder::new()
        .prefix(&format!("{name}-"))
        .suffix(".md")
        .tempfile_in(session.folder("drafts")?)?;
    file.write_all(text.as_bytes())?;
    Ok(file.keep()?.1)
}

fn forget(draft: Option<&Path>) {
    if let Some(draft) = draft
        && let Err(error) = fs::remove_file(draft)
    {
        tracing::debug!(%error, "a text that was sent is left");
    }
}

async fn edited(
    session: &Session,
    name: &str,
    about: &str,
    begun: &str,
) -> anyhow::Result<(String, Option<PathBuf>)> {
    if !std::io::stdin().is_terminal() {
        let message = "there is no terminal to write at: --message TEXT, or --file FILE (`-` reads standard input)";
        return Err(usage(ErrorKind::MissingRequiredArgument, message));
    }
    let below = about.lines().map(|line| format!("# {line}\n"));
    let below: String = below.collect();
    let rules = "# The line above stays as it is. What is below it is not sent; nothing above it: nothing is sent.";
    let page = format!("{begun}\n\n{SCISSORS}\n{rules}\n{below}");
    let draft = keep(session, name, &page)?;
    let editor = editor();
    // Through a shell, as git does: it may have options of its own.
    let ran = tokio::process::Command::new("sh")
        .args(["-c", &format!("{editor} \"$@\""), &editor])
        .arg(&draft)
        .status();
    let ran = ran.await.context("there is no shell to open the editor")?;
    let text = fs::read_to_string(&draft);
    let text = text.with_context(|| draft.display().to_string())?;
    let unchanged = text == page;
    let text = above_the_scissors(&text);
    if !ran.success() && unchanged {
        forget(Some(&draft));
        bail!(
            "the editor `{editor}` failed, so nothing was sent\n\
             hint: VISUAL or EDITOR names another; --message and --file need none"
        );
    }
    fs::write(&draft, &text).with_context(|| draft.display().to_string())?;
    if !ran.success() {
        let draft = draft.display();
        bail!(
            "the editor `{editor}` failed, so nothing was sent\n\
             hint: what was written is in {draft}: send it with --file"
        );
    }
    Ok((text, Some(draft)))
}

/// Where git looks.
fn editor() -> String {
    let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    set("VISUAL")
        .or_else(|| set("EDITOR"))
        .unwrap_or_else(|| "vi".to_owned())
}

fn above_the_scissors(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != SCISSORS);
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_sent_and_what_is_below_the_scissors_is_not() {
        let text = format!("# Heading\n\n>8 text\n\n{SCISSORS}\n# about\n");
        assert_eq!(above_the_scissors(&text), "# Heading\n\n>8 text");
        assert_eq!(above_the_scissors("no scissors \n"), "no scissors");
        assert_eq!(above_the_scissors(&format!("\n{SCISSORS}\nx")), "");
    }
}
