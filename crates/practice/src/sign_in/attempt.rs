//! Tries, counted before they are looked at.

use crate::{Actor, Event, House, HouseError, house::through_house, refusals};
use domain::Timestamp;
use identity::{
    Failures, Full, Origin, Session, Throttle, account_throttle, address_throttle, search_throttle, search_window,
    throttle_address,
};
use ledger::{Resource, Word};
use std::time::Duration;
use store::{Batch, rows::throttle};

/// Seconds after which somebody may ask again whose account only a new invitation opens: as the longest wait, so that
/// nobody can tell the two apart.
const LOCKED: u32 = 15 * 60;
/// How long a network address's failures are kept; see [`address_throttle`].
const ADDRESS_MEMORY: Duration = Duration::from_secs(60 * 60);

/// Why a try is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// Too many: come back after so many seconds. The same for accounts that do not exist.
    #[error("too many tries")]
    Wait(u32),
    /// The house could not count it, or not record that it was refused.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(AttemptError);

/// What is counted, and so how many of it are free and how long the wait is.
#[derive(Clone, Copy)]
enum Kind {
    /// A password or a factor: a failure of the account, until a full session clears it.
    Credential,
    /// A step that may be taken a few times: forgotten like an address's failures.
    Step,
    /// A search for patients: so many in a window of time.
    Search,
}

impl Kind {
    const fn is_lasting(self) -> bool {
        matches!(self, Self::Credential)
    }

    fn throttle(self, before: Failures, now: Timestamp) -> Throttle {
        match self {
            Self::Credential => account_throttle(before, now),
            Self::Step => address_throttle(before, now),
            Self::Search => search_throttle(before, now),
        }
    }
}

/// One try that was counted, under the account (or the invitation) and the network address.
pub(crate) struct Attempt {
    subject: [u8; 32],
    address: Option<[u8; 32]>,
}

/// What is tried, for the ledger when it may not be looked at.
pub(crate) struct Tried {
    /// By whom, as far as it is known.
    pub(crate) actor: Actor,
    /// What.
    pub(crate) action: Word,
    /// On what.
    pub(crate) resource: Resource,
}

impl Attempt {
    /// Counts a try under a typed address and the network address. [`AttemptError::Wait`] when it may not be looked at;
    /// the ledger has that then, once for all tries of the wait.
    pub(crate) async fn count(
        house: &House,
        email: [u8; 32],
        origin: Origin,
        tried: Tried,
    ) -> Result<Self, AttemptError> {
        let address = origin.address.map(|address| house.indexes.network_address(throttle_address(address)));
        Self { subject: email, address }.counted(house, Kind::Credential, origin, tried).await
    }

    /// Counts one of the steps that somebody may take a few times, and not for ever: under that alone, so that a whole
    /// practice that joins from one network address keeps nobody out.
    pub(crate) async fn count_steps(
        house: &House,
        subject: [u8; 32],
        origin: Origin,
        tried: Tried,
    ) -> Result<Self, AttemptError> {
        Self { subject, address: None }.counted(house, Kind::Step, origin, tried).await
    }

    /// Counts a search for patients, under whoever searches. It stays counted, whatever it finds.
    pub(crate) async fn count_search(
        house: &House,
        session: &Session<Full>,
        action: Word,
        resource: Resource,
    ) -> Result<(), AttemptError> {
        let subject = house.indexes.searcher(session.account(), search_window(house.clock.now()));
        let tried = Tried { actor: Actor::of_session(session), action, resource };
        Self { subject, address: None }.counted(house, Kind::Search, session.origin(), tried).await.map(drop)
    }

