//! All that somebody did, from the index as far as it is, and behind it from the logs themselves: whoever must tell patients
//! what was seen of them can neither wait for the index nor do with less.

use super::AuditIndex;
use crate::trail::{
    Chain, Looked, OldDropped, Touch, Touches, TrailError, Whose,
    going_on::{ACTIONS, Move},
};
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, PracticeId, Timestamp};
use ledger::{BackendError, Entry, LogName, Outcome, Word, open_entry};
use std::collections::{BTreeSet, HashMap, hash_map};
use store::{
    Db, StoreError,
    rows::{
        audit_entries::Position,
        audit_logs,
        audit_touches::{self, Along, MoveRow, SESSIONS},
    },
};

/// Entries of the index that are read at once.
const ROWS: usize = 10_000;
/// Sealed entries that are read at once.
const SEALED: usize = 4_096;

/// A question about all that somebody did.
#[derive(Clone)]
struct Asked {
    practice: PracticeId,
    whose: Whose,
    /// Where a session is asked about: all its ids.
    sessions: Vec<LoginSessionId>,
    from: Timestamp,
    to: Timestamp,
}

impl Asked {
    /// Whether an entry is of the practice, of theirs, and of the time from one moment up to before another. The trail tells
    /// moments to the millisecond.
    fn is_about(&self, entry: &Entry) -> bool {
        let at = entry.at.as_millisecond();
        let theirs = match self.whose {
            Whose::Account(account) => entry.actor == Some(account),
            Whose::Session(_) => entry.login_session.is_some_and(|id| self.sessions.contains(&id)),
            Whose::Address(address) => entry.address == Some(address),
        };
        theirs
            && entry.practice == Some(self.practice)
            && at >= self.from.as_millisecond()
            && at < self.to.as_millisecond()
    }
}

/// What the index holds of it.
#[derive(Default)]
struct Indexed {
    entries: Vec<(String, Touch)>,
    /// The first entry of each log that was not indexed when it was asked.
    next: HashMap<String, u64>,
    unreadable: u64,
}

/// How many entries of each log are durable.
type Sizes = Vec<(LogName, Option<u64>)>;

async fn sizes(index: &AuditIndex) -> Result<Sizes, TrailError> {
    let sizes = index.blocking(|shared| Ok(shared.state().logs.sizes()?)).await?;
    Ok(sizes.into_iter().map(|(log, size)| (log, size.ok())).collect())
}

pub(super) async fn touches(
    index: &AuditIndex,
    practice: PracticeId,
    whose: Whose,
    from: Timestamp,
    to: Timestamp,
) -> Result<Touches, TrailError> {
    // All that is durable by now.
    let durable = sizes(index).await?;
    index.catch_up().await;
    let chain = match whose {
        Whose::Session(session) => chain(index, practice, session, &durable).await?,
        _ => Chain::default(),
    };
    // Whoever had the session has what was made in it: an entry by a token names the token in the session's place.
    let tokens = chain.tokens.iter().map(|(token, _)| LoginSessionId::from_bytes(*token.as_bytes()));
    let sessions = chain.sessions.iter().copied().chain(tokens).collect();
    let asked = Asked { practice, whose, sessions, from, to };
    let wanted = asked.clone();
    let indexed = or_in_the_logs(index.ask(move |db| async move { indexed(&db, &wanted).await }).await);
    let mut answer = Touches { unreadable: indexed.unreadable, chain, ..Touches::default() };
    let mut numbers: HashMap<String, usize> = HashMap::new();
    // Again: what the index has seen of a log is there still, or it is lost.
    let now: HashMap<String, u64> =
        sizes(index).await?.into_iter().filter_map(|(log, size)| Some((log.as_str().to_owned(), size?))).collect();
    for (log, size) in durable {
        let (number, next) = (answer.logs.len(), indexed.next.get(log.as_str()).copied().unwrap_or(0));
        numbers.insert(log.as_str().to_owned(), number);
        let lost = now.get(log.as_str()).is_some_and(|size| *size < next);
        let mut looked = Looked { log: log.clone(), through: next, size, lost, drops_unknown: false };
        match dropped(index, log.clone()).await {
            Ok(dropped) => answer.dropped = answer.dropped.max(dropped),
            Err(_) => looked.drops_unknown = true,
        }
        if let Some(size) = size {
            let wanted = asked.clone();
            let tail = read_tail(index, log, next, size, move |seq, entry| {
                wanted.is_about(&entry).then(|| touch(number, seq, entry))
            });
            // What the index has in doubt no more: it is counted once, here or there.
            let tail = tail.await?;
            looked.through = tail.through.max(next);
            answer.unreadable += tail.unreadable;
            answer.entries.extend(tail.found);
        }
        answer.logs.push(looked);
    }
    // What the index holds of a log that is not there any more is all that anybody knows of it.
    for (name, next) in indexed.next.iter().filter(|(_, next)| **next > 0) {
        if let (false, Ok(log)) = (numbers.contains_key(name), LogName::new(name)) {
            numbers.insert(name.clone(), answer.logs.len());
            answer.logs.push(Looked { log, through: *next, size: None, lost: true, drops_unknown: false });
        }
    }
    for (log, mut touch) in indexed.entries {
        let Some(number) = numbers.get(&log) else { continue };
        if touch.seq < indexed.next.get(&log).copied().unwrap_or(0) {
            touch.log = *number;
            answer.entries.push(touch);
        }
    }
    answer.entries.sort_by_key(|touch| (touch.at.as_millisecond(), touch.log, touch.seq));
    Ok(answer)
}

