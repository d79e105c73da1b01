//! Backups in a folder: another disk, a mounted share.
//!
//! A backup is written into a folder whose name begins with a dot, each file synced; then the folder gets its name in one
//! step. What a crash leaves begins with a dot, and goes away with the next backup.

use super::{Removal, Target, TargetError, Upload, failed};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// What the names of unfinished backups begin with.
const DRAFT: &str = ".unfinished-";
/// What the name of an unfinished file ends with.
const PART: &str = ".part";
/// Bytes that are written at once.
const AT_ONCE: usize = 256 * 1024;

/// A folder of backups.
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

impl Directory {
    /// A folder, which must be there: a volume that is not mounted would otherwise be taken for an empty one.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Makes a folder for its owner alone, and those above it, durably.
    pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
        make_folder(folder)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn there(&self) -> Result<(), TargetError> {
        fs::metadata(&self.0).map(drop).map_err(|source| TargetError::Io {
            what: format!("the backup folder {} cannot be used", self.0.display()),
            source,
        })
    }
}

struct FileUpload {
    file: BufWriter<File>,
    draft: PathBuf,
    path: PathBuf,
    name: String,
    done: bool,
}

impl Write for FileUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for FileUpload {
    fn finish(mut self: Box<Self>) -> Result<(), TargetError> {
        let finish = |this: &mut Self| {
            this.file.flush()?;
            this.file.get_ref().sync_all()?;
            fs::rename(&this.draft, &this.path)?;
            sync_folder(this.path.parent().unwrap_or(Path::new(".")))
        };
        finish(&mut self).map_err(|error| failed(&self.name, error))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for FileUpload {
    fn drop(&mut self) {
        if !self.done {
            // Leave no half file to fill a full disk further; `tidy` finds what stays.
            let _ = fs::remove_file(&self.draft);
        }
    }
}

impl Target for Directory {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, TargetError> {
        self.there()?;
        let unread = |source| TargetError::Io { what: format!("{folder} in {} cannot be listed", self.name()), source };
        let listing = match fs::read_dir(self.path(folder)) {
            Ok(listing) => listing,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(unread(error)),
        };
        let mut names = Vec::new();
        for item in listing {
            let name = item.map_err(unread)?.file_name();
            names.extend(
                name.to_str().filter(|name| !name.starts_with('.') && !name.ends_with(PART)).map(str::to_owned),
            );
        }
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, TargetError> {
        match File::open(self.path(path)) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(TargetError::Missing(path.to_owned())),
            Err(source) => Err(TargetError::Io { what: format!("{path} cannot be read"), source }),
        }
    }

    fn create(&self, path: &str) -> Result<Box<dyn Upload>, TargetError> {
        self.there()?;
        let to = self.path(path);
        let mut draft = to.clone().into_os_string();
        draft.push(PART);
        let draft = PathBuf::from(draft);
        let folder = to.parent().unwrap_or(&self.0).to_owned();
        let file = make_folder(&folder)
            .and_then(|()| OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft))
            .map_err(|error| failed(path, error))?;
        let file = BufWriter::with_capacity(AT_ONCE, file);
        Ok(Box::new(FileUpload { file, draft, path: to, name: path.to_owned(), done: false }))
    }

    fn draft(&self, name: &str) -> String {
        format!("{DRAFT}{name}")
    }

    fn publish(&self, draft: &str, name: &str) -> Result<(), TargetError> {
        let renamed = sync_folder(&self.path(draft))
            .and_then(|()| fs::rename(self.path(draft), self.path(name)))
            .and_then(|()| sync_folder(&self.0));
        renamed.map_err(|error| failed(name, error))
    }

    fn tidy(&self) -> Result<(), TargetError> {
        self.there()?;
        let failed = |source| TargetError::Io { what: format!("{} cannot be tidied", self.name()), source };
        for folder in [self.0.clone(), self.0.join(super::MEDIA), self.0.join(super::DRILLS)] {
            let Ok(listing) = fs::read_dir(&folder) else { continue };
            for item in listing {
                let path = item.map_err(failed)?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.starts_with(DRAFT) {
                    fs::remove_dir_all(&path).map_err(failed)?;
                } else if name.ends_with(PART) {
                    fs::remove_file(&path).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<Removal, TargetError> {
        let full = self.path(path);
        let removed = match fs::symlink_metadata(&full) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Removal::Gone),
            Err(error) => Err(error),
            Ok(found) if found.is_dir() => {
                // The manifest first: without it there is no backup, however much of the rest a crash leaves.
                let manifest = full.join(super::MANIFEST);
                let first = if manifest.exists() { fs::remove_file(&manifest) } else { Ok(()) };
                first.and_then(|()| fs::remove_dir_all(&full))
            }
            Ok(_) => fs::remove_file(&full),
        };
        match removed {
            Ok(()) => Ok(Removal::Gone),
            // A file that is immutable (chattr +i) or on a snapshot: the folder's own kind of lock.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
            {
                Ok(Removal::Locked(None))
            }
            Err(source) => Err(TargetError::Io { what: format!("{path} cannot be removed"), source }),
        }
    }

    fn lock(&self) -> Result<Box<dyn Send>, TargetError> {
        self.there()?;
        let path = self.path(".lock");
        let unlocked = |source| TargetError::Io { what: format!("{} cannot be locked", path.display()), source };
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(unlocked)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(TargetError::Busy),
            Err(TryLockError::Error(source)) => Err(unlocked(source)),
        }
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a folder for its owner alone, and those above it, durably.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(above),
    }
}
