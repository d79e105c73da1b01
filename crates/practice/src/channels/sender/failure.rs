//! Why something was not sent: in a word that is stored and that a page says in plain language.

use crate::HouseError;
use std::borrow::Cow;
use store::{CommitError, StoreError};

/// An entry that waits cannot be read.
pub(super) const LOG_DAMAGED: &str = "log-damaged";
/// No log can be read at present.
const TRAIL: &str = "trail-unreadable";
/// Where to cannot be opened.
const TARGET: &str = "target-unreadable";
/// A store of this server does not answer.
const SERVER: &str = "server-failed";

/// Why something did not arrive, in a word of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::channels) struct Failure(Cow<'static, str>);

impl Failure {
    pub(in crate::channels) const fn new(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }
    /// The receiver answered with a status of HTTP.
    pub(in crate::channels) fn status(status: u16) -> Self {
        Self(Cow::Owned(format!("status-{status}")))
    }
    /// As it is stored.
    pub(super) fn word(&self) -> &str {
        &self.0
    }
}

/// Whether a word tells of this server and not of the receiver.
pub(super) fn is_ours(word: &str) -> bool {
    [LOG_DAMAGED, TRAIL, TARGET, SERVER].contains(&word)
}

/// Why a channel was not looked after. Where the store still answers, it says so too, and it is tried again later.
#[derive(Debug, thiserror::Error)]
pub(super) enum TurnError {
    #[error(transparent)]
    House(#[from] HouseError),
    #[error("{0}")]
    Agreement(String),
    #[error("the audit trail cannot be read: {0}")]
    Logs(String),
    #[error("what is stored of the receiver cannot be opened: {0}")]
    Target(String),
}

crate::house::through!(TurnError::House: StoreError, CommitError, ledger::LedgerError);

impl TurnError {
    /// As a page says it.
    pub(super) const fn failure(&self) -> Failure {
        Failure::new(match self {
            Self::Logs(_) => TRAIL,
            Self::Target(_) => TARGET,
            Self::House(_) | Self::Agreement(_) => SERVER,
        })
    }
}
