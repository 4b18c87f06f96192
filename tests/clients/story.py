"""supabase-py, unmodified, plays a case's day as client, staff and admin against a running project.

    pip install -r tests/clients/requirements.txt
    python tests/clients/story.py

The project is given as to story.mjs, whose shorter sibling this is: by SUPABASE_URL, SUPABASE_ANON_KEY and
SUPABASE_SERVICE_ROLE_KEY. At its end it removes what it made.
"""

import os
import urllib.request
import uuid

from postgrest.exceptions import APIError
from storage3.exceptions import StorageApiError
from supabase import Client, create_client
from supabase_auth.errors import AuthApiError

RUN = uuid.uuid4().hex[:8]
PASSWORD = "correct horse battery"


def connect(key: str) -> Client:
    return create_client(os.environ["SUPABASE_URL"], os.environ[key])


def stranger() -> Client:
    return connect("SUPABASE_ANON_KEY")


def owner() -> Client:
    return connect("SUPABASE_SERVICE_ROLE_KEY")


def refused(code: str, request) -> None:
    """The request must fail with PostgREST's or Auth's code, or Storage's status."""
    try:
        answer = request()
    except StorageApiError as error:
        assert str(error.status) == code, error
    except (APIError, AuthApiError) as error:
        assert error.code == code, error
    else:
        raise AssertionError(f"refused with {code} was expected, but there is data: {answer}")


class Person:
    """An account, signed in once its rows are there."""

    def __init__(self, name: str, invited: bool):
        self.email = f"{name}-py-{RUN}@example.org"
        self.supabase = stranger()
        account = {"email": self.email, "password": PASSWORD}
        if invited:
            self.id = owner().auth.admin.create_user({**account, "email_confirm": True}).user.id
        else:
            self.id = self.supabase.auth.sign_up(account).user.id

    def sign_in(self) -> None:
        session = self.supabase.auth.sign_in_with_password({"email": self.email, "password": PASSWORD}).session
        assert session.user.email == self.email

    def table(self, name: str):
        return self.supabase.table(name)


def gather():
    client, other = Person("carla", False), Person("otto", False)
    staff, admin = Person("alan", True), Person("ada", True)
    service = owner()
    acme, elsewhere = (
        service.table("clients").insert([{"name": f"Acme {RUN}"}, {"name": f"Other Ltd {RUN}"}]).execute().data
    )
    service.table("client_members").insert(
        [
            {"client_id": acme["id"], "user_id": client.id, "display_name": "Carla"},
            {"client_id": elsewhere["id"], "user_id": other.id, "display_name": "Otto"},
        ]
    ).execute()
    service.table("staff_members").insert(
        [
            {"user_id": staff.id, "display_name": "Alan", "scope": "all", "is_admin": False},
            {"user_id": admin.id, "display_name": "Ada", "scope": "all", "is_admin": True},
        ]
    ).execute()
    for person in (client, other, staff, admin):
        person.sign_in()
    return client, other, staff, admin, acme, elsewhere


def client_opens_a_case(client, acme, elsewhere):
    def case(**columns):
        return client.table("cases").insert({"client_id": acme["id"], "title": f"Invoice {RUN}", **columns})

    opened = case().execute().data[0]
    assert opened["case_id"].startswith("CASE-") and opened["created_by"] == client.id, opened
    refused("42501", case(client_id=elsewhere["id"]).execute)
    refused("42501", case(priority="urgent").execute)
    refused("23514", case(title=" ").execute)
    return opened


