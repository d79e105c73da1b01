//! How long a record is kept: rules as data, and what they say about one patient on one day.
//!
//! The clock starts at the last visit that was held or the last day on which care was logged, never at an edit. Years are
//! those of the calendar in the practice's time zone. The last day of keeping is the anniversary; the record is due from
//! the next day on.
//!
//! 29 February: in a year without one, the anniversary is the last day of February. A person who was born on it comes of age
//! on 1 March of such a year, as everywhere in this program ([`BirthDate::age_on`]).

mod audit;
mod billing;

pub use audit::{AUDIT_YEARS, kept_since};
pub use billing::{AccountActivity, AccountStanding, AccountVerdict, AccountVerdictKind, BillingRule, BillingRules};

use crate::{BirthDate, Invalid, Timezone, role::words, text::texts};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// Why a legal hold was placed.
    HoldReason: 1..=2000, "must be 1 to 2000 characters of plain text";
    /// The number of an incident or a case.
    IncidentNumber: 1..=64, "must be 1 to 64 characters of plain text";
}

/// One rule: a law, a contract, or the practice's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Its short name, as plans and certificates write it: `us-ca`.
    pub name: String,
    /// Where it is written: the section of the law, the contract.
    pub source: String,
    /// From which day on it holds, for those who read the file later.
    pub since: Date,
    /// Years after the last treatment.
    pub years: u8,
    /// For records of minors.
    #[serde(default)]
    pub minors: Option<MinorRule>,
    /// For how many years after its destruction a record is kept in the archive; none for no archive.
    #[serde(default)]
    pub archive_years: Option<u8>,
}

/// How long the record of somebody is kept who was a minor when last treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinorRule {
    /// Somebody under this age is a minor.
    pub below: u8,
    /// Kept until this birthday at least.
    pub until_age: u8,
}

impl RetentionRule {
    /// Refuses what cannot be meant: no years at all, or more than a hundred.
    pub fn check(&self) -> Result<(), Invalid> {
        check_name_and_years(&self.name, self.years)?;
        if self.archive_years.is_some_and(|years| !(1..=100).contains(&years)) {
            return Err(Invalid::new("must archive for 1 to 100 years"));
        }
        match self.minors {
            Some(minors) if minors.until_age < minors.below || minors.until_age > 100 => {
                Err(Invalid::new("must keep minors' records until they are of age at least, and 100 at most"))
            }
            _ => Ok(()),
        }
    }

    /// The last day of the archive of a record that is destroyed on a day; none without an archive.
    pub fn archived_until(&self, destroyed_on: Date) -> Option<Date> {
        self.archive_years.map(|years| anniversary(destroyed_on, years))
    }

    /// The last day of keeping by this rule.
    fn until(&self, last: Date, born: BirthDate) -> Date {
        let adult = anniversary(last, self.years);
        match self.minors {
            Some(minors) if last < birthday(born, minors.below) => adult.max(birthday(born, minors.until_age)),
            _ => adult,
        }
    }

    /// The last day of keeping by this rule for somebody who was of age: no birth date gives an earlier one.
    fn at_least_until(&self, last: Date) -> Date {
        anniversary(last, self.years)
    }
}

fn check_name_and_years(name: &str, years: u8) -> Result<(), Invalid> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(word) {
        return Err(Invalid::new("must have a name of 1 to 64 of a-z, 0-9 and -"));
    }
    if !(1..=100).contains(&years) {
        return Err(Invalid::new("must keep for 1 to 100 years"));
    }
    Ok(())
}

/// The same day so many years later; the last day of February for 29 February in a year without one.
fn anniversary(day: Date, years: u8) -> Date {
    day.checked_add(i32::from(years).years()).unwrap_or(Date::MAX)
}

/// The day on which somebody reaches an age; 1 March for 29 February in a year without one.
fn birthday(born: BirthDate, age: u8) -> Date {
    let born = born.date();
    let day = anniversary(born, age);
    if day.day() == born.day() { day } else { day.tomorrow().unwrap_or(Date::MAX) }
}

/// What is known of one patient's care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Care {
    /// When the last visit that was held began.
    pub last_visit: Option<Timestamp>,
    /// The last day on which care was logged, on the practice's calendar.
    pub last_logged: Option<Date>,
    /// Whether a visit is to come.
    pub planned: bool,
}

impl Care {
    /// That of somebody who was registered twice, from two of their records.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            last_visit: self.last_visit.max(other.last_visit),
            last_logged: self.last_logged.max(other.last_logged),
            planned: self.planned || other.planned,
        }
    }

    /// The last day of care on the practice's calendar.
    pub fn last_day(&self, zone: &Timezone) -> Option<Date> {
        self.last_logged.max(self.last_visit.map(|at| zone.day_of(at)))
    }
}

