//! No plan that somebody can make PostgreSQL run re-checks a changed row in a form that crashes it or lets a wrong row
//! through: the statements of API users over every table, and those of our own functions. Which form is meant is said
//! in `judge`.

#[path = "rechecked_plans/functions.rs"]
mod functions;
#[path = "rechecked_plans/judge.rs"]
mod judge;
#[path = "rechecked_plans/statements.rs"]
mod statements;

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::Row;

use super::*;
use statements::{Statement, Table};

/// What the planner may not use; each leads to other plans.
const WITHOUT: [&[&str]; 7] = [
    &[],
    &["seqscan"],
    &["indexscan", "bitmapscan"],
    &["seqscan", "indexscan"],
    &["nestloop"],
    &["hashjoin", "mergejoin"],
    &["material", "sort", "hashagg"],
];

/// Every kind of user: the database role, and what their token says of them.
const USERS: [(&str, &str); 9] = [
    ("authenticated", "client"),
    ("authenticated", "staff"),
    ("authenticated", "admin"),
    ("authenticated", ""),
    ("anon", ""),
    ("service_role", ""),
    ("casebase_worker", ""),
    ("supabase_storage_admin", ""),
    ("postgres", ""),
];

/// What was read.
#[derive(Default)]
struct Reading {
    plans: HashSet<String>,
    /// Tables with a plan whose re-check asks for InitPlans within SubPlans.
    delicate: BTreeSet<String>,
    complaints: BTreeSet<String>,
}

impl Reading {
    fn read(&mut self, table: &str, statement: &str, explained: String) {
        if self.plans.contains(&explained) {
            return;
        }
        let plan: Value = serde_json::from_str(&explained).expect("JSON");
        let plan = &plan[0]["Plan"];
        if judge::is_delicate(plan) {
            self.delicate.insert(table.to_owned());
        }
        let complaints = judge::complaints(plan).into_iter();
        self.complaints
            .extend(complaints.map(|complaint| format!("{statement}\n    {complaint}")));
        self.plans.insert(explained);
    }
}

/// A user's transaction, in which they explain.
struct Session {
    connection: PgConnection,
    asked: usize,
}

impl Session {
    /// `policy` is one more than there are, for this transaction.
    async fn new(role: &str, case_role: &str, policy: &str) -> Self {
        let mut connection = connect("DATABASE_ADMIN_URL").await;
        let claims = json!({"sub": uuid::Uuid::nil(), "app_metadata": {"case_role": case_role}});
        run(
            &mut connection,
            format!(
                "begin; {policy}; set local request.jwt.claims = '{claims}'; set local role {role}"
            ),
        )
        .await;
        Self {
            connection,
            asked: 0,
        }
    }

    /// The statement's plans; none where the user has no right to it.
    async fn explain(&mut self, statement: &Statement) -> Vec<String> {
        self.asked += 1;
        let sql = format!("savepoint s; {}", statement.explained(self.asked));
        let rows = raw_sql(AssertSqlSafe(sql))
            .fetch_all(&mut self.connection)
            .await;
        match rows {
            Ok(rows) => rows.iter().map(|row| row.get_unchecked(0)).collect(),
            Err(e) if e.as_database_error().and_then(|e| e.code()).as_deref() == Some("42501") => {
                run(&mut self.connection, "rollback to s").await;
                Vec::new()
            }
            Err(e) => panic!("{}: {e}", statement.sql),
        }
    }

    async fn read_all(&mut self, tables: &[Table], reading: &mut Reading) {
        for table in tables {
            for statement in table.statements() {
                for plan in self.explain(&statement).await {
                    reading.read(&table.name, &statement.sql, plan);
                }
            }
        }
    }
}

#[tokio::test]
async fn nobody_re_checks_a_row_in_a_form_that_fails() {
    let _alone = ALONE.lock().await;
    let mut reading = Reading::default();
    for (at, (role, case_role)) in USERS.into_iter().enumerate() {
        let tables = statements::tables(&mut connect("DATABASE_ADMIN_URL").await, role).await;
        let mut session = Session::new(role, case_role, "").await;
        // Plans depend on the role and not on the token, which no planner reads.
        let without = if at == 0 { &WITHOUT[..] } else { &WITHOUT[..1] };
        for without in without {
            let switch = |on| {
                without
                    .iter()
                    .map(move |way| format!("set enable_{way} = {on};"))
            };
            run(&mut session.connection, switch("off").collect::<String>()).await;
            session.read_all(&tables, &mut reading).await;
            run(&mut session.connection, switch("on").collect::<String>()).await;
        }
    }
    let complaints = Vec::from_iter(reading.complaints);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    let looked_up: Vec<_> = reading.delicate.iter().map(String::as_str).collect();
    assert_eq!(
        looked_up,
        [
            "case_files",
            "case_internal",
            "interactions",
            "internal_notes",
            "storage.objects"
        ],
        "the tables whose policies look something up, of {} plans",
        reading.plans.len()
    );
}

