//! Incidents: what is decided about one, and in which order (45 CFR 164.400-414).

use crate::{Invalid, role::words, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// What happened, why something was decided, what was learned.
    IncidentWords: 1..=4000, "must be 1 to 4000 characters of plain text";
}

words! {
    /// Whose doing an incident is, by what they are known.
    IncidentSubject, "is not what somebody is known by" {
        /// An account.
        Account = "account",
        /// A login session or an API token.
        Session = "session",
        /// A network address.
        Address = "address",
    }
}

words! {
    /// The nature and extent of what was affected (45 CFR 164.402(2)(i)).
    DataNature, "is not a choice" {
        /// Names or contact alone.
        Contact = "contact",
        /// What tells who somebody is, such as a birth date.
        Identifying = "identifying",
        /// Care: exercises, visits, notes.
        Care = "care",
        /// Care of a kind that does harm when it is known, or what somebody could be impersonated with.
        Sensitive = "sensitive",
    }
}

words! {
    /// Who used it, or to whom it was disclosed (45 CFR 164.402(2)(ii)).
    DataRecipient, "is not a choice" {
        /// Somebody who must keep it to themself by law or contract.
        Bound = "bound",
        /// Somebody who is known, and is not bound.
        Known = "known",
        /// Nobody knows who.
        Unknown = "unknown",
    }
}

words! {
    /// Whether it was acquired or viewed (45 CFR 164.402(2)(iii)).
    DataAcquired, "is not a choice" {
        /// It could have been, and was not.
        Neither = "neither",
        /// It was viewed.
        Viewed = "viewed",
        /// It was taken out or copied.
        Taken = "taken",
    }
}

words! {
    /// The extent to which the risk was mitigated (45 CFR 164.402(2)(iv)).
    RiskMitigated, "is not a choice" {
        /// By assurances that can be relied on that it is gone, or was never used.
        Assured = "assured",
        /// In part.
        Partly = "partly",
        /// It was not.
        Not = "not",
    }
}

words! {
    /// What follows from the four factors. What is not shown to be of low probability is a breach (45 CFR 164.402(2)).
    IncidentConclusion, "is not a conclusion" {
        /// A low probability that anything was compromised: no breach.
        LowProbability = "low_probability",
        /// A breach.
        Breach = "breach",
    }
}

words! {
    /// What was seen of somebody whom an incident affects; the strongest of several.
    IncidentSeen, "is not what is seen of somebody" {
        /// Something of their record was opened.
        Opened = "opened",
        /// Their account was looked at: name and e-mail address were shown.
        Account = "account",
        /// Only that they are a patient.
        Named = "named",
    }
}

words! {
    /// What became of the hold on the record of somebody whom an incident affects.
    IncidentHold, "is not what becomes of a hold" {
        /// It is still to be placed.
        Waiting = "waiting",
        /// It is placed, and it is still to be looked whether it came in time.
        Placing = "placing",
        /// The record is held.
        Held = "held",
        /// It was held, and somebody lifted the hold.
        Lifted = "lifted",
        /// It could not be held: its destruction had begun, or is over.
        NotHeld = "not_held",
    }
}

words! {
    /// How far the freezing of an incident is.
    FreezeStage, "is not a stage of freezing" {
        /// Sessions and API tokens are to be ended.
        Ending = "ending",
        /// Whom it affects is to be written down.
        Listing = "listing",
        /// Their records are to be held.
        Holding = "holding",
    }
}

words! {
    /// Why it cannot be said that an answer about whom an incident affects is all.
    WhyMissing, "is not why something may be missing" {
        /// The time was not over when it was asked.
        NotOver = "not_over",
        /// A log could not be read to its end.
        LogUnread = "log_unread",
        /// A log holds less than was seen of it.
        LogLost = "log_lost",
        /// Entries cannot be opened.
        Unreadable = "unreadable",
        /// Entries of that time were dropped when their own time was over.
        Dropped = "dropped",
        /// Nobody can tell what was dropped of a log.
        DropsUnknown = "drops_unknown",
    }
}

/// Where an incident stands. What may be done next follows from it, and nothing else decides that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentState {
    /// Somebody opened it.
    Open,
    /// Its risk was assessed.
    Assessed(IncidentConclusion),
    /// It is over, as it was assessed last.
    Closed(IncidentConclusion),
}

