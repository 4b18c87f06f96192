//! What Auth sends by mail, and what answering a mail does.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::support::*;

const PAGE: &str = "http://127.0.0.1:5173/reset";

/// The mails to an address, the newest first, each as Mailpit's JSON has it.
async fn mails_to(project: &Project, address: &str) -> Vec<Value> {
    let search = format!("{}/api/v1/search?query=to:\"{address}\"", project.mails);
    let found: Value = json_at(&search).await;
    let mut mails = Vec::new();
    for mail in found["messages"].as_array().unwrap() {
        let id = mail["ID"].as_str().unwrap();
        mails.push(json_at(&format!("{}/api/v1/message/{id}", project.mails)).await);
    }
    mails
}

async fn json_at(url: &str) -> Value {
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    response.json().await.unwrap()
}

/// The only mail that there is to an address.
async fn mail_to(project: &Project, address: &str) -> Mail {
    let mut mails = mails_to(project, address).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    Mail::of(&mails.remove(0))
}

struct Mail {
    subject: String,
    link: String,
    code: String,
}

impl Mail {
    fn of(mail: &Value) -> Self {
        let (text, html) = (
            mail["Text"].as_str().unwrap(),
            mail["HTML"].as_str().unwrap(),
        );
        let link = text.lines().find(|line| line.starts_with("http://"));
        let link = link.unwrap().to_owned();
        assert!(html.contains(&format!("href=\"{}\"", link.replace('&', "&amp;"))));
        let code = text.split("enter the code: ").nth(1).unwrap().trim();
        assert!(html.contains(code));
        Self {
            subject: mail["Subject"].as_str().unwrap().to_owned(),
            link,
            code: code.to_owned(),
        }
    }

    /// What `verifyOtp` would be given from the link.
    fn token_hash(&self) -> String {
        let url = url::Url::parse(&self.link).unwrap();
        let token = url.query_pairs().find(|(name, _)| name == "token");
        token.unwrap().1.into_owned()
    }

    /// Follows the link: the page it leads on to, and what the page is told.
    async fn follow(&self) -> (String, Vec<(String, String)>) {
        let client = reqwest::Client::builder().redirect(Policy::none());
        let response = client
            .build()
            .unwrap()
            .get(&self.link)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 303);
        let location = response.headers()["location"].to_str().unwrap();
        let (page, fragment) = location.split_once('#').unwrap();
        let told = url::form_urlencoded::parse(fragment.as_bytes());
        (page.to_owned(), told.into_owned().collect())
    }
}

fn value<'a>(told: &'a [(String, String)], name: &str) -> &'a str {
    let found = told.iter().find(|(told, _)| told == name);
    found.map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_forgotten_password_is_reset_over_the_link_in_a_mail_once() {
    let (email, _) = somebody("forgot").await;
    let path = format!("/recover?redirect_to={PAGE}");
    let asked = post(&path, ANON, json!({ "email": email })).await;
    assert_eq!((asked.status, asked.body), (200, json!({})));

    let mail = mail_to(project(), &email).await;
    assert_eq!(mail.subject, "Reset your password");
    let (page, told) = mail.follow().await;
    assert_eq!(page, PAGE);
    assert_eq!(value(&told, "type"), "recovery");
    assert_eq!(value(&told, "token_type"), "bearer");
    let claims = keys().verify(value(&told, "access_token")).unwrap();
    assert_eq!(claims["amr"][0]["method"], "otp");
    assert_eq!(claims["hooked"]["method"], "otp");
    assert_eq!(refresh(value(&told, "refresh_token")).await.status, 200);
    let changed = json!({ "password": "a new horse" });
    let changed = put("/user", value(&told, "access_token"), changed).await;
    assert_eq!(changed.status, 200);
    assert_eq!(sign_in(&email, "a new horse").await.status, 200);

    let (page, told) = mail.follow().await;
    assert_eq!(page, PAGE);
    assert_eq!(value(&told, "error"), "access_denied");
    assert_eq!(value(&told, "error_code"), "otp_expired");
    let sentence = "Email link is invalid or has expired";
    assert_eq!(value(&told, "error_description"), sentence);
}

#[tokio::test]
async fn nobody_learns_from_recovery_who_has_an_account() {
    let email = address("nobody");
    let asked = post("/recover", ANON, json!({ "email": email })).await;
    assert_eq!((asked.status, asked.body), (200, json!({})));
    assert_eq!(mails_to(project(), &email).await, Vec::<Value>::new());
    let without = post("/recover", ANON, json!({})).await;
    let sentence = "Password recovery requires an email";
    assert_eq!(without.refusal(), (400, "validation_failed", sentence));
}

