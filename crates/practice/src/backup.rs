//! Backups, bringing them back, and moving a practice to another kind of database.
//!
//! ```text
//! identity keys clinical billing ─┐ one cut: writers held for the moment in which the snapshots begin
//! audit (read after them) ────────┼─▶ rows ─▶ frames, hashes ─▶ zstd ─▶ age (recipients of the part) ─▶ target
//! media (files not sent before) ──┘
//!                                      manifest: names, sizes, hashes, counts, ledger heads; signed by the audit key
//! ```
//!
//! - Rows go as they are stored: sealed fields stay sealed, and nothing here could open them.
//! - The ledger is read after the data, so that a backup never holds data whose record it lacks. The other way round an entry
//!   may stand there for something that was stored a moment too late.
//! - The server has only public keys: it cannot open what it has written.
//! - A backup is there when its manifest is, which is written last.
//!
//! [`create`](create::create) makes one, [`check`] reads one, [`restore`] brings one back, [`drill`] tries that
//! out, [`keep`] lets old ones go,
//! [`moving`] takes a practice over without a file in between.

pub mod check;
pub mod create;
pub mod destination;
pub mod drill;
pub mod keep;
pub mod manifest;
pub mod moving;
pub mod part;
pub mod restore;
pub mod source;
pub mod target;

use crypto::{Key, Recipient, Signer};
use domain::Timestamp;
use ledger::{LogName, VerifierKey};
use std::path::PathBuf;
use store::{Db, PostgresOptions, Store};

/// The parts of a backup, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Practices, accounts, care teams.
    Identity,
    /// Wrapped keys.
    Keys,
    /// Patients and what belongs to them.
    Clinical,
    /// Charges and payments.
    Billing,
    /// The ledger.
    Audit,
    /// Media files that no earlier backup of the target has.
    Media,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Identity, Self::Keys, Self::Clinical, Self::Billing, Self::Audit, Self::Media];

    /// Its name, also of its file before `.age`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Identity => Store::Identity.name(),
            Self::Keys => Store::Keys.name(),
            Self::Clinical => Store::Clinical.name(),
            Self::Billing => Store::Billing.name(),
            Self::Audit => Store::Audit.name(),
        }
    }

    /// The store whose tables it holds.
    pub const fn store(self) -> Option<Store> {
        match self {
            Self::Identity => Some(Store::Identity),
            Self::Keys => Some(Store::Keys),
            Self::Clinical => Some(Store::Clinical),
            Self::Billing => Some(Store::Billing),
            Self::Audit => Some(Store::Audit),
            Self::Media => None,
        }
    }

    /// The part with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// To whom each part is sealed.
#[derive(Debug, Clone, Default)]
pub struct Recipients {
    /// Whatever has no recipients of its own.
    pub all: Vec<Recipient>,
    /// The clinical part and media.
    pub clinical: Vec<Recipient>,
    /// The billing part.
    pub billing: Vec<Recipient>,
    /// The key part.
    pub keys: Vec<Recipient>,
    /// The audit part.
    pub audit: Vec<Recipient>,
}

impl Recipients {
    /// The recipients of a part.
    pub fn of(&self, part: Part) -> &[Recipient] {
        let own = match part {
            Part::Identity => &self.all,
            Part::Keys => &self.keys,
            Part::Clinical | Part::Media => &self.clinical,
            Part::Billing => &self.billing,
            Part::Audit => &self.audit,
        };
        if own.is_empty() { &self.all } else { own }
    }
}

/// Where the logs of a practice are kept.
#[derive(Debug, Clone)]
pub enum TrailPlace {
    /// Each in a folder.
    Folders(Vec<(LogName, PathBuf)>),
    /// All in one database.
    Postgres(PostgresOptions),
}

/// The name of a backup made at a moment: its time in UTC, so that names sort by age.
pub(crate) fn name_at(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H-%M-%SZ").to_string()
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// 32 bytes from hexadecimal.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// The audit branch of a practice's keys: what its logs are sealed and signed with.
pub struct AuditBranch(Key);

impl AuditBranch {
    /// From the key of the branch.
    pub const fn new(key: Key) -> Self {
        Self(key)
    }
    /// Opens the entries of a log.
    pub fn seal(&self, log: &LogName) -> Key {
        self.0.derive("audit seal", &[log.as_str().as_bytes()])
    }
    /// Signs for a log.
    pub fn signer(&self, log: &LogName) -> Signer {
        Signer::from_seed(&self.0.derive("audit sign", &[log.as_str().as_bytes()]))
    }
    /// Verifies what was signed for a log.
    pub fn verifier(&self, log: &LogName) -> VerifierKey {
        VerifierKey::new(log.clone(), self.signer(log).public())
    }
}

/// An error from whoever opens databases and keys.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where a practice is put: empty places for everything that it has.
pub struct Ground<'a> {
    /// Opens the new database of a store; makes it, without tables, where it is a file that is not there. PostgreSQL as the
    /// owner of the tables.
    pub database: &'a dyn Fn(Store) -> Result<Db, BoxError>,
    /// The logs.
    pub trail: TrailPlace,
    /// The folder of media files.
    pub media: PathBuf,
}