def staff_work_it(staff, case):
    found = (
        staff.table("cases")
        .select("case_id, clients(name), interactions(content, party_types!party1_type(label))", count="exact")
        .eq("status", "open")
        .ilike("title", f"%{RUN}%")
        .or_("priority.eq.medium,priority.eq.low")
        .order("created_at", desc=True)
        .range(0, 9)
        .execute()
    )
    embedded = {"case_id": case["case_id"], "clients": {"name": f"Acme {RUN}"}, "interactions": []}
    assert (found.count, found.data) == (1, [embedded]), found
    refused("PGRST116", staff.table("cases").select("*").eq("id", -1).single().execute)
    assert staff.table("cases").select("*").eq("id", -1).maybe_single().execute() is None
    csv = staff.table("cases").select("case_id,status").eq("id", case["id"]).csv().execute().data
    assert csv.strip() == f"case_id,status\n{case['case_id']},open", csv

    taken = {"status": "in_progress", "assigned_to": staff.id}
    assert staff.table("cases").update(taken).in_("id", [case["id"]]).execute().data[0]["status"] == "in_progress"
    for tags in (["billing"], ["billing", "invoice"]):
        kept = staff.table("case_internal").upsert({"case_id": case["id"], "tags": tags}).execute().data
        assert kept[0]["tags"] == tags, kept
    staff.table("internal_notes").insert({"case_id": case["id"], "content": "Check"}, returning="minimal").execute()


def staff_work_on_several_at_once(staff, acme):
    titles = [f"{name} {RUN}" for name in ("first", "second", "third")]
    made = staff.table("cases").insert([{"client_id": acme["id"], "title": title} for title in titles]).execute().data
    assert [row["priority"] for row in made] == ["medium"] * 3, made
    ids = [row["id"] for row in made]
    raised = staff.table("cases").update({"priority": "high"}, count="exact").in_("id", ids[:2]).execute()
    assert (raised.count, len(raised.data)) == (2, 2), raised
    head = staff.table("cases").select("*", count="exact", head=True).in_("id", ids).eq("priority", "high").execute()
    assert (head.count, head.data) == (2, []), head

    def tagged(tag):
        return [{"case_id": number, "tags": [tag]} for number in ids]

    staff.table("case_internal").insert(tagged("new")[:1]).execute()
    merged = staff.table("case_internal").upsert(tagged("raised"), on_conflict="case_id").execute().data
    assert [row["tags"] for row in merged] == [["raised"]] * 3, merged
    again = tagged("again")
    ignored = staff.table("case_internal").upsert(again, on_conflict="case_id", ignore_duplicates=True).execute()
    assert ignored.data == [], ignored
    nested = (
        staff.table("clients")
        .select("name, cases!inner(title, case_internal(tags), departments(name))")
        .eq("id", acme["id"])
        .eq("cases.title", titles[2])
        .single()
        .execute()
        .data
    )
    [case] = nested["cases"]
    assert (case["title"], case["case_internal"]) == (titles[2], {"tags": ["raised"]}), nested
    assert case["departments"]["name"], nested


def others_see_what_is_theirs(client, other, case):
    seen = client.table("cases").select("status, internal_notes(content)").eq("id", case["id"]).single().execute().data
    assert seen == {"status": "in_progress", "internal_notes": []}, seen
    escalated = client.supabase.rpc("escalate_case", {"case_id": case["id"], "reason": "It hurts"}).execute().data
    assert escalated["priority"] == "high", escalated
    assert other.table("cases").select("*").eq("id", case["id"]).execute().data == []
    refused("PT404", other.supabase.rpc("case_timeline", {"case_id": case["id"]}).execute)
    refused("42501", stranger().table("cases").select("*").execute)


