//! What follows from an alert beyond telling: the login session in which it happened is ended or must prove its factor again, or
//! the account's exports are held.
//!
//! The alert is stored first, with the session. Then what follows is recorded, and in one write it is done and the alert marked: a
//! page never tells of what did not happen. An API token's name in an entry is no session's, and so is never there: it is not
//! ended, and proves nothing. Exports are held of the account, whatever it uses.

use super::FollowError;
pub(super) use crate::trail::{moved, session_after};
use crate::{Actor, Event, House, record::resource};
use domain::{AlertAnswer, LoginSessionId, PracticeId, RequestId, Timestamp};
use identity::Origin;
use ledger::{LedgerError, Outcome, Resource, Word};
use store::{
    Batch, CommitError,
    rows::{
        alerts::{self, AlertRow, ToDo},
        export_holds::{self, HoldRow},
        login_sessions,
    },
};
use tokio::runtime::Handle;

/// For so many seconds a session is waited for: that it is begun is an entry a moment before it is stored.
const WAIT: i64 = 60;
/// What is to be done in a session, and was left behind by a server that was killed, is done when so many seconds have not gone by.
const LEFT_BEHIND: u64 = 3_600;

/// What is to be done.
#[derive(Default)]
pub(super) struct Answering(Vec<ToDo>);

impl Answering {
    /// What was stored and not done, before this server watched.
    pub(super) async fn left_behind(house: &House) -> Result<Self, FollowError> {
        let since = std::time::Duration::from_secs(LEFT_BEHIND);
        let since = house.clock.now().checked_sub(since).unwrap_or(Timestamp::MIN);
        Ok(Self(alerts::to_do(&house.stores.identity, since).await?))
    }

    /// Takes in the alerts that were stored just now.
    pub(super) fn add<'a>(&mut self, stored: impl Iterator<Item = &'a AlertRow>) {
        self.0.extend(stored.filter_map(ToDo::of));
    }

    /// A session went on under another id.
    pub(super) fn follow(&mut self, practice: Option<PracticeId>, (before, after): (LoginSessionId, LoginSessionId)) {
        for one in self.0.iter_mut().filter(|one| Some(one.practice_id) == practice && one.session == before) {
            one.session = after;
        }
    }

    /// Does what can be done; gives whether anything was. What cannot be yet is tried again.
    pub(super) fn act(&mut self, house: &House) -> Result<bool, FollowError> {
        let (mut any, mut nth, mut failed) = (false, 0, None);
        while let Some(one) = self.0.get(nth).copied() {
            match Handle::current().block_on(act(house, &one)) {
                Ok(Done::Now) => any = true,
                Ok(Done::Never) => {}
                Ok(Done::NotYet) => {
                    nth += 1;
                    continue;
                }
                // What stops one keeps back no other.
                Err(error) => {
                    failed = failed.or(Some(error));
                    nth += 1;
                    continue;
                }
            }
            self.0.remove(nth);
        }
        failed.map_or(Ok(any), Err)
    }
}

enum Done {
    Now,
    /// There is nobody to whom it could be done.
    Never,
    NotYet,
}

async fn act(house: &House, one: &ToDo) -> Result<Done, FollowError> {
    // Another server did it, or this one without being told that it was stored: nothing is recorded again.
    let alert = alerts::by_id(&house.stores.identity, one.practice_id, one.alert_id).await?;
    if alert.is_none_or(|found| found.alert.answered_at.is_some()) {
        return Ok(Done::Never);
    }
    match one.answer {
        AlertAnswer::EndSession => end(house, one).await,
        AlertAnswer::AskFactor => ask(house, one).await,
        AlertAnswer::HoldExports => hold(house, one).await,
        AlertAnswer::Note | AlertAnswer::Alert => Ok(Done::Never),
    }
}

async fn end(house: &House, one: &ToDo) -> Result<Done, FollowError> {
    let (practice, account, session) = (one.practice_id, one.account_id, one.session);
    if !login_sessions::is_there(&house.stores.identity, practice, account, session).await? {
        return Ok(waited_for(house, one));
    }
    let act = Act { word: Word::new("end_session"), about: about_session(session), failed: Word::new("not-ended") };
    let batch = login_sessions::end_there(Batch::new(), practice, account, session);
    carry_out(house, one, act, Word::new("alert"), batch).await
}

async fn ask(house: &House, one: &ToDo) -> Result<Done, FollowError> {
    let db = &house.stores.identity;
    let found = login_sessions::by_id(db, one.practice_id, one.account_id, one.session).await?;
    let Some(record) = found else { return Ok(waited_for(house, one)) };
    let act = Act { word: Word::new("ask_factor"), about: about_session(one.session), failed: Word::new("not-asked") };
    match house.sessions.ask_factor(&record, house.clock.now()) {
        Some(asked) => {
            let batch = login_sessions::ask_factor(Batch::new(), &record, &asked);
            carry_out(house, one, act, Word::new("alert"), batch).await
        }
        None if record.factor_asked_at.is_some() => {
            carry_out(house, one, act, Word::new("asked-already"), Batch::new()).await
        }
        // A row that is not genuine opens nothing.
        None => Ok(Done::Never),
    }
}

async fn hold(house: &House, one: &ToDo) -> Result<Done, FollowError> {
    let (practice_id, account_id, alert_id) = (one.practice_id, one.account_id, one.alert_id);
    let about = resource(Word::new("account"), account_id);
    let act = Act { word: Word::new("hold_exports"), about, failed: Word::new("not-held") };
    if export_holds::in_force(&house.stores.identity, practice_id, account_id).await?.is_some() {
        return carry_out(house, one, act, Word::new("held-already"), Batch::new()).await;
    }
    let row = HoldRow { practice_id, alert_id, account_id, held_at: house.clock.now(), lifted: None };
    carry_out(house, one, act, Word::new("alert"), export_holds::hold(Batch::new(), &row)).await
}

/// A session that is not there (any more) is waited for, for a while.
fn waited_for(house: &House, one: &ToDo) -> Done {
    let waited = house.clock.now().as_second() - one.found_at.as_second();
    if waited < WAIT { Done::NotYet } else { Done::Never }
}

fn about_session(session: LoginSessionId) -> Resource {
    resource(Word::new("login_session"), session)
}

/// What is recorded.
struct Act {
    word: Word,
    about: Resource,
    /// Why it was not done after all.
    failed: Word,
}

/// Records it, then does it and marks the alert in one write.
async fn carry_out(house: &House, one: &ToDo, act: Act, reason: Word, batch: Batch) -> Result<Done, FollowError> {
    record(house, one.practice_id, &act, Outcome::Allowed, reason).await?;
    let batch = alerts::answered(batch, one.practice_id, one.alert_id, house.clock.now());
    match house.stores.identity.commit(batch).await {
        Ok(()) => Ok(Done::Now),
        Err(error) => {
            record(house, one.practice_id, &act, Outcome::Failed, act.failed.clone()).await?;
            // It went away or changed in the same moment, went on under another id, or another server did it.
            match error {
                CommitError::Conflict { .. } | CommitError::Duplicate { .. } => Ok(Done::NotYet),
                other => Err(other.into()),
            }
        }
    }
}

async fn record(
    house: &House,
    practice: PracticeId,
    act: &Act,
    outcome: Outcome,
    reason: Word,
) -> Result<(), LedgerError> {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let event = Event { reason, outcome, ..Event::done(act.word.clone(), act.about.clone()) };
    house.record_as(actor, origin, event).await.map(|_| ())
}
