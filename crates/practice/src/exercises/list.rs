//! Looking through the library.

use super::{ExerciseBrief, briefs, from_row};
use crate::House;
use domain::{BodyRegion, Exercise, ExerciseId};
use identity::{Full, Session};
use std::collections::HashMap;
use store::{
    StoreError,
    rows::exercises::{self, ExerciseHead},
};

/// Which entries of the library.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// For this part of the body.
    pub region: Option<BodyRegion>,
    /// With all of these words in their name or at their source, whatever their case.
    pub words: Option<String>,
}

impl Filter {
    fn fits(&self, head: &ExerciseHead) -> bool {
        let said = format!("{} {} {}", head.name, head.source_ref, head.equipment).to_lowercase();
        let words = self.words.as_deref().unwrap_or_default().to_lowercase();
        self.region.is_none_or(|region| head.region == region)
            && words.split_whitespace().all(|word| said.contains(word))
    }
}

/// Up to `limit` entries after the one named, by name; and whether there are more.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    filter: &Filter,
    after: Option<ExerciseId>,
    limit: usize,
) -> Result<(Vec<Exercise>, bool), StoreError> {
    let mut fitting = exercises::all_heads(&house.stores.clinical, session.practice()).await?;
    fitting.retain(|head| filter.fits(head));
    let skip = after.and_then(|id| fitting.iter().position(|head| head.exercise_id == id)).map_or(0, |n| n + 1);
    let more = fitting.len() > skip.saturating_add(limit);
    let mut found = Vec::with_capacity(limit.min(fitting.len()));
    for head in fitting.into_iter().skip(skip).take(limit) {
        found.extend(one(house, session, head.exercise_id).await?);
    }
    Ok((found, more))
}

/// Some entries to pick from.
pub struct Picks {
    /// Those shown, by name.
    pub items: Vec<(ExerciseId, ExerciseBrief)>,
    /// How many fit.
    pub fitting: usize,
    /// How many the library has.
    pub in_all: usize,
}

/// The first entries that fit, at most `most`, without their texts.
pub async fn picks(house: &House, session: &Session<Full>, filter: &Filter, most: usize) -> Result<Picks, StoreError> {
    let mut heads = exercises::all_heads(&house.stores.clinical, session.practice()).await?;
    let in_all = heads.len();
    heads.retain(|head| filter.fits(head));
    let fitting = heads.len();
    let items = heads.into_iter().take(most).map(|head| (head.exercise_id, ExerciseBrief::from(head))).collect();
    Ok(Picks { items, fitting, in_all })
}

/// Those of these entries that are in the library.
pub async fn known(
    house: &House,
    session: &Session<Full>,
    ids: Vec<ExerciseId>,
) -> Result<HashMap<ExerciseId, ExerciseBrief>, StoreError> {
    briefs(&house.stores.clinical, session.practice(), ids).await
}

/// One entry.
pub async fn one(house: &House, session: &Session<Full>, exercise: ExerciseId) -> Result<Option<Exercise>, StoreError> {
    let row = exercises::by_id(&house.stores.clinical, session.practice(), exercise).await?;
    row.map(from_row).transpose()
}
