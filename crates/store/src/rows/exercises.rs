//! The exercise library and its pictures. Tells nothing about a patient, so nothing is sealed.

use crate::{Batch, Db, Row, StoreError};
use domain::{BodyRegion, Equipment, ExerciseId, ExerciseSource, PracticeId, Timestamp};

/// An entry of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExerciseRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The exercise.
    pub exercise_id: ExerciseId,
    /// Where it came from.
    pub source: ExerciseSource,
    /// Its stable name at the source.
    pub source_ref: String,
    /// What it is called.
    pub name: String,
    /// The part of the body.
    pub region: BodyRegion,
    /// What one needs.
    pub equipment: Equipment,
    /// What to do, a JSON list of texts.
    pub steps: String,
    /// What to mind, a JSON list of texts.
    pub cautions: String,
    /// How many pictures it has.
    pub pictures: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An entry as a list shows it: without what to do and to mind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExerciseHead {
    /// The exercise.
    pub exercise_id: ExerciseId,
    /// Where it came from.
    pub source: ExerciseSource,
    /// Its stable name at the source.
    pub source_ref: String,
    /// What it is called.
    pub name: String,
    /// The part of the body.
    pub region: BodyRegion,
    /// What one needs.
    pub equipment: Equipment,
    /// How many pictures it has.
    pub pictures: i64,
}

/// A picture of an entry; the file lies in the media store under its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureRow {
    /// Its place, from 0.
    pub position: i64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// `image/jpeg` or `image/svg+xml`.
    pub media_type: String,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, exercise_id, source, source_ref, name, region, equipment, steps, cautions, pictures, \
             created_at, updated_at FROM exercises ",
            $rest
        )
    };
}

/// One entry.
pub async fn by_id(db: &Db, practice: PracticeId, exercise: ExerciseId) -> Result<Option<ExerciseRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND exercise_id = $2");
    db.optional(sql, &[practice.into(), exercise.into()]).await?.as_ref().map(read).transpose()
}

macro_rules! select_heads {
    ($rest:literal) => {
        concat!("SELECT exercise_id, source, source_ref, name, region, equipment, pictures FROM exercises ", $rest)
    };
}

/// How many exercises one query asks for. Statements are prepared and kept, so they have a fixed number of places; most
/// programs have fewer exercises than this.
const AT_ONCE: usize = 8;

/// The heads of these entries, in no order; of those that are not in the library, none.
pub async fn heads(db: &Db, practice: PracticeId, ids: &[ExerciseId]) -> Result<Vec<ExerciseHead>, StoreError> {
    const SQL: &str = select_heads!("WHERE practice_id = $1 AND exercise_id IN ($2, $3, $4, $5, $6, $7, $8, $9)");
    let mut heads = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        // Places that are left over ask for the first one again, which then still comes once.
        let places = (0..AT_ONCE).map(|place| some.get(place).copied().unwrap_or(some[0]).into());
        let params: Vec<_> = std::iter::once(practice.into()).chain(places).collect();
        for row in db.rows(SQL, &params).await? {
            heads.push(head(&row)?);
        }
    }
    Ok(heads)
}

/// The heads of the whole library, by name: about a hundred bytes each.
pub async fn all_heads(db: &Db, practice: PracticeId) -> Result<Vec<ExerciseHead>, StoreError> {
    const SQL: &str = select_heads!("WHERE practice_id = $1 ORDER BY name, exercise_id");
    db.rows(SQL, &[practice.into()]).await?.iter().map(head).collect()
}

/// The entry with this name at its source.
pub async fn by_source(
    db: &Db,
    practice: PracticeId,
    source: ExerciseSource,
    source_ref: &str,
) -> Result<Option<ExerciseRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND source = $2 AND source_ref = $3");
    let params = &[practice.into(), source.word().into(), source_ref.into()];
    db.optional(sql, params).await?.as_ref().map(read).transpose()
}

/// Adds an entry, or brings the one with the same name at its source up to date; its id and age stay.
pub fn upsert(batch: Batch, row: &ExerciseRow) -> Batch {
    const SQL: &str = "INSERT INTO exercises (practice_id, exercise_id, source, source_ref, name, region, equipment, \
                       steps, cautions, pictures, created_at, updated_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                       ON CONFLICT (practice_id, source, source_ref) DO UPDATE SET name = excluded.name, \
                       region = excluded.region, equipment = excluded.equipment, steps = excluded.steps, \
                       cautions = excluded.cautions, pictures = excluded.pictures, updated_at = excluded.updated_at";
    let params = &[
        row.practice_id.into(),
        row.exercise_id.into(),
        row.source.word().into(),
        row.source_ref.as_str().into(),
        row.name.as_str().into(),
        row.region.word().into(),
        row.equipment.word().into(),
        row.steps.as_str().into(),
        row.cautions.as_str().into(),
        row.pictures.into(),
        row.created_at.into(),
        row.updated_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// The pictures of an entry, in order.
pub async fn pictures(db: &Db, practice: PracticeId, exercise: ExerciseId) -> Result<Vec<PictureRow>, StoreError> {
    const SQL: &str = "SELECT position, digest, media_type, width, height FROM exercise_pictures \
                       WHERE practice_id = $1 AND exercise_id = $2 ORDER BY position";
    let rows = db.rows(SQL, &[practice.into(), exercise.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(PictureRow {
                position: row.int(0)?,
                digest: row.array(1)?,
                media_type: row.text(2)?.to_owned(),
                width: row.int(3)?,
                height: row.int(4)?,
            })
        })
        .collect()
}

/// Puts these pictures in place of an entry's old ones.
pub fn replace_pictures(batch: Batch, practice: PracticeId, exercise: ExerciseId, pictures: &[PictureRow]) -> Batch {
    const CLEAR: &str = "DELETE FROM exercise_pictures WHERE practice_id = $1 AND exercise_id = $2";
    const SQL: &str = "INSERT INTO exercise_pictures (practice_id, exercise_id, position, digest, media_type, width, \
                       height) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let cleared = batch.run(CLEAR, &[practice.into(), exercise.into()]);
    pictures.iter().fold(cleared, |batch, picture| {
        let params = &[
            practice.into(),
            exercise.into(),
            picture.position.into(),
            (&picture.digest).into(),
            picture.media_type.as_str().into(),
            picture.width.into(),
            picture.height.into(),
        ];
        batch.run(SQL, params).expect(1)
    })
}

fn head(row: &Row) -> Result<ExerciseHead, StoreError> {
    Ok(ExerciseHead {
        exercise_id: row.id(0)?,
        source: row.word(1)?,
        source_ref: row.text(2)?.to_owned(),
        name: row.text(3)?.to_owned(),
        region: row.word(4)?,
        equipment: row.word(5)?,
        pictures: row.int(6)?,
    })
}

fn read(row: &Row) -> Result<ExerciseRow, StoreError> {
    Ok(ExerciseRow {
        practice_id: row.id(0)?,
        exercise_id: row.id(1)?,
        source: row.word(2)?,
        source_ref: row.text(3)?.to_owned(),
        name: row.text(4)?.to_owned(),
        region: row.word(5)?,
        equipment: row.word(6)?,
        steps: row.text(7)?.to_owned(),
        cautions: row.text(8)?.to_owned(),
        pictures: row.int(9)?,
        created_at: row.timestamp(10)?,
        updated_at: row.timestamp(11)?,
    })
}
