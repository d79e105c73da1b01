//! The numbers that stand for ids and words in the index, and how far each log is indexed.

use super::TrailError;
use domain::Role;
use ledger::{Entry, LogName, leaf_hash};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};
use store::{
    Batch, Db, StoreError,
    rows::{
        audit_activity::{self, Slot},
        audit_entries::{self, Numbers, hour_of, outcome_number},
        audit_logs::{self, LogRow},
    },
};

/// Most numbers of a kind that are remembered: some 4 MB.
const REMEMBERED: usize = 50_000;

/// What the next entries are indexed with. Read from the index, and thrown away whenever a batch may or may not have been
/// stored.
pub(super) struct Progress {
    logs: Vec<LogRow>,
    ids: Known<[u8; 16]>,
    terms: Known<String>,
}

/// Numbers of one kind.
struct Known<K> {
    highest: i64,
    numbers: HashMap<K, i64>,
}

impl<K: Hash + Eq> Known<K> {
    fn new(highest: i64) -> Self {
        Self { highest, numbers: HashMap::new() }
    }

    /// Forgets the numbers when there are many. Only between batches: those that one gave are in no table before its end.
    fn forget(&mut self) {
        if self.numbers.len() >= REMEMBERED {
            self.numbers.clear();
        }
    }

    fn remember(&mut self, key: K, number: i64) -> i64 {
        self.numbers.insert(key, number);
        number
    }

    fn next(&mut self) -> i64 {
        self.highest += 1;
        self.highest
    }
}

/// Entries of one log that follow each other: sealed as they are, and opened where they open.
pub(super) struct Stretch {
    pub(super) log: LogName,
    pub(super) from: u64,
    pub(super) entries: Vec<Option<Entry>>,
    /// The last one, sealed.
    pub(super) last: Vec<u8>,
}

impl Progress {
    pub(super) async fn of(db: &Db) -> Result<Self, StoreError> {
        let (ids, terms) = audit_logs::highest(db).await?;
        Ok(Self { logs: audit_logs::all(db).await?, ids: Known::new(ids), terms: Known::new(terms) })
    }

    /// The first entry of a log that is not indexed.
    pub(super) fn next(&self, log: &LogName) -> u64 {
        self.logs.iter().find(|row| row.name == log.as_str()).map_or(0, |row| row.next_seq)
    }

    /// How far each log is indexed.
    pub(super) fn positions(&self) -> HashMap<String, u64> {
        self.logs.iter().map(|row| (row.name.clone(), row.next_seq)).collect()
    }

    /// The number of a log in the index, if it has one.
    pub(super) fn number(&self, log: &LogName) -> Option<i64> {
        self.logs.iter().find(|row| row.name == log.as_str()).map(|row| row.log)
    }

    /// How many entries could not be opened.
    pub(super) fn unreadable(&self) -> u64 {
        self.logs.iter().map(|row| row.unreadable).sum()
    }

    /// What stores these entries, all or none.
    pub(super) async fn batch(&mut self, db: &Db, stretches: &[Stretch]) -> Result<Batch, TrailError> {
        self.ids.forget();
        self.terms.forget();
        let mut batch = Batch::new();
        let mut activity = BTreeMap::new();
        for Stretch { log, from, entries, last } in stretches {
            let place = match self.logs.iter().position(|row| row.name == log.as_str()) {
                Some(place) => place,
                None => {
                    batch = audit_logs::begin(batch, log);
                    let (name, nothing) = (log.as_str().to_owned(), ledger::Hash::of_nothing());
                    let log = audit_logs::number_of(log);
                    self.logs.push(LogRow { log, name, next_seq: 0, last_leaf: nothing, unreadable: 0 });
                    self.logs.len() - 1
                }
            };
            let number = self.logs[place].log;
            for (seq, entry) in (*from..).zip(entries) {
                let Some(entry) = entry else {
                    self.logs[place].unreadable += 1;
                    continue;
                };
                let numbers = self.numbers(db, &mut batch, entry).await?;
                batch = audit_entries::insert(batch, number, seq, &numbers, entry);
                if numbers.practice > 0 {
                    let actor = if entry.role == Some(Role::Patient) { 0 } else { numbers.actor };
                    let slot = Slot { practice: numbers.practice, hour: hour_of(entry.at), actor, role: numbers.role };
                    let (count, refused): &mut (u64, u64) = activity.entry(slot).or_default();
                    *count += 1;
                    *refused += u64::from(outcome_number(entry.outcome) > 0);
                }
            }
            let row = &mut self.logs[place];
            // Further back than `from` where what lies between was dropped meanwhile.
            let stood = std::mem::replace(&mut row.next_seq, from + entries.len() as u64);
            row.last_leaf = leaf_hash(last);
            batch = audit_logs::move_on(batch, stood, row);
        }
        for (slot, (count, refused)) in activity {
            batch = audit_activity::count(batch, slot, count, refused);
        }
        Ok(batch)
    }

    async fn numbers(&mut self, db: &Db, batch: &mut Batch, entry: &Entry) -> Result<Numbers, StoreError> {
        let address = entry.address.map(|address| address.to_string());
        Ok(Numbers {
            practice: self.id(db, batch, entry.practice.as_ref().map(|id| id.as_bytes())).await?,
            actor: self.id(db, batch, entry.actor.as_ref().map(|id| id.as_bytes())).await?,
            patient: self.id(db, batch, entry.patient.as_ref().map(|id| id.as_bytes())).await?,
            action: self.term(db, batch, Some(entry.action.as_str())).await?,
            permission: self.term(db, batch, entry.permission.map(|permission| permission.word())).await?,
            address: self.term(db, batch, address.as_deref()).await?,
            role: self.term(db, batch, entry.role.map(|role| role.word())).await?,
            purpose: self.term(db, batch, entry.purpose.map(|purpose| purpose.word())).await?,
            kind: self.term(db, batch, Some(entry.resource.kind().as_str())).await?,
            reason: self.term(db, batch, Some(entry.reason.as_str())).await?,
        })
    }

    async fn id(&mut self, db: &Db, batch: &mut Batch, id: Option<&[u8; 16]>) -> Result<i64, StoreError> {
        let Some(id) = id else { return Ok(0) };
        if let Some(number) = self.ids.numbers.get(id) {
            return Ok(*number);
        }
        let number = match audit_logs::id_number(db, id).await? {
            Some(number) => number,
            None => {
                let number = self.ids.next();
                *batch = audit_logs::number_id(std::mem::take(batch), number, id);
                number
            }
        };
        Ok(self.ids.remember(*id, number))
    }

    async fn term(&mut self, db: &Db, batch: &mut Batch, term: Option<&str>) -> Result<i64, StoreError> {
        let Some(term) = term else { return Ok(0) };
        if let Some(number) = self.terms.numbers.get(term) {
            return Ok(*number);
        }
        let number = match audit_logs::term_number(db, term).await? {
            Some(number) => number,
            None => {
                let number = self.terms.next();
                *batch = audit_logs::number_term(std::mem::take(batch), number, term);
                number
            }
        };
        Ok(self.terms.remember(term.to_owned(), number))
    }
}
