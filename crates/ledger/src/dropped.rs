//! What a log no longer holds: whole segments of entries whose time was over.
//!
//! A segment is a bundle of [`SEGMENT`] entries. Segments go from the beginning of a log on, so one number says what went:
//! all entries below it. Every hash stays, and with the hashes the tree, its checkpoints and all proofs.
//!
//! A note in the log, signed with the log's key, says what went and by which rule, and carries the proof that an entry in the
//! audit trail says the same. A segment that is missing without it was taken away.

use crate::{
    Checkpoint, CheckpointError, Entry, Hash, LogName, Outcome, Resource, VerifierKey, Word, open_text, sign_text,
    tile, unverified_text, verify_inclusion,
};
use crypto::Signer;
use data_encoding::{BASE64, HEXLOWER};
use domain::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};

/// Entries of a segment, which goes whole or not at all.
pub const SEGMENT: u64 = tile::WIDTH as u64;

/// The first line of the note.
const KIND: &str = "patella dropped audit segments 1";
/// The action of the entry.
const ACTION: Word = Word::new("drop_audit_segments");

/// Which entries of a log were dropped, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// All entries below this number. A multiple of [`SEGMENT`], above zero.
    pub before: u64,
    /// The moment of the newest of them.
    pub newest: Timestamp,
    /// The rule: for how many years entries are kept.
    pub years: u8,
    /// When it was decided.
    pub at: Timestamp,
    /// The entry that records it.
    pub recorded: Recorded,
}

/// Where the audit trail records it, with the proof of RFC 6962 that it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The log that holds the entry: that of whoever dropped, which need not be the log from which they dropped.
    pub log: String,
    /// The entry's number there.
    pub entry: u64,
    /// The hash of the sealed entry, base64.
    pub leaf: String,
    /// The hashes beside the path from the leaf to the root, base64, from below.
    pub path: Vec<String>,
    /// The signed checkpoint whose root they lead to.
    pub checkpoint: String,
}

impl Dropped {
    /// What an entry says that records it: its action, its resource and its reason.
    ///
    /// The resource's id is `<log>:0-<before>`, the log by the first 16 digits of the SHA-256 of its name.
    pub fn said(log: &LogName, before: u64, years: u8) -> Result<(Word, Resource, Word), Invalid> {
        let digest = HEXLOWER.encode(&crypto::sha256(log.as_str().as_bytes()));
        let resource = Resource::new(Word::new("audit_segments"), format!("{}:0-{before}", &digest[..16]))?;
        Ok((ACTION, resource, Word::try_from(format!("kept-{years}-years"))?))
    }

    /// Whether an entry of the audit trail records just this of `log`.
    pub fn is_said_by(&self, log: &LogName, entry: &Entry) -> bool {
        Self::said(log, self.before, self.years).is_ok_and(|(action, resource, reason)| {
            entry.action == action
                && entry.resource == resource
                && entry.reason == reason
                && entry.outcome == Outcome::Allowed
        })
    }

    /// The signed note, for the log `log`, whose key signs it.
    pub fn sign(&self, log: &LogName, signer: &Signer) -> String {
        // Ids, numbers and text into memory: that cannot fail.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        sign_text(KIND, &text, log, signer)
    }

    /// What the note of the log of `key` says, after its signature has vouched for it. Where the log itself records it, the
    /// proof must be right as well; of another log's entry [`Recorded::is_proven`] tells.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let said: Self = serde_json::from_str(open_text(KIND, note, key)?).map_err(|_| CheckpointError::Malformed)?;
        if said.before == 0 || !said.before.is_multiple_of(SEGMENT) {
            return Err(CheckpointError::Malformed);
        }
        if said.recorded.log == key.name().as_str() && !said.recorded.is_proven(key) {
            return Err(CheckpointError::Forged);
        }
        Ok(said)
    }

    /// The number that a note names, though nobody has vouched for it yet; 0 where it names none. Whoever has the key holds
    /// the note against it before anything is made of this.
    pub fn unverified(note: &str) -> u64 {
        let said = unverified_text(KIND, note).ok().and_then(|text| serde_json::from_str::<Self>(text).ok());
        said.map_or(0, |said| said.before - said.before % SEGMENT)
    }
}

impl Recorded {
    /// That an entry is in its log, by what a proof consists of.
    pub fn new(log: &LogName, entry: u64, leaf: Hash, path: &[Hash], checkpoint: String) -> Self {
        let path = path.iter().map(ToString::to_string).collect();
        Self { log: log.as_str().to_owned(), entry, leaf: leaf.to_string(), path, checkpoint }
    }

    /// Whether the proof leads to a checkpoint that carries the true signature of the recording log's key.
    pub fn is_proven(&self, recorder: &VerifierKey) -> bool {
        let Ok(head) = Checkpoint::open(&self.checkpoint, recorder) else { return false };
        let hash = |text: &String| {
            let bytes = BASE64.decode(text.as_bytes()).ok()?;
            bytes.try_into().ok().map(Hash)
        };
        let (leaf, path) = (hash(&self.leaf), self.path.iter().map(hash).collect::<Option<Vec<_>>>());
        self.log == recorder.name().as_str()
            && leaf.zip(path).is_some_and(|(leaf, path)| verify_inclusion(&leaf, self.entry, &head, &path))
    }

    /// Whether this is the hash of the entry that it names.
    pub fn is_of(&self, sealed: &[u8]) -> bool {
        crate::leaf_hash(sealed).to_string() == self.leaf
    }
}