/// The logs are the truth: without the index it only takes longer.
fn or_in_the_logs<T: Default>(asked: Result<T, TrailError>) -> T {
    asked.unwrap_or_else(|error| {
        tracing::warn!(%error, "the index did not answer: the logs of the audit trail are read instead");
        T::default()
    })
}

/// What was dropped of a log when its time was over, as the log itself says: the index may know nothing of it.
async fn dropped(index: &AuditIndex, log: LogName) -> Result<Option<OldDropped>, TrailError> {
    let gone = index.blocking(move |shared| Ok(shared.state().logs.dropped(&log)?)).await?;
    Ok(gone.map(|gone| OldDropped { until: gone.newest, years: gone.years }))
}

fn touch(log: usize, seq: u64, entry: Entry) -> Touch {
    Touch {
        at: entry.at,
        log,
        seq,
        actor: entry.actor,
        patient: entry.patient,
        permission: entry.permission,
        outcome: entry.outcome,
        action: entry.action,
        kind: entry.resource.kind().clone(),
        id: entry.resource.id().to_owned(),
    }
}

/// Under which ids a session went on: what the entries of its account say that name two, at whatever time.
async fn chain(
    index: &AuditIndex,
    practice: PracticeId,
    session: LoginSessionId,
    sizes: &Sizes,
) -> Result<Chain, TrailError> {
    let ask = index.ask(move |db| async move { Ok((next(&db).await?, moves(&db, practice, session).await?)) });
    let (next, mut moves): (HashMap<String, u64>, Vec<Move>) = or_in_the_logs(ask.await);
    let mut behind = Vec::new();
    for (log, size) in sizes {
        let from = next.get(log.as_str()).copied().unwrap_or(0);
        let Some(size) = size else { continue };
        let said = move |_, entry: Entry| (entry.practice == Some(practice)).then(|| Move::said(&entry)).flatten();
        behind.extend(read_tail(index, log.clone(), from, *size, said).await?.found);
    }
    // Behind the index it may be said first whose session it is: then what the index has of them is looked at too.
    let known: BTreeSet<AccountId> = moves.iter().filter_map(|one| one.actor).collect();
    let later = behind.iter().filter(|one| one.is_of(session)).filter_map(|one| one.actor);
    for account in later.filter(|account| !known.contains(account)).collect::<BTreeSet<_>>() {
        let ask = index.ask(move |db| async move {
            match (
                audit_logs::id_number(&db, practice.as_bytes()).await?,
                audit_logs::id_number(&db, account.as_bytes()).await?,
            ) {
                (Some(practice), Some(number)) => moves_of(&db, practice, number, account).await,
                _ => Ok(Vec::new()),
            }
        });
        moves.extend(or_in_the_logs(ask.await));
    }
    moves.extend(behind);
    Ok(Chain::follow(session, moves))
}

/// How far the index is with each log.
async fn next(db: &Db) -> Result<HashMap<String, u64>, StoreError> {
    Ok(audit_logs::all(db).await?.into_iter().map(|row| (row.name, row.next_seq)).collect())
}

/// What the index holds of how sessions went on, of those whose session it is.
async fn moves(db: &Db, practice: PracticeId, session: LoginSessionId) -> Result<Vec<Move>, TrailError> {
    let Some(practice) = audit_logs::id_number(db, practice.as_bytes()).await? else { return Ok(Vec::new()) };
    let mut whose: BTreeSet<i64> = BTreeSet::new();
    for action in ACTIONS {
        let Some(action) = audit_logs::term_number(db, action).await? else { continue };
        let found = audit_touches::moves_with(db, practice, action, session).await?;
        whose.extend(found.iter().map(|row| row.actor).filter(|actor| *actor > 0));
    }
    let mut moves = Vec::new();
    for number in whose {
        let account = AccountId::from_bytes(audit_logs::id_of(db, number).await?);
        moves.extend(moves_of(db, practice, number, account).await?);
    }
    Ok(moves)
}

