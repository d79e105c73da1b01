//! Small secret files: appear and change whole or not at all, read only when nobody else can read them, destroyed for
//! good where the medium allows it.
//!
//! They are text, so that they survive printing and typing in; [`with_sum`] adds a last line with a SHA-256 sum over the
//! lines above it, so that a damaged file is told apart from one with another content.

use crate::sha256;
use data_encoding::HEXLOWER;
use domain::Rng;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest file that is read, in bytes: many times what any of them needs.
const LONGEST: u64 = 64 * 1024;

/// Why a private file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("it does not exist")]
    Missing,
    /// It may be read by others than its owner: its permission bits.
    #[error("it may be read by others than its owner (mode {0:04o}); it must be 0600 or 0400")]
    TooOpen(u32),
    /// Reading failed.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
}

/// Reads a file that must be readable by its owner alone; 64 KiB at most.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing,
        _ => ReadError::Io(error),
    })?;
    // Asked of the open file, not of the path, so that nobody can swap it in between.
    let mode = file.metadata().map_err(ReadError::Io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(ReadError::TooOpen(mode));
    }
    // Room for the whole file at once: a growing buffer would leave copies of the secret behind.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 1));
    file.take(LONGEST).read_to_end(&mut text).map_err(ReadError::Io)?;
    Ok(text)
}

/// Reads a private file that holds a passphrase or a PIN: its text without the line break at its end.
pub fn first_line(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let text = read(path)?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok(Zeroizing::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
}

/// Writes a new file with mode 0600 and makes it durable. Fails with `AlreadyExists` rather than replace another.
pub fn write_new(path: &Path, text: &[u8], rng: &dyn Rng) -> io::Result<()> {
    // A hard link gives the whole file its name in one step, and fails where that name is taken; a rename replaces.
    draft(path, text, rng, |draft| {
        let linked = fs::hard_link(draft, path);
        fs::remove_file(draft)?;
        linked
    })
}

/// Writes a file with mode 0600 in the place of the one that is there, if there is one, and makes it durable: after a
/// crash the old one or the new one is there, whole. The new one is read back before it takes the place.
pub fn replace(path: &Path, text: &[u8], rng: &dyn Rng) -> io::Result<()> {
    draft(path, text, rng, |draft| {
        if *Zeroizing::new(fs::read(draft)?) != text {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what was written does not read back"));
        }
        fs::rename(draft, path)
    })
}

/// Writes a file beside `path` under a name of its own, whole and durable; `name` then gives it its place.
fn draft(path: &Path, text: &[u8], rng: &dyn Rng, name: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let file_name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = folder(path);
    let mut unique = [0; 8];
    rng.fill(&mut unique);
    let draft = folder.join(format!(".{}.{}", file_name.to_string_lossy(), HEXLOWER.encode(&unique)));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| name(&draft));
    if let Err(error) = written {
        // What is left of it helps nobody; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// Overwrites a file with random bytes, syncs it, removes its name and syncs the folder. On flash and copy-on-write
/// storage the medium may keep the old bytes nevertheless. Nothing to do is fine: so it can be run again after a crash.
pub fn destroy(path: &Path, rng: &dyn Rng) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let length = usize::try_from(file.metadata()?.len().min(LONGEST)).unwrap_or(0);
    let mut noise = vec![0; length];
    rng.fill(&mut noise);
    file.write_all(&noise)?;
    file.sync_all()?;
    drop(file);
    fs::remove_file(path)?;
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// `body` followed by the line with its sum.
pub fn with_sum(body: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{body}sum {}\n", HEXLOWER.encode(&sha256(body.as_bytes()))))
}

/// The body of a file whose sum is right; otherwise what is wrong with it.
pub fn without_sum(text: &[u8]) -> Result<&str, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text")?;
    let end = text.rfind("sum ").ok_or("it has no sum in its last line")?;
    let (body, sum) = text.split_at(end);
    if sum.trim_end() != format!("sum {}", HEXLOWER.encode(&sha256(body.as_bytes()))) {
        return Err("its sum does not fit its content");
    }
    Ok(body)
}

/// A line `name` + hexadecimal digits, wiped when dropped; [`hex_line`] reads it.
pub fn with_hex(name: &str, bytes: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(HEXLOWER.encode(bytes));
    Zeroizing::new(format!("{name}{}\n", digits.as_str()))
}

/// The bytes of a line `name` + hexadecimal digits, wiped when dropped.
pub fn hex_line<const N: usize>(line: &str, name: &str) -> Option<Zeroizing<[u8; N]>> {
    let bytes = Zeroizing::new(HEXLOWER.decode(line.strip_prefix(name)?.as_bytes()).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}
