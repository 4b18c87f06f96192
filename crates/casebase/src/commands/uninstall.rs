//! `casebase uninstall`: takes Casebase out of a project, which is then as it was before.
//!
//! Objects first, through Storage's API; then everything in the database, in one transaction. Dies in between: files without
//! bytes are left, and the same command goes on.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use casebase_files::storage::OwnerStore;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{
    owner::Database,
    project::{object, storage},
    unless_stopped,
};
use crate::{
    made::Made,
    migrations::{self, Migration},
    terminal::{self, Progress},
};

/// The options of `casebase uninstall`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It refuses, and says all that is in the way, as long as there are cases, clients or files; the access token hook may be on;
the service runs; or something of the project's own needs Casebase. A project's own public.clients stays as it is.
It can't be undone: `casebase backup` before it, if anything is to be kept. Stopped, or failed, the same command goes on.
Exit codes: 0 done; 1 refused or failed; 2 called in a way that makes no sense.")]
pub struct Args {
    #[command(flatten)]
    database: Database,
    /// Delete all cases, clients of Casebase's own, files and documents, and every object in both buckets
    #[arg(long)]
    delete_data: bool,
    /// The access token hook is switched off (Authentication > Hooks), or calls Casebase's no more
    #[arg(long)]
    hook_is_off: bool,
    /// The project's URL, for Storage, if there are objects to delete: `https://<ref>.supabase.co`
    #[arg(long, env = "SUPABASE_URL", hide_env_values = true, value_name = "URL")]
    supabase_url: Option<String>,
    /// A secret key of the project, for Storage: `sb_secret_…`, or the legacy service_role key
    #[arg(
        long,
        env = "CASEBASE_SECRET_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    secret_key: Option<String>,
}

/// Takes it out.
pub async fn run(args: Args) -> anyhow::Result<()> {
    unless_stopped(uninstall(&args)).await
}

async fn uninstall(args: &Args) -> anyhow::Result<()> {
    let mut database = args.database.connect().await?;
    // So that the catalogue names everything with its schema.
    database
        .execute("set search_path = pg_catalog, pg_temp")
        .await?;
    let ours = Ours::found(&mut database, &migrations::all()).await?;
    let before = hook_answered_at(&mut database).await?;
    let in_the_way = in_the_way(&mut database, args, &ours, before).await?;
    if !in_the_way.is_empty() {
        bail!("Casebase stays where it is:\n{}", in_the_way.join("\n"));
    }
    if args.delete_data {
        delete_objects(&mut database, args).await?;
    }
    let kept = take_out(&mut database, &ours, before)
        .await
        .context("Casebase stays in the database as it is")?;
    let mut out = terminal::stdout();
    writeln!(out, "Casebase is out of the database")?;
    if let Some(kept) = kept {
        terminal::say(kept);
    }
    if let Some(repair) = repair(&mut database).await? {
        terminal::say(format_args!(
            "the Supabase CLI has a record of its own of what it applied; in the project's folder, after its files of \
             Casebase are removed:\n  {repair}"
        ));
    }
    database.close().await?;
    Ok(())
}

/// What lies in `public` and is Casebase's, in words of SQL.
struct Ours {
    tables: Vec<String>,
    views: Vec<String>,
    functions: Vec<String>,
    types: Vec<String>,
}

impl Ours {
    async fn found(database: &mut PgConnection, known: &[Migration]) -> anyhow::Result<Self> {
        let there: bool =
            sqlx::query_scalar("select to_regclass('casebase.migrations') is not null")
                .fetch_one(&mut *database)
                .await?;
        if !there {
            bail!("there is no Casebase in this database, or one from before 0.1.0-rc.1");
        }
        // Of a newer release it isn't known what there is.
        migrations::pending(database, known).await?;
        let made = Made::by(known);
        let classes = "
            select c.oid::regclass::text
            from pg_class c
            where c.relnamespace = 'public'::regnamespace
              and c.relname = any ($1)
              and c.relkind::text = any ($2)
              and (c.relname <> 'clients' or (select s.is_ours from casebase.client_source s))
            order by 1";
        // A function of the project's own with the same name doesn't search this path.
        let functions = "
            select p.oid::regprocedure::text
            from pg_proc p
            where p.pronamespace = 'public'::regnamespace
              and p.proname = any ($1)
              and p.proconfig @> array['search_path=pg_catalog, pg_temp']
            order by 1";
        let types = "
            select t.oid::regtype::text
            from pg_type t
            where t.typnamespace = 'public'::regnamespace and t.typname = any ($1) and t.typtype in ('c', 'e', 'd')
            order by 1";
        let one = |sql: &'static str, names| sqlx::query_scalar(sql).bind(names);
        Ok(Self {
            tables: one(classes, Made::list(&made.tables))
                .bind(vec!["r", "p"])
                .fetch_all(&mut *database)
                .await?,
            views: one(classes, Made::list(&made.views))
                .bind(vec!["v"])
                .fetch_all(&mut *database)
                .await?,
            functions: one(functions, Made::list(&made.functions))
                .fetch_all(&mut *database)
                .await?,
            types: one(types, Made::list(&made.types))
                .fetch_all(database)
                .await?,
        })
    }
}

