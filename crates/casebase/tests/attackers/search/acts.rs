//! What may change what somebody finds: texts that are written, shown, hidden and deleted; cases that go to others, become
//! one or two; files on their way; people and clients that come and go.

use uuid::Uuid;

use super::walk::{Act, World};
use crate::model::Id;

/// So many cases are enough for each to change often.
const ENOUGH: usize = 12;

/// How many kinds of acts there are here.
pub(super) const KINDS: usize = 34;

/// Whose cases are given; Asta sees no others.
const WORKERS: [&str; 8] = [
    "Asta", "Asta", "Asta", "Alan", "Dora", "Sam", "Ivan", "Lena",
];

fn act(kind: &'static str, who: &'static str, sql: String) -> Option<Act> {
    Some(Act { kind, who, sql })
}

/// Takes the row of these keys away, or puts it there, where it has a name with this one.
fn toggle(
    kind: &'static str,
    table: &str,
    keys: [(&str, Uuid); 2],
    name: Option<&str>,
) -> Option<Act> {
    let [(one, id), (other, other_id)] = keys;
    let column = name.map_or("", |_| ", display_name");
    let value = name.map_or(String::new(), |name| format!(", '{name}'"));
    act(
        kind,
        "Ada",
        format!(
            "with gone as (delete from {table} where {one} = '{id}' and {other} = '{other_id}' returning 1),
                  come as (
                    insert into {table} ({one}, {other}{column})
                    select '{id}'::uuid, '{other_id}'::uuid{value}
                    where not exists (select from gone)
                    returning 1
                  )
             select 1 from gone union all select 1 from come"
        ),
    )
}

impl World {
    /// What is next; none, where there is nothing to do it to.
    pub(super) async fn some_act(&mut self) -> Option<Act> {
        if self.erased.is_some() && self.chance.one_in(3) {
            return self.erase_client();
        }
        match self.chance.below(51) {
            0..5 => self.open_case().await,
            5..7 => self.rewrite_case().await,
            7..11 => self.say().await,
            11..13 => self.reply_to_cases().await,
            13..17 => self.show_or_hide().await,
            17 => self.reword().await,
            18 => self.unsay().await,
            19..21 => self.note().await,
            21 | 22 => self.change_note().await,
            23..26 => self.reserve_file().await,
            26..35 => self.move_file_on().await,
            35..41 => self.change_case().await,
            41 | 42 => self.merge().await,
            43 => self.split().await,
            44 => self.undo(),
            45..49 => self.change_people(),
            _ => {
                // Not too often: what is found is to be much.
                self.erased = self
                    .chance
                    .one_in(3)
                    .then(|| self.chance.below(2))
                    .or(self.erased);
                self.erase_client()
            }
        }
    }

    async fn some_case(&mut self) -> Option<Id> {
        let cases = self.cases().await;
        (!cases.is_empty()).then(|| self.chance.pick(&cases))
    }

    async fn some_interaction(&mut self) -> Option<Id> {
        let ids = self
            .ids("select i.id from public.interactions i join public.cases c on c.id = i.case_id where c.client_id = any ($1) order by i.id")
            .await;
        (!ids.is_empty()).then(|| self.chance.pick(&ids))
    }

    async fn some_note(&mut self) -> Option<Id> {
        let ids = self
            .ids("select n.id from public.internal_notes n join public.cases c on c.id = n.case_id where c.client_id = any ($1) order by n.id")
            .await;
        (!ids.is_empty()).then(|| self.chance.pick(&ids))
    }

    /// As SQL: one of them, or null.
    fn some_staff(&mut self) -> String {
        let name = self.chance.maybe(&WORKERS);
        name.map_or("null".into(), |name| {
            format!("'{}'::uuid", self.people[name])
        })
    }

