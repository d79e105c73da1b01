//! All that somebody did, from the index as far as it is, and behind it from the logs themselves: whoever must tell patients
//! what was seen of them can neither wait for the index nor do with less.

use super::AuditIndex;
use crate::trail::{Looked, Touch, Touches, TrailError, Whose};
use domain::{AccountId, PatientId, PermissionName, PracticeId, Timestamp};
use ledger::{BackendError, LogName, Outcome, Word, open_entry};
use std::collections::{HashMap, hash_map::Entry};
use store::{
    Db, StoreError,
    rows::{
        audit_entries::Position,
        audit_logs,
        audit_touches::{self, Along},
    },
};

/// Entries of the index that are read at once.
const ROWS: usize = 10_000;
/// Sealed entries that are read at once.
const SEALED: usize = 4_096;

/// A question about all that somebody did.
#[derive(Clone, Copy)]
struct Asked {
    practice: PracticeId,
    whose: Whose,
    from: Timestamp,
    to: Timestamp,
}

/// What the index holds of it.
#[derive(Default)]
struct Indexed {
    entries: Vec<(String, Touch)>,
    /// The first entry of each log that was not indexed when it was asked.
    next: HashMap<String, u64>,
    unreadable: u64,
}

pub(super) async fn touches(
    index: &AuditIndex,
    practice: PracticeId,
    whose: Whose,
    from: Timestamp,
    to: Timestamp,
) -> Result<Touches, TrailError> {
    let asked = Asked { practice, whose, from, to };
    // All that is durable by now.
    let sizes = index.blocking(|shared| Ok(shared.state().logs.sizes()?)).await?;
    index.catch_up().await;
    let indexed = match index.ask(move |db| async move { indexed(&db, asked).await }).await {
        Ok(indexed) => indexed,
        // The logs are the truth; it only takes longer.
        Err(error) => {
            tracing::warn!(%error, "the index did not answer: the logs of the audit trail are read instead");
            Indexed::default()
        }
    };
    let mut answer = Touches { unreadable: indexed.unreadable, ..Touches::default() };
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (log, size) in sizes {
        let (number, next) = (answer.logs.len(), indexed.next.get(log.as_str()).copied().unwrap_or(0));
        numbers.insert(log.as_str().to_owned(), number);
        let mut looked = Looked { log: log.clone(), through: next, size: size.ok() };
        if let Some(size) = looked.size {
            // What the index has in doubt no more: it is counted once, here or there.
            let tail = index.blocking(move |shared| Ok(Tail::read(shared, &log, next, size, number, asked))).await?;
            looked.through = tail.through.max(next);
            answer.unreadable += tail.unreadable;
            answer.entries.extend(tail.entries);
        }
        answer.logs.push(looked);
    }
    for (log, mut touch) in indexed.entries {
        let Some(number) = numbers.get(&log) else { continue };
        if touch.seq < indexed.next.get(&log).copied().unwrap_or(0) {
            touch.log = *number;
            answer.entries.push(touch);
        }
    }
    answer.entries.sort_by_key(|touch| (touch.at.as_millisecond(), touch.log, touch.seq));
    answer.dropped = index.0.health().dropped;
    Ok(answer)
}

/// What the index holds.
async fn indexed(db: &Db, asked: Asked) -> Result<Indexed, TrailError> {
    // How far it is is read first: what comes into it meanwhile is read in its log.
    let logs = audit_logs::all(db).await?;
    let names: HashMap<i64, String> = logs.iter().map(|row| (row.log, row.name.clone())).collect();
    let mut found = Indexed {
        entries: Vec::new(),
        next: logs.iter().map(|row| (row.name.clone(), row.next_seq)).collect(),
        unreadable: logs.iter().map(|row| row.unreadable).sum(),
    };
    let Some(practice) = audit_logs::id_number(db, asked.practice.as_bytes()).await? else { return Ok(found) };
    let along = match asked.whose {
        Whose::Account(account) => audit_logs::id_number(db, account.as_bytes()).await?.map(Along::Actor),
        Whose::Address(address) => audit_logs::term_number(db, &address.to_string()).await?.map(Along::Address),
        Whose::Session(session) => Some(Along::Session(session)),
    };
    let Some(along) = along else { return Ok(found) };
    // Logs have no number below 0.
    let mut behind = Position { at: asked.from.as_millisecond(), log: -1, seq: 0 };
    let mut known = Known::default();
    loop {
        let until = asked.to.as_millisecond();
        let rows = audit_touches::behind(db, practice, along, behind, until, ROWS as i64).await?;
        for row in &rows {
            let Some(log) = names.get(&row.position.log) else { continue };
            let at = Timestamp::from_millisecond(row.position.at);
            let touch = Touch {
                at: at.map_err(|_| StoreError::Column { index: 0, wanted: "a moment" })?,
                log: 0,
                seq: row.position.seq as u64,
                actor: known.id(db, row.actor).await?.map(AccountId::from_bytes),
                patient: known.id(db, row.patient).await?.map(PatientId::from_bytes),
                permission: known.permission(db, row.permission).await?,
                outcome: match row.outcome {
                    0 => Outcome::Allowed,
                    1 => Outcome::Denied,
                    _ => Outcome::Failed,
                },
                kind: known.kind(db, row.kind).await?,
            };
            found.entries.push((log.clone(), touch));
        }
        match rows.last().filter(|_| rows.len() == ROWS) {
            Some(last) => behind = last.position,
            None => return Ok(found),
        }
    }
}

