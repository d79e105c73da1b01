//! What somebody did in a stretch of time, whole: the ground on which it is said whom an incident affects.

use super::OldDropped;
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, PracticeId, Timestamp};
use ledger::{Entry, LogName, Outcome, Word};
use std::net::IpAddr;

/// By what somebody is known whose doing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// An account.
    Account(AccountId),
    /// A login session, or an API token, under its own id.
    Session(LoginSessionId),
    /// A network address.
    Address(IpAddr),
}

impl Whose {
    /// Whether an entry is of a practice, of theirs, and of the time from one moment up to before another. The trail tells
    /// moments to the millisecond.
    pub(super) fn did(self, entry: &Entry, practice: PracticeId, from: Timestamp, to: Timestamp) -> bool {
        let at = entry.at.as_millisecond();
        let theirs = match self {
            Self::Account(account) => entry.actor == Some(account),
            Self::Session(session) => entry.login_session == Some(session),
            Self::Address(address) => entry.address == Some(address),
        };
        theirs && entry.practice == Some(practice) && at >= from.as_millisecond() && at < to.as_millisecond()
    }
}

/// An entry, as far as it says whom it affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// When.
    pub at: Timestamp,
    /// Its log, by its place in [`Touches::logs`].
    pub log: usize,
    /// Its number there.
    pub seq: u64,
    /// Who; none where nobody was signed in.
    pub actor: Option<AccountId>,
    /// Whose record; none where it names no patient.
    pub patient: Option<PatientId>,
    /// With which permission.
    pub permission: Option<PermissionName>,
    /// How it went.
    pub outcome: Outcome,
    /// What kind of thing it was done to.
    pub kind: Word,
}

/// How far a log was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The log.
    pub log: LogName,
    /// All entries below this number were looked at.
    pub through: u64,
    /// How many were durable when it was asked; none where that cannot be told.
    pub size: Option<u64>,
}

/// All that somebody did in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touches {
    /// In the order of their time.
    pub entries: Vec<Touch>,
    /// How far each log was looked at.
    pub logs: Vec<Looked>,
    /// How many entries could not be opened, whosever they are: they were changed, or sealed with another key.
    pub unreadable: u64,
    /// What was dropped when its time was over, and cannot be asked for any more.
    pub dropped: Option<OldDropped>,
}

impl Touches {
    /// Whether every entry was looked at that was durable when it was asked, and opened.
    pub fn is_whole(&self) -> bool {
        self.unreadable == 0 && self.logs.iter().all(|log| log.size.is_some_and(|size| log.through >= size))
    }
}
