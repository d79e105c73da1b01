//! Reads a folder in the layout of free-exercise-db: `exercises.json` (or `dist/exercises.json`), one array of entries,
//! and pictures below `exercises/`.
//!
//! One entry is read at a time, so that the caller can write it away and show how far it is. An entry that cannot be
//! taken is named with its reason and the next one is read.

mod entry;
mod words;

pub use entry::Reason;

use super::{NewExercise, Picture, PictureError};
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

/// Largest `exercises.json` that is read, in bytes. The one of 873 entries has 1 MB.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Largest picture file that is read, in bytes.
const MAX_PICTURE_FILE: u64 = 20 * 1024 * 1024;

/// Why nothing could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no `exercises.json`, or it cannot be read.
    #[error("cannot read exercises.json in {folder}")]
    File {
        /// The folder that was given.
        folder: PathBuf,
        /// Why.
        #[source]
        why: io::Error,
    },
    /// The file is too large.
    #[error("exercises.json is larger than 64 MiB")]
    TooLarge,
    /// The file is not a JSON array.
    #[error("exercises.json is not a list of entries")]
    NotAList,
}

/// An entry that was taken.
#[derive(Debug)]
pub struct Accepted {
    /// The entry, checked.
    pub exercise: NewExercise,
    /// Pictures that it names and that are not there.
    pub missing_pictures: Vec<String>,
    /// Pictures that are there and were left out, and why.
    pub refused_pictures: Vec<(String, PictureRefusal)>,
}

/// Why a picture was left out.
#[derive(Debug, thiserror::Error)]
pub enum PictureRefusal {
    /// Its file cannot be read.
    #[error("cannot be read")]
    File(#[source] io::Error),
    /// Its file is too large.
    #[error("is larger than 20 MiB")]
    FileTooLarge,
    /// Its content was refused.
    #[error(transparent)]
    Content(#[from] PictureError),
}

/// An entry that was not taken.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", .id.as_deref().map_or_else(|| format!("entry {number}"), ToOwned::to_owned))]
pub struct Rejected {
    /// Which entry it is, counted from 1.
    pub number: usize,
    /// Its id, if it has a sound one.
    pub id: Option<String>,
    /// Why.
    #[source]
    pub reason: Reason,
}

/// What came of an import, so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries taken.
    pub accepted: usize,
    /// Entries not taken.
    pub rejected: usize,
    /// Entries with at least one picture.
    pub with_pictures: usize,
    /// Pictures taken.
    pub pictures: usize,
    /// Pictures named and not there.
    pub pictures_missing: usize,
    /// Pictures there and left out.
    pub pictures_refused: usize,
}

impl Counts {
    /// Counts one entry.
    pub fn add(&mut self, entry: &Result<Accepted, Rejected>) {
        match entry {
            Ok(accepted) => {
                self.accepted += 1;
                self.with_pictures += usize::from(!accepted.exercise.pictures.is_empty());
                self.pictures += accepted.exercise.pictures.len();
                self.pictures_missing += accepted.missing_pictures.len();
                self.pictures_refused += accepted.refused_pictures.len();
            }
            Err(_) => self.rejected += 1,
        }
    }
}

/// The entries of a folder, one after the other.
#[derive(Debug)]
pub struct Entries {
    text: Vec<u8>,
    at: usize,
    number: usize,
    ended: bool,
    seen: HashSet<String>,
    pictures: PathBuf,
}

/// Opens a folder. Entries and pictures are read when asked for.
pub fn open(folder: &Path) -> Result<Entries, OpenError> {
    let named = |why| OpenError::File { folder: folder.to_owned(), why };
    let file = match File::open(folder.join("exercises.json")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(folder.join("dist/exercises.json")),
        other => other,
    };
    let mut text = Vec::new();
    file.and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut text)).map_err(named)?;
    if text.len() as u64 > MAX_FILE {
        return Err(OpenError::TooLarge);
    }
    let pictures = folder.join("exercises");
    // Without pictures the folder may be missing; then no picture is found, and none is looked for elsewhere.
    let pictures = pictures.canonicalize().unwrap_or(pictures);
    let mut entries = Entries { text, at: 0, number: 0, ended: false, seen: HashSet::new(), pictures };
    if entries.next_mark() != Some(b'[') {
        return Err(OpenError::NotAList);
    }
    entries.at += 1;
    entries.ended = entries.next_mark() == Some(b']');
    Ok(entries)
}

