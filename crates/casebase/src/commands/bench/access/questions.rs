//! What is asked, as frontends ask it, and with the WHERE that an owner would have to write.

use super::people::{Asker, Case, Kind};

/// A person's question in SQL, twice.
pub struct Question {
    /// What is asked.
    pub name: &'static str,
    /// As the tables' owner, who must say what the person may see.
    pub as_owner: String,
    /// As the person asks it; the policies say the rest.
    pub under_rls: String,
    /// Why it need not be within the target, and what to ask instead.
    pub no_target: Option<&'static str>,
    /// How many times the owner's time it may take.
    pub factor: f64,
}

impl Question {
    fn new(name: &'static str, as_owner: String, under_rls: String) -> Self {
        Self {
            name,
            as_owner,
            under_rls,
            no_target: None,
            factor: 1.2,
        }
    }

    fn without_target(self, why: &'static str) -> Self {
        Self {
            no_target: Some(why),
            ..self
        }
    }

    /// Where the person sees few cases of many.
    fn without_target_for_few(self, asker: &Asker) -> Self {
        match asker.kind {
            Kind::Client | Kind::Assigned => self.without_target(ONE_PLAN),
            Kind::Departments | Kind::All | Kind::Admin => self,
        }
    }
}

/// Why some need not be within the target, and what to ask instead.
const ONE_PLAN: &str = "a plain page has one plan for everybody, made before it is known who asks; ask rpc/list_cases, or \
                        name the client or the assignee";
const JUDGED: &str =
    "a plain exact count has the policy judge every row it counts; ask rpc/case_counts";
const ROOT: &str = "in a bucket's root what others have is passed over one by one; list a folder";

/// What this person is measured with.
pub fn of(asker: &Asker) -> Vec<Question> {
    let mut questions = cases(asker);
    questions.extend(searches(asker));
    questions.extend(of_one_case(asker));
    questions.extend(writes(asker));
    questions.extend(objects(asker));
    questions
}

fn cases(asker: &Asker) -> Vec<Question> {
    const OPEN: &str = "c.status = 'open'";
    const URGENT: &str = "c.status = 'open' and c.priority = 'urgent'";
    let sees = &asker.sees;
    let page = |filter: &str| format!("where {filter} order by c.created_at desc limit 25");
    let listed = |name, filter: &str| {
        Question::new(
            name,
            format!(
                "select * from cases c {}",
                page(&format!("{filter} and {sees}"))
            ),
            format!("select * from cases c {}", page(filter)),
        )
    };
    // The answer is one row, with its cases in it, as PostgREST gives it.
    let ordered = |name, filter: &str, order: &str, arguments: &str| {
        Question::new(
            name,
            format!("select * from cases c where {filter} and {sees} order by {order} limit 25"),
            format!(
                "select cardinality(cases)::bigint as count, * from list_cases(count_up_to => 0{arguments})"
            ),
        )
    };
    let by_rpc =
        |name, filter: &str, arguments: &str| ordered(name, filter, "c.created_at desc", arguments);
    let timeline = match asker.kind {
        Kind::Client => {
            "and e.visible_to_client and (e.type not like 'interaction.%' or exists (
               select from interactions i where i.id = (e.data ->> 'interaction_id')::bigint and i.visible_to_client))"
        }
        _ => "",
    };
    let with_activity = Question::new(
        "newest page with activity by rpc",
        format!(
            "select c.*, coalesce(
               (select e.created_at from case_events e where e.case_id = c.id {timeline} order by e.seq desc limit 1),
               c.created_at)
             from cases c where {sees} order by c.created_at desc limit 25"
        ),
        "select cardinality(cases)::bigint as count, * from list_cases(count_up_to => 0, with_activity => true)".into(),
    );
    let counts = Question::new(
        "counts by rpc",
        format!(
            "select c.status, c.priority, count(*), count(*) filter (where c.due_at < now()) as overdue,
                    count(*) filter (where c.assigned_to is null) as unassigned,
                    count(*) filter (where c.assigned_to = '{}') as mine
             from cases c where {sees} group by c.status, c.priority order by c.status, c.priority",
            uuid::Uuid::nil()
        ),
        "select * from case_counts() order by status, priority".into(),
    );
    let asked = |name, what: &str, filter: &str| {
        Question::new(
            name,
            format!("{what} from cases c where {filter} and {sees}"),
            format!("{what} from cases c where {filter}"),
        )
    };
    // What narrows a page to few cases: for those who see few, what makes them theirs.
    let narrow = match asker.kind {
        Kind::Assigned => asker.sees.clone(),
        _ => format!("c.client_id = '{}'", asker.case.client_id),
    };
    let narrow_open = format!("{narrow} and {OPEN}");
    let narrow_urgent = format!("{narrow} and {URGENT}");
    vec![
        listed("newest page", "true").without_target_for_few(asker),
        by_rpc("newest page by rpc", "true", ""),
        with_activity,
        listed("newest page, narrowed", &narrow),
        listed("newest open page", OPEN).without_target_for_few(asker),
        by_rpc("newest open page by rpc", OPEN, ", status => '{open}'"),
        listed("newest open page, narrowed", &narrow_open),
        listed("urgent open cases", URGENT).without_target_for_few(asker),
        by_rpc(
            "urgent open cases by rpc",
            URGENT,
            ", status => '{open}', priority => '{urgent}'",
        ),
        listed("urgent open cases, narrowed", &narrow_urgent),
        ordered(
            "most urgent first by rpc",
            "true",
            "c.priority_rank desc, c.created_at desc, c.id desc",
            ", order_by => 'priority.desc'",
        ),
        ordered(
            "changed last first by rpc",
            "true",
            "c.updated_at desc, c.id desc",
            ", order_by => 'updated_at.desc'",
        ),
        ordered(
            "overdue by rpc",
            "coalesce(c.due_at, 'infinity') < now()",
            "coalesce(c.due_at, 'infinity'), c.id",
            ", overdue => true, order_by => 'due_at.asc'",
        ),
        listed("case by id", &format!("c.id = {}", asker.case.id)),
        listed(
            "case by case_id",
            &format!("c.case_id = '{}'", asker.case.number),
        ),
        counts,
        asked("exact count", "select count(*)", "true").without_target(JUDGED),
        asked("exact count, narrowed", "select count(*)", &narrow),
        asked("exact count of the open", "select count(*)", OPEN).without_target(JUDGED),
        asked(
            "exact count of the open, narrowed",
            "select count(*)",
            &narrow_open,
        ),
        asked("estimated count", "explain (format json) select 1", "true"),
    ]
}

