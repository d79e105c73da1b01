//! The one thread that writes to an embedded database.
//!
//! While one transaction is being synced, the next batches queue up; then all of them go into one transaction, each
//! in a savepoint of its own. So a sync is shared by everybody who waits for it, and a batch that fails undoes only
//! itself. Nobody is answered before the commit is durable: a conflict may be owed to a neighbour, whose fate
//! it must share.

use super::{Fault, bind, code, fault};
use crate::db::{Batch, CommitError, batch::Step};
use rusqlite::Connection;
use std::{io, thread};
use tokio::sync::{mpsc, oneshot};

/// How many batches may wait; further ones wait for a place.
const QUEUE: usize = 1024;
/// How many batches share a commit at most.
const GROUP: usize = 256;

type Outcome = Result<(), CommitError>;

struct Job {
    batch: Batch,
    answer: oneshot::Sender<Outcome>,
}

enum Message {
    Write(Job),
    /// Put the log back into the file and cut it.
    Scrub(oneshot::Sender<Result<bool, CommitError>>),
}

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Message>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || write(&connection, waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) async fn commit(&self, batch: Batch) -> Outcome {
        let gone = || CommitError::Unavailable { code: "the writer has stopped".into() };
        let (answer, outcome) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Message::Write(Job { batch, answer })).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }

    pub(super) async fn scrub(&self) -> Result<bool, CommitError> {
        let gone = || CommitError::Unavailable { code: "the writer has stopped".into() };
        let (answer, outcome) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Message::Scrub(answer)).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    /// Lets the thread finish what is queued and close the file.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of a database panicked");
        }
    }
}

fn write(connection: &Connection, mut waiting: mpsc::Receiver<Message>) {
    while let Some(first) = waiting.blocking_recv() {
        // Others that are ready on this core come first, and share the commit; where none is, this returns at once.
        thread::yield_now();
        let (mut batches, mut answers, mut scrubs) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Write(job) => {
                    batches.push(job.batch);
                    answers.push(job.answer);
                }
                Message::Scrub(answer) => scrubs.push(answer),
            }
            next = if batches.len() < GROUP { waiting.try_recv().ok() } else { None };
        }
        if !batches.is_empty() {
            store(connection, batches, answers);
        }
        for answer in scrubs {
            let _ = answer.send(scrub(connection));
        }
    }
}

/// One row: whether something was in the way, and how many pages there were and were put back.
fn scrub(connection: &Connection) -> Result<bool, CommitError> {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    busy.map(|busy| busy == 0).map_err(|error| CommitError::Unavailable { code: code(&error) })
}

fn store(connection: &Connection, batches: Vec<Batch>, answers: Vec<oneshot::Sender<Outcome>>) {
    let outcomes = match commit_group(connection, &batches) {
        Ok(outcomes) => outcomes,
        Err(error) => {
            let code = code(&error);
            tracing::warn!(batches = batches.len(), code, "a group of batches was not stored");
            batches.iter().map(|_| Err(CommitError::Unavailable { code: code.clone() })).collect()
        }
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // Whoever has gone does not want to know.
        let _ = answer.send(outcome);
    }
}

/// One transaction for all; an error means that nothing of it is stored.
fn commit_group(connection: &Connection, batches: &[Batch]) -> rusqlite::Result<Vec<Outcome>> {
    undo(connection)?;
    run(connection, "BEGIN IMMEDIATE")?;
    let outcomes = fill(connection, batches).and_then(|outcomes| {
        run(connection, "COMMIT")?;
        Ok(outcomes)
    });
    if outcomes.is_err() {
        // On a full disk even this can fail; then the next group begins with it.
        let _ = undo(connection);
    }
    outcomes
}

fn fill(connection: &Connection, batches: &[Batch]) -> rusqlite::Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(batches.len());
    for batch in batches {
        run(connection, "SAVEPOINT batch")?;
        let outcome = apply(connection, batch);
        let outcome = match outcome {
            Ok(()) => Ok(()),
            // Some errors (a full disk, I/O) end the whole transaction, and with it the neighbours' work.
            Err(Failed::Engine { error, .. }) if connection.is_autocommit() => return Err(error),
            Err(failed) => {
                run(connection, "ROLLBACK TO batch")?;
                Err(failed.into())
            }
        };
        run(connection, "RELEASE batch")?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

enum Failed {
    Conflict { statement: usize },
    Engine { statement: usize, error: rusqlite::Error },
}

impl From<Failed> for CommitError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Conflict { statement } => Self::Conflict { statement },
            Failed::Engine { statement, error } => match fault(&error) {
                Fault::Duplicate => Self::Duplicate { statement },
                Fault::Refused => Self::Refused { statement, code: code(&error) },
                Fault::Unavailable => Self::Unavailable { code: code(&error) },
            },
        }
    }
}

fn apply(connection: &Connection, batch: &Batch) -> Result<(), Failed> {
    for (statement, step) in batch.steps.iter().enumerate() {
        let engine = |error| Failed::Engine { statement, error };
        match step {
            Step::Script(text) => connection.execute_batch(text).map_err(engine)?,
            Step::Statement { sql, params, expected } => {
                let mut prepared = connection.prepare_cached(sql).map_err(engine)?;
                bind(&mut prepared, params).map_err(engine)?;
                let changed = prepared.raw_execute().map_err(engine)?;
                if expected.is_some_and(|expected| expected != changed as u64) {
                    return Err(Failed::Conflict { statement });
                }
            }
        }
    }
    Ok(())
}

fn undo(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() { Ok(()) } else { run(connection, "ROLLBACK") }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(|_| ())
}
