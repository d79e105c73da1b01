//! Training in plain language.

use super::{count, role};
use domain::{Role, TrainingState};

/// How somebody stands to a course.
pub const fn state(state: TrainingState) -> &'static str {
    match state {
        TrainingState::Current => "current",
        TrainingState::Due => "to be done",
        TrainingState::Soon => "due soon",
        TrainingState::Overdue => "overdue",
    }
}

/// Those who stand so.
pub const fn tab(state: TrainingState) -> &'static str {
    match state {
        TrainingState::Current => "Current",
        TrainingState::Due => "To be done",
        TrainingState::Soon => "Due soon",
        TrainingState::Overdue => "Overdue",
    }
}

/// "Therapist, Front desk".
pub fn roles(roles: &[Role]) -> String {
    roles.iter().map(|of| role(*of)).collect::<Vec<_>>().join(", ")
}

/// "12 months", or that once is enough.
pub fn renewal(months: Option<u16>) -> String {
    months.map_or_else(|| "once is enough".to_owned(), |months| count(months.into(), "month", "months"))
}