/// When the hook last answered, in milliseconds since 1970; none: never. Auth's own settings are not in the database.
async fn hook_answered_at(database: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("select nullif(pg_sequence_last_value('casebase.hook_answered_at'), 0)")
        .fetch_one(database)
        .await
}

/// Each with its way out.
async fn in_the_way(
    database: &mut PgConnection,
    args: &Args,
    ours: &Ours,
    hook: Option<i64>,
) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let there = data(database).await?;
    if !args.delete_data && !there.is_empty() {
        found.push(format!(
            "- there are {}: `casebase backup` keeps them, --delete-data deletes them",
            there.join(", ")
        ));
    }
    if let Some(milliseconds) = hook
        && !args.hook_is_off
    {
        let at = chrono::DateTime::from_timestamp_millis(milliseconds);
        let at = at.map_or_else(String::new, |at| at.to_rfc3339());
        found.push(format!(
            "- the access token hook answered last at {at}: were it still on, nobody could sign in any more. Switch it off \
             (Authentication > Hooks; in supabase/config.toml, [auth.hook.custom_access_token]), then say --hook-is-off"
        ));
    }
    let connections: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity s where s.usename = 'casebase_worker' and s.datname = current_database()",
    )
    .fetch_one(&mut *database)
    .await?;
    if connections > 0 {
        found.push(format!(
            "- the service is running: casebase_worker has {connections} connections. Stop it first"
        ));
    }
    for theirs in of_the_project(database, ours).await? {
        found.push(format!(
            "- {theirs} needs Casebase: drop or change it first"
        ));
    }
    Ok(found)
}

/// What people made, counted.
async fn data(database: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "select 'cases', count(*) from public.cases
         union all
         select 'clients', count(*) from public.clients where (select s.is_ours from casebase.client_source s)
         union all
         select 'files', count(*) from public.case_files
         union all
         select 'documents', count(*) from public.client_documents
         union all
         select 'objects in admin-bucket and client-bucket', count(*)
         from storage.objects o where o.bucket_id in ('admin-bucket', 'client-bucket')",
    )
    .fetch_all(database)
    .await?;
    let there = counts.into_iter().filter(|(_, count)| *count > 0);
    Ok(there
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect())
}