#[tokio::test]
async fn a_link_leads_to_the_site_where_the_page_that_was_asked_for_may_not_be() {
    let (email, _) = somebody("phished").await;
    let path = "/recover?redirect_to=https://evil.example/";
    post(path, ANON, json!({ "email": email })).await;
    let (page, told) = mail_to(project(), &email).await.follow().await;
    assert_eq!(page, "http://127.0.0.1:3000");
    assert!(!value(&told, "access_token").is_empty());
}

#[tokio::test]
async fn a_page_verifies_with_the_hash_or_with_address_and_code() {
    let (email, session) = somebody("codes").await;
    for by_hash in [true, false] {
        post("/recover", ANON, json!({ "email": email })).await;
        let mails = mails_to(project(), &email).await;
        let mail = Mail::of(&mails[0]);
        let body = match by_hash {
            true => json!({ "type": "recovery", "token_hash": mail.token_hash() }),
            false => {
                json!({ "type": "recovery", "email": email.to_uppercase(), "token": mail.code })
            }
        };
        let verified = Session::of(post("/verify", ANON, body.clone()).await);
        assert_eq!(verified.user_id(), session.user_id());
        let again = post("/verify", ANON, body).await;
        assert_eq!((again.status, again.refusal().1), (403, "otp_expired"));
    }
}

#[tokio::test]
async fn a_newer_mail_ends_an_older_one_and_an_hour_ends_both() {
    let (email, _) = somebody("late").await;
    for _ in 0..2 {
        post("/recover", ANON, json!({ "email": email })).await;
    }
    let mails = mails_to(project(), &email).await;
    let (newer, older) = (Mail::of(&mails[0]), Mail::of(&mails[1]));
    let (_, told) = older.follow().await;
    assert_eq!(value(&told, "error_code"), "otp_expired");
    let earlier = "update auth.users set recovery_sent_at = recovery_sent_at - interval '61 minutes' where email = $1";
    let database = connect(&project().auth_admin).await;
    database.execute(earlier, &[&email]).await.unwrap();
    let (_, told) = newer.follow().await;
    assert_eq!(value(&told, "error_code"), "otp_expired");
}

#[tokio::test]
async fn verifications_that_cannot_be_are_refused_by_what_is_wrong() {
    for (body, sentence) in [
        (
            json!({ "token": "1" }),
            "Verify requires a verification type",
        ),
        (
            json!({ "type": "signup" }),
            "Verify requires either a token or a token hash",
        ),
        (
            json!({ "type": "signup", "token": "1", "token_hash": "2" }),
            "Verify requires either a token or a token hash",
        ),
        (
            json!({ "type": "signup", "token_hash": "1", "email": "a@example.org" }),
            "Only the token_hash and type should be provided",
        ),
        (
            json!({ "type": "signup", "token": "1" }),
            "Only an email address or phone number should be provided on verify",
        ),
        (
            json!({ "type": "other", "token_hash": "1" }),
            "Invalid email verification type",
        ),
    ] {
        let answer = post("/verify", ANON, body).await;
        assert_eq!(answer.refusal(), (400, "validation_failed", sentence));
    }
    let sentence = "Verify requires a token or a token hash";
    let followed = get("/verify?type=signup", ANON).await;
    assert_eq!(followed.refusal(), (400, "validation_failed", sentence));
}

#[tokio::test]
async fn an_invitation_makes_a_user_who_chooses_a_password_after_accepting_it() {
    let email = address("invited");
    let body = json!({ "email": email, "data": { "name": "Ida" } });
    let refused = post("/invite", ANON, body.clone()).await;
    assert_eq!(refused.refusal().1, "not_admin");
    let invited = post("/invite", SERVICE, body.clone()).await;
    assert_eq!(invited.status, 200, "{}", invited.body);
    assert_eq!(invited.body["email"], email);
    assert!(invited.body["invited_at"].is_string());
    assert_eq!(invited.body["user_metadata"]["name"], "Ida");
    for password in ["", PASSWORD] {
        assert_eq!(
            sign_in(&email, password).await.refusal().1,
            "invalid_credentials"
        );
    }

    let mail = mail_to(project(), &email).await;
    assert_eq!(mail.subject, "You've been invited");
    let (page, told) = mail.follow().await;
    assert_eq!(page, "http://127.0.0.1:3000");
    assert_eq!(value(&told, "type"), "invite");
    let token = value(&told, "access_token");
    let chosen = put("/user", token, json!({ "password": PASSWORD })).await;
    assert_eq!(chosen.status, 200, "{}", chosen.body);
    assert!(chosen.body["email_confirmed_at"].is_string());
    assert_eq!(sign_in(&email, PASSWORD).await.status, 200);
    let again = post("/invite", SERVICE, body).await;
    assert_eq!((again.status, again.refusal().1), (422, "email_exists"));
}

