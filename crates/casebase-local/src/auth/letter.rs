//! The mails that Auth writes: which token each carries, and its words.

use chrono::Utc;
use tokio_postgres::Transaction;
use url::form_urlencoded::Serializer;

use super::Auth;
use super::error::AuthError;
use super::one_time::{self, Purpose, Token};
use super::users::{Changes, User};
use crate::mail::{Mail, escaped};

/// A mail with a link that says who follows it reads its address's mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    Confirmation,
    Invitation,
    Recovery,
    MagicLink,
    EmailChange,
}

/// A letter that is to be delivered once the transaction is committed.
pub(super) struct Written {
    /// The user, with what was noted of the letter.
    pub user: User,
    pub token: Token,
    pub link: String,
    pub mail: Mail,
}

impl Letter {
    /// `type` in its link, as `verifyOtp` calls it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Confirmation => "signup",
            Self::Invitation => "invite",
            Self::Recovery => "recovery",
            Self::MagicLink => "magiclink",
            Self::EmailChange => "email_change",
        }
    }

    /// Writes to a user at the address that he or she signs in with.
    pub async fn write(
        self,
        auth: &Auth,
        tx: &Transaction<'_>,
        user: &User,
        redirect_to: &str,
    ) -> Result<Written, AuthError> {
        let failed = || AuthError::database("Error sending the mail");
        let (purpose, sent_at) = match self {
            Self::Confirmation | Self::Invitation => {
                (Purpose::Confirmation, "confirmation_sent_at")
            }
            Self::Recovery | Self::MagicLink => (Purpose::Recovery, "recovery_sent_at"),
            Self::EmailChange => (Purpose::EmailChangeCurrent, "email_change_sent_at"),
        };
        let token = one_time::issue(tx, user.id, purpose, &user.email)
            .await
            .map_err(failed())?;
        let now = Utc::now();
        let mut changes = Changes::default();
        changes.set(purpose.column(), token.hash.clone());
        changes.set(sent_at, now);
        if self == Self::Invitation {
            changes.set("invited_at", now);
        }
        let user = changes.apply(tx, user.id).await.map_err(failed())?;
        let link = self.link(auth, &token, redirect_to);
        let mail = self.mail(&user.email, &user, &token, &link);
        Ok(Written {
            user,
            token,
            link,
            mail,
        })
    }

    /// Where `GET /verify` goes on to is in the link.
    pub fn link(self, auth: &Auth, token: &Token, redirect_to: &str) -> String {
        let query = Serializer::new(String::new())
            .append_pair("token", &token.hash)
            .append_pair("type", self.kind())
            .append_pair("redirect_to", redirect_to)
            .finish();
        format!("{}/verify?{query}", auth.issuer)
    }

    /// The mail with this link, to that address.
    pub fn mail(self, to: &str, user: &User, token: &Token, link: &str) -> Mail {
        let (subject, sentence, label) = match self {
            Self::Confirmation => (
                "Confirm your email address",
                "Follow the link below to confirm this email address and finish signing up.".into(),
                "Confirm email address",
            ),
            Self::Invitation => (
                "You've been invited",
                "You've been invited to create an account. Follow the link below to accept.".into(),
                "Accept invitation",
            ),
            Self::Recovery => (
                "Reset your password",
                "We received a request to reset your password. Follow the link below to choose a new one.".into(),
                "Reset password",
            ),
            Self::MagicLink => (
                "Your sign-in link",
                "Follow the link below to sign in. This link expires shortly and can only be used once.".into(),
                "Sign in",
            ),
            Self::EmailChange => (
                "Confirm your new email address",
                format!(
                    "Follow the link below to confirm {} as your new email address.",
                    user.new_email
                ),
                "Confirm new email address",
            ),
        };
        let code = &token.code;
        Mail {
            to: to.to_owned(),
            subject: subject.into(),
            html: format!(
                "<h2>{subject}</h2>\n\n<p>{}</p>\n<p><a href=\"{}\">{label}</a></p>\n\
                 <p>Alternatively, enter the code: {code}</p>\n",
                escaped(&sentence),
                escaped(link),
            ),
            text: format!(
                "{subject}\n\n{sentence}\n\n{label}:\n{link}\n\nAlternatively, enter the code: {code}\n"
            ),
        }
    }
}

/// Asks both addresses whether the user's address is to be another: each gets a letter of its own.
pub(super) async fn ask_about_new_address(
    auth: &Auth,
    tx: &Transaction<'_>,
    user: &User,
    address: &str,
    redirect_to: &str,
) -> Result<(User, Vec<Mail>), AuthError> {
    let failed = || AuthError::database("Error sending email change email");
    let letter = Letter::EmailChange;
    let token = one_time::issue(tx, user.id, Purpose::EmailChangeNew, address)
        .await
        .map_err(failed())?;
    let mut changes = Changes::default();
    changes.set("email_change", address.to_owned());
    changes.set(Purpose::EmailChangeNew.column(), token.hash.clone());
    changes.set("email_change_sent_at", Utc::now());
    changes.set("email_change_confirm_status", 0_i16);
    let mut user = changes.apply(tx, user.id).await.map_err(failed())?;
    let link = letter.link(auth, &token, redirect_to);
    let mut mails = vec![letter.mail(address, &user, &token, &link)];
    if !user.email.is_empty() {
        let written = letter.write(auth, tx, &user, redirect_to).await?;
        user = written.user;
        mails.push(written.mail);
    }
    Ok((user, mails))
}
