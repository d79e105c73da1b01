//! Which entries of the audit trail are sent next: the logs are read as the watch reads them, and places kept as it keeps its own.

use super::{Next, Sender, Sending, TurnError, What};
use crate::{
    channels::syslog,
    trail::Logs,
    watch::{AtDamage, Merge, Reached, first_since, readable},
};
use domain::{PracticeId, Timestamp};
use std::{collections::BTreeMap, sync::PoisonError};
use store::{
    Batch,
    rows::{channels::ChannelRow, watching},
};

/// How many entries of a log are looked at for one stretch.
const AT_ONCE: u64 = 256;

/// A stretch of the logs.
struct Stretch {
    frames: Vec<u8>,
    messages: u64,
    /// Logs, where each was read from (none for one that is new) and up to where.
    moves: Vec<(String, Option<u64>, u64)>,
    /// How many entries wait behind it, as far as that can be told.
    behind: u64,
    /// Why a log cannot be read on.
    stuck: Option<String>,
}

/// The stretch that a channel sends next. Of a log that cannot be read on, what stands before is sent.
pub(super) async fn next(sender: &Sender, row: &ChannelRow) -> Result<Next, TurnError> {
    let Some(logs) = sender.logs.clone() else { return Ok(Next::Nothing) };
    let reader = row.channel_id.to_string();
    let places = watching::logs(&sender.house.stores.identity, &reader).await?;
    let (practice, since, host) = (row.practice_id, row.set_at, sender.outside.host());
    let read = tokio::task::spawn_blocking(move || {
        let mut logs = logs.lock().unwrap_or_else(PoisonError::into_inner);
        stretch(logs.as_mut(), (practice, since), &places, &host)
    });
    let stretch = read.await.map_err(|_| TurnError::Logs("reading was cut off".to_owned()))?;
    let Stretch { frames, messages, moves, behind, stuck } =
        stretch.map_err(|error| TurnError::Logs(error.to_string()))?;
    if let Some(error) = &stuck {
        tracing::debug!(channel = %row.channel_id, %error, "a log cannot be read on, and is sent up to there");
    }
    if moves.is_empty() {
        return Ok(if stuck.is_some() { Next::Stuck(behind) } else { Next::Nothing });
    }
    let moved = moves.iter().fold(Batch::new(), |batch, (log, from, to)| match from {
        None => watching::begin(batch, &reader, log, *to),
        Some(from) => watching::move_on(batch, &reader, log, *from, *to),
    });
    let what = if messages == 0 { What::Nothing } else { What::Entries(frames) };
    Ok(Next::Send(Box::new(Sending { what, messages, behind, stuck: stuck.is_some(), moved })))
}

/// Reads on in every log, in the order of time. A log that the channel does not know begins with the first entry that is not older
/// than the channel; not at all as long as that cannot be told.
fn stretch(
    logs: &mut dyn Logs,
    (practice, since): (PracticeId, Timestamp),
    places: &[(String, u64)],
    host: &str,
) -> Result<Stretch, ledger::BackendError> {
    let mut unreadable = BTreeMap::new();
    let sizes = readable(logs, &mut unreadable)?;
    let mut stuck = unreadable.into_iter().next().map(|(log, error)| format!("{log}: {error}"));
    let (mut merge, mut behind, mut starts) = (Merge::new(AtDamage::Halt), 0, Vec::new());
    for (log, size) in sizes {
        let known = places.iter().find(|(name, _)| name == log.as_str()).map(|(_, place)| *place);
        let from = match known {
            Some(place) => place,
            None => match first_since(logs, &log, size, since, AtDamage::Halt) {
                Ok(first) => first,
                Err(error @ ledger::BackendError::Other(_)) => return Err(error),
                Err(error) => {
                    stuck = Some(format!("{log}: {error}"));
                    behind += size;
                    continue;
                }
            },
        };
        behind += size.saturating_sub(from);
        let to = size.min(from.saturating_add(AT_ONCE));
        if from < to || known.is_none() {
            merge.add(logs, &log, from, to);
            starts.push((log, known, from));
        }
    }
    let (mut frames, mut messages) = (Vec::new(), 0);
    while let Some((place, entry)) = merge.next(logs)? {
        if entry.practice == Some(practice) {
            frames.extend(syslog::frame(host, &place.log, place.seq, &entry));
            messages += 1;
        }
    }
    let mut moves = Vec::new();
    for Reached { log, next, failed } in merge.reached() {
        let Some((_, known, from)) = starts.iter().find(|(name, ..)| *name == log) else { continue };
        if let Some(error) = failed {
            stuck = Some(format!("{log}: {error}"));
        }
        behind -= next - from;
        if next > *from || known.is_none() {
            moves.push((log.as_str().to_owned(), *known, next));
        }
    }
    // What waits behind this stretch, and not what is in it.
    Ok(Stretch { frames, messages, moves, behind, stuck })
}
