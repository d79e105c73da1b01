//! The exercise library.

mod list;
mod one;
mod picks;
mod picture;

pub(crate) use picks::{PICKS, Search};

use crate::{RouteTable, look::Figure};
use domain::{ExerciseId, ExerciseSource, Role};

/// For whom the library is: everybody but billing, who get a practice paid without seeing one exercise.
const READERS: &[Role] = &[
    Role::Admin,
    Role::Therapist,
    Role::Patient,
    Role::FrontDesk,
    Role::PrivacyOfficer,
    Role::Operator,
    Role::Researcher,
];

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(list::API, list::api)
        .add(list::PAGE, list::page)
        .add(picks::PAGE, picks::page)
        .add(one::API, one::api)
        .add(one::PAGE, one::page)
        .add(picture::API, picture::serve)
        .add(picture::PAGE, picture::serve)
}

/// The pictures of an exercise, by their addresses.
pub(crate) struct Pictures {
    urls: Vec<String>,
    drawn: bool,
}

impl Pictures {
    /// Those of an exercise of the library.
    pub(crate) fn of(exercise: ExerciseId, source: ExerciseSource, pictures: u8) -> Self {
        let urls = (0..pictures).map(|n| format!("/exercises/{exercise}/pictures/{n}")).collect();
        Self { urls, drawn: source == ExerciseSource::Starter }
    }
    /// As the look takes them.
    pub(crate) fn figure(&self) -> Figure<'_> {
        match (self.urls.as_slice(), self.drawn) {
            ([], _) => Figure::None,
            (urls, true) => Figure::Drawn(urls),
            (urls, false) => Figure::Photos(urls),
        }
    }
}
