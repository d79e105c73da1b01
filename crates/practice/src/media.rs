//! Files of the media store, each under its digest: written once, never changed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Where a file with this digest lies.
pub fn path(media: &Path, digest: &[u8; 32]) -> PathBuf {
    let name = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    media.join(&name[..2]).join(name)
}

/// Keeps a file, unless it is there already: under another name, synced, then named, so that a crash leaves none or all.
pub fn keep(media: &Path, digest: &[u8; 32], bytes: &[u8]) -> io::Result<()> {
    let target = path(media, digest);
    if target.exists() {
        return Ok(());
    }
    let folder = target.parent().unwrap_or(media);
    fs::create_dir_all(folder)?;
    let unnamed = target.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unnamed)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unnamed, &target)?;
    File::open(folder)?.sync_all()
}

/// A file, if it is there.
pub fn read(media: &Path, digest: &[u8; 32]) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path(media, digest)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