#[tokio::test]
async fn a_sign_up_counts_once_its_mail_is_answered_where_that_is_switched_on() {
    let project = confirming();
    let settings = project
        .send(reqwest::Method::GET, "/settings", ANON, Value::Null)
        .await;
    assert_eq!(settings.body["mailer_autoconfirm"], false);
    let email = address("new");
    let account = json!({ "email": email, "password": PASSWORD, "data": { "name": "Nora" } });
    let signed_up = project.post("/signup", ANON, account.clone()).await;
    assert_eq!(signed_up.status, 200);
    assert_eq!(signed_up.body["email"], email);
    assert!(signed_up.body["confirmation_sent_at"].is_string());
    assert_eq!(signed_up.body.get("access_token"), None);
    let sign_in = || project.post("/token?grant_type=password", ANON, account.clone());
    let early = sign_in().await;
    assert_eq!(early.refusal().1, "email_not_confirmed");

    // Whoever lost the mail asks for another.
    let resend = json!({ "type": "signup", "email": email });
    assert_eq!(
        project.post("/resend", ANON, resend.clone()).await.status,
        200
    );
    let mails = mails_to(project, &email).await;
    assert_eq!(mails.len(), 2);
    let mail = Mail::of(&mails[0]);
    assert_eq!(mail.subject, "Confirm your email address");
    let (_, told) = mail.follow().await;
    assert_eq!(value(&told, "type"), "signup");
    let user = project
        .send(
            reqwest::Method::GET,
            "/user",
            value(&told, "access_token"),
            Value::Null,
        )
        .await;
    assert_eq!(user.body["user_metadata"]["email_verified"], true);
    assert_eq!(user.body["user_metadata"]["name"], "Nora");
    assert_eq!(
        user.body["identities"][0]["identity_data"]["email_verified"],
        true
    );
    assert_eq!(sign_in().await.status, 200);

    // Who has an account, nobody learns; and nobody's mail is confirmed twice.
    let taken = project.post("/signup", ANON, account.clone()).await;
    assert_eq!(taken.status, 200);
    assert_ne!(taken.body["id"], signed_up.body["id"]);
    assert_eq!(taken.body["identities"], json!([]));
    assert_eq!(taken.body.get("last_sign_in_at"), None);
    project.post("/resend", ANON, resend).await;
    assert_eq!(mails_to(project, &email).await.len(), 2);
}

async fn change_address(project: &Project, session: &Session, to: &str) -> Answer {
    let body = json!({ "email": to });
    project
        .send(reqwest::Method::PUT, "/user", &session.access_token, body)
        .await
}

#[tokio::test]
async fn a_new_address_counts_once_a_mail_about_it_is_answered() {
    let (old, session) = somebody("moves").await;
    let new = address("moved");
    let asked = change_address(project(), &session, &new).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    assert_eq!(asked.body["email"], old);
    assert_eq!(asked.body["new_email"], new);
    assert_eq!(sign_in(&new, PASSWORD).await.status, 400);

    let mail = mail_to(project(), &new).await;
    assert_eq!(mail.subject, "Confirm your new email address");
    let (_, told) = mail.follow().await;
    assert_eq!(value(&told, "type"), "email_change");
    assert_eq!(sign_in(&old, PASSWORD).await.status, 400);
    let moved = Session::of(sign_in(&new, PASSWORD).await);
    let user = &moved.body["user"];
    assert_eq!(user["identities"][0]["email"], new);
    assert_eq!(user.get("new_email"), None);
    let (_, told) = mail_to(project(), &old).await.follow().await;
    assert_eq!(value(&told, "error_code"), "otp_expired");
}

