//! Files that are encrypted to public keys: age (C2SP `age`, X25519 recipients), so that the tool of every distribution opens
//! them. Whoever seals needs only the public keys and cannot open what was sealed.

use age::{
    Decryptor, Encryptor,
    secrecy::ExposeSecret,
    stream::{StreamReader, StreamWriter},
    x25519,
};
use std::{
    fmt, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

/// Most bytes of an identity file that are read: a few keys and comments.
const LONGEST_FILE: u64 = 64 * 1024;

/// A public key that can be sealed to: `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

/// It is not a public key of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an age recipient (age1…, as age-keygen prints it)")]
pub struct NotARecipient;

impl FromStr for Recipient {
    type Err = NotARecipient;
    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        text.trim().parse().map(Self).map_err(|_| NotARecipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Begins to seal what is written to `out`, to all of `recipients`: each of them can open it alone. Nothing is whole before
/// [`SealedTo::finish`].
pub fn seal_to<W: Write>(recipients: &[Recipient], out: W) -> io::Result<SealedTo<W>> {
    let all = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(all)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "there is no recipient to seal to"))?;
    Ok(SealedTo(encryptor.wrap_output(out)?))
}

/// Seals what is written to it.
pub struct SealedTo<W: Write>(StreamWriter<W>);

impl<W: Write> SealedTo<W> {
    /// Writes the end, without which the file does not open, and gives the writer back.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for SealedTo<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Private keys that open what was sealed to their recipients. Never kept by the server.
#[derive(Default)]
pub struct Identities(Vec<x25519::Identity>);

/// Why private keys were not read.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("line {line} of {path} is no age identity (AGE-SECRET-KEY-1…)")]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The file holds no key at all.
    #[error("{path} holds no age identity (AGE-SECRET-KEY-1…)")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl Identities {
    /// Reads files as `age-keygen` writes them: a key a line, comments after `#`.
    pub fn from_files(files: &[impl AsRef<Path>]) -> Result<Self, IdentityError> {
        let mut all = Self::default();
        for path in files {
            all.add_file(path.as_ref())?;
        }
        Ok(all)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add_file(&mut self, path: &Path) -> Result<(), IdentityError> {
        let unread = |source| IdentityError::Read { path: path.to_owned(), source };
        let mut text = zeroize::Zeroizing::new(String::new());
        fs::File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_string(&mut text)).map_err(unread)?;
        let before = self.0.len();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let identity = line.parse().map_err(|_| IdentityError::Line { path: path.to_owned(), line: number })?;
            self.0.push(identity);
        }
        if self.0.len() == before {
            return Err(IdentityError::Empty { path: path.to_owned() });
        }
        Ok(())
    }

    /// A new private key and its recipient, for tests. Operators make theirs with `age-keygen`.
    pub fn generate() -> (Self, Recipient) {
        let identity = x25519::Identity::generate();
        let recipient = Recipient(identity.to_public());
        (Self(vec![identity]), recipient)
    }

    /// A new private key and its recipient as the texts of their files, for tests.
    pub fn generate_text() -> (String, String) {
        let identity = x25519::Identity::generate();
        (identity.to_string().expose_secret().to_owned() + "\n", identity.to_public().to_string())
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identities({})", self.0.len())
    }
}

/// Why a sealed file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSealedError {
    /// None of the private keys opens it.
    #[error("none of the identities opens it")]
    NoMatch,
    /// It is not an age file, or its head was changed.
    #[error("it is not an age file, or it was changed")]
    Damaged,
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
}

/// Begins to open a sealed file. The head is checked now; each piece of the content when it is read, and a content that was
/// changed or cut is an error there.
pub fn open_sealed<R: Read>(identities: &Identities, input: R) -> Result<StreamReader<R>, OpenSealedError> {
    let explain = |error| match error {
        age::DecryptError::NoMatchingKeys => OpenSealedError::NoMatch,
        age::DecryptError::Io(source) => OpenSealedError::Read(source),
        _ => OpenSealedError::Damaged,
    };
    let decryptor = Decryptor::new(input).map_err(explain)?;
    decryptor.decrypt(identities.0.iter().map(|identity| identity as &dyn age::Identity)).map_err(explain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(recipients: &[Recipient], text: &[u8]) -> Vec<u8> {
        let mut sealing = seal_to(recipients, Vec::new()).expect("begun");
        sealing.write_all(text).expect("written");
        sealing.finish().expect("finished")
    }

    fn opened(identities: &Identities, sealed: &[u8]) -> Result<Vec<u8>, OpenSealedError> {
        let mut text = Vec::new();
        open_sealed(identities, sealed)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn each_recipient_opens_alone_and_nobody_else() {
        let ((first, to_first), (second, to_second)) = (Identities::generate(), Identities::generate());
        let file = sealed(&[to_first, to_second], b"knee");
        assert_eq!(opened(&first, &file).expect("opens"), b"knee");
        assert_eq!(opened(&second, &file).expect("opens"), b"knee");
        let (stranger, _) = Identities::generate();
        assert!(matches!(opened(&stranger, &file), Err(OpenSealedError::NoMatch)));
    }

    #[test]
    fn a_changed_or_cut_file_is_refused() {
        let (identity, recipient) = Identities::generate();
        let file = sealed(&[recipient], &[7; 200_000]);
        for at in [0, 30, file.len() / 2, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&identity, &changed).is_err(), "byte {at}");
        }
        assert!(opened(&identity, &file[..file.len() - 1]).is_err());
        assert!(opened(&identity, &file[..file.len() - 70_000]).is_err());
    }

    #[test]
    fn nothing_is_sealed_to_nobody() {
        assert!(seal_to(&[], Vec::new()).is_err());
    }

    #[test]
    fn an_identity_file_is_read_as_age_keygen_writes_it() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("key.txt");
        let identity = x25519::Identity::generate();
        let recipient: Recipient = identity.to_public().to_string().parse().expect("a recipient");
        let text = format!("# created\n# public key: {recipient}\n{}\n", identity.to_string().expose_secret());
        fs::write(&path, text).expect("written");
        let identities = Identities::from_files(&[&path]).expect("reads");
        assert_eq!(opened(&identities, &sealed(&[recipient], b"x")).expect("opens"), b"x");
        fs::write(&path, "# nothing\n").expect("written");
        assert!(matches!(Identities::from_files(&[&path]), Err(IdentityError::Empty { .. })));
        fs::write(&path, "AGE-SECRET-KEY-1NOTONE\n").expect("written");
        assert!(matches!(Identities::from_files(&[&path]), Err(IdentityError::Line { line: 1, .. })));
    }
}
