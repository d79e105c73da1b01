//! The file of an archive: written under another name, synced, read back, and only then named.

use super::ArchiveSettings;
use crypto::{Sha256, seal_to};
use domain::{Date, PatientId, PracticeId, TaskObserver};
use rustix::fs::OFlags;
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
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

    fn draft(&self, folder: &Path) -> PathBuf {
        folder.join(format!(".{self}.partial"))
    }

    /// What lies under this name. No link is followed, and nothing waits.
    pub(super) fn find(&self, folder: &Path) -> io::Result<Found> {
        let path = self.path(folder);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            found => {
                if !found?.is_file() {
                    return Ok(Found::Strange);
                }
            }
        }
        // What was looked at may be another thing by now: the open file itself is looked at again.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let file = match OpenOptions::new().read(true).write(true).custom_flags(flags).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            opened => opened?,
        };
        let (found, around) = (file.metadata()?, fs::metadata(folder)?);
        let own = found.is_file() && found.nlink() == 1 && found.dev() == around.dev();
        Ok(if own { Found::File(ArchiveFile(file)) } else { Found::Strange })
    }

    /// Seals a text to the archive's recipients, under another name. Gives the digest of the sealed file.
    pub(super) fn write(
        &self,
        set: &ArchiveSettings,
        text: &[u8],
        observer: &dyn TaskObserver,
    ) -> io::Result<[u8; 32]> {
        let draft = self.draft(&set.folder);
        remove(&draft)?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&draft)?;
        let mut sealed = seal_to(&set.recipients, Hashed { file, hash: Sha256::new() })?;
        sealed.write_all(text)?;
        let Hashed { file, hash } = sealed.finish()?;
        file.sync_all()?;
        let written = hash.finish();
        observer.reached("archive_written");
        if digest(&file)? != written {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what was read back is not what was written"));
        }
        observer.reached("archive_verified");
        Ok(written)
    }

    /// Gives what was written its name, and looks whether it is that.
    pub(super) fn publish(&self, folder: &Path, written: &[u8; 32]) -> io::Result<()> {
        fs::rename(self.draft(folder), self.path(folder))?;
        sync_folder(folder)?;
        match self.find(folder)? {
            Found::File(file) if file.digest()? == *written => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "what has the archive's name is not what was written")),
        }
    }

    /// Removes the file, and what an interrupted writing left of it.
    pub(super) fn unlink(&self, folder: &Path) -> io::Result<()> {
        remove(&self.path(folder))?;
        remove(&self.draft(folder))?;
        sync_folder(folder)
    }
}

/// What lies under an archive's name.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A link, a pipe, a file that has another name too, or that lies elsewhere: not written by this program.
    Strange,
    /// A file of its own.
    File(ArchiveFile),
}

/// An archive's file, open: whatever happens to its name meanwhile.
pub(super) struct ArchiveFile(File);

impl ArchiveFile {
    /// SHA-256 of what is in it.
    pub(super) fn digest(&self) -> io::Result<[u8; 32]> {
        digest(&self.0)
    }

    /// Overwrites it with zeros, in place, and syncs. On flash and copy-on-write storage old blocks may stay: there only the
    /// recipients' keys count.
    pub(super) fn overwrite(self) -> io::Result<()> {
        ledger::overwrite(&self.0)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// The archives of a practice that lie in a folder, by name; a folder that is not there has none.
pub(super) fn in_folder(folder: &Path, practice: PracticeId) -> io::Result<Vec<ArchiveName>> {
    let names = names_in(folder)?;
    Ok(names
        .iter()
        .filter_map(|name| name.parse().ok())
        .filter(|name: &ArchiveName| name.practice == practice)
        .collect())
}

/// Removes what interrupted writings left of archives of a practice.
pub(super) fn remove_drafts(folder: &Path, practice: PracticeId) -> io::Result<()> {
    for name in names_in(folder)? {
        let draft = name.strip_prefix('.').and_then(|name| name.strip_suffix(".partial"));
        if draft.and_then(|name| name.parse().ok()).is_some_and(|name: ArchiveName| name.practice == practice) {
            remove(&folder.join(name))?;
        }
    }
    Ok(())
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

fn digest(mut file: &File) -> io::Result<[u8; 32]> {
    file.rewind()?;
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
