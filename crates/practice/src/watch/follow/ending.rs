//! Login sessions that are to be ended, because a rule whose answer is `end_session` found something in them.
//!
//! The alert is stored first, with the session. Then, where that session is there, its end is recorded, and in one write the
//! session is deleted and the alert marked: a page never tells of an end that did not happen. An API token's name in an
//! entry is no session's, and so is never there.

use super::FollowError;
pub(super) use crate::trail::{moved, session_after};
use crate::{Actor, Event, House, record::resource};
use domain::{LoginSessionId, PracticeId, RequestId, Timestamp};
use identity::Origin;
use ledger::{LedgerError, Outcome, Word};
use store::{
    Batch, CommitError,
    rows::{
        alerts::{self, AlertRow, ToEnd},
        login_sessions,
    },
};
use tokio::runtime::Handle;

/// For so many seconds a session is waited for: that it is begun is an entry a moment before it is stored.
const WAIT: i64 = 60;
/// Sessions that a server left behind which was killed are ended when so many seconds have not gone by.
const LEFT_BEHIND: u64 = 3_600;

/// Sessions that are to be ended.
#[derive(Default)]
pub(super) struct Ending(Vec<ToEnd>);

impl Ending {
    /// What was stored and not done, before this server watched.
    pub(super) async fn left_behind(house: &House) -> Result<Self, FollowError> {
        let since = std::time::Duration::from_secs(LEFT_BEHIND);
        let since = house.clock.now().checked_sub(since).unwrap_or(Timestamp::MIN);
        Ok(Self(alerts::to_end(&house.stores.identity, since).await?))
    }

    /// Takes in the alerts that were stored just now.
    pub(super) fn add<'a>(&mut self, stored: impl Iterator<Item = &'a AlertRow>) {
        self.0.extend(stored.filter_map(ToEnd::of));
    }

    /// A session went on under another id.
    pub(super) fn follow(&mut self, practice: Option<PracticeId>, (before, after): (LoginSessionId, LoginSessionId)) {
        for one in self.0.iter_mut().filter(|one| Some(one.practice_id) == practice && one.session == before) {
            one.session = after;
        }
    }

    /// Ends those that are there; gives whether any was. Those that are not there yet are looked for again.
    pub(super) fn end(&mut self, house: &House) -> Result<bool, FollowError> {
        let (mut any, mut nth) = (false, 0);
        while let Some(one) = self.0.get(nth).copied() {
            match Handle::current().block_on(end(house, &one))? {
                Ended::Now => any = true,
                Ended::Before => {}
                Ended::NotYet => {
                    nth += 1;
                    continue;
                }
            }
            self.0.remove(nth);
        }
        Ok(any)
    }
}

enum Ended {
    Now,
    Before,
    NotYet,
}

async fn end(house: &House, one: &ToEnd) -> Result<Ended, FollowError> {
    let (db, now) = (&house.stores.identity, house.clock.now());
    let (practice, account, session) = (one.practice_id, one.account_id, one.session);
    if !login_sessions::is_there(db, practice, account, session).await? {
        let waited = now.as_second() - one.found_at.as_second();
        return Ok(if waited < WAIT { Ended::NotYet } else { Ended::Before });
    }
    record(house, practice, session, Outcome::Allowed, Word::new("alert")).await?;
    let batch = login_sessions::rotate_out(Batch::new(), practice, account, session);
    match db.commit(alerts::session_ended(batch, practice, one.alert_id, now)).await {
        Ok(()) => Ok(Ended::Now),
        Err(error) => {
            record(house, practice, session, Outcome::Failed, Word::new("not-ended")).await?;
            // It went away in the same moment, or on under another id.
            if matches!(error, CommitError::Conflict { .. }) { Ok(Ended::NotYet) } else { Err(error.into()) }
        }
    }
}

async fn record(
    house: &House,
    practice: PracticeId,
    session: LoginSessionId,
    outcome: Outcome,
    reason: Word,
) -> Result<(), LedgerError> {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let about = resource(Word::new("login_session"), session);
    let event = Event { reason, outcome, ..Event::done(Word::new("end_session"), about) };
    house.record_as(actor, origin, event).await.map(|_| ())
}
