//! How long a billing account is kept: rules of its own, usually longer than those of the record.
//!
//! The clock starts at the last activity: the latest of the days that its charges and bookings are of, and of those on which
//! they came, were booked, or were decided about. Calendar years in the practice's time zone, as for records.

use super::{anniversary, check_name_and_years};
use crate::{Invalid, Timezone, role::words};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// One rule: a law, a contract, or the practice's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingRule {
    /// Its short name, as plans and certificates write it: `us-false-claims`.
    pub name: String,
    /// Where it is written: the section of the law, the contract.
    pub source: String,
    /// From which day on it holds, for those who read the file later.
    pub since: Date,
    /// Years after the last activity.
    pub years: u8,
}

impl BillingRule {
    /// Refuses what cannot be meant: no years at all, or more than a hundred.
    pub fn check(&self) -> Result<(), Invalid> {
        check_name_and_years(&self.name, self.years)
    }
}

/// When something last happened on an account: the last day that is written in it, and the last moment in which something
/// was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountActivity {
    /// The latest day of a charge or a booking.
    pub day: Option<Date>,
    /// The latest moment in which a charge came or was decided about, something was booked, or the account was opened.
    pub at: Option<Timestamp>,
}

impl AccountActivity {
    /// The last day of activity on the practice's calendar; none where nothing is known of the account.
    pub fn last_day(&self, zone: &Timezone) -> Option<Date> {
        self.day.max(self.at.map(|at| zone.day_of(at)))
    }
}

/// What is known of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountStanding {
    /// The last day of activity, on the practice's calendar.
    pub last_activity: Date,
    /// Whether a legal hold covers the patient behind it.
    pub held: bool,
    /// Whether a charge is on its way to it.
    pub on_its_way: bool,
    /// Whether nothing is owed on it, and nothing was paid too much.
    pub balanced: bool,
    /// Whether a charge of it waits to be billed.
    pub draft: bool,
}

/// What the rules say about one account on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountVerdict {
    /// Kept up to and including this day.
    Keep {
        /// The last day of keeping.
        until: Date,
    },
    /// A legal hold covers the patient behind it: it may not go, whatever the rules say.
    Hold,
    /// A charge is on its way to it.
    OnItsWay,
    /// Its time is over, but something is owed or was paid too much: listed for a decision.
    Balance {
        /// The last day of keeping, which is past.
        until: Date,
        /// The rule that kept it longest.
        rule: String,
    },
    /// Its time is over, but a charge waits to be billed: listed for a decision.
    Draft {
        /// The last day of keeping, which is past.
        until: Date,
        /// The rule that kept it longest.
        rule: String,
    },
    /// Its time is over.
    Due {
        /// The last day of keeping, which is past.
        until: Date,
        /// The rule that kept it longest.
        rule: String,
    },
}

words! {
    /// A verdict about an account, in one word.
    AccountVerdictKind, "is not a verdict" {
        /// See [`AccountVerdict::Keep`].
        Keep = "keep",
        /// See [`AccountVerdict::Hold`].
        Hold = "hold",
        /// See [`AccountVerdict::OnItsWay`].
        OnItsWay = "on_its_way",
        /// See [`AccountVerdict::Balance`].
        Balance = "balance",
        /// See [`AccountVerdict::Draft`].
        Draft = "draft",
        /// See [`AccountVerdict::Due`].
        Due = "due",
    }
}

impl AccountVerdict {
    /// In one word.
    pub const fn kind(&self) -> AccountVerdictKind {
        match self {
            Self::Keep { .. } => AccountVerdictKind::Keep,
            Self::Hold => AccountVerdictKind::Hold,
            Self::OnItsWay => AccountVerdictKind::OnItsWay,
            Self::Balance { .. } => AccountVerdictKind::Balance,
            Self::Draft { .. } => AccountVerdictKind::Draft,
            Self::Due { .. } => AccountVerdictKind::Due,
        }
    }
}

/// The rules in force. The longest wins. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BillingRules(Vec<BillingRule>);

impl BillingRules {
    /// Refused when there is none, one cannot be meant, or two share a name.
    pub fn new(rules: Vec<BillingRule>) -> Result<Self, Invalid> {
        for (n, rule) in rules.iter().enumerate() {
            rule.check()?;
            if rules[..n].iter().any(|other| other.name == rule.name) {
                return Err(Invalid::new("must not name two rules alike"));
            }
        }
        if rules.is_empty() { Err(Invalid::new("must have one rule at least")) } else { Ok(Self(rules)) }
    }

    /// The rules.
    pub fn as_slice(&self) -> &[BillingRule] {
        &self.0
    }

