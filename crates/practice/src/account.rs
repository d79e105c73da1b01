//! One's own account: name, password, factors, API tokens, sessions.

mod me;

pub use me::{AccountError, Me, display_name, me};

use domain::TokenId;
use ledger::{Resource, Word};

/// The resource of an event about one API token.
pub(crate) fn api_token(id: TokenId) -> Resource {
    const API_TOKEN: Word = Word::new("api_token");
    Resource::new(API_TOKEN, id).expect("an id is short and visible")
}