#[tokio::test]
async fn where_addresses_are_confirmed_a_new_one_takes_both() {
    let project = confirming();
    let (old, new) = (address("moves"), address("moved"));
    let account = json!({ "email": old, "password": PASSWORD, "email_confirm": true });
    project.post("/admin/users", SERVICE, account.clone()).await;
    let sign_in = async |email: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        project.post("/token?grant_type=password", ANON, body).await
    };
    let session = Session::of(sign_in(&old).await);
    change_address(project, &session, &new).await;

    let (_, told) = mail_to(project, &new).await.follow().await;
    assert!(value(&told, "message").starts_with("Confirmation link accepted."));
    assert_eq!(value(&told, "access_token"), "");
    assert_eq!(sign_in(&new).await.status, 400);
    let mail = mail_to(project, &old).await;
    let body = json!({ "type": "email_change", "email": old, "token": mail.code });
    let verified = Session::of(project.post("/verify", ANON, body).await);
    assert_eq!(verified.body["user"]["email"], new);
    assert_eq!(sign_in(&new).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_link_signs_in_and_up_unless_that_is_not_wanted() {
    let email = address("link");
    let body = json!({ "email": email, "create_user": false });
    let refused = post("/otp", ANON, body).await;
    assert_eq!((refused.status, refused.refusal().1), (422, "otp_disabled"));
    assert_eq!(
        post("/otp", ANON, json!({ "email": email })).await.status,
        200
    );
    let mail = mail_to(project(), &email).await;
    assert_eq!(mail.subject, "Your sign-in link");
    let body = json!({ "type": "email", "email": email, "token": mail.code });
    let session = Session::of(post("/verify", ANON, body).await);
    assert_eq!(session.body["user"]["email"], email);
}

#[tokio::test]
async fn a_project_that_sends_its_own_mails_asks_for_the_link() {
    let email = address("own");
    let wanted = json!({ "type": "invite", "email": email, "redirect_to": PAGE });
    let refused = post("/admin/generate_link", ANON, wanted.clone()).await;
    assert_eq!(refused.refusal().1, "not_admin");
    let link = post("/admin/generate_link", SERVICE, wanted).await;
    assert_eq!(link.status, 200, "{}", link.body);
    assert_eq!(link.body["verification_type"], "invite");
    assert_eq!(link.body["redirect_to"], PAGE);
    let mail = Mail {
        subject: String::new(),
        link: link.body["action_link"].as_str().unwrap().to_owned(),
        code: link.body["email_otp"].as_str().unwrap().to_owned(),
    };
    assert_eq!(link.body["hashed_token"], mail.token_hash());
    assert_eq!(mails_to(project(), &email).await, Vec::<Value>::new());
    let (page, told) = mail.follow().await;
    assert_eq!((page.as_str(), value(&told, "type")), (PAGE, "invite"));
}

#[tokio::test]
async fn a_pkce_client_is_told_what_to_do() {
    let (email, _) = somebody("pkce").await;
    let body = json!({ "email": email, "code_challenge": "x", "code_challenge_method": "s256" });
    let refused = post("/recover", ANON, body).await;
    assert_eq!(refused.refusal().1, "feature_disabled");
    assert!(refused.refusal().2.contains("flowType: 'implicit'"));
}

#[tokio::test]
async fn the_mails_have_a_page_and_are_removed_when_asked() {
    // Alone in this project: what is removed is everything.
    let stack = casebase_local::Stack::start(casebase_local::Options::default())
        .await
        .unwrap();
    let mails = stack.mail_url();
    let list = format!("{mails}/api/v1/messages");
    let empty: Value = json_at(&list).await;
    assert_eq!(
        (&empty["total"], &empty["messages"]),
        (&json!(0), &json!([]))
    );
    let invite = |email: &'static str| {
        let request = reqwest::Client::new().post(format!("{}/auth/v1/invite", stack.url()));
        request
            .bearer_auth(SERVICE)
            .json(&json!({ "email": email }))
            .send()
    };
    for email in ["ada&co@example.org", "alan@example.org"] {
        assert_eq!(invite(email).await.unwrap().status(), 200);
    }
    let two: Value = json_at(&format!("{list}?limit=1")).await;
    assert_eq!(
        (&two["total"], &two["count"], &two["unread"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(two["messages"][0]["To"][0]["Address"], "alan@example.org");
    let text = async |url: String| reqwest::get(url).await.unwrap().text().await.unwrap();
    let page = text(mails.clone()).await;
    assert!(
        page.contains("ada&amp;co@example.org") && page.contains("You've been invited"),
        "{page}"
    );
    assert!(
        text(format!("{mails}/view/latest.txt"))
            .await
            .contains("/auth/v1/verify?token=")
    );
    assert!(
        text(format!("{mails}/view/latest.html"))
            .await
            .contains("Accept invitation")
    );
    let missing = reqwest::get(format!("{mails}/api/v1/message/none")).await;
    assert_eq!(missing.unwrap().status(), 404);

    let client = reqwest::Client::new();
    let first = json!({ "IDs": [two["messages"][0]["ID"]] });
    assert_eq!(
        client
            .delete(&list)
            .json(&first)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let one: Value = json_at(&list).await;
    assert_eq!(one["messages"][0]["To"][0]["Address"], "ada&co@example.org");
    client.delete(&list).send().await.unwrap();
    assert_eq!(json_at(&list).await["total"], 0);
    stack.stop().await;
}
