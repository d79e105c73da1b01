//! Private files: written once, whole or not at all; read only when nobody else can read them.

use crate::sha256;
use data_encoding::HEXLOWER;
use domain::Rng;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};
use zeroize::Zeroizing;

/// Longest file that is read: many times what any of them needs.
const LONGEST: u64 = 64 * 1024;

/// Why a private file was not read.
pub(super) enum ReadError {
    Missing,
    TooOpen(u32),
    Io(io::Error),
}

/// Reads a file that must be readable by its owner alone.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
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

/// Writes a new file with mode 0600 and makes it durable. Fails with `AlreadyExists` rather than replace another.
pub(super) fn write_new(path: &Path, text: &[u8], rng: &dyn Rng) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unique = [0; 8];
    rng.fill(&mut unique);
    let draft = folder.join(format!(".{}.{}", name.to_string_lossy(), HEXLOWER.encode(&unique)));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        // A hard link gives the whole file its name in one step, and fails where that name is taken; a rename replaces.
        .and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    written?;
    removed?;
    File::open(folder)?.sync_all()
}

/// `body` followed by the line with its sum.
pub(super) fn with_sum(body: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{body}sum {}\n", HEXLOWER.encode(&sha256(body.as_bytes()))))
}

/// The body of a file whose sum is right.
pub(super) fn without_sum(text: &[u8]) -> Result<&str, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text")?;
    let end = text.rfind("sum ").ok_or("it has no sum in its last line")?;
    let (body, sum) = text.split_at(end);
    if sum.trim_end() != format!("sum {}", HEXLOWER.encode(&sha256(body.as_bytes()))) {
        return Err("its sum does not fit its content");
    }
    Ok(body)
}
