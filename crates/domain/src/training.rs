//! Training of whoever works here: what a course asks, and whether somebody's training is current (45 CFR 164.308(a)(5),
//! 164.530(b)).

use crate::{Date, Invalid, Role, role::words, text::texts};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// What a course is called.
    CourseTitle: 1..=120, "must be 1 to 120 characters of plain text";
    /// What a course is for, and what is learned in it.
    CoursePurpose: 1..=4000, "must be 1 to 4000 characters of plain text";
    /// How somebody was trained, or why what was recorded is corrected.
    TrainingWords: 1..=500, "must be 1 to 500 characters of plain text";
}

words! {
    /// How somebody stands to a course, in a word.
    TrainingState, "is not current, due, soon or overdue" {
        /// Trained.
        Current = "current",
        /// Not trained yet, and there is time.
        Due = "due",
        /// The last day is near.
        Soon = "soon",
        /// The last day is past.
        Overdue = "overdue",
    }
}

/// The roles that a course is for: at least one, each once, and none of patients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<Role>", into = "Vec<Role>")]
#[schemars(extend("minItems" = 1))]
pub struct CourseRoles(Vec<Role>);

impl CourseRoles {
    /// In the order of the design; refused when there is none, or patients are among them.
    pub fn new(mut roles: Vec<Role>) -> Result<Self, Invalid> {
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() || roles.contains(&Role::Patient) {
            return Err(Invalid::new("must name at least one role of staff, and none of patients"));
        }
        Ok(Self(roles))
    }
    /// The roles.
    pub fn as_slice(&self) -> &[Role] {
        &self.0
    }
}

impl TryFrom<Vec<Role>> for CourseRoles {
    type Error = Invalid;
    fn try_from(roles: Vec<Role>) -> Result<Self, Invalid> {
        Self::new(roles)
    }
}
impl From<CourseRoles> for Vec<Role> {
    fn from(roles: CourseRoles) -> Self {
        roles.0
    }
}

/// After how many months a training is done again: 1 to 120.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schemars(extend("minimum" = 1, "maximum" = 120))]
pub struct RenewalMonths(u16);

impl RenewalMonths {
    /// Refused outside 1 to 120.
    pub const fn new(months: u16) -> Result<Self, Invalid> {
        if months >= 1 && months <= 120 { Ok(Self(months)) } else { Err(Invalid::new("must be 1 to 120")) }
    }
    /// Months.
    pub const fn value(self) -> u16 {
        self.0
    }
}

/// Within how many days somebody is trained who was not before: 0 to 365.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schemars(extend("minimum" = 0, "maximum" = 365))]
pub struct DueDays(u16);

impl DueDays {
    /// Refused above 365.
    pub const fn new(days: u16) -> Result<Self, Invalid> {
        if days <= 365 { Ok(Self(days)) } else { Err(Invalid::new("must be 0 to 365")) }
    }
    /// Days.
    pub const fn value(self) -> u16 {
        self.0
    }
}

macro_rules! numbers {
    ($($name:ident),*) => {$(
        impl TryFrom<u16> for $name {
            type Error = Invalid;
            fn try_from(number: u16) -> Result<Self, Invalid> {
                Self::new(number)
            }
        }
        impl From<$name> for u16 {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    )*};
}
numbers!(RenewalMonths, DueDays);

/// What a course asks of somebody, and what they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The first day on which it was asked of them: they joined, got the role, or the course was made, whichever is later.
    pub since: Date,
    /// Within how many days.
    pub due_days: DueDays,
    /// After how many months it is done again; none asks once.
    pub renewal: Option<RenewalMonths>,
    /// The last day on which they were trained.
    pub last: Option<Date>,
}

/// How somebody stands to a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingStanding {
    /// Trained; up to and with this day, or for good.
    Current(Option<Date>),
    /// Not trained yet; this is the last day.
    Due(Date),
    /// The last day is near.
    Soon(Date),
    /// The last day is past.
    Overdue(Date),
}

impl TrainingStanding {
    /// The last day up to which nothing is missing; none where nothing is asked any more.
    pub const fn due_on(self) -> Option<Date> {
        match self {
            Self::Current(until) => until,
            Self::Due(on) | Self::Soon(on) | Self::Overdue(on) => Some(on),
        }
    }
    /// In a word.
    pub const fn state(self) -> TrainingState {
        match self {
            Self::Current(_) => TrainingState::Current,
            Self::Due(_) => TrainingState::Due,
            Self::Soon(_) => TrainingState::Soon,
            Self::Overdue(_) => TrainingState::Overdue,
        }
    }
    /// Whether the last day is past.
    pub const fn is_overdue(self) -> bool {
        matches!(self, Self::Overdue(_))
    }
}

