//! Reading the audit trail back: who did what, for patients who ask and for those who watch over a practice.
//!
//! The ledger is the truth; what answers here is an index of all its logs ([`AuditIndex`]), made from them alone and made
//! again whenever it is missing. Whoever asks waits until the index has caught up with what was durable when they asked,
//! and is told when it has not.

mod export;
mod going_on;
mod inclusion;
mod index;
mod logs;
mod numbers;
mod place;
mod touches;

pub use export::{Head, Proofs, Proved};
pub(crate) use going_on::{moved, session_after};
pub(crate) use inclusion::{Inclusion, inclusions};
pub use index::{AuditIndex, Round};
pub use logs::{FolderLogs, LogSizes, Logs, PostgresLogs};
pub use place::IndexPlace;
pub use store::rows::{audit_activity::Activity, audit_entries::Position};
pub use touches::{Chain, Looked, Touch, Touches, Whose};

use domain::{AccountId, PatientId, PermissionName, PracticeId, Timestamp};
use futures::future::BoxFuture;
use ledger::{BackendError, Entry, LogName, Outcome, Word};
use std::net::IpAddr;
use store::{CommitError, MigrateError, OpenError, StoreError};

/// The audit trail, as it can be read. Whoever asks has a grant for it: the trail itself asks for none.
pub trait Trail: Send + Sync {
    /// The newest entries of a practice that fit, those before a position. There may be fewer than `most`, and yet more
    /// to be found further back: [`TrailPage::next`] says where.
    fn search<'a>(
        &'a self,
        practice: PracticeId,
        filter: &'a TrailFilter,
        before: Position,
        most: usize,
    ) -> BoxFuture<'a, Result<TrailPage, TrailError>>;

    /// The actions that stand in a practice's entries.
    fn actions(&self, practice: PracticeId) -> BoxFuture<'_, Result<Vec<Word>, TrailError>>;

    /// What was done in a practice hour by hour, from one moment up to before another.
    fn activity(
        &self,
        practice: PracticeId,
        from: Timestamp,
        to: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<Activity>, TrailError>>;

    /// Everything that somebody did in a practice from one moment up to before another, without a limit: what the index does
    /// not hold yet is read in the logs themselves.
    fn touches(
        &self,
        practice: PracticeId,
        whose: Whose,
        from: Timestamp,
        to: Timestamp,
    ) -> BoxFuture<'_, Result<Touches, TrailError>>;

    /// The newest signed head of each log.
    fn heads(&self) -> BoxFuture<'_, Result<Vec<Head>, TrailError>>;

    /// Proves that entries stand under the heads of their logs.
    fn prove(&self, heads: Vec<Head>, entries: Vec<(LogName, u64)>) -> BoxFuture<'_, Result<Proofs, TrailError>>;

    /// Reads entries where they stand in their logs; none for one that does not open.
    fn read(&self, entries: Vec<(LogName, u64)>) -> BoxFuture<'_, Result<Vec<Option<Entry>>, TrailError>>;

    /// How the trail is doing.
    fn health(&self) -> TrailHealth;
}

/// Why the trail was not read.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// A log cannot be read, or is damaged.
    #[error(transparent)]
    Log(#[from] BackendError),
    /// The index was not opened.
    #[error("the index of the audit trail cannot be opened")]
    Open(#[from] OpenError),
    /// Another process has it open.
    #[error("another process has the index of the audit trail open: stop the server first")]
    InUse,
    /// A file of the index cannot be used.
    #[error("{what}")]
    File {
        /// What was tried, on which file.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its schema was not made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The index was not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index was not written.
    #[error("the index of the audit trail was not written")]
    Commit(#[from] CommitError),
    /// A log's head is not to be trusted, or no proof could be made from its tiles.
    #[error("the log {log} gives no proof: {why}")]
    NoProof {
        /// Which log.
        log: LogName,
        /// Why.
        why: String,
    },
    /// Entries were dropped, since their time was over, while they were being proved.
    #[error("old entries were dropped meanwhile: ask again")]
    DroppedMeanwhile,
    /// The work was cut off, since the server stops.
    #[error("reading the audit trail was cut off")]
    CutOff,
}

impl TrailError {
    /// Whether the index is damaged. It is made again then.
    fn is_damage(&self) -> bool {
        match self {
            Self::Store(error) => error.is_damage(),
            Self::Commit(error) => error.is_damage(),
            _ => false,
        }
    }
}

/// Which entries. An empty filter wants all of a practice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// About this patient.
    pub patient: Option<PatientId>,
    /// Of this account.
    pub actor: Option<AccountId>,
    /// Of anyone but this account.
    pub not_actor: Option<AccountId>,
    /// With this action.
    pub action: Option<Word>,
    /// With this permission.
    pub permission: Option<PermissionName>,
    /// That went so.
    pub outcome: Option<Outcome>,
    /// From this network address.
    pub address: Option<IpAddr>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
}

/// An entry of one of the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEntry {
    /// Where it stands among all.
    pub position: Position,
    /// Its log.
    pub log: LogName,
    /// Its place there.
    pub seq: u64,
    /// What it says.
    pub entry: Entry,
}

/// A stretch of the trail.
#[derive(Debug, Clone, Default)]
pub struct TrailPage {
    /// The entries that fit, newest first.
    pub entries: Vec<TrailEntry>,
    /// Where to go on; none when everything was looked at.
    pub next: Option<Position>,
    /// Whether everything that was durable at the time of asking was looked at.
    pub health: TrailHealth,
}

/// How the trail is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrailHealth {
    /// How many durable entries are not indexed yet, as far as is known.
    pub behind: u64,
    /// Whether the last attempt to go on failed.
    pub failing: bool,
    /// How many entries could not be opened: they were changed, or sealed with another key.
    pub unreadable: u64,
    /// What was dropped when its time was over. That is as it should be: nothing is missing.
    pub dropped: Option<OldDropped>,
}

/// What is not in the trail any more, since its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OldDropped {
    /// The newest entry that went is of this moment. Some logs may keep entries from before it.
    pub until: Timestamp,
    /// For how many years it was kept.
    pub years: u8,
}

impl TrailHealth {
    /// Whether nothing is missing.
    pub const fn is_whole(&self) -> bool {
        self.behind == 0 && !self.failing && self.unreadable == 0
    }
}
