//! What a backup holds, in the open, signed with the audit key.

use super::{
    hex,
    part::Sum,
    target::{MANIFEST, Target, TargetError, read_small},
};
use crypto::Signer;
use domain::Timestamp;
use ledger::{CheckpointError, LogName, VerifierKey, open_text, sign_text, unverified_text};
use serde::{Deserialize, Serialize};

/// The first line of a manifest.
const KIND: &str = "patella backup manifest 1";
/// A manifest is smaller than this.
const LONGEST: u64 = 64 * 1024;

/// A backup, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// When the cut was made: what was stored until then is in it.
    pub cut: Timestamp,
    /// When it was written.
    pub finished: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// Its parts.
    pub parts: Vec<PartFacts>,
    /// The list of media files.
    pub media_list: FileFacts,
    /// How many media files there were.
    pub media_files: u64,
    /// The logs of the ledger.
    pub logs: Vec<LogFacts>,
    /// The epoch whose key seals the key part besides, if epochs are in use.
    pub epoch: Option<u32>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// Its path in the target.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file as it lies there, hexadecimal.
    pub sha256: String,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartFacts {
    /// Its name.
    pub part: String,
    /// Its file.
    pub file: FileFacts,
    /// To whom it is sealed.
    pub recipients: Vec<String>,
    /// The version of the store's schema; 0 where there is none.
    pub schema: i64,
    /// Bytes before compression.
    pub raw: u64,
    /// Its tables.
    pub tables: Vec<TableFacts>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFacts {
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of the rows as they were carried, hexadecimal.
    pub sha256: String,
}

/// A log of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFacts {
    /// Its name.
    pub log: String,
    /// How many entries are in the backup.
    pub entries: u64,
}

/// Why a manifest was not read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The target did not give it.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The signature, or the form.
    #[error("the manifest of {name} is not to be trusted")]
    Signature {
        /// Which backup.
        name: String,
        #[source]
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// It is signed, but says what this program does not understand.
    #[error("the manifest of {name} is not one that this program reads ({what})")]
    Content {
        /// Which backup.
        name: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Manifest {
    /// The manifest as a signed note.
    pub fn sign(&self, name: &LogName, signer: &Signer) -> String {
        let text = serde_json::to_string_pretty(self).expect("it has text keys only");
        sign_text(KIND, &text, name, signer)
    }

    /// Reads the manifest of a backup, which must carry the true signature of `key`.
    pub fn read(target: &dyn Target, name: &str, key: &VerifierKey) -> Result<Self, ManifestError> {
        let note = Self::note(target, name)?;
        let text =
            open_text(KIND, &note, key).map_err(|source| ManifestError::Signature { name: name.to_owned(), source })?;
        Self::parse(name, text)
    }

    /// Reads the manifest of a backup although it is not known yet who signed it.
    pub fn read_unverified(target: &dyn Target, name: &str) -> Result<Self, ManifestError> {
        let note = Self::note(target, name)?;
        let text = unverified_text(KIND, &note)
            .map_err(|source| ManifestError::Signature { name: name.to_owned(), source })?;
        Self::parse(name, text)
    }

    fn note(target: &dyn Target, name: &str) -> Result<String, ManifestError> {
        let bytes = read_small(target, &format!("{name}/{MANIFEST}"), LONGEST)?;
        String::from_utf8(bytes)
            .map_err(|_| ManifestError::Signature { name: name.to_owned(), source: CheckpointError::Malformed })
    }

    fn parse(name: &str, text: &str) -> Result<Self, ManifestError> {
        let content = |what: String| ManifestError::Content { name: name.to_owned(), what };
        let manifest: Self = serde_json::from_str(text).map_err(|error| content(error.to_string()))?;
        if manifest.name != name {
            return Err(content(format!("it is that of {}", manifest.name)));
        }
        Ok(manifest)
    }

    /// A part by its name.
    pub fn part(&self, part: super::Part) -> Option<&PartFacts> {
        self.parts.iter().find(|facts| facts.part == part.name())
    }

    /// Bytes of all its files.
    pub fn size(&self) -> u64 {
        self.parts.iter().map(|part| part.file.size).sum::<u64>() + self.media_list.size
    }

    /// Bytes of what is in it, before compression.
    pub fn raw(&self) -> u64 {
        self.parts.iter().map(|part| part.raw).sum()
    }
}

impl FileFacts {
    /// What is known of a file that was just written.
    pub(crate) fn new(path: String, size: u64, sha256: [u8; 32]) -> Self {
        Self { path, size, sha256: hex(&sha256) }
    }

    /// Whether a file is the one that was signed.
    pub(crate) fn is(&self, sum: &Sum) -> bool {
        self.size == sum.size && self.sha256 == hex(&sum.sha256)
    }
}
