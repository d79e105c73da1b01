//! The exercise library of a practice. It tells nothing about a patient: anyone signed in may read it.

mod list;
mod picture;

pub use list::{Filter, Picks, known, list, one, picks};
pub use picture::{PictureError, PictureFile, picture};

use domain::{BodyRegion, Equipment, Exercise, ExerciseId, ExerciseSource, PracticeId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use store::{
    Db, StoreError,
    rows::exercises::{self, ExerciseHead, ExerciseRow},
};

/// An exercise as far as a program shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExerciseBrief {
    /// Where the entry came from.
    pub source: ExerciseSource,
    /// What it is called.
    pub name: String,
    /// The part of the body that it is for.
    pub region: BodyRegion,
    /// What one needs.
    pub equipment: Equipment,
    /// How many pictures it has; they are numbered from 0.
    pub pictures: u8,
}

impl From<&Exercise> for ExerciseBrief {
    fn from(exercise: &Exercise) -> Self {
        let (name, region, equipment) = (exercise.name.clone(), exercise.region, exercise.equipment);
        Self { source: exercise.source, name, region, equipment, pictures: exercise.pictures }
    }
}

impl From<ExerciseHead> for ExerciseBrief {
    fn from(head: ExerciseHead) -> Self {
        Self {
            source: head.source,
            name: head.name,
            region: head.region,
            equipment: head.equipment,
            pictures: count(head.pictures),
        }
    }
}

/// Those of the exercises that are in the library of the practice.
pub(crate) async fn briefs(
    db: &Db,
    practice: PracticeId,
    mut ids: Vec<ExerciseId>,
) -> Result<HashMap<ExerciseId, ExerciseBrief>, StoreError> {
    ids.sort_unstable();
    ids.dedup();
    let heads = exercises::heads(db, practice, &ids).await?;
    Ok(heads.into_iter().map(|head| (head.exercise_id, head.into())).collect())
}

/// What stands in for an exercise that is no longer in the library.
pub(crate) fn gone() -> ExerciseBrief {
    let name = "An exercise that is no longer in the library".to_owned();
    let (source, region, equipment) = (ExerciseSource::Starter, BodyRegion::General, Equipment::Other);
    ExerciseBrief { source, name, region, equipment, pictures: 0 }
}

pub(crate) fn from_row(row: ExerciseRow) -> Result<Exercise, StoreError> {
    let texts = |json: &str, index| {
        serde_json::from_str::<Vec<String>>(json).map_err(|_| StoreError::Column { index, wanted: "a list of texts" })
    };
    Ok(Exercise {
        exercise_id: row.exercise_id,
        source: row.source,
        steps: texts(&row.steps, 7)?,
        cautions: texts(&row.cautions, 8)?,
        source_ref: row.source_ref,
        name: row.name,
        region: row.region,
        equipment: row.equipment,
        pictures: count(row.pictures),
    })
}

fn count(pictures: i64) -> u8 {
    u8::try_from(pictures).unwrap_or(u8::MAX)
}