/// What numbers of the index stand for, each looked up once.
#[derive(Default)]
struct Known {
    ids: HashMap<i64, [u8; 16]>,
    terms: HashMap<i64, String>,
}

impl Known {
    async fn id(&mut self, db: &Db, number: i64) -> Result<Option<[u8; 16]>, StoreError> {
        if number == 0 {
            return Ok(None);
        }
        if let Some(id) = self.ids.get(&number) {
            return Ok(Some(*id));
        }
        let id = audit_logs::id_of(db, number).await?;
        self.ids.insert(number, id);
        Ok(Some(id))
    }

    async fn term(&mut self, db: &Db, number: i64) -> Result<&str, StoreError> {
        Ok(match self.terms.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(audit_logs::term_of(db, number).await?),
        })
    }

    async fn permission(&mut self, db: &Db, number: i64) -> Result<Option<PermissionName>, StoreError> {
        if number == 0 {
            return Ok(None);
        }
        let read = self.term(db, number).await?.parse();
        read.map(Some).map_err(|_| StoreError::Column { index: 5, wanted: "a permission" })
    }

    async fn kind(&mut self, db: &Db, number: i64) -> Result<Word, StoreError> {
        let term = self.term(db, number).await?.to_owned();
        Word::try_from(term).map_err(|_| StoreError::Column { index: 7, wanted: "a word" })
    }
}

/// What a log holds behind the index.
struct Tail {
    entries: Vec<Touch>,
    through: u64,
    unreadable: u64,
}

impl Tail {
    /// Reads a log from one entry up to before another. Where it cannot be read on it stops, and says how far it came.
    fn read(shared: &super::Shared, log: &LogName, from: u64, to: u64, number: usize, asked: Asked) -> Self {
        let mut tail = Self { entries: Vec::new(), through: from, unreadable: 0 };
        while tail.through < to {
            let most = usize::try_from(to - tail.through).unwrap_or(SEALED).min(SEALED);
            // Let go between two stretches, for the index goes on meanwhile.
            let (sealed, key) = {
                let mut state = shared.state();
                (state.logs.read(log, tail.through, most), state.logs.seal(log))
            };
            match sealed {
                Ok(sealed) if !sealed.is_empty() => {
                    for bytes in sealed.iter().take(most) {
                        match open_entry(&key, log, tail.through, bytes) {
                            Ok(entry) if asked.whose.did(&entry, asked.practice, asked.from, asked.to) => {
                                tail.entries.push(Touch {
                                    at: entry.at,
                                    log: number,
                                    seq: tail.through,
                                    actor: entry.actor,
                                    patient: entry.patient,
                                    permission: entry.permission,
                                    outcome: entry.outcome,
                                    kind: entry.resource.kind().clone(),
                                });
                            }
                            Ok(_) => {}
                            Err(_) => tail.unreadable += 1,
                        }
                        tail.through += 1;
                    }
                }
                // It was dropped when its time was over: that is as it should be, and said.
                Err(BackendError::Dropped { before }) if before > tail.through => tail.through = before,
                Ok(_) | Err(_) => {
                    tracing::error!(
                        log = log.as_str(),
                        entry = tail.through,
                        "the audit trail cannot be read on from here"
                    );
                    break;
                }
            }
        }
        tail
    }
}
