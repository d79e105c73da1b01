//! Tries, counted before they are looked at.

use super::SignInError;
use crate::House;
use domain::Timestamp;
use identity::{Failures, Origin, Throttle, account_throttle, address_throttle, throttle_address};
use std::time::Duration;
use store::{Batch, rows::throttle};

/// Seconds after which somebody may ask again whose account only a new invitation opens: as the longest wait, so that
/// nobody can tell the two apart.
const LOCKED: u32 = 15 * 60;
/// How long a network address's failures are kept; see [`address_throttle`].
const ADDRESS_MEMORY: Duration = Duration::from_secs(60 * 60);

/// One try that was counted, under the typed address and the network address.
pub(crate) struct Attempt {
    email: [u8; 32],
    address: Option<[u8; 32]>,
}

impl Attempt {
    /// Counts a try. [`SignInError::Wait`] when it may not be looked at.
    pub(crate) async fn count(house: &House, email: [u8; 32], origin: Origin) -> Result<Self, SignInError> {
        let db = &house.stores.identity;
        let now = house.clock.now();
        let address = origin.address.map(|address| house.indexes.network_address(throttle_address(address)));
        let seen = throttle::of(db, &email).await?;
        allowed(account_throttle(seen, now))?;
        let seen_address = match &address {
            Some(index) => throttle::of(db, index).await?,
            None => Failures::default(),
        };
        allowed(address_throttle(seen_address, now))?;

        let forget = now.checked_sub(ADDRESS_MEMORY).unwrap_or(Timestamp::MIN);
        let batch = throttle::count(Batch::new(), &email, true, now, forget);
        let batch = match &address {
            Some(index) => throttle::count(batch, index, false, now, forget),
            None => batch,
        };
        db.commit(batch).await?;
        // Many at once have all seen the same count: each is judged again by how many really stood before it.
        let judged = allowed(account_throttle(before(seen, throttle::of(db, &email).await?), now));
        let judged = match (&judged, &address) {
            (Ok(()), Some(index)) => {
                allowed(address_throttle(before(seen_address, throttle::of(db, index).await?), now))
            }
            _ => judged,
        };
        let attempt = Self { email, address };
        if judged.is_err() {
            // It was not looked at, so it is no failure: otherwise one burst would lock anybody's account for good.
            db.commit(attempt.right(Batch::new())).await?;
        }
        judged.map(|()| attempt)
    }

    /// The try, and the password before it, came to a full session: nothing is left of them, and of the account's
    /// failures. Those of others at the same network address stay.
    pub(crate) fn succeeded(&self, batch: Batch, tries: u32) -> Batch {
        let batch = throttle::clear(batch, &self.email);
        match &self.address {
            Some(index) => throttle::take_back(batch, index, tries),
            None => batch,
        }
    }

    /// The try was right, and no more than that: it does not count, earlier failures do.
    pub(crate) fn right(&self, batch: Batch) -> Batch {
        let batch = throttle::take_back(batch, &self.email, 1);
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

fn allowed(throttle: Throttle) -> Result<(), SignInError> {
    match throttle {
        Throttle::Allowed => Ok(()),
        Throttle::Wait(seconds) => Err(SignInError::Wait(u32::try_from(seconds).unwrap_or(LOCKED).max(1))),
        Throttle::Locked => Err(SignInError::Wait(LOCKED)),
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