    async fn open_case(&mut self) -> Option<Act> {
        let cases = self.cases().await;
        if cases.len() >= ENOUGH {
            let id = self.chance.pick(&cases);
            return act(
                "delete a case",
                "Ada",
                format!("delete from public.cases where id = {id}"),
            );
        }
        let who = self.somebody();
        let client = self.chance.pick(&self.clients);
        let (title, description) = (self.text(), self.text());
        let sql = if self.chance.one_in(3) {
            format!(
                "insert into public.cases (client_id, title, description) values ('{client}', '{title}', '{description}')"
            )
        } else {
            let (department, staff) = (self.chance.pick(&self.departments), self.some_staff());
            format!(
                "insert into public.cases (client_id, department_id, assigned_to, title, description)
                 values ('{client}', '{department}', {staff}, '{title}', '{description}')"
            )
        };
        act("open a case", who, sql)
    }

    async fn rewrite_case(&mut self) -> Option<Act> {
        let id = self.some_case().await?;
        let who = self.somebody();
        let column = self.chance.pick(&["title", "description"]);
        let text = self.text();
        act(
            "rewrite a case",
            who,
            format!("update public.cases set {column} = '{text}' where id = {id}"),
        )
    }

    async fn say(&mut self) -> Option<Act> {
        let case = self.some_case().await?;
        let (who, text, visible) = (self.somebody(), self.text(), self.chance.one_in(2));
        act(
            "say something",
            who,
            format!(
                "insert into public.interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
                 values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', '{text}', {visible})"
            ),
        )
    }

    async fn reply_to_cases(&mut self) -> Option<Act> {
        let (one, other) = (self.some_case().await?, self.some_case().await?);
        let (who, text, visible) = (self.somebody(), self.text(), self.chance.one_in(2));
        act(
            "reply to cases",
            who,
            format!(
                "select * from public.reply_to_cases(array[{one}, {other}]::bigint[], '{text}', {visible}) where result = 'done'"
            ),
        )
    }

    async fn show_or_hide(&mut self) -> Option<Act> {
        let id = self.some_interaction().await?;
        let anybody = self.somebody();
        let who = self.chance.pick(&[anybody, "service"]);
        act(
            "show or hide",
            who,
            format!(
                "update public.interactions set visible_to_client = not visible_to_client where id = {id}"
            ),
        )
    }

    async fn reword(&mut self) -> Option<Act> {
        let id = self.some_interaction().await?;
        let (who, text) = (self.somebody(), self.text());
        act(
            "reword",
            who,
            format!("update public.interactions set content = '{text}' where id = {id}"),
        )
    }

    async fn unsay(&mut self) -> Option<Act> {
        let id = self.some_interaction().await?;
        act(
            "unsay",
            "Ada",
            format!("delete from public.interactions where id = {id}"),
        )
    }

    async fn note(&mut self) -> Option<Act> {
        let case = self.some_case().await?;
        let (who, text) = (self.somebody(), self.text());
        act(
            "add a note",
            who,
            format!(
                "insert into public.internal_notes (case_id, content) values ({case}, '{text}')"
            ),
        )
    }

    async fn change_note(&mut self) -> Option<Act> {
        let id = self.some_note().await?;
        if self.chance.one_in(3) {
            return act(
                "delete a note",
                "Ada",
                format!("delete from public.internal_notes where id = {id}"),
            );
        }
        let (who, text) = (self.somebody(), self.text());
        act(
            "change a note",
            who,
            format!("update public.internal_notes set content = '{text}' where id = {id}"),
        )
    }

    async fn reserve_file(&mut self) -> Option<Act> {
        let case = self.some_case().await?;
        let (who, name, visible) = (self.somebody(), self.text(), self.chance.one_in(2));
        act(
            "reserve a file",
            who,
            format!(
                "insert into public.case_files (case_id, original_name, content_type, file_size, visible_to_client)
                 values ({case}, '{name}.pdf', 'application/pdf', 1, {visible})"
            ),
        )
    }

