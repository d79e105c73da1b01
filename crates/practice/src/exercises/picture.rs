//! The pictures of the library.

use crate::{House, media};
use domain::ExerciseId;
use identity::{Full, Session};
use std::io;
use store::{StoreError, rows::exercises};

/// A picture as a file.
pub struct PictureFile {
    /// `image/jpeg` or `image/svg+xml`.
    pub media_type: String,
    /// SHA-256 of the bytes, as it was when the picture came in.
    pub digest: [u8; 32],
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a picture could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be read.
    #[error("a picture could not be read")]
    File(#[from] io::Error),
    /// The file is missing, or another one than was stored.
    #[error("a picture is missing or damaged")]
    Damaged,
}

/// Picture `n` of an exercise, counted from 0; none when there is no such picture.
pub async fn picture(
    house: &House,
    session: &Session<Full>,
    exercise: ExerciseId,
    n: i64,
) -> Result<Option<PictureFile>, PictureError> {
    let rows = exercises::pictures(&house.stores.clinical, session.practice(), exercise).await?;
    let Some(row) = rows.into_iter().find(|row| row.position == n) else { return Ok(None) };
    let bytes = media::read(&house.media, &row.digest)?.ok_or(PictureError::Damaged)?;
    if crypto::sha256(&bytes) != row.digest {
        return Err(PictureError::Damaged);
    }
    Ok(Some(PictureFile { media_type: row.media_type, digest: row.digest, bytes }))
}