impl Entries {
    /// How far the reading is: bytes read, and bytes in all.
    pub fn progress(&self) -> (u64, u64) {
        (self.at as u64, self.text.len() as u64)
    }

    /// The next byte that is not white space. Does not go past it.
    fn next_mark(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// The next value of the list. `None` when the text is damaged: what follows cannot be told apart any more.
    fn next_value(&mut self) -> Option<serde_json::Value> {
        let rest = self.text.get(self.at..)?;
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        match self.next_mark() {
            Some(b',') => self.at += 1,
            Some(b']') => self.ended = true,
            _ => return None,
        }
        Some(value)
    }

    fn accept(&mut self, value: &serde_json::Value) -> Result<Accepted, Rejected> {
        let number = self.number;
        let id = entry::id(value).ok();
        let rejected = |reason| Rejected { number, id: id.clone(), reason };
        let (mut exercise, names) = entry::read(value).map_err(rejected)?;
        if !self.seen.insert(exercise.source_ref.clone()) {
            return Err(rejected(Reason::Twice));
        }
        let (mut missing_pictures, mut refused_pictures) = (Vec::new(), Vec::new());
        for name in names {
            match self.picture(&name).map_err(rejected)? {
                Found::Picture(picture) => exercise.pictures.push(picture),
                Found::Missing => missing_pictures.push(name),
                Found::Refused(why) => refused_pictures.push((name, why)),
            }
        }
        exercise.check().map_err(|(field, why)| rejected(Reason::Field { field, why }))?;
        Ok(Accepted { exercise, missing_pictures, refused_pictures })
    }

    fn picture(&self, name: &str) -> Result<Found, Reason> {
        let path = inside(&self.pictures, name)?;
        // A link must not lead out either.
        match path.canonicalize() {
            Ok(real) if real.starts_with(&self.pictures) => Ok(read_picture(&real)),
            Ok(_) => Err(Reason::PictureOutside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
            Err(error) => Ok(Found::Refused(PictureRefusal::File(error))),
        }
    }
}

enum Found {
    Picture(Picture),
    Missing,
    Refused(PictureRefusal),
}

/// The path of a picture below `folder`; refused unless each part of its name is a plain file name.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, Reason> {
    let strange = name.is_empty() || name.contains(['\\', ':', '\0']);
    if strange || !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Reason::PictureOutside);
    }
    Ok(folder.join(name))
}

fn read_picture(path: &Path) -> Found {
    let bytes = fs::metadata(path).and_then(|about| {
        if !about.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_PICTURE_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match bytes {
        Err(error) => Found::Refused(PictureRefusal::File(error)),
        Ok(bytes) if bytes.len() as u64 > MAX_PICTURE_FILE => Found::Refused(PictureRefusal::FileTooLarge),
        Ok(bytes) => match Picture::reencoded(&bytes) {
            Ok(picture) => Found::Picture(picture),
            Err(error) => Found::Refused(error.into()),
        },
    }
}

impl Iterator for Entries {
    type Item = Result<Accepted, Rejected>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.number += 1;
        let Some(value) = self.next_value() else {
            self.ended = true;
            return Some(Err(Rejected { number: self.number, id: None, reason: Reason::Damaged { byte: self.at } }));
        };
        Some(self.accept(&value))
    }
}

#[cfg(test)]
mod tests;
