//! Checkpoints outside the log: on another volume or machine, where whoever cuts the log does not reach.

use crate::{BackendError, durable};
use std::{fs, io, path::Path};

/// Writes the checkpoint and reads it again: only what stands there is witnessed.
pub(crate) fn witness(path: &Path, note: &str) -> Result<(), BackendError> {
    write(path, note)?;
    match read(path)? {
        Some(there) if there == note => Ok(()),
        _ => Err(BackendError::Damaged(format!("{} does not hold what was written there", path.display()))),
    }
}

/// Writes the checkpoint, whole or not at all.
fn write(path: &Path, note: &str) -> Result<(), BackendError> {
    durable::write(path, note.as_bytes())
        .and_then(|()| durable::sync_folder_of(path))
        .map_err(|source| BackendError::Io { what: format!("{} cannot be written", path.display()), source })
}

/// The checkpoint there; none when there is no file yet.
pub(crate) fn read(path: &Path) -> Result<Option<String>, BackendError> {
    match fs::read(path) {
        // What is not text is no checkpoint, and is refused as such.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BackendError::Io { what: format!("{} cannot be read", path.display()), source }),
    }
}