/// Policies as one would write them, each in a form that fails.
const CARELESS: [(&str, &str); 8] = [
    (
        "interactions",
        "create policy careless on interactions as restrictive for select to authenticated using (
           exists (select from cases c where c.id = interactions.case_id
             and (interactions.visible_to_client or c.department_id = any ((select casebase.my_departments())::uuid[]))))",
    ),
    (
        "interactions",
        "create policy careless on interactions as restrictive for update to authenticated using (
           visible_to_client
           or (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id) = 'staff')",
    ),
    (
        "internal_notes",
        "create policy careless on internal_notes as restrictive for delete to authenticated using (
           case when created_by is null then true
             else (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) = 'staff' end)",
    ),
    (
        "case_internal",
        "create policy careless on case_internal as restrictive for all to authenticated using (
           case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id)
             when 'staff' then true
             else metadata = '{}' and exists (select from cases c where c.id = case_internal.case_id) end)",
    ),
    (
        "case_files",
        "create policy careless on case_files as restrictive for select to authenticated using (
           exists (select from casebase.seen_cases c where c.id = case_files.case_id
             and (c.seen_as = 'staff' or case_files.uploaded_by = (select casebase.caller_id()))))",
    ),
    (
        "case_files",
        "create policy careless on case_files as restrictive for select to authenticated using (
           state = 'available'
           or case_id in (select c.id from casebase.seen_cases c where c.seen_as = 'staff' and c.id = case_files.case_id))",
    ),
    // With an equality alone the planner would hash it where it takes the table for a large one, and that is another form.
    (
        "client_documents",
        "create policy careless on client_documents as restrictive for select to authenticated using (
           exists (select from case_files f where f.uploaded_by = client_documents.uploaded_by
             and f.file_size > client_documents.file_size))",
    ),
    (
        "storage.objects",
        "create policy careless on storage.objects as restrictive for select to authenticated using (
           exists (select from casebase.reserved_objects r
             where r.bucket_id = objects.bucket_id and r.object_path = objects.name
               and (r.object_version = objects.version or r.uploaded_by = (select casebase.caller_id()))))",
    ),
];

#[tokio::test]
async fn a_policy_in_another_form_is_found() {
    let _alone = ALONE.lock().await;
    let tables =
        statements::tables(&mut connect("DATABASE_ADMIN_URL").await, "authenticated").await;
    for (name, careless) in CARELESS {
        let mut session = Session::new("authenticated", "staff", careless).await;
        let mut reading = Reading::default();
        let table = tables.iter().find(|table| table.name == name);
        for statement in table.expect("a table of ours").statements() {
            for plan in session.explain(&statement).await {
                reading.read(name, &statement.sql, plan);
            }
        }
        assert!(!reading.complaints.is_empty(), "not found: {careless}");
    }
}

/// The conditions that docs/security.md gives owners for policies of their own, as `using (…)`, in its order.
fn told() -> Vec<String> {
    let docs = std::fs::read_to_string(repository_path("docs/security.md")).expect("UTF-8");
    let (_, section) = docs.split_once("## Your own policies").expect("a section");
    let (section, _) = section.split_once("\n## ").expect("another");
    let conditions = section.split("\nusing (\n").skip(1);
    conditions
        .map(|rest| {
            let (condition, _) = rest.split_once("\n)\n").expect("its end");
            format!("using ({condition})")
        })
        .collect()
}

#[tokio::test]
async fn owners_are_told_a_form_that_fails_and_two_that_do_not() {
    const TABLES: &str = "
        create table parent (id bigint primary key, department uuid);
        create table child (id bigint primary key, parent_id bigint, shown boolean);
        create function my_departments() returns uuid[] language sql stable as $$ select array[gen_random_uuid()] $$;
        grant select, update on parent, child to authenticated;
        alter table child enable row level security";
    let _alone = ALONE.lock().await;
    let mut fails = Vec::new();
    for using in told() {
        let policy =
            format!("{TABLES}; create policy told on child for all to authenticated {using}");
        let mut session = Session::new("authenticated", "", &policy).await;
        let statement = Statement {
            sql: "update child set shown = true".into(),
            parameter: None,
        };
        let mut reading = Reading::default();
        for plan in session.explain(&statement).await {
            reading.read("child", &statement.sql, plan);
        }
        assert_eq!(reading.plans.len(), 1, "{using}");
        fails.push(!reading.complaints.is_empty());
    }
    assert_eq!(fails, [true, false, false]);
}
