//! What somebody did in a stretch of time, whole: the ground on which it is said whom an incident affects.

use super::OldDropped;
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, Timestamp, TokenId};
use ledger::{LogName, Outcome, Word};
use std::net::IpAddr;

/// By what somebody is known whose doing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// An account.
    Account(AccountId),
    /// A login session, with what came before and after under its other ids; or an API token, under its own id.
    Session(LoginSessionId),
    /// A network address.
    Address(IpAddr),
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
    /// What was done.
    pub action: Word,
    /// To what kind of thing.
    pub kind: Word,
    /// To which; empty for a whole kind.
    pub id: String,
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
    /// Whether it holds less than the index has seen of it: its folder is gone, or it was cut.
    pub lost: bool,
    /// Whether it could not be told what was dropped of it when its time was over.
    pub drops_unknown: bool,
}

/// Under which ids a login session went on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// All of them in the order of their time, the one that was asked about among them: whenever a factor is proven, a session goes
    /// on under a new one.
    pub sessions: Vec<LoginSessionId>,
    /// The API tokens that were made in it, and when. What was done with them is not looked at.
    pub tokens: Vec<(TokenId, Timestamp)>,
    /// Whose it is, as far as the trail says.
    pub owner: Option<AccountId>,
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
    /// Where a login session was asked about: under which ids it went on.
    pub chain: Chain,
}

impl Touches {
    /// Whether every entry was looked at that was durable when it was asked, and opened.
    pub fn is_whole(&self) -> bool {
        let whole = |log: &Looked| !log.lost && !log.drops_unknown && log.size.is_some_and(|size| log.through >= size);
        self.unreadable == 0 && self.logs.iter().all(whole)
    }
}