    async fn counted(self, house: &House, kind: Kind, origin: Origin, tried: Tried) -> Result<Self, AttemptError> {
        let db = &house.stores.identity;
        let now = house.clock.now();
        let seen = throttle::of(db, &self.subject).await?;
        if let Some(seconds) = wait(kind.throttle(seen, now)) {
            return Err(refused(house, &self.subject, origin, tried, seconds).await);
        }
        let seen_address = match &self.address {
            Some(index) => throttle::of(db, index).await?,
            None => Failures::default(),
        };
        if let (Some(index), Some(seconds)) = (&self.address, wait(address_throttle(seen_address, now))) {
            return Err(refused(house, index, origin, tried, seconds).await);
        }

        let forget = now.checked_sub(ADDRESS_MEMORY).unwrap_or(Timestamp::MIN);
        let batch = throttle::count(Batch::new(), &self.subject, kind.is_lasting(), now, forget);
        let batch = match &self.address {
            Some(index) => throttle::count(batch, index, false, now, forget),
            None => batch,
        };
        db.commit(batch).await?;
        // Many at once have all seen the same count: each is judged again by how many really stood before it.
        let stood = before(seen, throttle::of(db, &self.subject).await?);
        let mut judged = wait(kind.throttle(stood, now)).map(|seconds| (self.subject, seconds));
        if let (None, Some(index)) = (judged, &self.address) {
            let stood = before(seen_address, throttle::of(db, index).await?);
            judged = wait(address_throttle(stood, now)).map(|seconds| (*index, seconds));
        }
        if let Some((subject, seconds)) = judged {
            // It was not looked at, so it is no failure: otherwise one burst would lock anybody's account for good.
            db.commit(self.right(Batch::new())).await?;
            return Err(refused(house, &subject, origin, tried, seconds).await);
        }
        let settled = refusals::settle(house, [&self.subject, self.address.as_ref().unwrap_or(&self.subject)]).await;
        if let Err(error) = settled {
            // Nor was this one.
            db.commit(self.right(Batch::new())).await?;
            return Err(error.into());
        }
        Ok(self)
    }

    /// The try, and the password before it, came to a full session: nothing is left of them, and of the account's
    /// failures. Those of others at the same network address stay.
    pub(crate) fn succeeded(&self, batch: Batch, tries: u32) -> Batch {
        let batch = throttle::clear(batch, &self.subject);
        match &self.address {
            Some(index) => throttle::take_back(batch, index, tries),
            None => batch,
        }
    }

    /// The try was right, and no more than that: it does not count, earlier failures do.
    pub(crate) fn right(&self, batch: Batch) -> Batch {
        let batch = throttle::take_back(batch, &self.subject, 1);
        match &self.address {
            Some(index) => throttle::take_back(batch, index, 1),
            None => batch,
        }
    }
}

/// The failures before one's own try. When others came between, the latest is now.
fn before(seen: Failures, after: Failures) -> Failures {
    let count = after.count.saturating_sub(1);
    let last_at = if count > seen.count { after.last_at } else { seen.last_at };
    Failures { count, last_at }
}

/// Counts a try that is not looked at; gives what the caller is told.
async fn refused(house: &House, subject: &[u8; 32], origin: Origin, tried: Tried, seconds: u32) -> AttemptError {
    let event = Event::refused(tried.action, tried.resource, Word::new("throttled"));
    match refusals::refuse(house, subject, tried.actor, origin, event).await {
        Ok(()) => AttemptError::Wait(seconds),
        Err(error) => error.into(),
    }
}

/// The seconds to wait; none when the try is looked at.
fn wait(throttle: Throttle) -> Option<u32> {
    match throttle {
        Throttle::Allowed => None,
        Throttle::Wait(seconds) => Some(u32::try_from(seconds).unwrap_or(LOCKED).max(1)),
        Throttle::Locked => Some(LOCKED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_at_once_only_the_first_is_looked_at() {
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).expect("a moment");
        let (seen, now) = (Failures { count: 5, last_at: Some(at(0)) }, at(60));
        let judged = |after| account_throttle(before(seen, Failures { count: after, last_at: Some(now) }), now);
        assert_eq!(judged(6), Throttle::Allowed);
        assert!(matches!(judged(7), Throttle::Wait(_)));
        assert!(matches!(judged(30), Throttle::Wait(_)));
    }
}
