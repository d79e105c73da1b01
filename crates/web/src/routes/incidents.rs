//! Incidents: whom one affects, and what follows.

mod affected;
mod api;
mod asked;
mod download;
mod letters;
mod opening;
mod page;
mod telling;
mod working;

use crate::{Problem, RouteTable, answer::later};
use domain::Invalid;
use practice::incidents::IncidentError;

/// What is asked of how to ask.
const ASK: &str = "must name a toll-free number, an e-mail address, a web site or a postal address";

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(affected::add).with(api::add).with(letters::add).with(download::add).with(page::add)
}

impl From<IncidentError> for Problem {
    fn from(error: IncidentError) -> Self {
        match error {
            IncidentError::Access(error) => error.into(),
            IncidentError::Unknown => Self::not_found(),
            IncidentError::Subject => {
                Self::invalid("subject_id", &Invalid::new("is not the id or the address that it should be"))
            }
            IncidentError::NotYet => {
                Self::conflict().detail("This day has not come yet. Give the day on which it was.")
            }
            IncidentError::Year => Self::invalid("year", &Invalid::new("must be 2000 to 9000")),
            IncidentError::NotNow => Self::conflict().detail(
                "This may not be done as the incident stands: it is closed, or was not assessed as it must be.",
            ),
            IncidentError::Meanwhile => {
                Self::conflict().detail("Somebody did something about this incident meanwhile. Open it again.")
            }
            IncidentError::Freezing => Self::conflict()
                .detail("This incident is being frozen. Close it when the records of everybody affected are held."),
            IncidentError::BothHands => Self::conflict().detail("You assessed this incident. Somebody else closes it."),
            IncidentError::NotFrozen => Self::conflict().detail(
                "Whom this breach affects was never written down. Freeze the incident first: that lists them and holds their records.",
            ),
            IncidentError::FrozenTooEarly => Self::conflict().detail(
                "This incident was frozen before its time was over: whoever was affected after that is not in the list. Freeze it again.",
            ),
            IncidentError::NotTold(missing) => {
                let missing: Vec<String> = missing.iter().map(telling::due_words).collect();
                Self::conflict().detail(format!("Notice is still to be given to {}.", missing.join(", and to ")))
            }
            IncidentError::NotCounted(left) if left < 0 => Self::conflict().detail(
                "More people are counted by state than this breach affects. Correct the counts first.",
            ),
            IncidentError::NotCounted(left) => Self::conflict().detail(format!(
                "{left} of those affected are not counted in any state. Count them first, or say that nobody knows where they live."
            )),
            IncidentError::TooEarly => {
                Self::conflict().detail("This day is before the breach was discovered. Give the day on which it was.")
            }
            IncidentError::LateWhy => {
                Self::invalid("late_because", &Invalid::new("must say why it was given after its last day"))
            }
            IncidentError::Notice(field, why) => Self::invalid(field, &why),
            IncidentError::NotedBefore => {
                Self::conflict().detail("This notice was noted before. To correct it, say whose place this one takes.")
            }
            IncidentError::NoSuchNotice => Self::conflict()
                .detail("There is no such notice in whose place this one could stand: perhaps it was corrected before."),
            IncidentError::Ask => Self::invalid("ask", &Invalid::new(ASK)),
            IncidentError::NoLetter => {
                Self::conflict().detail("What the letters say was not written yet in this language. Write it first.")
            }
            IncidentError::Unproved => later(&error),
            IncidentError::TooLong => Self::conflict().detail(
                "This is more than one signed file holds. Take out the entries with the export of the audit trail.",
            ),
            IncidentError::Hold(error) => error.into(),
            IncidentError::Value(why) => Self::invalid("what", &why),
            IncidentError::Backwards => Self::invalid("to", &Invalid::new("must be after the beginning")),
            IncidentError::NotInPerson(why) => super::people::not_in_person(why),
            IncidentError::House(error) => error.into(),
            IncidentError::Record(error) => error.into(),
            IncidentError::Trail(error) => later(&error),
            IncidentError::Audit(error) => error.into(),
        }
    }
}
