//! `casebase cases` and what admins keep, as people type them.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use casebase::commands::demo::person::Person;
use nix::{
    pty::{Winsize, openpty},
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{
    cli::{Fate, Gate, Terminal, at, succeeded},
    desk::Desk,
    people,
};

/// A name that no other test has.
fn unique(name: &str) -> String {
    format!("{name} {}", &Uuid::new_v4().simple().to_string()[..12])
}

/// Where editors are.
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

async fn in_a_thread(mut command: Command) -> std::process::Output {
    let ran = tokio::task::spawn_blocking(move || command.output());
    ran.await.unwrap().unwrap()
}

/// At a terminal of so many columns: what it shows, and what is in the two together.
async fn shown(mut command: Command, columns: u16) -> (bool, String) {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).unwrap();
    command
        .stdin(pty.slave.try_clone().unwrap())
        .stdout(pty.slave.try_clone().unwrap())
        .stderr(pty.slave);
    let shown = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // The last holder of the terminal's other side is the child.
        drop(command);
        let mut shown = Vec::new();
        let mut master = File::from(pty.master);
        let mut piece = [0; 4096];
        // Linux says EIO once nobody holds it.
        while let Ok(had @ 1..) = master.read(&mut piece) {
            shown.extend_from_slice(&piece[..had]);
        }
        let done = child.wait().unwrap().success();
        (done, String::from_utf8_lossy(&shown).replace("\r\n", "\n"))
    });
    shown.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_invitation_to_an_export() {
    let mut desk = Desk::new("rest").await;
    let admin = desk.admin().await;
    let admin = Terminal::of(&admin, &at(&desk));
    let (north, welding, firm) = (unique("North"), unique("Welding"), unique("Firm"));
    let (dora, carl) = (unique("Dora"), unique("Carl"));
    admin.succeeds(&["departments", "add", &north]).await;
    admin.succeeds(&["specialties", "add", &welding]).await;
    admin.succeeds(&["clients", "add", &firm]).await;
    let address = |name: &str| format!("{}@example.com", name.replace(' ', "-").to_lowercase());
    let staff = [
        "invite",
        "staff",
        &address(&dora),
        "--name",
        &dora,
        "--scope",
        "departments",
        "--department",
        &north,
    ];
    let invited = admin.rows(&staff).await;
    assert_eq!(invited[0]["departments"], json!([north]));
    let member = [
        "invite",
        "client",
        &address(&carl),
        "--name",
        &carl,
        "--client",
        &firm,
    ];
    admin.succeeds(&member).await;
    let place = Arc::new(people::place().with_service(&at(&desk)));
    let sign_up = async |name: &str| Person::sign_up(&place, &address(name)).await.unwrap();
    let (dora_at, carl_at) = (
        Terminal::of(&sign_up(&dora).await, &at(&desk)),
        Terminal::of(&sign_up(&carl).await, &at(&desk)),
    );

    // A client of one client need not say which.
    let opened = carl_at
        .rows(&[
            "cases",
            "new",
            "--title",
            "=1+1",
            "-m",
            "# Words\n\nof *mine*",
        ])
        .await;
    let case = opened[0]["case_id"].as_str().unwrap();
    assert_eq!(opened[0]["client"], *firm);
    assert_eq!(opened[0]["description"], "# Words\n\nof *mine*");
    dora_at.fails(1, &["cases", "show", case]).await;
    admin
        .succeeds(&[
            "cases",
            "assign",
            case,
            "--department",
            &north,
            "--note",
            "For you.",
        ])
        .await;

    // By any way to write its number.
    let number = case.trim_start_matches("CASE-").trim_start_matches('0');
    admin
        .succeeds(&[
            "cases",
            "update",
            number,
            "--specialty",
            &welding,
            "--add-tag",
            "gate",
        ])
        .await;
    let refused = dora_at.fails(1, &["cases", "take", number]).await;
    assert!(refused.contains("specialty"), "{refused}");
    admin
        .succeeds(&["staff", "change", &dora, "--add-specialty", &welding])
        .await;
    let there = admin.rows(&["staff", "list"]).await;
    let there = there
        .iter()
        .find(|row| row["display_name"] == *dora)
        .unwrap();
    assert_eq!(
        (
            &there["standing"],
            &there["departments"],
            &there["specialties"]
        ),
        (&json!("departments"), &json!([north]), &json!([welding]))
    );
    dora_at
        .succeeds(&["cases", "take", &format!("case-{number}")])
        .await;
    let mut piped = dora_at.casebase(&["cases", "reply", case, "-F", "-"]);
    let mut piped = piped
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    piped
        .stdin
        .take()
        .unwrap()
        .write_all("We look.\n".as_bytes())
        .unwrap();
    let replied = tokio::task::spawn_blocking(move || piped.wait().unwrap().success());
    assert!(replied.await.unwrap());
    dora_at
        .succeeds(&["cases", "note", case, "-m", "He is late, too."])
        .await;
    dora_at
        .succeeds(&[
            "cases",
            "update",
            case,
            "--status",
            "waiting",
            "--due",
            "2030-01-01",
        ])
        .await;

    // Each sees what is theirs.
    let shown = carl_at.succeeds(&["cases", "show", case]).await;
    assert!(
        shown.contains("We look.") && !shown.contains("late") && !shown.contains("gate"),
        "{shown}"
    );
    assert!(shown.contains(&format!("assigned to   {dora}")), "{shown}");
    let shown = dora_at.succeeds(&["cases", "show", case]).await;
    assert!(
        shown.contains("He is late, too.") && shown.contains("For you.") && shown.contains("gate"),
        "{shown}"
    );
    let whole: Value =
        serde_json::from_str(&dora_at.succeeds(&["cases", "show", case, "--json"]).await).unwrap();
    assert_eq!(whole["tags"], json!(["gate"]));
    assert_eq!(whole["internal_notes"].as_array().map(Vec::len), Some(2));
    let history = dora_at.succeeds(&["cases", "history", case]).await;
    assert!(
        history.contains("status: in_progress → waiting"),
        "{history}"
    );
    assert!(
        history.contains(&format!("department_id: General → {north}")),
        "{history}"
    );
    let known = carl_at.succeeds(&["cases", "history", case]).await;
    assert!(
        known.contains("case.status_changed") && !known.contains("internal_note"),
        "{known}"
    );

    carl_at
        .succeeds(&["cases", "escalate", case, "--reason", "It leaks."])
        .await;
    let twin = carl_at.rows(&["cases", "new", "--title", "The same"]).await;
    let twin = twin[0]["case_id"].as_str().unwrap();
    admin.succeeds(&["cases", "merge", twin, case]).await;
    let led = carl_at.rows(&["cases", "show", twin]).await;
    assert_eq!(led[0]["case_id"], case);

    // What one lists, another does not see.
    let filters = [
        "cases",
        "list",
        "--status",
        "waiting,open",
        "--department",
        &north,
        "--assigned-to",
        &dora,
    ];
    let listed = dora_at.rows(&filters).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["department"], &listed[0]["assignee"]),
        (&json!(north), &json!(dora))
    );
    dora_at
        .succeeds(&["cases", "export", "mine.csv", "--client", &firm])
        .await;
    let csv = fs::read_to_string(dora_at.here.path().join("mine.csv")).unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(
        lines[0].starts_with("case_id,title,description,status"),
        "{csv}"
    );
    assert!(
        lines[1].starts_with(&format!(
            "{case},'=1+1,\"# Words\n\nof *mine*\",waiting,,high,{firm},"
        )),
        "{csv}"
    );
    assert_eq!(lines.len(), 3, "{csv}");
    let again = dora_at
        .fails(1, &["cases", "export", "mine.csv", "--client", &firm])
        .await;
    assert!(again.contains("--force"), "{again}");

    admin.succeeds(&["staff", "deactivate", &dora]).await;
    let gone = dora_at.fails(1, &["cases", "show", case]).await;
    assert!(gone.contains(&format!("there is no case {case}")), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_one_case_takes_no_other_along() {
    let desk = Desk::new("rest").await;
    let staff = Terminal::of(&desk.staff, &at(&desk));
    let client = Terminal::of(&desk.client, &at(&desk));
    let other = Terminal::of(&desk.other_client, &at(&desk));
    let beyond = "999999999";
    let update = [
        "cases",
        "update",
        &desk.case,
        beyond,
        "--priority",
        "high",
        "--json",
    ];
    let said = staff.fails(1, &update).await;
    assert!(said.contains("error: 1 of 2 not changed"), "{said}");
    let now = staff.rows(&["cases", "show", &desk.case]).await;
    assert_eq!(now[0]["priority"], "high");
    let dry = [
        "cases",
        "update",
        &desk.case,
        "--priority",
        "low",
        "--dry-run",
    ];
    assert_eq!(staff.rows(&dry).await[0]["result"], "done");
    assert_eq!(
        staff.rows(&["cases", "show", &desk.case]).await[0]["priority"],
        "high"
    );

    // One case alone: why, in a sentence, and nothing else.
    let said = client
        .fails(1, &["cases", "update", &desk.case, "--priority", "low"])
        .await;
    assert_eq!(
        said,
        format!(
            "error: {}: you can't change priority of this case\nhint: You can change title, description.\n",
            desk.case
        )
    );
    let said = client
        .fails(1, &["cases", "note", &desk.case, "-m", "An aside"])
        .await;
    assert!(
        said.starts_with("error: you may not do this\nhint: `casebase whoami`"),
        "{said}"
    );
    let said = client.fails(1, &["departments", "add", "Mine"]).await;
    assert!(said.starts_with("error: you may not do this"), "{said}");
    let said = other
        .fails(1, &["cases", "reply", &desk.case, "-m", "Hello"])
        .await;
    assert_eq!(
        said,
        format!(
            "error: there is no case {}, or you may not see it\n",
            desk.case
        )
    );
    let said = staff
        .fails(1, &["cases", "reply", &desk.case, beyond, "-m", "To both"])
        .await;
    assert!(said.contains("1 of 2 not written to"), "{said}");
    let whole = client.rows(&["cases", "show", &desk.case]).await;
    assert_eq!(whole[0]["interactions"][0]["content"], "To both");

    // What makes no sense is said before anything is asked.
    for (typed, said) in [
        (&["update", "1"][..], "nothing says what is to change"),
        (
            &["update", "CASE-x", "--title", "a"],
            "a case number looks like CASE-0001, case-1 or 1",
        ),
        (
            &["update", "1", "--due", "soon"],
            "'soon' for '--due <TIME>': it takes a day (2026-11-28)",
        ),
        (
            &["update", "1", "--metadata", "[]"],
            "--metadata is `[]`: it takes a JSON object",
        ),
        (
            &["update", "1", "--due", "2030-01-01", "--clear", "due"],
            "both say what becomes of action_required_by",
        ),
        (
            &["list", "--status", "done"],
            "[possible values: open, in_progress, waiting, resolved, closed]",
        ),
        (&["list", "--limit", "0"], "'0' for '--limit <N>'"),
        (&["assign", "1"], "--to or --department says to whom"),
        (&["reply", "1"], "there is no terminal to write at"),
    ] {
        let told = staff.fails(2, &[&["cases"], typed].concat()).await;
        assert!(told.contains(said), "{typed:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_one_may_read_and_says_where() {
    let desk = Desk::new("rest").await;
    let staff = Terminal::of(&desk.staff, &at(&desk));
    let client = Terminal::of(&desk.client, &at(&desk));
    let word = unique("wort").replace(' ', "");
    let (said, noted) = (
        format!("So {word}a it is"),
        format!("Never {word}b, I think"),
    );
    staff
        .succeeds(&["cases", "reply", &desk.case, "-m", &said])
        .await;
    staff
        .succeeds(&["cases", "note", &desk.case, "-m", &noted])
        .await;
    let found = staff.rows(&["cases", "search", &word.to_uppercase()]).await;
    assert_eq!(found[0]["found_case"]["case_id"], *desk.case);
    assert_eq!(found[0]["found_case"]["client"], "Acme");
    let table = client
        .succeeds(&["cases", "search", "so", &format!("{word}a")])
        .await;
    assert!(
        table.contains("interaction ") && table.contains(&said),
        "{table}"
    );
    let csv = staff
        .succeeds(&["cases", "search", &format!("{word}b"), "--csv"])
        .await;
    assert!(
        csv.contains(",note ") && csv.contains(&format!("\"{noted}\"")),
        "{csv}"
    );
    let hidden = in_a_thread(client.casebase(&["cases", "search", &format!("{word}b")])).await;
    assert_eq!(
        String::from_utf8_lossy(&hidden.stderr),
        "nothing was found that you may see\n"
    );
    assert_eq!(succeeded(hidden).lines().count(), 1);
    let number = desk
        .case
        .trim_start_matches("CASE-")
        .trim_start_matches('0');
    let by_number = staff.rows(&["cases", "search", "case", number]).await;
    assert_eq!(by_number[0]["found_case"]["case_id"], *desk.case);
    assert_eq!(by_number[0]["source"], "case");
    let said = staff.fails(1, &["cases", "search", &"x".repeat(501)]).await;
    assert_eq!(
        said,
        "error: search is a text of at most 500 characters, not 501\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_several_have_lists_them() {
    let mut desk = Desk::new("rest").await;
    let admin = Terminal::of(&desk.admin().await, &at(&desk));
    let twins = unique("Twin");
    for side in ["east", "west"] {
        admin
            .succeeds(&["departments", "add", &format!("{twins} {side}")])
            .await;
    }
    let said = admin
        .fails(1, &["cases", "list", "--department", &twins])
        .await;
    assert!(
        said.contains(&format!("more than one department is called `{twins}`")),
        "{said}"
    );
    assert!(
        said.contains(&format!("{twins} east (")) && said.contains(&format!("{twins} west (")),
        "{said}"
    );
    admin
        .succeeds(&["cases", "list", "--department", &format!("{twins} WEST")])
        .await;
    admin
        .succeeds(&[
            "departments",
            "rm",
            &format!("{twins} west"),
            &format!("{twins} east"),
        ])
        .await;
    let said = admin.fails(1, &["departments", "rm", &twins]).await;
    assert!(
        said.contains(&format!("there is no department `{twins}`")),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_keep_who_works_and_for_whom() {
    let mut desk = Desk::new("rest").await;
    let admin = Terminal::of(&desk.admin().await, &at(&desk));
    let person = people::sign_up(&Arc::new(people::place())).await;
    let (user, name) = (person.id().to_string(), unique("Asta"));
    let add = [
        "staff", "add", &user, "--name", &name, "--scope", "assigned",
    ];
    assert_eq!(admin.rows(&add).await[0]["standing"], "assigned");
    let change = [
        "staff",
        "change",
        &name,
        "--admin",
        "--add-department",
        "general",
    ];
    let changed = admin.rows(&change).await;
    assert_eq!(
        (&changed[0]["standing"], &changed[0]["departments"]),
        (&json!("admin"), &json!(["General"]))
    );
    let back = [
        "staff",
        "change",
        &name,
        "--admin=false",
        "--remove-department",
        "general",
    ];
    let changed = admin.rows(&back).await;
    assert_eq!(
        (&changed[0]["standing"], &changed[0]["departments"]),
        (&json!("assigned"), &json!([]))
    );
    admin.succeeds(&["staff", "deactivate", &name]).await;
    let staff = admin.rows(&["staff", "list"]).await;
    let there = |row: &&Value| row["display_name"] == *name;
    assert_eq!(staff.iter().find(there).unwrap()["active"], false);
    admin.succeeds(&["staff", "activate", &name]).await;

    let firm = unique("Firm");
    let kept = admin
        .rows(&["clients", "add", &firm, "--kind", "person"])
        .await;
    assert_eq!(kept[0]["kind"], "person");
    let renamed = format!("{firm} & Sons");
    admin
        .succeeds(&["clients", "change", &firm, "--name", &renamed])
        .await;
    let found = admin.rows(&["clients", "list", &firm.to_uppercase()]).await;
    assert_eq!(found[0]["name"], *renamed);
    let client = desk.client_id.to_string();
    assert_eq!(
        admin.rows(&["clients", "members", &client]).await[0]["display_name"],
        "Carla"
    );
    let carla = Terminal::of(&desk.client, &at(&desk));
    let said = carla
        .fails(1, &["clients", "remove-member", &client, "Carla"])
        .await;
    assert!(said.contains("0 members of"), "{said}");
    admin
        .succeeds(&["clients", "remove-member", &client, "carla"])
        .await;
    carla.fails(1, &["cases", "show", &desk.case]).await;

    let email = format!("{user}@example.org");
    admin
        .succeeds(&["invite", "staff", &email, "--admin"])
        .await;
    admin
        .succeeds(&["invite", "client", &email, "--client", &renamed])
        .await;
    let invited = admin.rows(&["invite", "list"]).await;
    let becomes = invited
        .iter()
        .filter(|row| row["email"] == *email)
        .map(|row| &row["becomes"]);
    assert_eq!(
        becomes.collect::<Vec<_>>(),
        [&json!("admin"), &json!(format!("member of {renamed}"))]
    );
    admin.succeeds(&["invite", "cancel", &email]).await;
    let said = admin.fails(1, &["invite", "cancel", &email]).await;
    assert!(
        said.contains(&format!("there is no open invitation of {email}")),
        "{said}"
    );
    let said = admin
        .fails(1, &["invite", "client", "no-address", "--client", &renamed])
        .await;
    assert!(
        said.starts_with("error: The email must be an address"),
        "{said}"
    );

    // Where the project does not answer, it is named.
    let mut gone = admin.kept();
    gone["supabase_url"] = "http://127.0.0.1:9/".into();
    fs::write(admin.session(), gone.to_string()).unwrap();
    let said = admin.fails(1, &["staff", "list"]).await;
    assert!(
        said.starts_with("error: the project at http://127.0.0.1:9/ does not answer: "),
        "{said}"
    );
    let said = admin.fails(1, &["departments", "add", "Nowhere"]).await;
    assert!(
        said.ends_with("hint: look whether it was done before you try again\n"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_what_fits_and_opens_an_editor_that_loses_nothing() {
    let desk = Desk::new("rest").await;
    let staff = Terminal::of(&desk.staff, &at(&desk));
    let long = format!("日本語 {}", "a long title ".repeat(12).trim_end());
    staff
        .succeeds(&["cases", "update", &desk.case, "--title", &long])
        .await;
    let client = desk.client_id.to_string();
    let list = ["cases", "list", "--client", &client];
    let (_, table) = shown(staff.casebase(&list), 100).await;
    assert!(table.contains('…') && !table.contains(&long), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 100),
        "{table}"
    );
    assert!(
        staff.succeeds(&list).await.contains(&long),
        "a pipe gets all of it"
    );

    // What is below the scissors is not sent, and a heading is no comment.
    let write = |text: &str| format!("sed -i '1s/.*/{text}/'");
    let mut reply = staff.casebase(&["cases", "reply", &desk.case]);
    reply
        .env("VISUAL", write("# Heading"))
        .env("EDITOR", "false")
        .env("PATH", path());
    let (done, said) = shown(reply, 80).await;
    assert!(done, "{said}");
    let whole = staff.rows(&["cases", "show", &desk.case]).await;
    assert_eq!(whole[0]["interactions"][0]["content"], "# Heading");
    let drafts = staff.config.path().join("casebase/drafts");
    let kept = || {
        fs::read_dir(&drafts)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect::<Vec<_>>()
    };
    assert_eq!(kept().len(), 0);

    let mut new = staff.casebase(&["cases", "new", "--client", &client, "--json"]);
    new.env("EDITOR", write(r"A title\n\n# Words"))
        .env("PATH", path());
    let (done, said) = shown(new, 80).await;
    let new: Value = serde_json::from_str(said.trim()).unwrap();
    assert!(done);
    assert_eq!(
        (&new["title"], &new["description"]),
        (&json!("A title"), &json!("# Words"))
    );

    // Nothing is written: nothing is sent.
    let mut empty = staff.casebase(&["cases", "reply", &desk.case]);
    empty.env("EDITOR", "true").env("PATH", path());
    let (done, said) = shown(empty, 80).await;
    assert!(
        !done && said.contains("there is no text, so nothing was sent"),
        "{said}"
    );
    assert_eq!(kept().len(), 0);

    // Sending fails: the text is there, and can be sent.
    let mut lost = staff.casebase(&["cases", "reply", "999999999"]);
    lost.env("EDITOR", write("All my words"))
        .env("PATH", path());
    let (done, said) = shown(lost, 200).await;
    assert!(
        !done && said.contains("hint: what was written is in "),
        "{said}"
    );
    let [draft] = &kept()[..] else {
        panic!("{:?}", kept());
    };
    assert_eq!(fs::read_to_string(draft).unwrap(), "All my words");
    staff
        .succeeds(&["cases", "reply", &desk.case, "-F", draft.to_str().unwrap()])
        .await;

    // A description that somebody else changed meanwhile is not overwritten.
    let there = staff.here.path().join("edit.sh");
    let casebase = env!("CARGO_BIN_EXE_casebase");
    let case = &desk.case;
    staff.write(
        "edit.sh",
        format!("{casebase} cases update {case} --title Faster >/dev/null && sed -i '1s/.*/Mine/' \"$1\"\n"),
    );
    let mut edit = staff.casebase(&["cases", "update", case, "--edit"]);
    edit.env("EDITOR", format!("sh {}", there.display()))
        .env("PATH", path());
    let (done, said) = shown(edit, 200).await;
    assert!(!done && said.contains("what was written is in "), "{said}");
    let now = staff.rows(&["cases", "show", case]).await;
    assert_eq!(
        (&now[0]["title"], &now[0]["description"]),
        (&json!("Faster"), &json!(""))
    );
    let mut edit = staff.casebase(&["cases", "update", case, "--edit"]);
    edit.env("EDITOR", write("Mine")).env("PATH", path());
    assert!(shown(edit, 200).await.0);
    let now = staff.rows(&["cases", "show", case]).await;
    assert_eq!(now[0]["description"], "Mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_whole_or_not_there_and_a_list_goes_on() {
    let mut desk = Desk::new("rest").await;
    sqlx::query(
        "insert into public.cases (client_id, title, metadata)
         select $1, 'Case ' || n, jsonb_build_object('n', n, 'escape', chr(155) || '2J') from generate_series(1, 449) n",
    )
    .bind(desk.client_id)
    .execute(&mut desk.database)
    .await
    .unwrap();
    let client = desk.client_id.to_string();
    let lost = |request: &axum::extract::Request| {
        request
            .uri()
            .query()
            .is_some_and(|it| it.contains("cursor="))
    };
    let gate = Gate::before(at(&desk), Fate::Loses, lost).await;
    let staff = Terminal::of(&desk.staff, &gate.url);
    // The second page is lost on its way once.
    let exported = staff
        .rows_of(&["cases", "export", "-", "--client", &client])
        .await;
    let ids: BTreeSet<String> = exported
        .iter()
        .map(|row| row["case_id"].to_string())
        .collect();
    assert_eq!((exported.len(), ids.len()), (450, 450));
    assert!(exported.is_sorted_by_key(|row| row["id"].as_i64()));
    assert_eq!(
        exported[1]["metadata"],
        json!({"n": 1, "escape": "\u{9b}2J"})
    );

    // Where the service is gone, there is no file; nor where the command is stopped.
    let nobody = Terminal::of(&desk.staff, "http://127.0.0.1:9");
    let said = nobody.fails(1, &["cases", "export", "all.jsonl"]).await;
    assert!(
        said.contains("the service at http://127.0.0.1:9/ can't be reached"),
        "{said}"
    );
    assert!(nobody.files_here().is_empty());
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_at = format!("http://{}", silent.local_addr().unwrap());
    let stopped = Terminal::of(&desk.staff, &silent_at);
    let mut export = stopped.casebase(&["cases", "export", "all.jsonl"]);
    let mut export = export.stderr(Stdio::piped()).spawn().unwrap();
    while stopped.files_here().is_empty() {
        assert!(
            export.try_wait().unwrap().is_none(),
            "it ended before it began"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kill(Pid::from_raw(export.id().cast_signed()), Signal::SIGINT).unwrap();
    let ended = tokio::task::spawn_blocking(move || export.wait_with_output());
    let ended = ended.await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "error: stopped\n");
    assert_eq!(ended.status.code(), Some(1));
    assert!(stopped.files_here().is_empty());

    // Who reads a pipe has read enough.
    for form in ["--json", "--csv"] {
        let mut closed = staff.casebase(&["cases", "list", "--all", form]);
        let mut closed = closed
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(closed.stdout.take());
        let ended = tokio::task::spawn_blocking(move || closed.wait_with_output());
        let said = ended.await.unwrap().unwrap().stderr;
        assert_eq!(String::from_utf8_lossy(&said), "", "{form}");
    }

    let some = [
        "cases",
        "list",
        "--client",
        &client,
        "--order-by",
        "created_at.asc",
        "--limit",
        "3",
        "--json",
    ];
    let first = in_a_thread(staff.casebase(&some)).await;
    let said = String::from_utf8(first.stderr.clone()).unwrap();
    assert!(
        said.starts_with("3 of 450 cases; --all, or go on with --cursor "),
        "{said}"
    );
    assert_eq!(succeeded(first).lines().count(), 3);
    let cursor = said.trim_end().rsplit(' ').next().unwrap();
    let next = staff
        .rows_of(&[&some[..], &["--cursor", cursor]].concat())
        .await;
    assert_eq!(next[0]["case_id"], exported[3]["case_id"]);
    let all = ["cases", "list", "--client", &client, "--all", "--csv"];
    assert_eq!(staff.succeeds(&all).await.lines().count(), 451);
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_complete_every_command() {
    let terminal = Terminal::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = terminal.succeeds(&["completions", shell]).await;
        for word in ["escalate", "in_progress", "specialties"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let mut parsed = Command::new("bash");
    terminal.write(
        "casebase.bash",
        terminal.succeeds(&["completions", "bash"]).await,
    );
    parsed
        .args(["-n", "casebase.bash"])
        .current_dir(terminal.here.path());
    assert!(in_a_thread(parsed).await.status.success());
}
