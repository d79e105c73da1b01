//! The source, read patient by patient: rows of all its tables, or lines of all its folders, in the order of the patients'
//! names there, opened.

mod folder;
mod table;

use super::mapping::Mapping;
use crypto::{
    FernetKey, Zeroizing,
    private_file::{self, ReadError},
};
use folder::Folder;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use store::{ElsewhereError, Passphrases, PostgresOptions};
use table::Tables;

/// The sections of a mapping, in the order in which a patient's rows are kept.
pub(super) const SECTIONS: [&str; 5] = ["patients", "programs", "log", "notes", "care_team"];
pub(super) const PATIENTS: usize = 0;
pub(super) const PROGRAMS: usize = 1;
pub(super) const LOG: usize = 2;
pub(super) const NOTES: usize = 3;
pub(super) const CARE_TEAM: usize = 4;

/// Why the source was not read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The database of the source.
    #[error(transparent)]
    Elsewhere(#[from] ElsewhereError),
    /// A file or folder of the source.
    #[error("{} cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of keys, which nobody but its owner may read.
    #[error("the keys in {} cannot be used", path.display())]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// A line of the file of keys is none.
    #[error("line {line} of {} {why}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// There is no key in the file of keys.
    #[error("{} holds no key", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// What `pgp_sym_encrypt` sealed is opened by the PostgreSQL that sealed it.
    #[error("pgcrypto opens what it has sealed: the source must be a database, and not a folder")]
    NoDatabase,
    /// The rows of a table did not come in the order that was asked for.
    #[error("the rows of {0} did not come in the order of the patients")]
    Order(String),
}

/// What opens what is sealed at the source. Wiped when dropped.
pub enum Keys {
    /// Passphrases of `pgp_sym_encrypt`.
    Pgcrypto(Passphrases),
    /// Keys of Fernet.
    Fernet(Vec<FernetKey>),
}

impl Keys {
    /// Passphrases from a file, one a line, all of the line.
    pub fn pgcrypto(path: &Path) -> Result<Self, SourceError> {
        Ok(Self::Pgcrypto(lines(path)?))
    }

    /// Fernet keys from a file, one a line.
    pub fn fernet(path: &Path) -> Result<Self, SourceError> {
        let mut keys = Vec::new();
        for (n, line) in lines(path)?.iter().enumerate() {
            let key = FernetKey::new(line).map_err(|_| SourceError::Key {
                path: path.to_owned(),
                line: n + 1,
                why: "is no Fernet key (32 bytes in base64url)",
            })?;
            keys.push(key);
        }
        Ok(Self::Fernet(keys))
    }

    /// Opens a Fernet token with the first key that fits.
    fn fernet_token(&self, token: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Fernet(keys) => keys.iter().find_map(|key| key.open(token).ok()),
            Self::Pgcrypto(_) => None,
        }
    }
}

fn lines(path: &Path) -> Result<Passphrases, SourceError> {
    let file = |source| SourceError::KeyFile { path: path.to_owned(), source };
    let bytes = private_file::read(path).map_err(file)?;
    let no_text = |_| SourceError::Key { path: path.to_owned(), line: 1, why: "is no text" };
    let text = std::str::from_utf8(&bytes).map_err(no_text)?;
    let lines: Passphrases =
        text.lines().filter(|line| !line.is_empty()).map(|line| Zeroizing::new(line.to_owned())).collect();
    if lines.is_empty() { Err(SourceError::NoKey { path: path.to_owned() }) } else { Ok(lines) }
}

/// A row of the source.
pub(super) struct Row {
    /// What it is called in reports.
    pub(super) name: String,
    /// The columns that are not sealed.
    pub(super) columns: BTreeMap<String, String>,
    /// The document that was sealed, or why there is none; null where nothing was sealed.
    pub(super) document: Result<Value, &'static str>,
}

impl Row {
    /// The fingerprint of what it holds.
    fn content(&self) -> [u8; 32] {
        // Texts and JSON into memory cannot fail.
        let content = Zeroizing::new(serde_json::to_vec(&(&self.columns, &self.document)).unwrap_or_default());
        crypto::sha256(&content)
    }
}

/// The JSON document of opened bytes.
fn document(opened: Option<Zeroizing<Vec<u8>>>) -> Result<Value, &'static str> {
    let bytes = opened.ok_or("does not open with any of the keys")?;
    serde_json::from_slice(&bytes).map_err(|_| "is no JSON")
}