/// What the index holds of how an account's sessions went on.
async fn moves_of(db: &Db, practice: i64, number: i64, account: AccountId) -> Result<Vec<Move>, TrailError> {
    let mut moves = Vec::new();
    for action in ACTIONS {
        let Some(term) = audit_logs::term_number(db, action).await? else { continue };
        for row in audit_touches::moves_of(db, practice, term, number).await? {
            let MoveRow { at, login_session, resource, .. } = row;
            moves.extend(Move::of(action, at, Some(account), login_session, &resource));
        }
    }
    Ok(moves)
}

/// What the index holds.
async fn indexed(db: &Db, asked: &Asked) -> Result<Indexed, TrailError> {
    // How far it is is read first: what comes into it meanwhile is read in its log.
    let logs = audit_logs::all(db).await?;
    let names: HashMap<i64, String> = logs.iter().map(|row| (row.log, row.name.clone())).collect();
    let mut found = Indexed {
        entries: Vec::new(),
        next: logs.iter().map(|row| (row.name.clone(), row.next_seq)).collect(),
        unreadable: logs.iter().map(|row| row.unreadable).sum(),
    };
    let Some(practice) = audit_logs::id_number(db, asked.practice.as_bytes()).await? else { return Ok(found) };
    let mut known = Known::default();
    for along in ways(db, asked).await? {
        // Logs have no number below 0.
        let mut behind = Position { at: asked.from.as_millisecond(), log: -1, seq: 0 };
        loop {
            let until = asked.to.as_millisecond();
            let rows = audit_touches::behind(db, practice, &along, behind, until, ROWS as i64).await?;
            let last = rows.last().filter(|_| rows.len() == ROWS).map(|row| row.position);
            for row in rows {
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
                    action: known.word(db, row.action).await?,
                    kind: known.word(db, row.kind).await?,
                    id: row.resource,
                };
                found.entries.push((log.clone(), touch));
            }
            match last {
                Some(last) => behind = last,
                None => break,
            }
        }
    }
    Ok(found)
}

/// Along what the index is gone, so that each entry is met once; nothing where it does not know whoever is asked about.
async fn ways(db: &Db, asked: &Asked) -> Result<Vec<Along>, StoreError> {
    Ok(match asked.whose {
        Whose::Account(account) => {
            audit_logs::id_number(db, account.as_bytes()).await?.map(Along::Actor).into_iter().collect()
        }
        Whose::Address(address) => {
            audit_logs::term_number(db, &address.to_string()).await?.map(Along::Address).into_iter().collect()
        }
        Whose::Session(session) => {
            let some = |some: &[LoginSessionId]| {
                let mut ids = [some.first().copied().unwrap_or(session); SESSIONS];
                ids[..some.len()].copy_from_slice(some);
                Along::Sessions(Box::new(ids))
            };
            asked.sessions.chunks(SESSIONS).map(some).collect()
        }
    })
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
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(place) => place.insert(audit_logs::term_of(db, number).await?),
        })
    }

    async fn permission(&mut self, db: &Db, number: i64) -> Result<Option<PermissionName>, StoreError> {
        if number == 0 {
            return Ok(None);
        }
        let read = self.term(db, number).await?.parse();
        read.map(Some).map_err(|_| StoreError::Column { index: 5, wanted: "a permission" })
    }

    async fn word(&mut self, db: &Db, number: i64) -> Result<Word, StoreError> {
        let term = self.term(db, number).await?.to_owned();
        Word::try_from(term).map_err(|_| StoreError::Column { index: 7, wanted: "a word" })
    }
}

/// What a log holds behind the index.
struct Tail<T> {
    found: Vec<T>,
    through: u64,
    unreadable: u64,
}

/// Reads a log from one entry up to before another, and keeps what is wanted of it. Where it cannot be read on it stops, and says
/// how far it came.
async fn read_tail<T: Send + 'static>(
    index: &AuditIndex,
    log: LogName,
    from: u64,
    to: u64,
    wanted: impl Fn(u64, Entry) -> Option<T> + Send + 'static,
) -> Result<Tail<T>, TrailError> {
    index.blocking(move |shared| Ok(Tail::read(shared, &log, from, to, wanted))).await
}

impl<T> Tail<T> {
    fn read(
        shared: &super::Shared,
        log: &LogName,
        from: u64,
        to: u64,
        wanted: impl Fn(u64, Entry) -> Option<T>,
    ) -> Self {
        let mut tail = Self { found: Vec::new(), through: from, unreadable: 0 };
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
                            Ok(entry) => tail.found.extend(wanted(tail.through, entry)),
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