/// What the rules say about one patient on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A legal hold: nothing may go, whatever the rules say.
    Hold,
    /// No visit and no logged care: never purged by itself, listed for a decision.
    NoVisit,
    /// Under care: a visit is to come.
    UnderCare,
    /// Kept up to and including this day.
    Keep {
        /// The last day of keeping.
        until: Date,
        /// The rule that keeps it longest.
        rule: String,
    },
    /// Its time is over.
    Due {
        /// The last day of care.
        last_care: Date,
        /// The last day of keeping, which is past.
        until: Date,
        /// The rule that kept it longest.
        rule: String,
    },
}

words! {
    /// A verdict, in one word.
    VerdictKind, "is not a verdict" {
        /// See [`Verdict::Hold`].
        Hold = "hold",
        /// See [`Verdict::NoVisit`].
        NoVisit = "no_visit",
        /// Known to billing: what plans said as long as that kept a record. None says so any more.
        Billed = "billed",
        /// See [`Verdict::UnderCare`].
        UnderCare = "under_care",
        /// See [`Verdict::Keep`].
        Keep = "keep",
        /// See [`Verdict::Due`].
        Due = "due",
    }
}

impl Verdict {
    /// In one word.
    pub const fn kind(&self) -> VerdictKind {
        match self {
            Self::Hold => VerdictKind::Hold,
            Self::NoVisit => VerdictKind::NoVisit,
            Self::UnderCare => VerdictKind::UnderCare,
            Self::Keep { .. } => VerdictKind::Keep,
            Self::Due { .. } => VerdictKind::Due,
        }
    }

    /// The last day of keeping, where the rules name one.
    pub const fn until(&self) -> Option<Date> {
        match self {
            Self::Keep { until, .. } | Self::Due { until, .. } => Some(*until),
            Self::Hold | Self::NoVisit | Self::UnderCare => None,
        }
    }
}

/// The rules in force. The longest wins. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RetentionRules(Vec<RetentionRule>);

impl RetentionRules {
    /// Refused when there is none, one cannot be meant, or two share a name.
    pub fn new(rules: Vec<RetentionRule>) -> Result<Self, Invalid> {
        for (n, rule) in rules.iter().enumerate() {
            rule.check()?;
            if rules[..n].iter().any(|other| other.name == rule.name) {
                return Err(Invalid::new("must not name two rules alike"));
            }
        }
        if rules.is_empty() { Err(Invalid::new("must have one rule at least")) } else { Ok(Self(rules)) }
    }

    /// The rules.
    pub fn as_slice(&self) -> &[RetentionRule] {
        &self.0
    }

    /// What the rules say without a birth date, if that is enough: only for who may be due the day of birth matters.
    pub fn judge_without_birth(&self, care: &Care, zone: &Timezone, today: Date) -> Option<Verdict> {
        let Some(last) = care.last_day(zone) else { return Some(Verdict::NoVisit) };
        if care.planned {
            return Some(Verdict::UnderCare);
        }
        let (until, rule) = self.longest(|rule| rule.at_least_until(last));
        (today <= until).then_some(Verdict::Keep { until, rule })
    }

    /// What the rules say about a patient on a day.
    pub fn judge(&self, born: BirthDate, care: &Care, zone: &Timezone, today: Date) -> Verdict {
        let Some(last_care) = care.last_day(zone) else { return Verdict::NoVisit };
        if care.planned {
            return Verdict::UnderCare;
        }
        let (until, rule) = self.longest(|rule| rule.until(last_care, born));
        if today <= until { Verdict::Keep { until, rule } } else { Verdict::Due { last_care, until, rule } }
    }