/// The words are `casebase_bench.word(3)`, in one text of 20, and `word(500)`, in one of 1,000.
fn searches(asker: &Asker) -> Vec<Question> {
    let sees = &asker.sees;
    let shown = match asker.kind {
        Kind::Client => "e.shown",
        _ => "true",
    };
    let found = |query: &str| {
        format!(
            "from casebase.search_entries e join cases c on c.id = e.case_id
             where e.words @@ {query} and {shown} and {sees}"
        )
    };
    // As an owner would write it, with PostgreSQL's own excerpts; who sees every case need not be asked which.
    let searched = |name, text: &str, query: &str| {
        let query = format!("(casebase.sought('{text}')).{query}");
        let found = match asker.kind {
            Kind::All | Kind::Admin => {
                format!("from casebase.search_entries e where e.words @@ {query}")
            }
            _ => found(&query),
        };
        Question {
            factor: 2.0,
            ..Question::new(
                name,
                format!(
                    "with found as materialized (select e.* {found} order by e.id desc limit 1000),
                     best as (
                       select * from (
                         select distinct on (f.case_id) f.*, ts_rank(f.words, {query}) as rank
                         from found f order by f.case_id, ts_rank(f.words, {query}) desc
                       ) of_case
                       order by rank desc, case_id desc limit 25
                     )
                     select c.*, b.source, b.source_id, b.rank, ts_headline('simple', c.title, {query}),
                            ts_headline('simple', coalesce(i.content, n.content, f.original_name, c.description), {query})
                     from best b join cases c on c.id = b.case_id
                     left join interactions i on b.source = 'interaction' and i.id = b.source_id
                     left join internal_notes n on b.source = 'note' and n.id = b.source_id
                     left join case_files f on b.source = 'file' and f.id = b.source_id
                     order by b.rank desc, b.case_id desc"
                ),
                format!("select cardinality(hits)::bigint as count, * from search_cases('{text}')"),
            )
        }
    };
    let listed = |name, text: &str| {
        let exists = format!(
            "exists (select from casebase.search_entries e where e.case_id = c.id and e.words @@ (casebase.sought('{text}')).query and {shown})"
        );
        Question {
            factor: 2.0,
            ..Question::new(
                name,
                format!(
                    "select * from cases c where {exists} and {sees} order by c.created_at desc limit 25"
                ),
                format!(
                    "select cardinality(cases)::bigint as count, * from list_cases(count_up_to => 0, search => '{text}')"
                ),
            )
        }
    };
    vec![
        searched("search for a frequent word", "mhkonjdl", "query"),
        searched("search for a rare word", "opbcncic", "query"),
        searched("search for a word of every case", "happened", "query"),
        searched("search for two words", "opbcncic mhkonjdl", "query"),
        searched("search for a beginning", "mhk", "query"),
        searched("search with letters changed round", "mhkojndl", "or_near"),
        searched("search for a number", &asker.case.number, "query"),
        listed("list of a frequent word", "mhkonjdl"),
        listed("list of a rare word", "opbcncic"),
    ]
}

