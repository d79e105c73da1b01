//! The destruction ledger: whose key was destroyed, so that no restore brings them back.
//!
//! A text file, only ever added to, in as many copies as are set, off the box. One line for each patient: a JSON object, a
//! space, and the signature in base64. Each line names the hash of the one before, so that none can be taken out of the
//! middle; a copy that lost its end is shorter than the others and is brought up to them when it is opened for writing.
//! It holds ids and moments, and nothing about anybody's health.

use crate::{LogName, VerifierKey, durable, hash::Hash};
use crypto::Signer;
use data_encoding::{BASE64, HEXLOWER};
use domain::{PatientId, PracticeId, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Stands before what is signed, so that a line cannot be taken for anything else that the key signs.
const KIND: &str = "patella destruction ledger 1\n";
/// What the first line names as the one before it.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A patient whose key was destroyed, or is about to be: the line is written first. A billing account has a line too, as the
/// key store names it: under the practice's billing branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destroyed {
    /// The practice.
    pub practice: PracticeId,
    /// The patient.
    pub patient: PatientId,
    /// When it was decided for good.
    pub at: Timestamp,
    /// The sequence number, in the audit trail of the log that signs, of the entry that records it.
    pub entry: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    destroyed: Destroyed,
    before: String,
}

/// Why the destruction ledger was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum DestroyedError {
    /// A file could not be read or written.
    #[error("the destruction ledger at {path} cannot be used")]
    Io {
        /// Which copy.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// A line is not what was signed.
    #[error("line {line} of the destruction ledger at {path} was changed, or another key signed it")]
    Forged {
        /// Which copy.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// Two copies tell different stories.
    #[error("the copies of the destruction ledger at {first} and {second} differ")]
    Different {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// There is no place to write to.
    #[error("no place is set for the destruction ledger: set retention.destruction_ledger, off this machine")]
    NoPlace,
}

/// The destruction ledger, open to add to.
pub struct DestructionLedger {
    paths: Vec<PathBuf>,
    signer: Signer,
    before: String,
    /// Where in `entries` each stands.
    places: HashMap<(PracticeId, PatientId), usize>,
    entries: Vec<Destroyed>,
}

impl std::fmt::Debug for DestructionLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DestructionLedger({} entries)", self.entries.len())
    }
}

impl DestructionLedger {
    /// Opens all copies, new or not, checks every line, and brings a copy that is behind up to the longest. `known` are keys
    /// of earlier times, besides the signer's own. One process writes at a time; the audit log's lock sees to that.
    pub fn open(
        paths: Vec<PathBuf>,
        log: &LogName,
        signer: Signer,
        known: &[VerifierKey],
    ) -> Result<Self, DestroyedError> {
        let mut keys = vec![VerifierKey::new(log.clone(), signer.public())];
        keys.extend_from_slice(known);
        let mut copies = Vec::new();
        for path in &paths {
            copies.push(Copy::read(path, &keys)?);
        }
        let longest = copies.iter().enumerate().max_by_key(|(_, copy)| copy.text.len()).map(|(n, _)| n);
        let longest = longest.ok_or(DestroyedError::NoPlace)?;
        for (copy, path) in copies.iter().zip(&paths) {
            let missing = copies[longest].text.strip_prefix(copy.text.as_str());
            let different = || DestroyedError::Different { first: paths[longest].clone(), second: path.clone() };
            let missing = missing.ok_or_else(different)?;
            // A new one is made here; one that goes away later is not made anew, for then its volume is not there.
            if copy.torn || !missing.is_empty() || !path.exists() {
                add(path, copy.text.len(), missing)
                    .map_err(|source| DestroyedError::Io { path: path.clone(), source })?;
            }
        }
        let Copy { entries, before, .. } = copies.swap_remove(longest);
        let places = entries.iter().enumerate().map(|(n, one)| ((one.practice, one.patient), n)).collect();
        Ok(Self { paths, signer, before, places, entries })
    }

    /// The line of a patient, if there is one.
    pub fn find(&self, practice: PracticeId, patient: PatientId) -> Option<&Destroyed> {
        self.places.get(&(practice, patient)).and_then(|place| self.entries.get(*place))
    }

    /// Everybody in it, oldest first.
    pub fn entries(&self) -> &[Destroyed] {
        &self.entries
    }

