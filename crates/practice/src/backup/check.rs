//! Checking a backup: its files with the public key alone, its content with the private ones.

use super::{
    create::{MediaList, hash, media_list_of},
    hex,
    manifest::{FileFacts, Manifest, ManifestError, PartFacts},
    part::{Event, Header, PartReader, ReadPartError},
    target::{Target, TargetError},
};
use crate::keys::epoch::{EpochError, EpochKeys};
use crypto::{Identities, Key};
use ledger::VerifierKey;
use std::io::Read;

/// A list of media is shorter than this: some four million files.
const LONGEST_LIST: u64 = 300 << 20;

/// Why a backup is refused. Each says which file it is.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file is not what was signed.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A part does not open, or is not what it says.
    #[error("the {part} part ({path}) cannot be used")]
    Part {
        /// Which part.
        part: String,
        /// Its file.
        path: String,
        #[source]
        /// What is wrong with it.
        source: ReadPartError,
    },
    /// The epoch of the key part.
    #[error("the key part cannot be used")]
    Epoch(#[from] EpochError),
}

impl CheckError {
    pub(crate) fn damaged(path: &str, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// What was read of a file is not what was signed.
    pub(crate) fn changed(file: &FileFacts) -> Self {
        Self::damaged(&file.path, "its content is not what was signed")
    }
}

/// Checks the signature of a backup's manifest and every file that it needs against it. Opens nothing.
pub fn check_files(target: &dyn Target, name: &str, key: &VerifierKey) -> Result<Manifest, CheckError> {
    let manifest = Manifest::read(target, name, key)?;
    check_files_of(target, &manifest)?;
    Ok(manifest)
}

/// Checks every file that a manifest needs, whoever signed it.
pub(crate) fn check_files_of(target: &dyn Target, manifest: &Manifest) -> Result<MediaList, CheckError> {
    for part in &manifest.parts {
        check_file(target, &part.file)?;
    }
    let list = media_list_of(target, manifest)?;
    for file in &list.files {
        if !manifest.parts.iter().any(|part| part.file == *file) {
            check_file(target, file)?;
        }
    }
    Ok(list)
}

fn check_file(target: &dyn Target, file: &FileFacts) -> Result<(), CheckError> {
    let (size, sha256) = match hash(target, &file.path) {
        Err(TargetError::Missing(_)) => return Err(CheckError::damaged(&file.path, "it is missing")),
        other => other?,
    };
    if size != file.size {
        return Err(CheckError::damaged(&file.path, format!("it has {size} bytes, not {}", file.size)));
    }
    if hex(&sha256) != file.sha256 {
        return Err(CheckError::changed(file));
    }
    Ok(())
}

/// The whole of a list, checked.
pub(crate) fn read_checked(target: &dyn Target, file: &FileFacts) -> Result<Vec<u8>, CheckError> {
    let mut bytes = Vec::new();
    let unread = |source| TargetError::Io { what: format!("{} cannot be read", file.path), source };
    target.open(&file.path)?.take(LONGEST_LIST).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 != file.size || hex(&crypto::sha256(&bytes)) != file.sha256 {
        return Err(CheckError::changed(file));
    }
    Ok(bytes)
}

/// What opens a backup.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// Private keys of the recipients.
    pub identities: &'a Identities,
    /// The epochs, where the key part is sealed under one.
    pub epochs: Option<&'a EpochKeys>,
}

impl Opening<'_> {
    /// Opens a part and holds its first line against the manifest.
    pub(crate) fn open(
        &self,
        target: &dyn Target,
        manifest: &Manifest,
        facts: &PartFacts,
    ) -> Result<PartReader, CheckError> {
        let explain = |source| CheckError::Part { part: facts.part.clone(), path: facts.file.path.clone(), source };
        let file = target.open(&facts.file.path)?;
        let reader = PartReader::open(file, self.identities, &|header| self.part_key(header)).map_err(explain)?;
        let header = reader.header();
        let said: Vec<(&str, u64)> = header.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
        let signed: Vec<(&str, u64)> = facts.tables.iter().map(|table| (table.table.as_str(), table.rows)).collect();
        if header.backup != manifest.name
            || header.part != facts.part
            || header.schema != facts.schema
            || said != signed
        {
            let what = "it is not the part that the manifest names".to_owned();
            return Err(explain(ReadPartError::Content(what)));
        }
        Ok(reader)
    }

    /// Opens a file of which only its name is known.
    pub(crate) fn open_any(&self, target: &dyn Target, facts: &PartFacts) -> Result<PartReader, CheckError> {
        let explain = |source| CheckError::Part { part: facts.part.clone(), path: facts.file.path.clone(), source };
        let file = match target.open(&facts.file.path) {
            Err(TargetError::Missing(path)) => return Err(CheckError::damaged(&path, "it is missing")),
            file => file?,
        };
        PartReader::open(file, self.identities, &|header| self.part_key(header)).map_err(explain)
    }

    fn part_key(&self, header: &Header) -> Result<Option<Key>, ReadPartError> {
        let Some(epoch) = &header.epoch else { return Ok(None) };
        let epochs = self.epochs.ok_or(ReadPartError::NoEpoch(epoch.generation))?;
        let content = |error: &dyn std::fmt::Display| ReadPartError::Content(error.to_string());
        let key = epochs.generation(epoch.generation).map_err(|error| content(&error))?;
        let wrapped = data_encoding::HEXLOWER.decode(epoch.wrapped.as_bytes()).map_err(|error| content(&error))?;
        key.unwrap(header.backup.as_bytes(), &wrapped).map(Some).map_err(|error| content(&error))
    }
}

/// Reads every part to its end, and holds counts and hashes of every table against the manifest.
pub fn check_content(target: &dyn Target, manifest: &Manifest, opening: &Opening<'_>) -> Result<(), CheckError> {
    for facts in &manifest.parts {
        let mut reader = opening.open(target, manifest, facts)?;
        let explain = |source| CheckError::Part { part: facts.part.clone(), path: facts.file.path.clone(), source };
        let mut place = 0;
        loop {
            match reader.read().map_err(explain)? {
                Event::Rows(_) => {}
                Event::End(end) => {
                    if facts.tables.get(place) != Some(&end) {
                        let what = format!("the table {} is not what was signed", end.table);
                        return Err(explain(ReadPartError::Content(what)));
                    }
                    place += 1;
                }
                Event::Finished(sum) if facts.file.is(&sum) => break,
                Event::Finished(_) => return Err(CheckError::changed(&facts.file)),
            }
        }
    }
    Ok(())
}
