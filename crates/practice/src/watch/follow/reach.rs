//! How far the logs can be read, and how far they were.

use crate::trail::Logs;
use ledger::{BackendError, LogName};
use std::collections::BTreeMap;

/// The logs whose size can be told, and their sizes; why that of others cannot be.
pub(crate) fn readable(
    logs: &mut dyn Logs,
    unreadable: &mut BTreeMap<String, String>,
) -> Result<Vec<(LogName, u64)>, BackendError> {
    let mut readable = Vec::new();
    for (log, size) in logs.sizes()? {
        match size {
            Ok(size) => readable.push((log, size)),
            Err(error) => {
                unreadable.insert(log.to_string(), error.to_string());
            }
        }
    }
    Ok(readable)
}

/// Says which logs cannot be read on, once, and which can be again.
pub(super) fn tell(before: &mut BTreeMap<String, String>, now: BTreeMap<String, String>) {
    for (log, error) in now.iter().filter(|(log, _)| !before.contains_key(*log)) {
        tracing::error!(%log, %error, "a log cannot be read on, and is not watched from there: run `patella audit verify`");
    }
    for log in before.keys().filter(|log| !now.contains_key(*log)) {
        tracing::info!(%log, "a log is watched again");
    }
    *before = now;
}

pub(super) fn place_of(stored: &[(String, u64)], log: &LogName) -> Option<u64> {
    stored.iter().find(|(name, _)| name == log.as_str()).map(|(_, at)| *at)
}

/// How many entries were not looked at yet, by how far each log was.
pub(super) fn behind(sizes: &[(LogName, u64)], place: impl Fn(&LogName) -> Option<u64>) -> u64 {
    sizes.iter().map(|(log, size)| size.saturating_sub(place(log).unwrap_or(0))).sum()
}
