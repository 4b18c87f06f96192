//! `docs/reference.md`: every table, column, rpc and refusal, from the catalogue and the comments in it.

use super::*;

#[path = "reference/catalogue.rs"]
mod catalogue;
#[path = "reference/columns.rs"]
mod columns;
#[path = "reference/comments.rs"]
mod comments;
#[path = "reference/page.rs"]
mod page;
#[path = "reference/refusals.rs"]
mod refusals;

use catalogue::{Catalogue, Function, Relation};
use comments::Comment;
use page::{name_of_function, name_of_relation, page};
use refusals::Sources;

const REPORT: &str = "docs/reference.md";

/// What is not said, or not true, of what the API exposes.
async fn faults(connection: &mut PgConnection) -> Vec<String> {
    let catalogue = Catalogue::read(connection).await;
    let sources = Sources::read(connection).await;
    let mut faults = Vec::new();
    for relation in &catalogue.relations {
        faults.extend(faults_of_relation(relation, &catalogue, &sources));
    }
    for function in &catalogue.functions {
        let name = name_of_function(function);
        let found = faults_of_function(function, &name, &sources);
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("the comment on {name} {fault}")),
        );
    }
    faults
}

fn faults_of_relation(
    relation: &Relation,
    catalogue: &Catalogue,
    sources: &Sources,
) -> Vec<String> {
    let name = name_of_relation(relation);
    let said = Comment::read(&relation.comment);
    let mut faults = Vec::new();
    let tells_who = said.whom.is_some() || said.text.iter().skip(1).any(|p| p.starts_with("Read"));
    if relation.comment.is_empty() {
        faults.push(format!("{name} has no comment"));
    } else if relation.kind != "c" && !tells_who {
        faults.push(format!("the comment on {name} has no paragraph \"Read …\""));
    }
    let codes: BTreeSet<_> = said
        .refusals
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .collect();
    let raised = match relation.schema.as_str() {
        "public" => sources.raised_by_table(&name),
        _ => BTreeSet::new(),
    };
    for (what, missing) in [
        ("leaves out the refusal", raised.difference(&codes)),
        (
            "has a refusal that it never raises:",
            codes.difference(&raised),
        ),
    ] {
        faults.extend(missing.map(|code| format!("the comment on {name} {what} {code}")));
    }
    let columns = catalogue.columns_of(relation).iter();
    let silent = columns.filter(|column| column.comment.is_empty());
    faults.extend(silent.map(|c| format!("{name}.{} has no comment", c.name)));
    faults
}

fn faults_of_function(function: &Function, name: &str, sources: &Sources) -> Vec<String> {
    let said = Comment::read(&function.comment);
    let mut faults = Vec::new();
    if said.text.is_empty() || said.returns.is_none() {
        faults.push("says too little: what it does, \"Returns …\"".to_owned());
    }
    if said.whom.is_none() {
        faults.push("has no paragraph \"For …\": who may use it".to_owned());
    }
    let arguments: BTreeSet<_> = function.arguments().map(|a| a.name.to_owned()).collect();
    let names: BTreeSet<_> = said
        .names
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let codes: BTreeSet<_> = said
        .refusals
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .collect();
    let raised = sources.raised(name);
    let possible = sources.possible(name);
    for (what, missing) in [
        ("leaves out", arguments.difference(&names)),
        (
            "has what is none of its arguments:",
            names.difference(&arguments),
        ),
        ("leaves out the refusal", raised.difference(&codes)),
        (
            "has a refusal that it never raises:",
            codes.difference(&possible),
        ),
    ] {
        faults.extend(missing.map(|one| format!("{what} {one}")));
    }
    faults
}

/// Links within a page that no heading of it has.
fn links_to_nothing(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchors: BTreeSet<_> = headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| heading.replace(' ', "-"))
        .collect();
    let links = page
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let links: BTreeSet<_> = links.map(str::to_owned).collect();
    links.difference(&anchors).cloned().collect()
}

#[tokio::test]
async fn docs_reference_md_is_what_the_catalogue_says() {
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let page = page(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    assert_eq!(links_to_nothing(&page), BTreeSet::new());
    let file = repository_path(REPORT);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page).expect("written");
        return;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(a, b)| a != b);
    assert!(
        page == written,
        "{REPORT} is not what the catalogue says (UPDATE=1 writes it); first difference: {differs:#?}"
    );
}

#[tokio::test]
async fn whatever_the_api_exposes_says_what_it_is() {
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let faults = faults(&mut transaction).await;
    let sources = Sources::read(&mut transaction).await;
    transaction.rollback().await.expect("nothing of it stays");
    assert!(faults.is_empty(), "{faults:#?}");
    for (caller, callee) in refusals::ANSWERED {
        assert!(
            sources.calls(caller, callee),
            "{caller} doesn't call {callee}"
        );
    }
}

/// Whatever is added without its words is found.
#[tokio::test]
async fn what_says_nothing_is_found() {
    const ADDED: [(&str, &str); 10] = [
        ("create table public.new_table (id int)", "public.new_table has no comment"),
        ("create view public.new_view as select 1 as one; comment on view public.new_view is 'New.'",
         "the comment on public.new_view has no paragraph \"Read …\""),
        ("alter table public.cases add column new_column text", "public.cases.new_column has no comment"),
        ("alter type public.case_page add attribute new_field text", "public.case_page.new_field has no comment"),
        ("create function public.new_rpc(new_argument int) returns int language sql as 'select 1'",
         "the comment on public.new_rpc leaves out new_argument"),
        ("comment on function public.case_counts() is 'Counts.'",
         "the comment on public.case_counts has no paragraph \"For …\": who may use it"),
        ("comment on function public.find_case(text) is E'Finds.\\n\\n- number: one\\n- PT404: none\\n- PT418: tea'",
         "the comment on public.find_case has a refusal that it never raises: PT418"),
        ("create or replace function casebase.raise_no_case() returns void language plpgsql
            as $$ begin raise exception using errcode = 'PT418'; end $$",
         "the comment on public.reopen_case leaves out the refusal PT418"),
        ("create or replace function casebase.write_cursor(place jsonb) returns text language plpgsql
            as $$ begin raise exception 'no'; end $$",
         "the comment on public.list_interactions leaves out the refusal P0001"),
        ("create function casebase.new_rule() returns trigger language plpgsql
            as $$ begin raise exception using errcode = 'PT418'; end $$;
          create trigger new_rule before insert on public.internal_notes for each row execute function casebase.new_rule()",
         "the comment on public.internal_notes leaves out the refusal PT418"),
    ];
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    for (added, fault) in ADDED {
        let mut transaction = admin.begin().await.expect("a transaction");
        run(&mut transaction, added).await;
        let found = faults(&mut transaction).await;
        transaction.rollback().await.expect("nothing of it stays");
        assert!(found.iter().any(|f| f == fault), "{added}: {found:#?}");
    }
}
