//! The calls of docs/frontend.md about case work, run as they stand there, and what they print.
//!
//! `UPDATE=1 cargo test -p casebase --test clients case_work` writes what they printed into the page.

use std::path::PathBuf;

use crate::{
    dev::Dev,
    programs::{self, node, succeed},
};

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/frontend.md")
}

/// The part of the page about case work, before and after what its calls print.
fn parts(page: &str) -> (&str, &str, &str) {
    const PRINTED: &str = "### What they print\n\n```text\n";
    let begin = page.find("## Case work").expect("the section");
    let printed = page[begin..].find(PRINTED).expect("what they print") + begin + PRINTED.len();
    let end = page[printed..].find("```").expect("its end") + printed;
    (&page[..printed], &page[printed..end], &page[end..])
}

#[test]
fn the_calls_of_the_page_print_what_it_says() {
    let Some(mut node) = node() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), &[]);
    let text = std::fs::read_to_string(page()).expect("the page");
    let (before, said, after) = parts(&text);
    let section = &before[before.find("## Case work").expect("the section")..];
    let blocks = section.split("```js\n").skip(1);
    let calls: String = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    let calls = calls.replace("http://127.0.0.1:54321", &dev.settings["SUPABASE_URL"]);

    let script = programs::folder().join(format!(".case-work-{}.mjs", std::process::id()));
    std::fs::write(&script, calls).expect("the folder is ours");
    let printed = succeed(
        node.arg("--experimental-websocket")
            .arg(&script)
            .env("SUPABASE_ANON_KEY", &dev.settings["SUPABASE_ANON_KEY"])
            .env("NO_COLOR", "1"),
    );
    let _ = std::fs::remove_file(&script);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(page(), format!("{before}{printed}{after}")).expect("the page is ours");
    } else {
        assert_eq!(said, printed);
    }
}
