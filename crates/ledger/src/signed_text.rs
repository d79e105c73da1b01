//! Any text as a signed note (C2SP signed-note, Ed25519): manifests of backups, records of drills, certificates.
//!
//! The first line says what kind of text it is, and is never the name of a log: so a text cannot be taken for a
//! checkpoint, nor a checkpoint for a text.

use crate::{CheckpointError, LogName, VerifierKey, note};
use crypto::Signer;

/// Longest text that is read: a review of the access of a large practice fits.
pub const LONGEST_TEXT: usize = 16 * 1024 * 1024;

/// Signs `text` with the key of the log `name`. `kind` becomes the first line: a few words, with a space among them, which
/// no log's name has. Empty lines in the text are not allowed by the format and are left out.
pub fn sign_text(kind: &str, text: &str, name: &LogName, signer: &Signer) -> String {
    debug_assert!(kind.contains(' '), "a kind without a space could be a log's name");
    let mut body = format!("{kind}\n");
    for line in text.lines().filter(|line| !line.is_empty()) {
        body.push_str(line);
        body.push('\n');
    }
    note::sign(&body, name, signer)
}

/// The text of a note that must be of this kind and carry the true signature of `key`.
pub fn open_text<'n>(kind: &str, note: &'n str, key: &VerifierKey) -> Result<&'n str, CheckpointError> {
    let (text, signed) = note::open(note, key, LONGEST_TEXT)?;
    let text = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('\n')).ok_or(CheckpointError::Malformed)?;
    if signed { Ok(text) } else { Err(CheckpointError::Forged) }
}

/// The text of a note of this kind, although nothing is known yet of who signed it. What it says must not be relied on
/// before [`open_text`] has said the same.
pub fn unverified_text<'n>(kind: &str, note: &'n str) -> Result<&'n str, CheckpointError> {
    let end = note.rfind("\n\n").ok_or(CheckpointError::Malformed)?;
    note[..=end].strip_prefix(kind).and_then(|rest| rest.strip_prefix('\n')).ok_or(CheckpointError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Checkpoint;
    use crypto::Key;

    const KIND: &str = "patella test 1";

    fn signer(seed: u8) -> (LogName, Signer, VerifierKey) {
        let (name, signer) =
            (LogName::new("practice.example").expect("a name"), Signer::from_seed(&Key::from_bytes([seed; 32])));
        let key = VerifierKey::new(name.clone(), signer.public());
        (name, signer, key)
    }

    #[test]
    fn a_text_opens_with_its_kind_and_key_only() {
        let (name, mine, key) = signer(1);
        let note = sign_text(KIND, "{\n  \"a\": 1\n\n}", &name, &mine);
        assert_eq!(open_text(KIND, &note, &key), Ok("{\n  \"a\": 1\n}\n"));
        assert_eq!(unverified_text(KIND, &note), Ok("{\n  \"a\": 1\n}\n"));
        assert_eq!(open_text("patella other 1", &note, &key), Err(CheckpointError::Malformed));
        let (_, _, other) = signer(2);
        assert_eq!(open_text(KIND, &note, &other), Err(CheckpointError::Forged));
        assert_eq!(open_text(KIND, &note.replace("a\": 1", "a\": 2"), &key), Err(CheckpointError::Forged));
    }

    #[test]
    fn a_text_is_no_checkpoint_and_a_checkpoint_no_text() {
        let (name, mine, key) = signer(1);
        let note = sign_text(KIND, "7\nAAAA", &name, &mine);
        assert!(Checkpoint::open(&note, &key).is_err());
        let head = Checkpoint { size: 3, root: crate::Hash([4; 32]) }.sign(&name, &mine);
        assert!(Checkpoint::open(&head, &key).is_ok());
        assert_eq!(open_text(KIND, &head, &key), Err(CheckpointError::Malformed));
    }
}