/// A patient of the source, with their rows by section.
pub(super) struct SourcePatient {
    /// Their name there.
    pub(super) key: String,
    pub(super) rows: [Vec<Row>; 5],
    from: [String; 5],
}

impl SourcePatient {
    /// The table or folder of a section.
    pub(super) fn from(&self, section: usize) -> &str {
        &self.from[section]
    }
}

/// Where records come from.
pub struct Source {
    keys: Keys,
    mapping: Mapping,
}

impl Source {
    /// A source by its mapping, with the keys that open it. Reads nothing yet.
    pub fn new(mapping: Mapping, keys: Keys) -> Result<Self, SourceError> {
        if matches!(keys, Keys::Pgcrypto(_)) && mapping.source.url.is_none() {
            return Err(SourceError::NoDatabase);
        }
        Ok(Self { keys, mapping })
    }

    /// Its mapping.
    pub const fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Begins to read it from its first patient.
    pub(super) async fn read(&self) -> Result<Patients<'_>, SourceError> {
        let origin = &self.mapping.source;
        let place = match (&origin.url, &origin.folder) {
            (Some(url), _) => {
                let mut options = PostgresOptions::new(url);
                options.password_file.clone_from(&origin.password_file);
                options.ca_file.clone_from(&origin.ca_file);
                Place::Tables(Box::new(Tables::open(&self.mapping, &options, &self.keys).await?))
            }
            (None, Some(folder)) => Place::Folder(Box::new(Folder::open(&self.mapping, folder, &self.keys)?)),
            (None, None) => return Err(SourceError::NoDatabase),
        };
        let (mut from, mut unnamed): ([String; 5], [bool; 5]) = Default::default();
        for (section, of) in self.mapping.sections() {
            let n = SECTIONS.iter().position(|name| *name == section).unwrap_or_default();
            from[n] = of.name().to_owned();
            unnamed[n] = of.row.is_none() && matches!(place, Place::Tables(_));
        }
        Ok(Patients { place, from, unnamed, ahead: Default::default(), begun: false, last: None })
    }
}

/// Reads one section after the other of whichever patient comes next.
enum Place<'s> {
    Tables(Box<Tables<'s>>),
    Folder(Box<Folder<'s>>),
}

/// The patients still to come.
pub(super) struct Patients<'s> {
    place: Place<'s>,
    from: [String; 5],
    /// The sections whose rows have no name, and so come in any order.
    unnamed: [bool; 5],
    /// The next row of each section, with whose it is.
    ahead: [Option<(String, Row)>; 5],
    begun: bool,
    last: Option<String>,
}

impl Patients<'_> {
    /// The next patient; none when all were read.
    pub(super) async fn next(&mut self) -> Result<Option<SourcePatient>, SourceError> {
        if !self.begun {
            self.begun = true;
            for section in 0..SECTIONS.len() {
                self.advance(section).await?;
            }
        }
        let Some(key) = self.ahead.iter().flatten().map(|(patient, _)| patient).min().cloned() else {
            return Ok(None);
        };
        let mut rows: [Vec<Row>; 5] = Default::default();
        for (section, rows) in rows.iter_mut().enumerate() {
            while let Some((_, row)) = self.ahead[section].take_if(|(patient, _)| *patient == key) {
                rows.push(row);
                self.advance(section).await?;
            }
            if self.unnamed[section] {
                // A table keeps no order: what they hold makes one, so that the same rows are the same the next time.
                rows.sort_by_cached_key(Row::content);
                for (row, nth) in rows.iter_mut().zip(1..) {
                    row.name = table::counted(&key, nth);
                }
            }
        }
        self.last = Some(key.clone());
        Ok(Some(SourcePatient { key, rows, from: self.from.clone() }))
    }

    async fn advance(&mut self, section: usize) -> Result<(), SourceError> {
        let next = match &mut self.place {
            Place::Tables(tables) => tables.next(section).await?,
            Place::Folder(folder) => folder.next(section)?,
        };
        // Whoever was passed could not be put together with their other rows.
        if let (Some((patient, _)), Some(last)) = (&next, &self.last)
            && patient <= last
        {
            return Err(SourceError::Order(self.from[section].clone()));
        }
        self.ahead[section] = next;
        Ok(())
    }
}
