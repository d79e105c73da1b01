//! Why it cannot be said that an answer about whom an incident affects is all.

use super::facts::Facts;
use crate::trail::{Looked, Touches};
use domain::{Timestamp, WhyMissing};
use schemars::JsonSchema;
use serde::Serialize;

/// Something that keeps an answer from being all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Missing {
    /// What it is.
    pub why: WhyMissing,
    /// In words.
    pub says: String,
}

const VERIFY: &str = "Have `patella audit verify` run on the server.";

/// All that keeps an answer from being all, each once.
pub(super) fn all(
    touches: &Touches,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
    facts: &Facts,
) -> Vec<Missing> {
    let mut missing = Vec::new();
    let mut add = |why, says: String| missing.push(Missing { why, says });
    if to > now {
        add(WhyMissing::NotOver, said(WhyMissing::NotOver).to_owned());
    }
    for log in &touches.logs {
        let name = &log.log;
        if log.lost {
            add(
                WhyMissing::LogLost,
                format!(
                    "The log {name} holds less than was seen of it once: its folder is gone, or it was cut. {VERIFY}"
                ),
            );
        } else if is_unread(log) {
            add(
                WhyMissing::LogUnread,
                format!("The log {name} could be read up to entry {} only. {VERIFY}", log.through),
            );
        }
        if log.drops_unknown {
            add(
                WhyMissing::DropsUnknown,
                format!("Nobody can tell what was dropped of the log {name} when its time was over. {VERIFY}"),
            );
        }
    }
    for (log, seen) in &facts.watched {
        let there = touches.logs.iter().find(|looked| looked.log.as_str() == log);
        // One that cannot be read is told of above.
        let lost = there.is_none_or(|looked| !looked.lost && looked.size.is_some_and(|size| size < *seen));
        if lost && *seen > 0 {
            add(
                WhyMissing::LogLost,
                format!("The log {log} was watched up to entry {seen}, and is not there that far any more. {VERIFY}"),
            );
        }
    }
    if touches.unreadable > 0 {
        add(
            WhyMissing::Unreadable,
            format!("{} entries of the trail cannot be opened, whosever they are. {VERIFY}", touches.unreadable),
        );
    }
    if let Some(dropped) = touches.dropped.filter(|dropped| dropped.until >= from) {
        let day = dropped.until.strftime("%Y-%m-%d");
        add(WhyMissing::Dropped, format!("Entries up to {day} (UTC) were dropped, since their time was over."));
    }
    missing
}

fn is_unread(log: &Looked) -> bool {
    log.size.is_none_or(|size| log.through < size)
}

/// In words that name nothing.
pub(super) const fn said(why: WhyMissing) -> &'static str {
    match why {
        WhyMissing::NotOver => "The time was not over yet when it was asked: what was done after that is not in it.",
        WhyMissing::LogUnread => "A log of the audit trail could not be read to its end.",
        WhyMissing::LogLost => "A log of the audit trail holds less than was seen of it once.",
        WhyMissing::Unreadable => "Entries of the audit trail could not be opened.",
        WhyMissing::Dropped => "Entries of that time were dropped, since their own time was over.",
        WhyMissing::DropsUnknown => "Nobody could tell what was dropped of a log of the audit trail.",
    }
}

/// As it is stored: words with spaces between them, each once.
pub(super) fn stored(missing: &[Missing]) -> String {
    let mut words: Vec<&str> = missing.iter().map(|one| one.why.word()).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// The same besides what was stored before: a log that was lost once is not whole again because nobody remembers what it held.
pub(super) fn besides(before: &str, now: &[Missing]) -> String {
    let lost = read(before).into_iter().filter(|one| one.why == WhyMissing::LogLost);
    stored(&now.iter().cloned().chain(lost).collect::<Vec<_>>())
}

/// Whether whom it affects was listed before its time was over.
pub(super) fn is_too_early(stored: &str) -> bool {
    read(stored).iter().any(|one| one.why == WhyMissing::NotOver)
}

/// What was stored.
pub(super) fn read(stored: &str) -> Vec<Missing> {
    let words = stored.split_whitespace().filter_map(|word| word.parse().ok());
    words.map(|why| Missing { why, says: said(why).to_owned() }).collect()
}