/// What is done about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentStep {
    /// Records are held and sessions ended, and whom it affects is written down. May be done again.
    Freeze,
    /// Its risk is assessed; again, when more is known.
    Assess(IncidentConclusion),
    /// How many of those affected live in a state.
    Count,
    /// What letters say is written; again, when it is said better.
    Write,
    /// A notice was given.
    Notice,
    /// What is noted after the end too: that the Secretary was told of a breach that stands in the log of its year, and what was
    /// noted wrong before.
    Report,
    /// Letters are made of what was written.
    Tell,
    /// What was learned, and the end.
    Close,
}

impl IncidentState {
    /// Where it stands after a step; none where that may not be done now.
    pub const fn after(self, step: IncidentStep) -> Option<Self> {
        use IncidentConclusion::Breach;
        use IncidentStep::{Assess, Close, Count, Freeze, Notice, Report, Tell, Write};
        match (self, step) {
            (state @ (Self::Assessed(Breach) | Self::Closed(Breach)), Report | Tell) => Some(state),
            (Self::Closed(_), _) | (_, Report | Tell) => None,
            (state, Freeze | Count | Write) => Some(state),
            (_, Assess(conclusion)) => Some(Self::Assessed(conclusion)),
            (state @ Self::Assessed(Breach), Notice) => Some(state),
            (_, Notice) => None,
            (Self::Assessed(conclusion), Close) => Some(Self::Closed(conclusion)),
            (Self::Open, Close) => None,
        }
    }
}

/// A state or jurisdiction of the United States, by its two letters (USPS Publication 28, appendix B).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StateCode(u8);

/// The states, the district and the territories. A [`StateCode`] is a place here.
const STATES: [&str; 56] = [
    "AK", "AL", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "GA", "GU", "HI", "IA", "ID", "IL", "IN", "KS",
    "KY", "LA", "MA", "MD", "ME", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY",
    "OH", "OK", "OR", "PA", "PR", "RI", "SC", "SD", "TN", "TX", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
];

impl StateCode {
    /// The state with these letters, large or small.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().to_ascii_uppercase();
        let known = (0_u8..).zip(STATES).find(|(_, state)| *state == text);
        known.map(|(number, _)| Self(number)).ok_or(Invalid::new("is not the two letters of a state"))
    }
    /// Its two letters.
    pub const fn as_str(self) -> &'static str {
        STATES[self.0 as usize]
    }
}

impl TryFrom<String> for StateCode {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(&text)
    }
}

impl From<StateCode> for String {
    fn from(state: StateCode) -> Self {
        state.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IncidentConclusion::{Breach, LowProbability};

    #[test]
    fn nothing_is_added_to_a_closed_incident_and_none_is_closed_before_it_was_assessed() {
        use IncidentStep::{Assess, Close, Count, Freeze, Notice, Report, Tell, Write};
        for step in [Freeze, Count, Write, Notice, Close, Assess(Breach), Assess(LowProbability)] {
            assert_eq!(IncidentState::Closed(Breach).after(step), None, "{step:?}");
            assert_eq!(IncidentState::Closed(LowProbability).after(step), None, "{step:?}");
        }
        for step in [Report, Tell] {
            assert!(IncidentState::Closed(Breach).after(step).is_some(), "{step:?} of a breach, after its end too");
            assert_eq!(IncidentState::Closed(LowProbability).after(step), None, "{step:?}");
        }
        assert_eq!(IncidentState::Open.after(Close), None);
        assert_eq!(IncidentState::Open.after(Assess(Breach)), Some(IncidentState::Assessed(Breach)));
        assert_eq!(IncidentState::Assessed(LowProbability).after(Close), Some(IncidentState::Closed(LowProbability)));
        assert_eq!(
            IncidentState::Assessed(LowProbability).after(Assess(Breach)),
            Some(IncidentState::Assessed(Breach)),
            "when more is known"
        );
    }

    #[test]
    fn notice_is_given_of_a_breach_and_of_nothing_else() {
        for step in [IncidentStep::Notice, IncidentStep::Report, IncidentStep::Tell] {
            assert_eq!(IncidentState::Open.after(step), None);
            assert_eq!(IncidentState::Assessed(LowProbability).after(step), None);
            assert!(IncidentState::Assessed(Breach).after(step).is_some());
        }
    }

    #[test]
    fn a_state_is_one_of_those_that_there_are() {
        assert_eq!(StateCode::new(" tx ").map(StateCode::as_str), Ok("TX"));
        assert!(StateCode::new("XX").is_err() && StateCode::new("Texas").is_err());
        assert!(serde_json::from_str::<StateCode>("\"ZZ\"").is_err());
    }
}
