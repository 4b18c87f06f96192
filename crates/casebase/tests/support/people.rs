//! People of the tests' project, each with an account of their own.
#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::sync::Arc;

use casebase::commands::demo::person::{Person, Place};
use uuid::Uuid;

use crate::support::project;

/// The project.
pub fn place() -> Place {
    let supabase = project().setting("SUPABASE_URL");
    let place = Place::new(supabase, project().setting("SUPABASE_ANON_KEY"));
    place.expect("the project's settings")
}

/// Somebody new, under an address that no other test has.
pub async fn sign_up(place: &Arc<Place>) -> Person {
    let email = format!("{}@example.com", Uuid::new_v4());
    Person::sign_up(place, &email).await.expect("signed up")
}
