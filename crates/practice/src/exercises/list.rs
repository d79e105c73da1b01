//! Looking through the library.

use super::from_row;
use crate::House;
use domain::{BodyRegion, Exercise, ExerciseId, PracticeId};
use identity::{Full, Session};
use store::{StoreError, rows::exercises};

/// Which entries of the library.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// For this part of the body.
    pub region: Option<BodyRegion>,
    /// With all of these words in their name or at their source, whatever their case.
    pub words: Option<String>,
}

impl Filter {
    fn fits(&self, exercise: &Exercise) -> bool {
        let said = format!("{} {} {}", exercise.name, exercise.source_ref, exercise.equipment).to_lowercase();
        let words = self.words.as_deref().unwrap_or_default().to_lowercase();
        self.region.is_none_or(|region| exercise.region == region)
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
    let fitting: Vec<Exercise> =
        all(house, session.practice()).await?.into_iter().filter(|exercise| filter.fits(exercise)).collect();
    let skip = after.and_then(|id| fitting.iter().position(|exercise| exercise.exercise_id == id)).map_or(0, |n| n + 1);
    let more = fitting.len() > skip.saturating_add(limit);
    Ok((fitting.into_iter().skip(skip).take(limit).collect(), more))
}

/// The whole library of a practice, by name. Some hundred entries, read in pages.
pub async fn all(house: &House, practice: PracticeId) -> Result<Vec<Exercise>, StoreError> {
    const PAGE: i64 = 500;
    let mut found: Vec<Exercise> = Vec::new();
    loop {
        let (name, id) = found
            .last()
            .map_or((String::new(), ExerciseId::from_bytes([0; 16])), |last| (last.name.clone(), last.exercise_id));
        let rows = exercises::page(&house.stores.clinical, practice, &name, id, PAGE).await?;
        let full = i64::try_from(rows.len()).is_ok_and(|n| n == PAGE);
        for row in rows {
            found.push(from_row(row)?);
        }
        if !full {
            return Ok(found);
        }
    }
}

/// One entry.
pub async fn one(house: &House, session: &Session<Full>, exercise: ExerciseId) -> Result<Option<Exercise>, StoreError> {
    let row = exercises::by_id(&house.stores.clinical, session.practice(), exercise).await?;
    row.map(from_row).transpose()
}