fn of_one_case(asker: &Asker) -> Vec<Question> {
    let Case { id, .. } = asker.case;
    let visible = if asker.kind == Kind::Client {
        "visible_to_client"
    } else {
        "true"
    };
    let listed = |name, table: &str, time: &str| {
        let rows = format!("select * from {table} where case_id = {id}");
        let page = format!("order by {time} desc limit 25");
        Question::new(
            name,
            format!("{rows} and {visible} {page}"),
            format!("{rows} {page}"),
        )
    };
    vec![
        listed("interactions of a case", "interactions", "created_at"),
        Question::new(
            "interactions of a case by rpc",
            format!(
                "select * from interactions where case_id = {id} and {visible} order by created_at desc, id desc limit 25"
            ),
            format!(
                "select cardinality(interactions)::bigint as count, * from list_interactions({id}, 25)"
            ),
        ),
        listed("files of a case", "case_files", "uploaded_at"),
    ]
}

fn writes(asker: &Asker) -> Vec<Question> {
    let Case {
        id,
        client_id,
        department_id,
        ..
    } = &asker.case;
    let sees = &asker.sees;
    // Clients name no department; staff of scope "assigned" open no cases.
    let insert = match asker.kind {
        Kind::Assigned => None,
        Kind::Client => Some(format!(
            "insert into cases (client_id, title, description) values ('{client_id}', 'New', 'Just now') returning *"
        )),
        _ => Some(format!(
            "insert into cases (client_id, department_id, title) values ('{client_id}', '{department_id}', 'New') returning *"
        )),
    };
    // A client's status goes through rpc; what they may write is the text of an open case.
    let change = if asker.kind == Kind::Client {
        "title = 'Changed'"
    } else {
        "status = 'in_progress'"
    };
    let answer = format!(
        "insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
         values ({id}, 'A', 'CLIENT', 'B', 'ARGAN', 'Hello', true) returning *"
    );
    let mut writes = vec![
        Question::new(
            "update of a case",
            format!("update cases c set {change} where c.id = {id} and {sees} returning *"),
            format!("update cases c set {change} where c.id = {id} returning *"),
        ),
        Question::new("insert of an interaction", answer.clone(), answer),
    ];
    writes.extend(insert.map(|sql| Question::new("insert of a case", sql.clone(), sql)));
    writes
}

/// The statements that Storage sends for a download and for the two kinds of listing.
fn objects(asker: &Asker) -> Vec<Question> {
    let Case {
        bucket_id,
        object_path,
        client_id,
        ..
    } = &asker.case;
    let folder = &object_path[..object_path.rfind('/').map_or(0, |slash| slash + 1)];
    let clients = below(&format!("{client_id}/"));
    // A bucket's first page is of what the person sees of it.
    let seen = match asker.kind {
        Kind::All | Kind::Admin => "true".into(),
        Kind::Client => clients.clone(),
        Kind::Assigned | Kind::Departments => format!(
            "exists (select from case_files f join cases c on c.id = f.case_id
                     where f.bucket_id = o.bucket_id and f.object_path = o.name and {})",
            asker.sees
        ),
    };
    vec![
        same(
            "one object",
            format!(
                "select * from storage.objects o where o.bucket_id = '{bucket_id}' and o.name = '{object_path}'"
            ),
        ),
        same(
            "objects of a case's folder",
            listing(bucket_id, &below(folder)),
        ),
        Question::new(
            "objects of a client's folder",
            listing(bucket_id, &format!("{clients} and {seen}")),
            listing(bucket_id, &clients),
        ),
        Question::new(
            "first page of our bucket",
            listing(bucket_id, &seen),
            listing(bucket_id, "true"),
        )
        .without_target(ROOT),
        same("first page of another bucket", listing("avatars", "true")),
        same(
            "another bucket by time",
            "select o.name, o.id from storage.objects o where o.bucket_id = 'avatars' order by o.created_at limit 100".into(),
        ),
    ]
}

fn same(name: &'static str, sql: String) -> Question {
    Question::new(name, sql.clone(), sql)
}

fn listing(bucket_id: &str, condition: &str) -> String {
    format!(
        r#"select o.name, o.id, o.updated_at, o.created_at, o.last_accessed_at, o.metadata from storage.objects o
           where o.bucket_id = '{bucket_id}' and {condition} order by o.name collate "C" limit 100"#
    )
}

/// A folder by its names' bounds: `0` follows `/`.
fn below(folder: &str) -> String {
    let end = folder.strip_suffix('/').unwrap_or(folder);
    format!(r#"o.name collate "C" >= '{end}/' and o.name collate "C" < '{end}0'"#)
}