impl Asked {
    /// How it stands on a day of the practice's calendar. The last day belongs to the time: it is overdue from the next one on.
    pub fn on(&self, today: Date, warn_days: u16) -> TrainingStanding {
        let first_due = after(self.since, self.due_days.value());
        let due_on = match (self.last, self.renewal) {
            (Some(_), None) => return TrainingStanding::Current(None),
            // Whoever got the role, or of whom more is asked, since they were trained has the time of a new one.
            (Some(last), Some(months)) => last.saturating_add(i32::from(months.value()).months()).max(first_due),
            (None, _) => first_due,
        };
        if today > due_on {
            TrainingStanding::Overdue(due_on)
        } else if after(today, warn_days) >= due_on {
            TrainingStanding::Soon(due_on)
        } else if self.last.is_some() {
            TrainingStanding::Current(Some(due_on))
        } else {
            TrainingStanding::Due(due_on)
        }
    }
}

fn after(day: Date, days: u16) -> Date {
    day.saturating_add(i32::from(days).days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn asked(last: Option<Date>, renewal: Option<u16>) -> Asked {
        Asked {
            since: date(2026, 5, 1),
            due_days: DueDays::new(30).expect("fits"),
            renewal: renewal.map(|months| RenewalMonths::new(months).expect("fits")),
            last,
        }
    }

    #[test]
    fn the_last_day_belongs_to_the_time_and_the_day_after_it_is_overdue() {
        let due = date(2026, 5, 31);
        let untrained = asked(None, Some(12));
        assert_eq!(untrained.on(date(2026, 5, 1), 14), TrainingStanding::Due(due));
        assert_eq!(untrained.on(date(2026, 5, 16), 14), TrainingStanding::Due(due));
        assert_eq!(untrained.on(date(2026, 5, 17), 14), TrainingStanding::Soon(due));
        assert_eq!(untrained.on(due, 14), TrainingStanding::Soon(due));
        assert_eq!(untrained.on(date(2026, 6, 1), 14), TrainingStanding::Overdue(due));
    }

    #[test]
    fn a_training_holds_for_its_months_and_one_without_renewal_for_good() {
        let trained = asked(Some(date(2026, 5, 20)), Some(12));
        assert_eq!(trained.on(date(2026, 9, 1), 14), TrainingStanding::Current(Some(date(2027, 5, 20))));
        assert_eq!(trained.on(date(2027, 5, 6), 14), TrainingStanding::Soon(date(2027, 5, 20)));
        assert_eq!(trained.on(date(2027, 5, 21), 14), TrainingStanding::Overdue(date(2027, 5, 20)));
        assert_eq!(asked(Some(date(2001, 1, 1)), None).on(date(2090, 1, 1), 14), TrainingStanding::Current(None));
    }

    #[test]
    fn months_end_with_the_month_where_it_has_fewer_days() {
        let trained = asked(Some(date(2026, 8, 31)), Some(6));
        assert_eq!(trained.on(date(2026, 9, 1), 0).due_on(), Some(date(2027, 2, 28)));
    }

    #[test]
    fn whoever_was_trained_long_ago_and_gets_the_role_has_the_days_of_a_new_one() {
        let long_ago = asked(Some(date(2020, 1, 1)), Some(12));
        assert_eq!(long_ago.on(date(2026, 5, 31), 0), TrainingStanding::Soon(date(2026, 5, 31)));
        assert!(long_ago.on(date(2026, 6, 1), 0).is_overdue());
    }

    #[test]
    fn a_course_is_for_staff_alone_and_each_role_stands_once() {
        assert!(CourseRoles::new(Vec::new()).is_err());
        assert!(CourseRoles::new(vec![Role::Admin, Role::Patient]).is_err());
        let roles = CourseRoles::new(vec![Role::Therapist, Role::Admin, Role::Therapist]).expect("fits");
        assert_eq!(roles.as_slice(), [Role::Admin, Role::Therapist]);
    }

    #[test]
    fn days_and_months_have_bounds() {
        assert!(RenewalMonths::new(0).is_err() && RenewalMonths::new(121).is_err() && DueDays::new(366).is_err());
    }
}
