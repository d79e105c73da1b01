//! Reviews of who has access: what waits for an answer, what was decided, what the practice set.

mod api;
mod page;
mod setting;

use crate::{
    Problem, RouteTable,
    answer::{fault, later},
    look::{Tone, notice, words::reviews},
};
use domain::Timezone;
use maud::{Markup, html};
use practice::access_reviews::{EndedAccess, ReviewError};

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(setting::add).with(page::add).with(api::add)
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Access(error) => error.into(),
            ReviewError::Unknown => Self::not_found(),
            ReviewError::Oneself => Self::conflict().detail("This is your own access. Somebody else attests it."),
            ReviewError::Last => Self::conflict()
                .detail("Without this account nobody could give access to anybody any more. Make another one first."),
            ReviewError::Decided => Self::conflict()
                .detail("It was decided already, changed meanwhile, or the review is over. Open it again."),
            ReviewError::Bounds { name, least, most } => {
                Self::invalid_fields().field(name, format!("must be from {least} to {most}"))
            }
            ReviewError::NotInPerson(why) => super::people::not_in_person(why),
            ReviewError::Trail(error) => later(&error),
            waits @ (ReviewError::Lagging | ReviewError::Unproved) => later(&waits),
            undecided @ ReviewError::Undecided => fault(&undecided),
            ReviewError::Record(error) => fault(&error),
            ReviewError::Name(error) => error.into(),
            ReviewError::House(error) => error.into(),
        }
    }
}

/// What somebody is told of what they lost in a review; nothing where they lost nothing.
pub(super) fn told(zone: &Timezone, ended: &[EndedAccess]) -> Markup {
    html! {
        @if !ended.is_empty() {
            (notice(Tone::Warn, "Some of your access ended", Some(html! {
                @for one in ended { p { (reviews::ended(zone, one)) } }
            })))
        }
    }
}
