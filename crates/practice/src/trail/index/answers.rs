//! What the index answers: a question in the trail's words becomes one in the index's numbers.

use super::{AuditIndex, whole};
use crate::trail::{
    Activity, Head, Position, Proofs, Touches, Trail, TrailEntry, TrailError, TrailFilter, TrailHealth, TrailPage,
    Whose, export,
};
use domain::{PracticeId, Timestamp};
use futures::future::{BoxFuture, FutureExt};
use ledger::{BackendError, Entry, LogName, Word, open_entry};
use store::{
    Db, StoreError,
    rows::{
        audit_activity,
        audit_entries::{self, ANY, Question, hour_of, outcome_number},
        audit_logs,
    },
};

/// The number of something that is asked for. None when the index does not know it: then nothing fits.
async fn number(db: &Db, id: Option<&[u8; 16]>) -> Result<Option<i64>, StoreError> {
    match id {
        Some(id) => audit_logs::id_number(db, id).await,
        None => Ok(Some(ANY)),
    }
}

async fn term(db: &Db, term: Option<String>) -> Result<Option<i64>, StoreError> {
    match term {
        Some(term) => audit_logs::term_number(db, &term).await,
        None => Ok(Some(ANY)),
    }
}

/// The question in numbers; none when nothing can fit.
async fn question(
    db: &Db,
    practice: PracticeId,
    filter: &TrailFilter,
    before: Position,
) -> Result<Option<Question>, StoreError> {
    let Some(practice) = audit_logs::id_number(db, practice.as_bytes()).await? else { return Ok(None) };
    let actor = number(db, filter.actor.as_ref().map(|id| id.as_bytes())).await?;
    let patient = number(db, filter.patient.as_ref().map(|id| id.as_bytes())).await?;
    let action = term(db, filter.action.as_ref().map(|word| word.as_str().to_owned())).await?;
    let permission = term(db, filter.permission.map(|permission| permission.word().to_owned())).await?;
    let address = term(db, filter.address.map(|address| address.to_string())).await?;
    let (Some(actor), Some(patient), Some(action), Some(permission), Some(address)) =
        (actor, patient, action, permission, address)
    else {
        return Ok(None);
    };
    // Whoever is not known has done nothing: all entries are of others.
    let not_actor = match &filter.not_actor {
        Some(id) => audit_logs::id_number(db, id.as_bytes()).await?.unwrap_or(ANY),
        None => ANY,
    };
    let until = filter.until.map_or(Position::END, |until| Position::before(until.as_millisecond()));
    Ok(Some(Question {
        actor,
        patient,
        action,
        permission,
        outcome: filter.outcome.map_or(ANY, outcome_number),
        address,
        not_actor,
        since: filter.since.map_or(i64::MIN, |since| since.as_millisecond()),
        before: before.min(until),
        ..Question::all(practice)
    }))
}

impl Trail for AuditIndex {
    fn search<'a>(
        &'a self,
        practice: PracticeId,
        filter: &'a TrailFilter,
        before: Position,
        most: usize,
    ) -> BoxFuture<'a, Result<TrailPage, TrailError>> {
        let filter = filter.clone();
        async move {
            self.catch_up().await;
            let (found, next) = self
                .ask(move |db| async move {
                    match question(&db, practice, &filter, before).await? {
                        Some(question) => Ok(audit_entries::newest(&db, &question, most).await?),
                        None => Ok((Vec::new(), None)),
                    }
                })
                .await?;
            let entry = |found: audit_entries::Found| {
                let log = LogName::new(&found.log);
                Ok(TrailEntry {
                    position: found.position,
                    seq: found.position.seq as u64,
                    log: log.map_err(|_| StoreError::Column { index: 1, wanted: "the name of a log" })?,
                    entry: found.entry,
                })
            };
            let entries = found.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
            Ok(TrailPage { entries, next, health: self.health() })
        }
        .boxed()
    }

    fn actions(&self, practice: PracticeId) -> BoxFuture<'_, Result<Vec<Word>, TrailError>> {
        self.ask(move |db| async move {
            match audit_logs::id_number(&db, practice.as_bytes()).await? {
                Some(practice) => Ok(audit_entries::actions(&db, practice).await?),
                None => Ok(Vec::new()),
            }
        })
        .boxed()
    }

    fn activity(
        &self,
        practice: PracticeId,
        from: Timestamp,
        to: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<Activity>, TrailError>> {
        async move {
            self.catch_up().await;
            self.ask(move |db| async move {
                match audit_logs::id_number(&db, practice.as_bytes()).await? {
                    Some(practice) => Ok(audit_activity::between(&db, practice, hour_of(from), hour_of(to)).await?),
                    None => Ok(Vec::new()),
                }
            })
            .await
        }
        .boxed()
    }

    fn touches(
        &self,
        practice: PracticeId,
        whose: Whose,
        from: Timestamp,
        to: Timestamp,
    ) -> BoxFuture<'_, Result<Touches, TrailError>> {
        whole::touches(self, practice, whose, from, to).boxed()
    }

    fn heads(&self) -> BoxFuture<'_, Result<Vec<Head>, TrailError>> {
        self.blocking(|shared| export::heads(&mut *shared.state().logs)).boxed()
    }

    fn prove(&self, heads: Vec<Head>, entries: Vec<(LogName, u64)>) -> BoxFuture<'_, Result<Proofs, TrailError>> {
        self.blocking(move |shared| export::prove(&mut *shared.state().logs, &heads, &entries)).boxed()
    }

    fn read(&self, entries: Vec<(LogName, u64)>) -> BoxFuture<'_, Result<Vec<Option<Entry>>, TrailError>> {
        self.blocking(move |shared| {
            let mut state = shared.state();
            let mut read = Vec::with_capacity(entries.len());
            for (log, seq) in &entries {
                let sealed = match state.logs.read(log, *seq, 1) {
                    Ok(sealed) => sealed.into_iter().next(),
                    // The database does not answer: nobody knows what it holds.
                    Err(error @ BackendError::Other(_)) => return Err(error.into()),
                    // This one is missing or damaged, or its whole log is: the others are as they were.
                    Err(_) => None,
                };
                read.push(sealed.and_then(|sealed| open_entry(&state.logs.seal(log), log, *seq, &sealed).ok()));
            }
            Ok(read)
        })
        .boxed()
    }

    fn health(&self) -> TrailHealth {
        *self.0.health()
    }
}
