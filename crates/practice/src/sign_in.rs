//! Signing in: password, then factor, then a session; and reading a session back for each request.

mod resume;

pub use resume::{ResumeError, resume_api_token, resume_cookie};

use ledger::{Resource, Word};

/// What the ledger calls what sign-in events are about.
const LOGIN_SESSION: Word = Word::new("login_session");

/// The resource of an event about one login session.
fn login_session(id: domain::LoginSessionId) -> Resource {
    Resource::new(LOGIN_SESSION, id).expect("an id is short and visible")
}