    fn longest(&self, until: impl Fn(&RetentionRule) -> Date) -> (Date, String) {
        let all = self.0.iter().map(|rule| (until(rule), rule));
        // Of two that end on the same day the one that stands first is named.
        let longest = all.reduce(|best, next| if next.0 > best.0 { next } else { best });
        longest.map_or((Date::MAX, String::new()), |(day, rule)| (day, rule.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn rule(name: &str, years: u8, minors: Option<(u8, u8)>) -> RetentionRule {
        let minors = minors.map(|(below, until_age)| MinorRule { below, until_age });
        RetentionRule {
            name: name.to_owned(),
            source: "a test".to_owned(),
            since: date(2000, 1, 1),
            years,
            minors,
            archive_years: None,
        }
    }

    fn rules(all: &[RetentionRule]) -> RetentionRules {
        RetentionRules::new(all.to_vec()).expect("valid")
    }

    fn born(day: Date) -> BirthDate {
        BirthDate::new(day, day).expect("a day")
    }

    fn logged(day: Date) -> Care {
        Care { last_logged: Some(day), ..Care::default() }
    }

    fn utc() -> Timezone {
        Timezone::new("UTC").expect("known")
    }

    #[test]
    fn a_record_is_kept_through_its_anniversary_and_due_on_the_next_day() {
        let rules = rules(&[rule("seven", 7, None)]);
        let judge = |today| rules.judge(born(date(1970, 1, 1)), &logged(date(2019, 5, 14)), &utc(), today).kind();
        assert_eq!(judge(date(2026, 5, 13)), VerdictKind::Keep);
        assert_eq!(judge(date(2026, 5, 14)), VerdictKind::Keep);
        assert_eq!(judge(date(2026, 5, 15)), VerdictKind::Due);
    }

    #[test]
    fn the_29th_of_february_ends_with_the_last_day_of_february() {
        let rules = rules(&[rule("seven", 7, None)]);
        let judge = |today| rules.judge(born(date(1970, 1, 1)), &logged(date(2020, 2, 29)), &utc(), today);
        assert_eq!(judge(date(2027, 2, 28)), Verdict::Keep { until: date(2027, 2, 28), rule: "seven".into() });
        assert_eq!(judge(date(2027, 3, 1)).kind(), VerdictKind::Due);
        let eight = self::rules(&[rule("eight", 8, None)]);
        let verdict = eight.judge(born(date(1970, 1, 1)), &logged(date(2020, 2, 29)), &utc(), date(2028, 2, 29));
        assert_eq!(verdict.kind(), VerdictKind::Keep, "a leap year has its 29th");
    }

    #[test]
    fn the_day_of_a_visit_is_that_of_the_practices_time_zone() {
        let rules = rules(&[rule("seven", 7, None)]);
        let at = "2019-05-14T03:30:00Z".parse().expect("a moment");
        let care = Care { last_visit: Some(at), ..Care::default() };
        let until = |zone: &str| {
            let zone = Timezone::new(zone).expect("known");
            match rules.judge(born(date(1970, 1, 1)), &care, &zone, date(2020, 1, 1)) {
                Verdict::Keep { until, .. } => until,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(until("America/New_York"), date(2026, 5, 13));
        assert_eq!(until("Europe/Berlin"), date(2026, 5, 14));
        assert_eq!(until("Pacific/Kiritimati"), date(2026, 5, 14));
    }

    #[test]
    fn a_minors_record_is_kept_until_they_are_old_enough_and_an_adults_is_not() {
        let rules = rules(&[rule("seven", 7, Some((18, 25)))]);
        let child = born(date(2010, 6, 1));
        let until = |last| match rules.judge(child, &logged(last), &utc(), date(2020, 1, 1)) {
            Verdict::Keep { until, .. } => until,
            other => panic!("{other:?}"),
        };
        assert_eq!(until(date(2019, 5, 14)), date(2035, 6, 1));
        assert_eq!(until(date(2028, 5, 31)), date(2035, 6, 1), "one day before majority");
        assert_eq!(until(date(2028, 6, 1)), date(2035, 6, 1), "of age on the birthday: seven years more");
        assert_eq!(until(date(2028, 6, 2)), date(2035, 6, 2));
        let leap = born(date(2012, 2, 29));
        assert_eq!(birthday(leap, 18), date(2030, 3, 1));
        assert_eq!(birthday(leap, 20), date(2032, 2, 29));
    }

    #[test]
    fn the_longest_rule_wins_and_is_named() {
        let rules = rules(&[rule("law", 7, Some((18, 19))), rule("contract", 10, None)]);
        let judge = |birth, last| rules.judge(born(birth), &logged(last), &utc(), date(2020, 1, 1));
        let kept = |until, rule: &str| Verdict::Keep { until, rule: rule.to_owned() };
        assert_eq!(judge(date(1970, 1, 1), date(2015, 1, 1)), kept(date(2025, 1, 1), "contract"));
        assert_eq!(judge(date(2014, 1, 1), date(2015, 1, 1)), kept(date(2033, 1, 1), "law"));
    }

    #[test]
    fn nobody_without_a_visit_is_ever_due() {
        let rules = rules(&[rule("one", 1, None)]);
        let today = date(2090, 1, 1);
        assert_eq!(rules.judge(born(date(1970, 1, 1)), &Care::default(), &utc(), today), Verdict::NoVisit);
        let back = Care { planned: true, ..logged(date(2000, 1, 1)) };
        assert_eq!(rules.judge(born(date(1970, 1, 1)), &back, &utc(), today), Verdict::UnderCare);
    }

    #[test]
    fn without_a_birth_date_nobody_is_called_due() {
        let rules = rules(&[rule("seven", 7, Some((18, 25)))]);
        let care = logged(date(2019, 5, 14));
        assert_eq!(rules.judge_without_birth(&care, &utc(), date(2026, 5, 15)), None);
        let kept = rules.judge_without_birth(&care, &utc(), date(2026, 5, 14));
        assert_eq!(kept.map(|verdict| verdict.kind()), Some(VerdictKind::Keep));
        assert_eq!(rules.judge_without_birth(&Care::default(), &utc(), date(2026, 5, 14)), Some(Verdict::NoVisit));
    }

    #[test]
    fn rules_that_cannot_be_meant_are_refused() {
        assert!(RetentionRules::new(Vec::new()).is_err());
        assert!(RetentionRules::new(vec![rule("none", 0, None)]).is_err());
        assert!(RetentionRules::new(vec![rule("A law", 7, None)]).is_err());
        assert!(RetentionRules::new(vec![rule("young", 7, Some((18, 17)))]).is_err());
        assert!(RetentionRules::new(vec![rule("twice", 7, None), rule("twice", 8, None)]).is_err());
    }
}
