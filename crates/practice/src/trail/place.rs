//! Where the index lies: one encrypted file, which is thrown away when it does not fit.

use super::{Logs, TrailError};
use crypto::Key;
use domain::Clock;
use ledger::leaf_hash;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use store::{Db, EmbeddedOptions, Store, rows::audit_logs};

/// The file of an index and the key of its pages.
pub struct IndexPlace {
    path: PathBuf,
    key: Key,
    haste: bool,
}

/// An index that this process alone has open.
pub(super) struct Opened {
    pub(super) db: Db,
    /// Held while this lives. Behind the database, so that it is let go after that is closed.
    _lock: Lock,
}

/// Holds the index for this process. A process that is just being started from this one has the file open too for a
/// moment, so closing it would not always let it go.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // If it fails, the lock goes with the process.
        let _ = self.0.unlock();
    }
}

impl IndexPlace {
    /// The file at `path`, whose pages are encrypted under `key`. What lies there is removed when it is no index of these
    /// logs.
    pub const fn new(path: PathBuf, key: Key) -> Self {
        Self { path, key, haste: false }
    }

    /// Indexes much at once, with up to half a gigabyte of memory: for when nothing else is to be done. A page of the index
    /// is then written once for the many entries that fall into it, and not for each few of them.
    #[must_use]
    pub const fn in_haste(mut self) -> Self {
        self.haste = true;
        self
    }

    /// How many entries of a log are indexed at once: some tens of milliseconds of work, or some seconds in haste.
    pub(super) const fn at_once(&self) -> usize {
        if self.haste { 65_536 } else { 512 }
    }

    /// Removes the index. Refused while another process has it open.
    pub fn remove(&self) -> Result<(), TrailError> {
        let _lock = self.lock()?;
        self.remove_files()
    }

    /// Opens the index, or makes it anew where it is missing, of another version, or of other logs than these.
    pub(super) async fn open(&self, logs: &mut dyn Logs, clock: &dyn Clock) -> Result<Opened, TrailError> {
        let lock = self.lock()?;
        let (writer_cache_kib, log_pages) = if self.haste { (256 << 10, 65_536) } else { (8 << 10, 1000) };
        let options = EmbeddedOptions { writer_cache_kib, log_pages, durable: false, ..EmbeddedOptions::default() };
        if self.path.exists() {
            let why = match Db::open(&self.path, self.key.expose(), &options) {
                Err(error) => error.to_string(),
                Ok(db) => match store::check(&db, Store::AuditIndex).await {
                    Err(error) => error.to_string(),
                    Ok(()) => match agrees(&db, logs).await {
                        Ok(true) => return Ok(Opened { db, _lock: lock }),
                        Ok(false) => "it is not of these logs".to_owned(),
                        Err(error) if error.is_damage() => error.to_string(),
                        Err(error) => return Err(error),
                    },
                },
            };
            tracing::warn!(why, "the index of the audit trail is made again");
            self.remove_files()?;
        }
        let db = Db::create(&self.path, self.key.expose(), &options)?;
        store::migrate(&db, Store::AuditIndex, clock).await?;
        Ok(Opened { db, _lock: lock })
    }

    fn lock(&self) -> Result<Lock, TrailError> {
        let path = self.path.with_extension("lock");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(failed("opened", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(TrailError::InUse),
            Err(TryLockError::Error(source)) => Err(failed("locked", &path)(source)),
        }
    }

    fn remove_files(&self) -> Result<(), TrailError> {
        for end in ["", "-wal", "-shm"] {
            let mut name = self.path.clone().into_os_string();
            name.push(end);
            match fs::remove_file(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("removed", Path::new(&name))(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether every log is still there and has the entry at which the index stands.
async fn agrees(db: &Db, logs: &mut dyn Logs) -> Result<bool, TrailError> {
    // A log that cannot be read now is no reason to throw the index away.
    let Ok(sizes) = logs.sizes() else { return Ok(true) };
    for row in audit_logs::all(db).await?.into_iter().filter(|row| row.next_seq > 0) {
        let Some((log, size)) = sizes.iter().find(|(log, _)| log.as_str() == row.name) else { return Ok(false) };
        if size.as_ref().is_ok_and(|size| *size < row.next_seq) {
            return Ok(false);
        }
        if let Ok(last) = logs.read(log, row.next_seq - 1, 1)
            && last.first().map(|sealed| leaf_hash(sealed)) != Some(row.last_leaf)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> TrailError {
    let what = format!("{} cannot be {what}", path.display());
    move |source| TrailError::File { what, source }
}
