//! Each SECURITY DEFINER function is a way past row level security, and has its reason in `docs/security.md`.

use super::*;

const DEFINERS: &str = "
    select p.proname::text
    from pg_proc p
    where p.prosecdef and p.pronamespace in ('public'::regnamespace, 'casebase'::regnamespace)
      and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')";

/// The functions that the table's rows begin with: "| `a`, `b` | why |".
fn justified(page: &str) -> BTreeSet<String> {
    let (_, section) = page
        .split_once("## SECURITY DEFINER functions")
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let first_cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    first_cells
        .flat_map(|line| line.split(" | ").next().unwrap_or_default().split('`'))
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn each_has_its_reason_in_docs_security_md() {
    let mut owner = connect("DATABASE_URL").await;
    let there = texts(&mut owner, DEFINERS).await;
    let page = std::fs::read_to_string(repository_path("docs/security.md")).expect("the page");
    let justified = justified(&page);
    let missing: Vec<_> = there.difference(&justified).collect();
    let gone: Vec<_> = justified.difference(&there).collect();
    assert!(
        missing.is_empty(),
        "docs/security.md says nothing of {missing:?}"
    );
    assert!(
        gone.is_empty(),
        "docs/security.md justifies what is not there: {gone:?}"
    );
}
