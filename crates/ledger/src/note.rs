//! Signed checkpoints: C2SP tlog-checkpoint inside C2SP signed-note, with Ed25519.

use crate::Hash;
use crypto::Signer;
use data_encoding::{BASE64, HEXLOWER};
use domain::Invalid;
use std::{fmt, str::FromStr, sync::Arc};

/// Longest note that is read: a checkpoint with many cosignatures fits.
const LONGEST: usize = 64 * 1024;
/// How a line with a signature begins.
const SIGNATURE: &str = "\u{2014} ";
/// The signature type of Ed25519 in signed-note.
const ED25519: u8 = 1;

/// The name of a log: its origin line and its key's name. Like a web address without its scheme:
/// `practice.example/audit/node-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogName(Arc<str>);

impl LogName {
    /// 1 to 200 characters without spaces, control characters or `+` (what signed-note allows in a key name).
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let bad = name.is_empty()
            || name.chars().count() > 200
            || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        if bad {
            return Err(Invalid::new("must be 1 to 200 characters without spaces or +, like practice.example/audit"));
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What anyone needs to check a log: its name and its public key. Written and read in the usual form
/// `name+hash+base64` of tools that verify notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: LogName,
    public: [u8; 32],
}

impl VerifierKey {
    /// The key of the log `name`.
    pub const fn new(name: LogName, public: [u8; 32]) -> Self {
        Self { name, public }
    }

    /// The log's name.
    pub const fn name(&self) -> &LogName {
        &self.name
    }

    /// The public key of Ed25519.
    pub(crate) const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The first four bytes of SHA-256(name, line feed, 0x01, public key).
    fn id(&self) -> [u8; 4] {
        let hash = crypto::sha256(&[self.name.as_str().as_bytes(), b"\n", &[ED25519], &self.public].concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[ED25519], self.public.as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&self.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const BAD: Invalid = Invalid::new("is not a verifier key (name+hash+base64)");
        // The base64 part may hold a plus itself.
        let mut parts = text.splitn(3, '+');
        let (name, id, key) = (parts.next().ok_or(BAD)?, parts.next().ok_or(BAD)?, parts.next().ok_or(BAD)?);
        let key = BASE64.decode(key.as_bytes()).map_err(|_| BAD)?;
        let public = key.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok()).ok_or(BAD)?;
        let key = Self { name: LogName::new(name)?, public };
        if HEXLOWER.encode(&key.id()) == id { Ok(key) } else { Err(BAD) }
    }
}

/// The head of a log: how many entries it has and what root they give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// Why a checkpoint was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note that holds a checkpoint.
    #[error("it is not a signed checkpoint")]
    Malformed,
    /// A checkpoint of another log.
    #[error("it belongs to another log")]
    OtherLog,
    /// No signature of the log's key, or a false one.
    #[error("its signature is not that of the log's key")]
    Forged,
}

impl Checkpoint {
    /// The checkpoint as a signed note.
    pub(crate) fn sign(&self, name: &LogName, signer: &Signer) -> String {
        sign(&format!("{name}\n{}\n{}\n", self.size, self.root), name, signer)
    }

    /// Reads a checkpoint that must carry the true signature of `key`. Signatures of other keys are passed over.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        use CheckpointError::{Forged, Malformed, OtherLog};
        let (text, signed) = open(note, key, LONGEST)?;
        let mut lines = text.strip_suffix('\n').ok_or(Malformed)?.split('\n');
        let (origin, size, root) = (lines.next(), lines.next().ok_or(Malformed)?, lines.next().ok_or(Malformed)?);
        if lines.any(str::is_empty) {
            return Err(Malformed);
        }
        let number: u64 = size.parse().map_err(|_| Malformed)?;
        // Only one way to write a size: no plus, no zeroes before it.
        if number.to_string() != size {
            return Err(Malformed);
        }
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|root| root.try_into().ok()).ok_or(Malformed)?;
        if origin != Some(key.name.as_str()) {
            return Err(OtherLog);
        }
        if signed { Ok(Self { size: number, root: Hash(root) }) } else { Err(Forged) }
    }
}

/// The signed notes that stand one after another in a text: each ends with the last of its signatures.
pub fn notes_in(text: &str) -> Vec<&str> {
    let (mut notes, mut start, mut end, mut signed) = (Vec::new(), 0, 0, false);
    for line in text.split_inclusive('\n') {
        let signature = line.starts_with(SIGNATURE);
        if signed && !signature {
            notes.push(&text[start..end]);
            start = end;
        }
        if line == "\n" && start == end {
            start += 1;
        }
        (signed, end) = (signature, end + line.len());
    }
    if start < end {
        notes.push(&text[start..end]);
    }
    notes
}

/// A signed note of `text`, which ends with a line feed and has no empty line.
pub(crate) fn sign(text: &str, name: &LogName, signer: &Signer) -> String {
    let key = VerifierKey::new(name.clone(), signer.public());
    let signature = [key.id().as_slice(), &signer.sign(text.as_bytes())].concat();
    format!("{text}\n{SIGNATURE}{name} {}\n", BASE64.encode(&signature))
}

/// The text of a signed note of at most `longest` bytes, and whether `key` signed it. A false signature under that key's name
/// is refused; those of other keys are passed over.
pub(crate) fn open<'n>(note: &'n str, key: &VerifierKey, longest: usize) -> Result<(&'n str, bool), CheckpointError> {
    use CheckpointError::{Forged, Malformed};
    if note.len() > longest || note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(Malformed);
    }
    let split = note.rfind("\n\n").ok_or(Malformed)?;
    let (text, signatures) = (&note[..=split], &note[split + 2..]);
    let mut signed = false;
    for line in signatures.strip_suffix('\n').ok_or(Malformed)?.split('\n') {
        let (name, signature) = line.strip_prefix(SIGNATURE).and_then(|l| l.split_once(' ')).ok_or(Malformed)?;
        let signature = BASE64.decode(signature.as_bytes()).map_err(|_| Malformed)?;
        let (id, signature) = signature.split_first_chunk::<4>().ok_or(Malformed)?;
        if LogName::new(name).map_err(|_| Malformed)? != key.name || *id != key.id() {
            continue;
        }
        if !crypto::verify_signature(&key.public, text.as_bytes(), signature) {
            return Err(Forged);
        }
        signed = true;
    }
    Ok((text, signed))
}