/// What is not Casebase's and would go along with it, or fail without it.
async fn of_the_project(database: &mut PgConnection, ours: &Ours) -> anyhow::Result<Vec<String>> {
    let found = sqlx::query_scalar(
        "with ours_rel as (
           select c.oid from pg_class c
           where c.relnamespace = 'casebase'::regnamespace
              or c.oid in (select r::regclass from unnest($1::text[]) r)
         ),
         ours_proc as (
           select p.oid from pg_proc p
           where p.pronamespace = 'casebase'::regnamespace
              or p.oid in (select f::regprocedure from unnest($2::text[]) f)
         ),
         ours_type as (
           select t.oid from pg_type t
           where t.typnamespace = 'casebase'::regnamespace
              or t.typrelid in (select oid from ours_rel)
              or t.oid in (select n::regtype from unnest($3::text[]) n)
         ),
         -- With what belongs to them, as an array's type or a composite type's columns do.
         parts as (
           select 'pg_class'::regclass as classid, oid as objid from ours_rel
           union all
           select 'pg_class'::regclass, t.typrelid from pg_type t where t.oid in (select oid from ours_type) and t.typrelid <> 0
           union all
           select 'pg_class'::regclass, i.indexrelid from pg_index i where i.indrelid in (select oid from ours_rel)
           union all
           select 'pg_class'::regclass, d.objid
           from pg_depend d
           where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
             and d.refobjid in (select oid from ours_rel) and d.deptype in ('a', 'i')
           union all
           select 'pg_proc'::regclass, oid from ours_proc
           union all
           select 'pg_type'::regclass, t.oid
           from pg_type t
           where t.oid in (select oid from ours_type)
              or t.typelem in (select oid from ours_type) and t.typcategory = 'A'
         ),
         dependent as (
           select distinct d.classid, d.objid, d.objsubid
           from pg_depend d
           join parts p on p.classid = d.refclassid and p.objid = d.refobjid
           where (d.classid, d.objid) not in (select classid, objid from parts)
         )
         select case when r.oid is null
             then pg_describe_object(d.classid, d.objid, d.objsubid)
             else pg_describe_object('pg_class'::regclass, r.ev_class, 0)
           end
         from dependent d
         left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
         left join pg_trigger t on d.classid = 'pg_trigger'::regclass and t.oid = d.objid
         left join pg_policy y on d.classid = 'pg_policy'::regclass and y.oid = d.objid
         left join pg_attrdef a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
         left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
         left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
         where case
             when k.oid is not null then k.conrelid not in (select oid from ours_rel)
             when t.oid is not null then
               t.tgrelid not in (select oid from ours_rel) and not t.tgisinternal and not starts_with(t.tgname, 'casebase_')
             when y.oid is not null then
               y.polrelid not in (select oid from ours_rel) and not starts_with(y.polname, 'casebase_')
             when a.oid is not null then a.adrelid not in (select oid from ours_rel)
             when r.oid is not null then r.ev_class not in (select oid from ours_rel)
             when c.oid is not null then c.relnamespace <> 'pg_toast'::regnamespace
             else d.classid in ('pg_proc'::regclass, 'pg_type'::regclass)
           end
         union
         -- What a function's text calls, the catalogue doesn't know.
         select pg_describe_object('pg_proc'::regclass, p.oid, 0)
         from pg_proc p
         where p.oid not in (select oid from ours_proc)
           and p.prosrc ~ '\\mcasebase\\.'
         order by 1",
    );
    Ok(found
        .bind(ours.tables_and_views())
        .bind(&ours.functions)
        .bind(&ours.types)
        .fetch_all(database)
        .await?)
}

impl Ours {
    fn tables_and_views(&self) -> Vec<String> {
        self.tables.iter().chain(&self.views).cloned().collect()
    }
}

/// Every object of both buckets, whoever put it there.
async fn delete_objects(database: &mut PgConnection, args: &Args) -> anyhow::Result<()> {
    const SOME: &str = "
        select o.bucket_id, o.name
        from storage.objects o
        where o.bucket_id in ('admin-bucket', 'client-bucket')
        order by o.bucket_id, o.name
        limit 1000";
    let mut storage: Option<OwnerStore> = None;
    let progress = Progress::new();
    let mut deleted = 0;
    loop {
        let objects: Vec<(String, String)> = sqlx::query_as(SOME).fetch_all(&mut *database).await?;
        if objects.is_empty() {
            return Ok(());
        }
        let storage = match &storage {
            Some(storage) => storage,
            None => storage.insert(open(args)?),
        };
        for (bucket, name) in &objects {
            let gone = storage.delete(&object(bucket, name)?).await;
            gone.with_context(|| format!("{bucket}/{name} can't be deleted"))?;
            deleted += 1;
            progress.says(format_args!("{deleted} objects deleted"));
        }
        let still: Vec<(String, String)> = sqlx::query_as(SOME).fetch_all(&mut *database).await?;
        if still == objects {
            bail!(
                "Storage says that it deleted them, and they are there\n\
                 hint: are DATABASE_URL and SUPABASE_URL of the same project?"
            );
        }
    }
}

fn open(args: &Args) -> anyhow::Result<OwnerStore> {
    match (&args.supabase_url, &args.secret_key) {
        (Some(url), Some(key)) => storage(url, key),
        _ => bail!(
            "there are objects, which only Storage deletes\n\
             hint: say --supabase-url (SUPABASE_URL) and --secret-key (CASEBASE_SECRET_KEY)"
        ),
    }
}

