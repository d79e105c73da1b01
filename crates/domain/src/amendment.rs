//! What patients ask to be amended in their record, and what the practice does about it (45 CFR 164.526).

use crate::{Date, Invalid, role::words, text::texts};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Days within which the practice acts on what was asked (45 CFR 164.526(b)(2)(i)).
pub const AMENDMENT_DAYS: i32 = 60;
/// Days by which it may put that off, once (45 CFR 164.526(b)(2)(ii)).
pub const AMENDMENT_EXTENSION_DAYS: i32 = 30;

words! {
    /// A step of what was asked. Each is written down once, by itself, and nothing of an earlier one is changed.
    AmendmentStep, "is not a step" {
        /// The patient asked, in words.
        Asked = "asked",
        /// The practice needs longer, and says why.
        Extended = "extended",
        /// The record was amended: something was added to it that says so.
        Accepted = "accepted",
        /// It was not, and the practice says why.
        Denied = "denied",
        /// The patient disagrees, in words that stay with the record.
        Disagreed = "disagreed",
        /// What the practice says to that. It need not.
        Rebutted = "rebutted",
    }
}

words! {
    /// Why something is not amended: there are no other reasons (45 CFR 164.526(a)(2)).
    AmendmentGround, "is not a ground" {
        /// Somebody else wrote it, who can still be asked.
        NotOurs = "not_ours",
        /// It is no part of the record that decisions about the patient are made from.
        NotInRecord = "not_in_record",
        /// The patient has no right to see it (45 CFR 164.524).
        NotOpen = "not_open",
        /// It is accurate and complete.
        Accurate = "accurate",
    }
}

impl AmendmentStep {
    /// Its place among the steps: of two in one place only one can be. What was accepted was not denied.
    pub const fn place(self) -> u8 {
        match self {
            Self::Asked => 0,
            Self::Extended => 1,
            Self::Accepted | Self::Denied => 2,
            Self::Disagreed => 3,
            Self::Rebutted => 4,
        }
    }

    /// Whether it can follow on these: an answer on what waits for one, a disagreement on a denial, and so on.
    pub fn follows(self, before: &[Self]) -> bool {
        let there = |step| before.contains(&step);
        let decided = there(Self::Accepted) || there(Self::Denied);
        match self {
            Self::Asked => before.is_empty(),
            Self::Extended => there(Self::Asked) && !decided && !there(Self::Extended),
            Self::Accepted | Self::Denied => there(Self::Asked) && !decided,
            Self::Disagreed => there(Self::Denied) && !there(Self::Disagreed),
            Self::Rebutted => there(Self::Disagreed) && !there(Self::Rebutted),
        }
    }
}

/// The last day on which the practice may act on what was asked on a day.
pub fn amendment_due(asked_on: Date, extended: bool) -> Date {
    let days = AMENDMENT_DAYS + if extended { AMENDMENT_EXTENSION_DAYS } else { 0 };
    asked_on.saturating_add(days.days())
}

texts! {
    /// What is asked, answered, or disagreed with. The practice may ask for a reason in writing, and may bound how long a
    /// statement of disagreement is (45 CFR 164.526(b)(1), (d)(2)).
    AmendmentText: 1..=4000, "must be 1 to 4000 characters of plain text";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_days_and_thirty_more_are_counted_over_the_ends_of_months_and_leap_days() {
        let due = |day: &str, extended| amendment_due(day.parse().expect("a day"), extended).to_string();
        assert_eq!((due("2026-05-14", false), due("2026-05-14", true)), ("2026-07-13".into(), "2026-08-12".into()));
        assert_eq!(due("2024-01-01", false), "2024-03-01", "with a leap day between");
        assert_eq!(due("2023-01-01", false), "2023-03-02");
    }

    #[test]
    fn a_step_is_taken_once_and_only_on_what_it_belongs_to() {
        use AmendmentStep::{Accepted, Asked, Denied, Disagreed, Extended, Rebutted};
        let can = |before: &[AmendmentStep]| -> Vec<AmendmentStep> {
            AmendmentStep::ALL.iter().copied().filter(|step| step.follows(before)).collect()
        };
        assert_eq!(can(&[]), [Asked]);
        assert_eq!(can(&[Asked]), [Extended, Accepted, Denied]);
        assert_eq!(can(&[Asked, Extended]), [Accepted, Denied], "it is put off once");
        assert_eq!(can(&[Asked, Accepted]), []);
        assert_eq!(can(&[Asked, Extended, Denied]), [Disagreed]);
        assert_eq!(can(&[Asked, Denied, Disagreed]), [Rebutted]);
        assert_eq!(can(&[Asked, Denied, Disagreed, Rebutted]), []);
    }
}
