//! `casebase man`: the manual pages, written from the same words as `--help`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// The options of `casebase man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
casebase man ~/.local/share/man/man1, and then: man casebase, man casebase-cases-list")]
pub struct Args {
    /// The folder, which is made where there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Args {
    /// Writes a page for this command, `NAME.1`, and for each below it, `NAME-BELOW.1`.
    pub fn write(self, command: clap::Command) -> anyhow::Result<()> {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        fs::create_dir_all(&self.folder)
            .and_then(|()| write(&command, &self.folder))
            .with_context(|| {
                let folder = self.folder.display();
                format!("the manual pages can't be written into {folder}")
            })
    }
}

fn write(command: &clap::Command, folder: &Path) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    fs::write(folder.join(man.get_filename()), lines_kept(&page))?;
    let below = command.get_subcommands().filter(|c| !c.is_hide_set());
    below.into_iter().try_for_each(|c| write(c, folder))
}

/// What stands below the options is a table as it was typed, under a heading of no meaning.
fn lines_kept(page: &[u8]) -> String {
    let page = String::from_utf8_lossy(page);
    let Some((before, notes)) = page.split_once(".SH EXTRA\n") else {
        return page.into_owned();
    };
    let (notes, after) = match notes.find("\n.SH ") {
        Some(end) => notes.split_at(end + 1),
        None => (notes, ""),
    };
    format!("{before}.SH NOTES\n.nf\n{notes}\n.fi\n{after}")
}
