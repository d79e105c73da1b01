//! The library as the program editor shows it: found on the server, a few at a time.

use super::Pictures;
use crate::{
    App, Problem, Query, Route, SignedIn, Verb,
    look::{Library, LibraryEntry, library_picker, words},
};
use axum::extract::State;
use identity::{Full, Session};
use maud::Markup;
use practice::exercises::{self, Filter, Picks};
use serde::Deserialize;

/// How many are shown at first, and how many more each time.
pub(crate) const PICKS: usize = 24;
/// Most that are shown at once: whoever wants to see more types a word.
const MOST: usize = 240;

pub(super) const PAGE: Route =
    Route::page(Verb::Get, "/exercises/picks", "The part of the program editor that holds the library.")
        .roles(super::READERS);

/// What is searched for.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// Words of the name.
    #[serde(default, rename = "q")]
    pub(crate) words: String,
    /// A part of the body; empty for all.
    #[serde(default)]
    pub(crate) region: String,
    /// How many to show.
    #[serde(default = "picks")]
    pub(crate) most: usize,
}

const fn picks() -> usize {
    PICKS
}

impl Default for Search {
    fn default() -> Self {
        Self { words: String::new(), region: String::new(), most: PICKS }
    }
}

impl Search {
    /// What the library has of it. A part of the body that there is not narrows nothing down.
    pub(crate) async fn picks(&self, app: &App, session: &Session<Full>) -> Result<Picks, Problem> {
        let words = self.words.chars().take(100).collect();
        let filter = Filter { region: self.region.parse().ok(), words: Some(words) };
        Ok(exercises::picks(app.house(), session, &filter, self.most.clamp(1, MOST)).await?)
    }

    /// The list to pick from, with the fields that narrow it down.
    pub(crate) fn library(&self, found: &Picks) -> Markup {
        let items: Vec<_> = found
            .items
            .iter()
            .map(|(id, exercise)| (*id, exercise, Pictures::of(*id, exercise.source, exercise.pictures)))
            .collect();
        let entries: Vec<LibraryEntry<'_>> = items
            .iter()
            .map(|(id, exercise, pictures)| LibraryEntry {
                exercise_id: id.to_string(),
                name: &exercise.name,
                region: words::region(exercise.region),
                equipment: words::equipment(exercise.equipment),
                figure: pictures.figure(),
            })
            .collect();
        let more = (found.fitting > found.items.len() && found.items.len() < MOST).then(|| found.items.len() + PICKS);
        let (words, region) = (self.words.as_str(), self.region.as_str());
        library_picker(&entries, &Library { words, region, fitting: found.fitting, in_all: found.in_all, more })
    }
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(search): Query<Search>,
) -> Result<Markup, Problem> {
    let found = search.picks(&app, &session).await?;
    Ok(search.library(&found))
}
