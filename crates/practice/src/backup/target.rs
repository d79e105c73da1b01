//! Where backups go: a folder, or storage that speaks S3.
//!
//! ```text
//! 2026-11-22T19-30-00Z/manifest      signed; a backup without one is not there
//! 2026-11-22T19-30-00Z/clinical.age  and identity, keys, billing, audit
//! 2026-11-22T19-30-00Z/media.list    every media file of that moment, and which file below holds it
//! media/2026-11-22T19-30-00Z.age     media files that were new then
//! drills/2026-11-22T20-00-00Z.note   signed records of drills
//! ```

mod directory;
mod s3;

pub use directory::Directory;
pub use rusty_s3::Credentials;
pub use s3::{LockMode, S3, S3Settings, S3SettingsError};

use domain::Timestamp;
use std::io::{self, Read, Write};

/// The folder of media files.
pub(crate) const MEDIA: &str = "media";
/// The folder of drill records.
pub(crate) const DRILLS: &str = "drills";
/// The name of a manifest.
pub(crate) const MANIFEST: &str = "manifest";
/// The name of the list of media files.
pub(crate) const MEDIA_LIST: &str = "media.list";

/// Why a target did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The system or the storage refused.
    #[error("{what}")]
    Io {
        /// What was tried, with what.
        what: String,
        #[source]
        /// What it said.
        source: io::Error,
    },
    /// There is no room.
    #[error("the backup target is full: {path} was not written")]
    Full {
        /// What was to be written.
        path: String,
    },
    /// There is no such thing.
    #[error("there is no {0} in the backup target")]
    Missing(String),
    /// Somebody else is at work there.
    #[error("another backup, restore or drill is at work in this target")]
    Busy,
}

/// What became of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Gone,
    /// The storage holds it under lock; until when, if it says so.
    Locked(Option<Timestamp>),
}

/// Something that is being written. What is not finished does not stay.
pub trait Upload: Write + Send {
    /// Makes it durable.
    fn finish(self: Box<Self>) -> Result<(), TargetError>;
}

/// A place for backups. Paths have `/` between their parts and never begin with it. Everything here blocks.
pub trait Target: Send + Sync {
    /// How it is called in messages.
    fn name(&self) -> String;
    /// The names in a folder, sorted; none where there is no folder. The empty path is the top.
    fn names(&self, folder: &str) -> Result<Vec<String>, TargetError>;
    /// Reads something; [`TargetError::Missing`] when it is not there.
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, TargetError>;
    /// Begins to write something new.
    fn create(&self, path: &str) -> Result<Box<dyn Upload>, TargetError>;
    /// The folder under which a backup is written before it has its name.
    fn draft(&self, name: &str) -> String;
    /// Gives a written backup its name, durably. From then on it is there.
    fn publish(&self, draft: &str, name: &str) -> Result<(), TargetError>;
    /// Removes what unfinished backups have left.
    fn tidy(&self) -> Result<(), TargetError>;
    /// Removes one thing, or says that it is locked. What is not there is gone.
    fn remove(&self, path: &str) -> Result<Removal, TargetError>;
    /// Says that a file that is there is needed by a new backup too: what is locked for a time is locked anew.
    fn hold(&self, _path: &str) -> Result<(), TargetError> {
        Ok(())
    }
    /// Keeps others out as long as the answer lives.
    fn lock(&self) -> Result<Box<dyn Send>, TargetError>;
}

/// The backups that are there, the oldest first.
pub fn backups(target: &dyn Target) -> Result<Vec<String>, TargetError> {
    let mut found = Vec::new();
    for name in target.names("")? {
        if is_name(&name) && target.names(&name)?.iter().any(|file| file == MANIFEST) {
            found.push(name);
        }
    }
    Ok(found)
}

/// Whether it is what a backup can be called: a time.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() >= 20 && name.starts_with("20") && name.bytes().all(|b| b.is_ascii_digit() || b"-TZ".contains(&b))
}

/// The whole of something small.
pub(crate) fn read_small(target: &dyn Target, path: &str, most: u64) -> Result<Vec<u8>, TargetError> {
    let mut bytes = Vec::new();
    let unread = |source| TargetError::Io { what: format!("{path} cannot be read"), source };
    target.open(path)?.take(most).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

/// Writes something small, durably.
pub(crate) fn write_small(target: &dyn Target, path: &str, bytes: &[u8]) -> Result<(), TargetError> {
    let mut upload = target.create(path)?;
    upload.write_all(bytes).map_err(|error| failed(path, error))?;
    upload.finish()
}

/// What a failed write of `path` is called.
pub(crate) fn failed(path: &str, source: io::Error) -> TargetError {
    if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        TargetError::Full { path: path.to_owned() }
    } else {
        TargetError::Io { what: format!("{path} cannot be written"), source }
    }
}