    /// Some file's next step. What Storage and the service do, the owner does.
    async fn move_file_on(&mut self) -> Option<Act> {
        let files = self.files().await;
        if files.is_empty() {
            return None;
        }
        let moving: Vec<_> = (0..files.len())
            .filter(|at| files[*at].2.is_some())
            .collect();
        let at = self.chance.maybe(&moving);
        let at = at.unwrap_or_else(|| self.chance.below(files.len()));
        let (id, state, other_state, visible) = files[at].clone();
        let who = self.somebody();
        let is_changed = self.chance.one_in(2);
        match (state.as_str(), other_state.as_deref()) {
            ("pending", _) => act(
                "upload a file",
                "owner",
                format!(
                    "insert into storage.objects (bucket_id, name, version)
                     select bucket_id, object_path, 'v1' from public.case_files where id = {id};
                     update public.case_files set state = 'uploaded' where id = {id}"
                ),
            ),
            ("uploaded", _) if is_changed && self.chance.one_in(2) => act(
                "reject a file",
                "owner",
                format!("select casebase.verification_reject('case_file', {id}, 'no')"),
            ),
            ("uploaded", _) => act(
                "verify a file",
                "owner",
                format!("select casebase.verification_finish('case_file', {id}, 'v1', repeat('a', 64), 1, 'application/pdf')"),
            ),
            ("available", None) if is_changed && self.chance.one_in(2) => act(
                "let go of a file",
                who,
                format!("update public.case_files set state = 'deleting' where id = {id}"),
            ),
            ("available", None) => act(
                "show or hide a file",
                who,
                format!("select public.change_file_visibility({id}, {})", !visible),
            ),
            ("available", Some("pending")) if is_changed => act(
                "show or hide a file",
                who,
                format!("select public.change_file_visibility({id}, {})", !visible),
            ),
            ("available", Some("pending")) => act(
                "move a file",
                "owner",
                format!(
                    "insert into storage.objects (bucket_id, name, version)
                     select other_bucket_id, other_object_path, 'v2' from public.case_files where id = {id};
                     select casebase.file_move_finish({id}, 'v2', repeat('a', 64))"
                ),
            ),
            ("available", Some(_)) => act(
                "end a file's move",
                "owner",
                format!(
                    "delete from storage.objects o using public.case_files f
                     where f.id = {id} and o.bucket_id = f.other_bucket_id and o.name = f.other_object_path;
                     select casebase.file_move_end({id})"
                ),
            ),
            _ => act(
                "delete a file",
                "owner",
                format!(
                    "delete from storage.objects o using public.case_files f
                     where f.id = {id}
                       and ((o.bucket_id, o.name) = (f.bucket_id, f.object_path)
                            or (o.bucket_id, o.name) = (f.other_bucket_id, f.other_object_path));
                     delete from public.case_files where id = {id}"
                ),
            ),
        }
    }