/// All of it, or nothing. What is kept after all, in a sentence.
async fn take_out(
    database: &mut PgConnection,
    ours: &Ours,
    before: Option<i64>,
) -> anyhow::Result<Option<String>> {
    let mut at_once = database.begin().await?;
    at_once
        .execute("set local lock_timeout = '10s'; set local client_min_messages = warning")
        .await?;
    if hook_answered_at(&mut at_once).await? != before {
        bail!(
            "the access token hook has just answered: it is on\nhint: switch it off first (Authentication > Hooks)"
        );
    }
    at_once.execute("lock table storage.objects").await?;
    let came: i64 = sqlx::query_scalar(
        "select count(*) from storage.objects o where o.bucket_id in ('admin-bucket', 'client-bucket')",
    )
    .fetch_one(&mut *at_once)
    .await?;
    if came > 0 {
        bail!("{came} objects came meanwhile\nhint: the same command goes on");
    }
    // Secrets that lie in the Vault go with their rows.
    at_once
        .execute("select casebase.disable_realtime(); delete from casebase.webhook_secrets")
        .await?;
    let policies: Vec<String> = sqlx::query_scalar(
        "select quote_ident(p.polname) from pg_policy p
         where p.polrelid = 'storage.objects'::regclass and starts_with(p.polname, 'casebase_')",
    )
    .fetch_all(&mut *at_once)
    .await?;
    for policy in policies {
        let drop = format!("drop policy {policy} on storage.objects");
        at_once.execute(AssertSqlSafe(drop)).await?;
    }
    // Cascade: functions take rows of tables whose defaults call functions. What else there is was looked for before.
    for (kind, names) in [
        ("function", &ours.functions),
        ("view", &ours.views),
        ("table", &ours.tables),
        ("type", &ours.types),
    ] {
        if !names.is_empty() {
            let drop = format!("drop {kind} {} cascade", names.join(", "));
            at_once.execute(AssertSqlSafe(drop)).await?;
        }
    }
    at_once.execute("drop schema casebase cascade").await?;
    at_once
        .execute(
            "set local storage.allow_delete_query = 'true';
             delete from storage.buckets b where b.id in ('admin-bucket', 'client-bucket')",
        )
        .await?;
    let kept = drop_worker(&mut at_once).await?;
    at_once.commit().await?;
    Ok(kept)
}

/// Unless something else needs the role, in this database or another.
async fn drop_worker(database: &mut PgConnection) -> anyhow::Result<Option<String>> {
    let needed: bool = sqlx::query_scalar(
        "select exists (
           select from pg_shdepend d
           where d.refclassid = 'pg_authid'::regclass and d.refobjid = to_regrole('casebase_worker'))",
    )
    .fetch_one(&mut *database)
    .await?;
    if needed {
        return Ok(Some(
            "the role casebase_worker stays: something else belongs to it or is granted to it. `drop owned by \
             casebase_worker; drop role casebase_worker` drops that, too"
                .to_owned(),
        ));
    }
    database
        .execute("drop role if exists casebase_worker")
        .await?;
    Ok(None)
}

/// What the CLI has to be told, where it keeps a record of our migrations.
async fn repair(database: &mut PgConnection) -> anyhow::Result<Option<String>> {
    const RECORD: &str = "supabase_migrations.schema_migrations";
    let there: bool = sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(RECORD)
        .fetch_one(&mut *database)
        .await?;
    if !there {
        return Ok(None);
    }
    let ours: Vec<_> = migrations::all().into_iter().map(|m| m.version).collect();
    // In a folder with migrations of its own, ours may have other numbers there.
    let versions = sqlx::query_scalar(
        "select m.version from supabase_migrations.schema_migrations m
         where m.version = any ($1) or to_jsonb(m)::text like '%insert into casebase.migrations (version, name%'
         order by 1",
    );
    let versions: Vec<String> = versions.bind(ours).fetch_all(database).await?;
    Ok((!versions.is_empty()).then(|| {
        format!(
            "supabase migration repair --status reverted {}",
            versions.join(" ")
        )
    }))
}