    /// Adds patients; those who are in it already are passed over. Returns when every copy is durable. After an error a part
    /// may be in some copies: opening it again tells.
    pub fn add(&mut self, new: &[Destroyed]) -> Result<(), DestroyedError> {
        let (mut text, mut before, mut added) = (String::new(), self.before.clone(), Vec::new());
        for one in new {
            if self.find(one.practice, one.patient).is_some()
                || added.iter().any(|a: &Destroyed| a.patient == one.patient)
            {
                continue;
            }
            let line = Line { destroyed: *one, before };
            // Ids, numbers and text into memory: that cannot fail.
            let json = serde_json::to_string(&line).unwrap_or_default();
            let signature = BASE64.encode(&self.signer.sign(format!("{KIND}{json}").as_bytes()));
            let whole = format!("{json} {signature}\n");
            before = hash(&whole);
            text.push_str(&whole);
            added.push(*one);
        }
        if added.is_empty() {
            return Ok(());
        }
        for path in &self.paths {
            let io = |source| DestroyedError::Io { path: path.clone(), source };
            let end = fs::metadata(path).map_err(io)?.len();
            add(path, usize::try_from(end).unwrap_or(usize::MAX), &text).map_err(io)?;
        }
        self.before = before;
        for one in added {
            self.places.insert((one.practice, one.patient), self.entries.len());
            self.entries.push(one);
        }
        Ok(())
    }
}

/// Everybody in the longest of the copies, each checked with one of `keys`; for restore. Copies that are not there are passed
/// over; none when no copy is.
pub fn read_destroyed(paths: &[PathBuf], keys: &[VerifierKey]) -> Result<Option<Vec<Destroyed>>, DestroyedError> {
    let mut longest: Option<(PathBuf, Copy)> = None;
    for path in paths {
        if !path.try_exists().map_err(|source| DestroyedError::Io { path: path.clone(), source })? {
            continue;
        }
        let copy = Copy::read(path, keys)?;
        longest = match longest {
            None => Some((path.clone(), copy)),
            Some((first, best)) => {
                let (short, long) = if copy.text.len() > best.text.len() { (&best, &copy) } else { (&copy, &best) };
                if !long.text.starts_with(&short.text) {
                    return Err(DestroyedError::Different { first, second: path.clone() });
                }
                Some(if copy.text.len() > best.text.len() { (path.clone(), copy) } else { (first, best) })
            }
        };
    }
    Ok(longest.map(|(_, copy)| copy.entries))
}

/// One copy, checked.
struct Copy {
    text: String,
    /// A last line without its end: a write that was cut off, acknowledged to nobody.
    torn: bool,
    entries: Vec<Destroyed>,
    before: String,
}

impl Copy {
    fn read(path: &Path, keys: &[VerifierKey]) -> Result<Self, DestroyedError> {
        let mut text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(DestroyedError::Io { path: path.to_owned(), source }),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let torn = whole < text.len();
        text.truncate(whole);
        let (mut entries, mut before) = (Vec::new(), FIRST.to_owned());
        for (n, line) in text.lines().enumerate() {
            let forged = || DestroyedError::Forged { path: path.to_owned(), line: n + 1 };
            let (json, signature) = line.rsplit_once(' ').ok_or_else(forged)?;
            let signature = BASE64.decode(signature.as_bytes()).map_err(|_| forged())?;
            let signed = format!("{KIND}{json}");
            if !keys.iter().any(|key| crypto::verify_signature(key.public(), signed.as_bytes(), &signature)) {
                return Err(forged());
            }
            let read: Line = serde_json::from_str(json).map_err(|_| forged())?;
            if read.before != before {
                return Err(forged());
            }
            before = hash(&format!("{line}\n"));
            entries.push(read.destroyed);
        }
        Ok(Self { text, torn, entries, before })
    }
}

fn hash(line: &str) -> String {
    HEXLOWER.encode(&Hash(crypto::sha256(line.as_bytes())).0)
}

/// Writes `text` at `end` of a file, makes it the file's end, and syncs it; the folder too where the file is new.
fn add(path: &Path, end: usize, text: &str) -> io::Result<()> {
    let new = !path.exists();
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_len(end as u64)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if new { durable::sync_folder_of(path) } else { Ok(()) }
}