    async fn change_case(&mut self) -> Option<Act> {
        let id = self.some_case().await?;
        let (who, clients) = (self.somebody(), self.quoted_clients());
        match self.chance.below(6) {
            0 | 1 => {
                let status =
                    self.chance
                        .pick(&["open", "in_progress", "waiting", "resolved", "closed"]);
                act(
                    "change a status",
                    who,
                    format!("update public.cases set status = '{status}' where id = {id}"),
                )
            }
            2 => {
                let staff = self.some_staff();
                act(
                    "assign a case",
                    who,
                    format!("update public.cases set assigned_to = {staff} where id = {id}"),
                )
            }
            3 => {
                let (department, staff) = (self.chance.maybe(&self.departments), self.some_staff());
                let department =
                    department.map_or("null".into(), |department| format!("'{department}'"));
                act(
                    "hand over a case",
                    who,
                    format!("select public.hand_over_case({id}, {department}, {staff})"),
                )
            }
            4 => act("take a case", who, format!(
                    "select public.take_case((
                       select c.id from public.cases c
                       where c.client_id in ({clients}) and c.status in ('open', 'in_progress', 'waiting') order by c.id desc limit 1))"
                )),
            _ => act(
                "reopen a case",
                who,
                format!(
                    "select public.reopen_case((
                       select c.id from public.cases c
                       where c.client_id in ({clients}) and c.status in ('resolved', 'closed') order by c.id limit 1))"
                ),
            ),
        }
    }

    async fn merge(&mut self) -> Option<Act> {
        let id = self.some_case().await?;
        let who = self.somebody();
        act(
            "merge cases",
            who,
            format!(
                "select public.merge_cases({id}, (
                   select c.id from public.cases c
                   where c.client_id = (select d.client_id from public.cases d where d.id = {id})
                     and c.id <> {id} and c.merged_into is null
                   order by c.id limit 1))"
            ),
        )
    }

    async fn split(&mut self) -> Option<Act> {
        let id = self.some_interaction().await?;
        let (who, title) = (self.somebody(), self.text());
        act(
            "split a case",
            who,
            format!("select public.split_case({id}, '{title}')"),
        )
    }

    /// Takes back what was changed last.
    fn undo(&mut self) -> Option<Act> {
        let (who, clients) = (self.somebody(), self.quoted_clients());
        act(
            "undo",
            who,
            format!(
                "select * from public.undo_changes(array(
                   select e.id from public.case_events e join public.cases c on c.id = e.case_id
                   where c.client_id in ({clients})
                     and e.type in ('case.updated', 'case.status_changed', 'case.assigned', 'case.handed_over')
                   order by e.id desc limit 1)) where result in ('done', 'partly')"
            ),
        )
    }

    fn quoted_clients(&self) -> String {
        let [one, other] = self.clients;
        format!("'{one}', '{other}'")
    }

    /// By Ada, who stays: somebody must be able to switch people on again. Lena's token is of no use to her.
    fn change_people(&mut self) -> Option<Act> {
        let whom = self.chance.pick(&["Alan", "Dora", "Sam", "Asta", "Ivan"]);
        let id = self.people[whom];
        match self.chance.below(6) {
            0 => {
                let heir = self.some_staff();
                act(
                    "dismiss somebody",
                    "Ada",
                    format!("select public.deactivate_staff_member('{id}', {heir})"),
                )
            }
            1 | 2 => {
                let staff = WORKERS.map(|name| format!("'{}'", self.people[name]));
                act(
                    "switch somebody on",
                    "Ada",
                    format!(
                        "update public.staff_members set active = true
                         where user_id = (
                           select s.user_id from public.staff_members s
                           where s.user_id in ({}) and not s.active order by s.display_name limit 1)",
                        staff.join(", ")
                    ),
                )
            }
            3 => {
                // Each comes back to what they are.
                let scope = match whom {
                    "Dora" | "Sam" => self
                        .chance
                        .pick(&["departments", "departments", "assigned"]),
                    "Asta" => self.chance.pick(&["assigned", "assigned", "departments"]),
                    _ => self.chance.pick(&["all", "all", "departments"]),
                };
                act(
                    "change a scope",
                    "Ada",
                    format!(
                        "update public.staff_members set scope = '{scope}' where user_id = '{id}'"
                    ),
                )
            }
            4 => {
                let department = self.chance.pick(&self.departments);
                toggle(
                    "change a department",
                    "public.staff_departments",
                    [("user_id", id), ("department_id", department)],
                    None,
                )
            }
            _ => self.change_membership(),
        }
    }

    fn change_membership(&mut self) -> Option<Act> {
        let whom = self
            .chance
            .pick(&["Carla", "Otto", "Bea", "Sam", "Dora", "Ivan", "Lena"]);
        let (client, id) = (self.chance.pick(&self.clients), self.people[whom]);
        toggle(
            "change a membership",
            "public.client_members",
            [("client_id", client), ("user_id", id)],
            Some(whom),
        )
    }

    /// A step of it, as often as it takes; the objects go first.
    fn erase_client(&mut self) -> Option<Act> {
        let client = self.clients[self.erased?];
        act(
            "erase a client",
            "owner",
            format!(
                "delete from storage.objects where bucket_id in ('admin-bucket', 'client-bucket') and name like '{client}/%';
                 select casebase.erase_client('{client}', 2)"
            ),
        )
    }
}
