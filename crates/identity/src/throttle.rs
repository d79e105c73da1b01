//! How long to wait: after wrong passwords and factors, and after many searches.

use domain::Timestamp;
use std::net::{IpAddr, Ipv6Addr};

/// Failures of one account before it waits: people mistype.
const ACCOUNT_FREE: u32 = 5;
/// Failures of one address before it waits: a whole clinic may stand behind one.
const ADDRESS_FREE: u32 = 20;
/// The first wait, in seconds; each further failure doubles it.
const FIRST_WAIT: u64 = 30;
/// The longest wait, in seconds: a patient who is being attacked gets in within a quarter of an hour.
const LONGEST_WAIT: u64 = 15 * 60;
/// Failures in a row after which an account opens only by a new invitation (NIST SP 800-63B 5.2.2: at most 100).
const ACCOUNT_MOST: u32 = 100;
/// Seconds after which an address's failures are forgotten. An account's are not: only a full session clears them.
const ADDRESS_MEMORY: u64 = 60 * 60;

/// Searches for patients that one account makes in a window before it waits: one in ten seconds, the whole window long,
/// is more than a busy front desk types.
const SEARCHES: u32 = 60;
/// The length of a window of searches, in seconds.
const SEARCH_WINDOW: i64 = 10 * 60;

/// Failures in a row of one account, or from one address, as they are stored.
///
/// A wrong password and a wrong factor count the same, and only a *full* session clears an account's count: otherwise
/// somebody who has the password could guess codes for ever by signing in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// The latest; none when there are none.
    pub last_at: Option<Timestamp>,
}

impl Failures {
    /// One more, now.
    pub const fn and_one(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), last_at: Some(now) }
    }
    /// One more from an address, now: a count that is old enough to be forgotten begins again.
    pub fn and_one_from_address(self, now: Timestamp) -> Self {
        match since(self, now) {
            Some(seconds) if seconds < ADDRESS_MEMORY => self.and_one(now),
            _ => Self::default().and_one(now),
        }
    }
}

/// Whether another try is looked at now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// Yes.
    Allowed,
    /// Not yet: come back after this many seconds. The password is not even looked at until then.
    Wait(u64),
    /// No more: after 100 failures in a row only a new invitation opens the account.
    Locked,
}

/// Back-off for an account: free up to 4 failures in a row; from the 5th on 30 s, 60 s, 2, 4, 8 and at most 15 minutes
/// after the latest; locked at 100.
///
/// Ask the same for accounts that do not exist (count failures by the hash of what was typed as address), or the wait
/// tells who has an account.
pub fn account_throttle(failures: Failures, now: Timestamp) -> Throttle {
    if failures.count >= ACCOUNT_MOST { Throttle::Locked } else { back_off(failures, ACCOUNT_FREE, now) }
}

/// Back-off for an address (as [`throttle_address`] groups them): free up to 19 failures; from the 20th on the same
/// waits; forgotten after an hour without one. Never locked.
pub fn address_throttle(failures: Failures, now: Timestamp) -> Throttle {
    match since(failures, now) {
        Some(seconds) if seconds < ADDRESS_MEMORY => back_off(failures, ADDRESS_FREE, now),
        _ => Throttle::Allowed,
    }
}

/// The number of the window of ten minutes in which searches are counted at this moment. Each window has its own count.
pub fn search_window(now: Timestamp) -> i64 {
    now.as_second().div_euclid(SEARCH_WINDOW)
}

/// Whether one more search is made by an account that has made `searches` in the [`search_window`] of this moment: up to
/// 60; from then on the wait is for the next window.
pub fn search_throttle(searches: Failures, now: Timestamp) -> Throttle {
    if searches.count < SEARCHES {
        return Throttle::Allowed;
    }
    Throttle::Wait((SEARCH_WINDOW - now.as_second().rem_euclid(SEARCH_WINDOW)).unsigned_abs())
}

/// The address under which failures are counted: IPv4 as it is, IPv6 by its /64, which is what one household or server
/// gets to itself (RFC 6177).
pub fn throttle_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

fn back_off(failures: Failures, free: u32, now: Timestamp) -> Throttle {
    let (Some(doublings), Some(seconds)) = (failures.count.checked_sub(free), since(failures, now)) else {
        return Throttle::Allowed;
    };
    let wait = FIRST_WAIT.checked_shl(doublings).filter(|_| doublings < 32).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    match wait.checked_sub(seconds) {
        None | Some(0) => Throttle::Allowed,
        Some(left) => Throttle::Wait(left),
    }
}

/// Whole seconds since the latest failure; 0 when a clock was set back, so that setting it back opens nothing.
fn since(failures: Failures, now: Timestamp) -> Option<u64> {
    failures.last_at.map(|at| u64::try_from((now.as_millisecond() - at.as_millisecond()) / 1000).unwrap_or(0))
}