def everybody_works_the_case(client, staff, admin, acme, case):
    def rpc(person, name, **arguments):
        return person.supabase.rpc(name, arguments)

    def answer(person, name, **arguments):
        return rpc(person, name, **arguments).execute().data

    def status():
        return client.table("cases").select("status").eq("id", case["id"]).single().execute().data["status"]

    access = answer(staff, "my_access")
    assert access == {"standing": "all", "is_client": False, "problem": None, "may_register": False, "live": False}, access

    asked = {"client_id": [acme["id"]], "order_by": "priority.desc", "page_size": 3}
    page = answer(staff, "list_cases", **asked)
    rest = answer(staff, "list_cases", **asked, cursor=page["next_cursor"])
    ranks = [row["priority_rank"] for row in page["cases"] + rest["cases"]]
    assert (ranks, page["total"], page["total_is_exact"], rest["next_cursor"]) == ([3, 3, 3, 2], 4, True, None), ranks
    refused("22023", rpc(staff, "list_cases", status=["done"]).execute)
    assert sum(row["count"] for row in answer(client, "case_counts")) == 4

    said = {"case_id": case["id"], "content": "Here it is."}
    staff.table("cases").update({"status": "waiting"}).eq("id", case["id"]).execute()
    client.table("interactions").insert(said).execute()
    assert status() == "open"
    assert answer(staff, "take_case", case_id=case["id"])["status"] == "in_progress"
    call = {"party1_name": "Bo", "party1_type": "EMPLOYEE", "party2_name": "Gate GmbH", "party2_type": "CONTRACTOR"}
    assert staff.table("interactions").insert({**said, **call}).execute().data[0]["visible_to_client"] is False
    staff.table("cases").update({"status": "closed"}).eq("id", case["id"]).execute()
    refused("PT409", staff.table("cases").update({"status": "waiting"}).eq("id", case["id"]).execute)
    late = client.table("interactions").insert(said).execute().data[0]
    follow_up = client.table("cases").select("*").eq("id", late["case_id"]).single().execute().data
    assert (follow_up["follow_up_of"], status()) == (case["id"], "closed"), follow_up
    newest = answer(client, "case_timeline", case_id=follow_up["id"], page_size=1)
    assert (newest["entries"][0]["type"], newest["next_cursor"] is None) == ("interaction.created", False), newest

    change = {"title": f"Again {RUN}", "version": follow_up["version"]}
    staff.table("cases").update(change).eq("id", follow_up["id"]).execute()
    refused("PT409", admin.table("cases").update(change).eq("id", follow_up["id"]).execute)

    ids, changes = [follow_up["id"], -1], {"priority": "low", "add_tags": ["gate"]}
    for dry_run in (True, False):
        outcomes = answer(staff, "update_cases", ids=ids, changes=changes, dry_run=dry_run)
        assert [row["result"] for row in outcomes] == ["not_visible", "done"], outcomes
    events = [event for row in outcomes for event in row["events"] or []]
    assert [row["result"] for row in answer(staff, "undo_changes", events=events)] == ["done"]
    replies = answer(staff, "reply_to_cases", ids=ids, content="We are on it.")
    assert [row["result"] for row in replies] == ["not_visible", "done"], replies

    twin = client.table("cases").insert({"client_id": acme["id"], "title": f"Twin {RUN}"}).execute().data[0]
    refused("PT404", rpc(client, "merge_cases", duplicate=twin["id"], survivor=follow_up["id"]).execute)
    answer(staff, "merge_cases", duplicate=twin["id"], survivor=follow_up["id"])
    assert answer(client, "find_case", case_id=twin["case_id"])["id"] == follow_up["id"]
    [newest, *_] = answer(client, "list_interactions", case_id=twin["id"], page_size=1)["interactions"]
    assert newest["content"] == "We are on it.", newest
    part = answer(staff, "split_case", interaction_id=newest["id"], title=f"Part {RUN}")
    assert part["split_from"] == follow_up["id"], part

    for person in (client, staff):
        refused("42501", rpc(person, "invite", email=f"eve-{RUN}@example.org").execute)
    invited = answer(admin, "invite", email=f"Eve-{RUN}@example.org", scope="all")
    assert invited["email"] == f"eve-{RUN}@example.org", invited
    assert len(admin.table("invitations").delete().eq("id", invited["id"]).execute().data) == 1


