//! What the checkpoints off the box say of a log that was brought back: how much of it is missing.

use crate::backup::manifest::Manifest;
use domain::Timestamp;
use ledger::{Checkpoint, LogName, VerifierKey};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Entries that were made after the backup and are lost with the old ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The log.
    pub log: String,
    /// How many entries were brought back.
    pub restored: u64,
    /// How many the head off the box covers.
    pub signed: u64,
    /// From when on: the moment of the backup.
    pub since: Timestamp,
    /// Until when: when the head was written.
    pub until: Option<Timestamp>,
    /// The head.
    pub head: PathBuf,
}

/// Holds the logs of a backup against heads off the box. A head that is not the log's own is left alone and logged: it cannot
/// say anything.
pub fn heads_beyond(
    manifest: &Manifest,
    heads: &[(LogName, PathBuf)],
    verifier: &dyn Fn(&LogName) -> VerifierKey,
) -> io::Result<Vec<Missing>> {
    let mut missing = Vec::new();
    for (log, path) in heads {
        let Some(note) = read(path)? else { continue };
        let restored = manifest.logs.iter().find(|facts| facts.log == log.as_str()).map_or(0, |facts| facts.entries);
        match Checkpoint::open(&note, &verifier(log)) {
            Ok(head) if head.size > restored => missing.push(Missing {
                log: log.as_str().to_owned(),
                restored,
                signed: head.size,
                since: manifest.cut,
                until: written(path),
                head: path.clone(),
            }),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(head = %path.display(), error = &error as &dyn std::error::Error, "a head off the box cannot be trusted");
            }
        }
    }
    Ok(missing)
}

impl Missing {
    /// Puts the head aside under another name, where it stays as evidence: the log goes on from what was brought back, and
    /// would not open beside a head that says that it was longer. Gives the new name.
    pub fn set_aside(&self, backup: &str) -> io::Result<PathBuf> {
        let mut aside = self.head.clone().into_os_string();
        aside.push(format!(".before-restore-of-{backup}"));
        let aside = PathBuf::from(aside);
        fs::rename(&self.head, &aside)?;
        let folder = self.head.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(aside)
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn written(path: &Path) -> Option<Timestamp> {
    fs::metadata(path).and_then(|found| found.modified()).ok().and_then(|at| Timestamp::try_from(at).ok())
}
