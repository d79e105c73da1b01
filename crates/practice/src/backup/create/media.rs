//! Media files: only those go into a backup that no earlier one of the same target has sent. They lie apart from the backups,
//! so that letting an old backup go does not take away what a newer one needs.
//!
//! Each backup has the whole list: which files there were, and which file of the target holds each.
//!
//! ```text
//! patella media list 1
//! file media/2026-11-22T19-30-00Z.age 12345 sha256
//! digest 0          the file with this digest is in the first file above
//! ```

use super::{CreateError, Making, Setup};
use crate::backup::{
    Part,
    check::{CheckError, read_checked},
    hex,
    manifest::{FileFacts, Manifest, PartFacts},
    source::MediaSource,
    target::{MEDIA, Target, backups},
    unhex,
};
use std::{collections::BTreeMap, path::Path};

const TITLE: &str = "patella media list 1";

/// The list of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MediaList {
    /// Files of the target.
    pub(crate) files: Vec<FileFacts>,
    /// Which of them holds a media file.
    pub(crate) held: BTreeMap<[u8; 32], usize>,
}

impl MediaList {
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn write(&self) -> String {
        let mut text = format!("{TITLE}\n");
        for file in &self.files {
            text.push_str(&format!("file {} {} {}\n", file.path, file.size, file.sha256));
        }
        for (digest, place) in &self.held {
            text.push_str(&format!("{} {place}\n", hex(digest)));
        }
        text
    }

    /// None when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut list = Self::default();
        if lines.next()? != TITLE {
            return None;
        }
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["file", path, size, sha256] => list.files.push(FileFacts {
                    path: (*path).to_owned(),
                    size: size.parse().ok()?,
                    sha256: (*sha256).to_owned(),
                }),
                [digest, place] => {
                    let place = place.parse().ok().filter(|place| *place < list.files.len())?;
                    list.held.insert(unhex(digest)?, place);
                }
                _ => return None,
            }
        }
        Some(list)
    }
}

/// The list of a backup, as its manifest has it.
pub(crate) fn media_list_of(target: &dyn Target, manifest: &Manifest) -> Result<MediaList, CheckError> {
    let bytes = read_checked(target, &manifest.media_list)?;
    let list = std::str::from_utf8(&bytes).ok().and_then(MediaList::parse);
    list.ok_or_else(|| CheckError::damaged(&manifest.media_list.path, "it is no list of media"))
}

/// The list of the newest backup that can be read; an empty one where there is none. A damaged newest backup does not keep
/// the next from being made whole: then all media go into it.
pub(super) fn previous(setup: &Setup) -> Result<MediaList, CreateError> {
    let key = setup.verifier();
    for name in backups(&*setup.target)?.iter().rev() {
        let list = Manifest::read(&*setup.target, name, &key)
            .map_err(CheckError::from)
            .and_then(|manifest| media_list_of(&*setup.target, &manifest));
        match list {
            Ok(list) => return Ok(list),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(backup = %name, error, "an earlier backup cannot be read; its media are sent again");
            }
        }
    }
    Ok(MediaList::default())
}

/// Writes the files that are new, and gives the whole list.
pub(super) fn write(
    making: &Making<'_>,
    folder: &Path,
    previous: MediaList,
) -> Result<(MediaList, Option<PartFacts>), CreateError> {
    let unread = |source| CreateError::Media { folder: folder.to_owned(), source };
    let now = MediaSource::list(folder).map_err(unread)?;
    let there = making.setup.target.names(MEDIA)?;
    let MediaList { mut files, held } = previous;
    // A file of the target that has been taken away must not be relied on: what it held goes again.
    let still = |place: &usize| {
        let path = files.get(*place).and_then(|file| file.path.strip_prefix("media/"));
        path.is_some_and(|name| there.iter().any(|known| known == name))
    };
    let mut list: BTreeMap<[u8; 32], usize> =
        held.into_iter().filter(|(digest, place)| now.contains(digest) && still(place)).collect();
    let new: std::collections::BTreeSet<[u8; 32]> =
        now.into_iter().filter(|digest| !list.contains_key(digest)).collect();
    let mut facts = None;
    let needed: std::collections::BTreeSet<usize> = list.values().copied().collect();
    for place in needed {
        making.setup.target.hold(&files[place].path)?;
    }
    if !new.is_empty() {
        let path = format!("{MEDIA}/{}.age", making.name);
        let mut source = MediaSource::new(folder, new.clone());
        let part = making.part_at(Part::Media, path, &mut source, None)?;
        files.push(part.file.clone());
        let place = files.len() - 1;
        list.extend(new.into_iter().map(|digest| (digest, place)));
        facts = Some(part);
    }
    Ok((only_used(files, list), facts))
}

/// Without the files that hold nothing any more.
fn only_used(files: Vec<FileFacts>, held: BTreeMap<[u8; 32], usize>) -> MediaList {
    let mut used = MediaList::default();
    let mut places = BTreeMap::new();
    for (digest, old) in held {
        let place = *places.entry(old).or_insert_with(|| {
            used.files.push(files[old].clone());
            used.files.len() - 1
        });
        used.held.insert(digest, place);
    }
    used
}
