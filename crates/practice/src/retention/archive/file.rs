//! The file of an archive: written under another name, synced, read back, and only then named.

use super::ArchiveSettings;
use crypto::{Sha256, seal_to};
use domain::{Date, PatientId, PracticeId, TaskObserver};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// What an archive's file is called: `<practice>.<patient>.<last day>.age`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveName {
    /// The practice.
    pub practice: PracticeId,
    /// The patient.
    pub patient: PatientId,
    /// The last day of keeping.
    pub ends_on: Date,
}

impl fmt::Display for ArchiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.age", self.practice, self.patient, self.ends_on)
    }
}

impl FromStr for ArchiveName {
    type Err = domain::Invalid;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let wrong = || domain::Invalid::new("is not the name of an archive");
        let mut parts = name.strip_suffix(".age").ok_or_else(wrong)?.splitn(3, '.');
        let mut next = || parts.next().ok_or_else(wrong);
        let (practice, patient, day) = (next()?, next()?, next()?);
        let ends_on = day.parse().map_err(|_| wrong())?;
        Ok(Self { practice: practice.parse()?, patient: patient.parse()?, ends_on })
    }
}

impl ArchiveName {
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.to_string())
    }

    /// The digest of the file of this name; none when it is not there.
    pub(super) fn digest_in(&self, folder: &Path) -> io::Result<Option<[u8; 32]>> {
        match digest(&self.path(folder)) {
            Ok(digest) => Ok(Some(digest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Seals a text to the archive's recipients. Gives the digest of the sealed file.
    pub(super) fn write(
        &self,
        set: &ArchiveSettings,
        text: &[u8],
        observer: &dyn TaskObserver,
    ) -> io::Result<[u8; 32]> {
        let draft = set.folder.join(format!(".{self}.partial"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        let mut sealed = seal_to(&set.recipients, Hashed { file, hash: Sha256::new() })?;
        sealed.write_all(text)?;
        let Hashed { file, hash } = sealed.finish()?;
        file.sync_all()?;
        let written = hash.finish();
        observer.reached("archive_written");
        if digest(&draft)? != written {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what was read back is not what was written"));
        }
        observer.reached("archive_verified");
        fs::rename(&draft, self.path(&set.folder))?;
        sync_folder(&set.folder)?;
        observer.reached("archive_named");
        Ok(written)
    }

    /// Overwrites the file with zeros, in place, and syncs. On flash and copy-on-write storage old blocks may stay: there only
    /// the recipients' keys count.
    pub(super) fn overwrite(&self, folder: &Path) -> io::Result<()> {
        const ZEROS: [u8; 8192] = [0; 8192];
        let mut file = match OpenOptions::new().write(true).open(self.path(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let mut left = file.metadata()?.len();
        while left > 0 {
            let some = usize::try_from(left).unwrap_or(ZEROS.len()).min(ZEROS.len());
            file.write_all(&ZEROS[..some])?;
            left -= some as u64;
        }
        file.sync_all()
    }

    /// Removes the file, and what an interrupted writing left of it.
    pub(super) fn unlink(&self, folder: &Path) -> io::Result<()> {
        for path in [self.path(folder), folder.join(format!(".{self}.partial"))] {
            match fs::remove_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        sync_folder(folder)
    }
}

/// The archives of a practice that lie in a folder, by name; a folder that is not there has none.
pub(super) fn in_folder(folder: &Path, practice: PracticeId) -> io::Result<Vec<ArchiveName>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_str().and_then(|name| name.parse::<ArchiveName>().ok());
        names.extend(name.filter(|name| name.practice == practice));
    }
    Ok(names)
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finish());
        }
        hash.update(&buffer[..read]);
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Hashes what goes into a file.
struct Hashed {
    file: File,
    hash: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_archive_it_is_and_until_when_and_nothing_else_is_one() {
        let name = ArchiveName {
            practice: PracticeId::from_bytes([1; 16]),
            patient: PatientId::from_bytes([2; 16]),
            ends_on: Date::constant(2033, 2, 28),
        };
        assert_eq!(name.to_string().parse(), Ok(name));
        for other in ["", ".age", "a.b.c.age", "notes.txt", &format!(".{name}.partial"), &format!("{name}.age")] {
            assert!(other.parse::<ArchiveName>().is_err(), "{other}");
        }
    }
}