    /// What the rules say about an account on a day.
    pub fn judge(&self, standing: &AccountStanding, today: Date) -> AccountVerdict {
        let (until, rule) = self.longest(standing.last_activity);
        match standing {
            _ if today <= until => AccountVerdict::Keep { until },
            AccountStanding { held: true, .. } => AccountVerdict::Hold,
            AccountStanding { on_its_way: true, .. } => AccountVerdict::OnItsWay,
            AccountStanding { balanced: false, .. } => AccountVerdict::Balance { until, rule },
            AccountStanding { draft: true, .. } => AccountVerdict::Draft { until, rule },
            _ => AccountVerdict::Due { until, rule },
        }
    }

    fn longest(&self, last: Date) -> (Date, String) {
        // Of two that end on the same day the one that stands first is named.
        let longest = self.0.iter().reduce(|best, next| if next.years > best.years { next } else { best });
        longest.map_or((Date::MAX, String::new()), |rule| (anniversary(last, rule.years), rule.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn rules(all: &[(&str, u8)]) -> Result<BillingRules, Invalid> {
        let rule = |(name, years): &(&str, u8)| BillingRule {
            name: (*name).to_owned(),
            source: "a test".to_owned(),
            since: date(2000, 1, 1),
            years: *years,
        };
        BillingRules::new(all.iter().map(rule).collect())
    }

    fn quiet_since(last_activity: Date) -> AccountStanding {
        AccountStanding { last_activity, held: false, on_its_way: false, balanced: true, draft: false }
    }

    #[test]
    fn an_account_is_kept_through_its_anniversary_and_due_on_the_next_day() {
        let rules = rules(&[("seven", 7), ("ten", 10)]).expect("valid");
        let judge = |today| rules.judge(&quiet_since(date(2016, 5, 14)), today);
        assert_eq!(judge(date(2026, 5, 13)).kind(), AccountVerdictKind::Keep);
        assert_eq!(judge(date(2026, 5, 14)), AccountVerdict::Keep { until: date(2026, 5, 14) });
        let due = AccountVerdict::Due { until: date(2026, 5, 14), rule: "ten".into() };
        assert_eq!(judge(date(2026, 5, 15)), due, "the longest wins and is named");
    }

    #[test]
    fn the_29th_of_february_ends_with_the_last_day_of_february() {
        let rules = rules(&[("ten", 10)]).expect("valid");
        let judge = |today| rules.judge(&quiet_since(date(2016, 2, 29)), today).kind();
        assert_eq!(judge(date(2026, 2, 28)), AccountVerdictKind::Keep);
        assert_eq!(judge(date(2026, 3, 1)), AccountVerdictKind::Due);
    }

    #[test]
    fn what_is_owed_drafted_held_or_on_its_way_is_never_due_by_itself() {
        let rules = rules(&[("ten", 10)]).expect("valid");
        let quiet = quiet_since(date(2000, 1, 1));
        let judge = |standing: AccountStanding| rules.judge(&standing, date(2026, 5, 14)).kind();
        assert_eq!(judge(AccountStanding { balanced: false, draft: true, ..quiet }), AccountVerdictKind::Balance);
        assert_eq!(judge(AccountStanding { draft: true, ..quiet }), AccountVerdictKind::Draft);
        assert_eq!(judge(AccountStanding { on_its_way: true, balanced: false, ..quiet }), AccountVerdictKind::OnItsWay);
        assert_eq!(judge(AccountStanding { held: true, on_its_way: true, ..quiet }), AccountVerdictKind::Hold);
        assert_eq!(judge(quiet), AccountVerdictKind::Due);
    }

    #[test]
    fn the_day_of_a_moment_is_that_of_the_practices_time_zone_and_the_later_day_counts() {
        let at = Some("2016-05-14T03:30:00Z".parse().expect("a moment"));
        let on = |day, zone: &str| AccountActivity { day, at }.last_day(&Timezone::new(zone).expect("known"));
        assert_eq!(on(None, "America/New_York"), Some(date(2016, 5, 13)));
        assert_eq!(on(None, "Europe/Berlin"), Some(date(2016, 5, 14)));
        assert_eq!(on(Some(date(2016, 5, 15)), "Europe/Berlin"), Some(date(2016, 5, 15)));
        assert_eq!(AccountActivity::default().last_day(&Timezone::new("UTC").expect("known")), None);
    }

    #[test]
    fn rules_that_cannot_be_meant_are_refused() {
        for bad in [&[][..], &[("none", 0)], &[("A law", 7)], &[("twice", 7), ("twice", 8)]] {
            assert!(rules(bad).is_err(), "{bad:?}");
        }
    }
}
