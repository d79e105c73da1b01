//! Putting entries into a practice's library.

use super::NewExercise;
use crate::{House, media};
use domain::{ExerciseId, PracticeId};
use store::{
    Batch, CommitError, StoreError,
    rows::exercises::{self, ExerciseRow, PictureRow},
};

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelved {
    /// It is new.
    Added,
    /// It was there and differs.
    Changed,
    /// It was there just so.
    Unchanged,
}

/// Why an entry was not put into the library.
#[derive(Debug, thiserror::Error)]
pub enum ShelveError {
    /// A picture could not be written.
    #[error("a picture could not be written")]
    Media(#[from] std::io::Error),
    /// The clinical store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Puts an entry into a practice's library, in place of the one with the same name at the same source. Doing it again
/// changes nothing.
pub async fn shelve(
    house: &House,
    practice: PracticeId,
    new: &NewExercise,
) -> Result<(ExerciseId, Shelved), ShelveError> {
    let clinical = &house.stores.clinical;
    let known = exercises::by_source(clinical, practice, new.source, &new.source_ref).await?;
    let row = row(house, practice, new, known.as_ref());
    let pictures: Vec<_> = (0..)
        .zip(&new.pictures)
        .map(|(position, picture)| PictureRow {
            position,
            digest: picture.digest,
            media_type: picture.format.media_type().to_owned(),
            width: i64::from(picture.width),
            height: i64::from(picture.height),
        })
        .collect();
    let shelved = match &known {
        None => Shelved::Added,
        Some(known) => {
            let same = ExerciseRow { updated_at: known.updated_at, ..row.clone() } == *known
                && exercises::pictures(clinical, practice, known.exercise_id).await? == pictures;
            if same { Shelved::Unchanged } else { Shelved::Changed }
        }
    };
    if shelved != Shelved::Unchanged {
        for picture in &new.pictures {
            media::keep(&house.media, &picture.digest, &picture.bytes)?;
        }
        let batch = exercises::upsert(Batch::new(), &row);
        clinical.commit(exercises::replace_pictures(batch, practice, row.exercise_id, &pictures)).await?;
    }
    Ok((row.exercise_id, shelved))
}

fn row(house: &House, practice_id: PracticeId, new: &NewExercise, known: Option<&ExerciseRow>) -> ExerciseRow {
    let now = house.clock.now();
    let list = |texts: &[String]| serde_json::to_string(texts).expect("a list of texts is JSON");
    ExerciseRow {
        practice_id,
        exercise_id: known.map_or_else(|| ExerciseId::random(&*house.rng), |known| known.exercise_id),
        source: new.source,
        source_ref: new.source_ref.clone(),
        name: new.name.clone(),
        region: new.region,
        equipment: new.equipment,
        steps: list(&new.steps),
        cautions: list(&new.cautions),
        pictures: i64::try_from(new.pictures.len()).unwrap_or(i64::MAX),
        created_at: known.map_or(now, |known| known.created_at),
        updated_at: now,
    }
}