def client_uploads_a_file(client, other, case):
    content = b"the invoice in question\n"
    row = (
        client.table("case_files")
        .insert(
            {
                "case_id": case["id"],
                "original_name": "invoice.txt",
                "content_type": "text/plain",
                "file_size": len(content),
            }
        )
        .execute()
        .data[0]
    )
    path, headers = row["object_path"], {"content-type": "text/plain"}
    bucket = client.supabase.storage.from_(row["bucket_id"])
    refused("403", lambda: other.supabase.storage.from_(row["bucket_id"]).upload(path, content, headers))
    refused("403", lambda: bucket.upload(path + "-elsewhere", content, headers))
    assert bucket.upload(path, content, headers).path == path
    client.table("case_files").update({"state": "uploaded"}).eq("id", row["id"]).execute()

    assert bucket.download(path) == content
    signed = bucket.create_signed_url(path, 60)["signedURL"]
    with urllib.request.urlopen(signed) as answer:
        assert answer.read() == content
    both = bucket.create_signed_urls([path, path + "-elsewhere"], 60)
    assert [entry["error"] is None for entry in both] == [True, False], both
    assert [entry["name"] for entry in bucket.list(path.rsplit("/", 1)[0])] == [row["file_name"]]
    assert bucket.remove([path]) == []
    refused("404", lambda: other.supabase.storage.from_(row["bucket_id"]).download(path))

    client.table("case_files").update({"state": "deleting"}).eq("id", row["id"]).execute()
    assert len(bucket.remove([path])) == 1
    assert len(client.table("case_files").delete().eq("id", row["id"]).execute().data) == 1


def buckets_of_the_project_work_beside_ours():
    storage = owner().storage
    name = f"story-py-{RUN}"
    storage.create_bucket(name, options={"public": True})
    bucket = storage.from_(name)
    bucket.upload("a/one.txt", b"one", {"content-type": "text/plain"})
    bucket.upload("a/one.txt", b"two", {"content-type": "text/plain", "upsert": "true"})
    token = bucket.create_signed_upload_url("a/signed.txt")["token"]
    anybody = stranger().storage.from_(name)
    anybody.upload_to_signed_url("a/signed.txt", token, b"three", {"content-type": "text/plain"})
    bucket.copy("a/one.txt", "b/copy.txt")
    bucket.move("a/one.txt", "b/moved.txt")
    assert [entry["name"] for entry in bucket.list("b")] == ["copy.txt", "moved.txt"]
    assert bucket.exists("a/signed.txt") and not bucket.exists("a/one.txt")
    with urllib.request.urlopen(bucket.get_public_url("b/moved.txt")) as answer:
        assert answer.read() == b"two"
    assert bucket.download("a/signed.txt") == b"three"
    storage.empty_bucket(name)
    storage.delete_bucket(name)
    refused("404", lambda: storage.get_bucket(name))


def client_signs_out(client):
    auth = client.supabase.auth
    claims = auth.get_claims()["claims"]
    assert (claims["sub"], claims["app_metadata"]["case_role"]) == (client.id, "client"), claims
    before = auth.get_session()
    assert auth.refresh_session().session.refresh_token != before.refresh_token
    assert auth.update_user({"data": {"name": "Carla"}}).user.user_metadata["name"] == "Carla"
    token = auth.get_session().access_token
    assert auth.get_user(token).user.id == client.id
    auth.sign_out()
    refused("session_not_found", lambda: stranger().auth.get_user(token))
    wrong = {"email": client.email, "password": "wrong"}
    refused("invalid_credentials", lambda: stranger().auth.sign_in_with_password(wrong))


def disperse(people, companies, admin, case):
    assert len(admin.table("cases").delete().eq("id", case["id"]).execute().data) == 1
    service = owner()
    service.table("cases").delete().in_("client_id", [company["id"] for company in companies]).execute()
    service.table("clients").delete().in_("id", [company["id"] for company in companies]).execute()
    listed = {user.id for user in service.auth.admin.list_users(per_page=1000)}
    for person in people:
        assert person.id in listed
        service.auth.admin.delete_user(person.id)


def main() -> None:
    client, other, staff, admin, acme, elsewhere = gather()
    case = client_opens_a_case(client, acme, elsewhere)
    staff_work_it(staff, case)
    staff_work_on_several_at_once(staff, acme)
    others_see_what_is_theirs(client, other, case)
    client_uploads_a_file(client, other, case)
    everybody_works_the_case(client, staff, admin, acme, case)
    buckets_of_the_project_work_beside_ours()
    client_signs_out(client)
    disperse([client, other, staff, admin], [acme, elsewhere], admin, case)
    print("ok - supabase-py")


if __name__ == "__main__":
    main()
