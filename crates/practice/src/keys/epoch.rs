//! Epoch keys: what makes old copies of the key store useless.
//!
//! A backup's *key part* (the rows of the key store) is sealed under the epoch key of its day, besides being encrypted to
//! the recipients. The epoch key lies in a folder of its own, on another volume or machine, in no backup. Some time after
//! the last backup of an epoch its key is destroyed; from then on no backup of that epoch gives a patient's key back,
//! whoever holds the backup and the recipients' identities.
//!
//! For the one who writes backups:
//!
//! 1. [`EpochKeys::current`] before the key part is written. Put [`Epoch::generation`] into the manifest, in the open.
//! 2. Make a random key for this key part, store [`Epoch::wrap`] of it in front of the part, and seal the part under it.
//! 3. [`EpochKeys::destroy_expired`] hourly, whatever becomes of backups.
//!
//! For restore: [`EpochKeys::generation`] with the manifest's number, then [`Epoch::unwrap`].
//! [`EpochError::Destroyed`] is not a fault: it is the promise, kept, and says when.
//!
//! The promise: an epoch takes backups for `length` (a day) and its key is due to be destroyed `keep` (35 days) after that;
//! a server that runs destroys it within the hour. What is in no key store from some moment on is, `length + keep` and an
//! hour later, in no key store that opens.

use crate::{Actor, Event, House};
use crypto::{Aad, Key, OpenError, private_file};
use domain::{Clock, RequestId, Rng, Timestamp};
use identity::Origin;
use jiff::SignedDuration;
use ledger::{LedgerError, Resource, Word};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

const TITLE: &str = "patella epoch key 1";
const TOMBSTONE: &str = "patella epoch 1, its key destroyed";

/// How long an epoch takes backups, when not set: a day.
pub const USUAL_LENGTH: SignedDuration = SignedDuration::from_hours(24);
/// How long after that its key is destroyed, when not set: 35 days, so that each backup of a month can be restored.
pub const USUAL_KEEP: SignedDuration = SignedDuration::from_hours(35 * 24);

/// Where epoch keys lie and how long they live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochSettings {
    /// The folder, which must exist: on another volume or machine than data and backups, and in no backup.
    pub folder: PathBuf,
    /// How long an epoch takes backups.
    pub length: SignedDuration,
    /// How long after its last possible backup its key is destroyed.
    pub keep: SignedDuration,
}

impl EpochSettings {
    /// The usual lengths.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder, length: USUAL_LENGTH, keep: USUAL_KEEP }
    }
}

/// The epochs of a server.
pub struct EpochKeys {
    settings: EpochSettings,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

/// When an epoch begins, ends, and loses its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochDates {
    /// Counts up from 1.
    pub generation: u32,
    /// From when on backups are made under it.
    pub begins: Timestamp,
    /// From when on they are not.
    pub ends: Timestamp,
    /// When its key is due to be destroyed; once it is, when it was.
    pub destroyed: Timestamp,
}

/// One epoch of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochState {
    /// Its key is there.
    Kept(EpochDates),
    /// Its key is destroyed.
    Destroyed(EpochDates),
}

/// An epoch with its key. Neither printed nor cloned.
pub struct Epoch {
    dates: EpochDates,
    key: Key,
}

impl Epoch {
    /// Its number, for the backup's manifest.
    pub const fn generation(&self) -> u32 {
        self.dates.generation
    }
    /// When it begins, ends, and loses its key.
    pub const fn dates(&self) -> EpochDates {
        self.dates
    }
    /// Wraps the key of one backup's key part; `backup` is the backup's own id, to which the result is bound.
    pub fn wrap(&self, backup: &[u8], rng: &dyn Rng, part_key: &Key) -> Vec<u8> {
        crypto::wrap(&self.key, rng, &self.place(backup), part_key)
    }
    /// Opens what [`wrap`](Self::wrap) made for the same backup in this epoch.
    pub fn unwrap(&self, backup: &[u8], wrapped: &[u8]) -> Result<Key, OpenError> {
        crypto::unwrap_key(&self.key, &self.place(backup), wrapped)
    }
    fn place(&self, backup: &[u8]) -> Aad {
        Aad::new("epoch").with(&self.dates.generation.to_be_bytes()).with(backup)
    }
}

/// An epoch key could not be had, made or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// The folder is not there: a volume that is not mounted, a machine that does not answer.
    #[error("the folder of the epoch keys, {folder}, cannot be used")]
    Folder {
        /// Where.
        folder: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The key of this epoch was destroyed when its time was over: what was sealed under it opens for nobody.
    #[error("the key of epoch {generation} was destroyed on {at}, as it had to be: what it sealed opens no more")]
    Destroyed {
        /// Which epoch.
        generation: u32,
        /// When.
        at: Timestamp,
    },
    /// There is no such epoch in the folder, alive or destroyed.
    #[error("there is no epoch {generation} in {folder}: it is another folder, or the file was lost")]
    Missing {
        /// Which epoch.
        generation: u32,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A file of the folder cannot be read as an epoch.
    #[error("{path}: {what}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The clock is before the beginning of the newest epoch.
    #[error("the clock is before the beginning of epoch {generation}; it is not to be trusted")]
    Clock {
        /// The newest epoch.
        generation: u32,
    },
    /// A file was not written, overwritten or removed.
    #[error("{path} cannot be changed")]
    Write {
        /// Which file.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The destruction could not be recorded, so it was not done.
    #[error("the audit trail cannot be written")]
    Unrecorded(#[from] LedgerError),
}

impl EpochKeys {
    /// Over a folder. Touches nothing yet.
    pub fn new(settings: EpochSettings, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { settings, clock, rng }
    }

    /// The epoch of now; begins the next one, durably, where the last is over or there is none.
    pub fn current(&self) -> Result<Epoch, EpochError> {
        let now = self.clock.now();
        let files = self.files()?;
        let newest = files.keys().next_back().copied().unwrap_or(0);
        if let Some(Found::Key(path)) = files.get(&newest) {
            let epoch = read_key(path)?;
            if now < epoch.dates.begins {
                return Err(EpochError::Clock { generation: newest });
            }
            if now < epoch.dates.ends {
                return Ok(epoch);
            }
        }
        let generation = newest + 1;
        let late = |_| EpochError::Clock { generation };
        let ends = now.checked_add(self.settings.length).map_err(late)?;
        let destroyed = ends.checked_add(self.settings.keep).map_err(late)?;
        let epoch =
            Epoch { dates: EpochDates { generation, begins: now, ends, destroyed }, key: Key::random(&*self.rng) };
        let path = self.path(generation, "key");
        let key = private_file::with_hex("key ", epoch.key.expose());
        let body = crypto::Zeroizing::new(lines(TITLE, epoch.dates) + &key);
        match private_file::write_new(&path, private_file::with_sum(&body).as_bytes(), &*self.rng) {
            Ok(()) => Ok(epoch),
            // Another process began it in this moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_key(&path),
            Err(source) => Err(EpochError::Write { path, source }),
        }
    }

    /// The epoch with this number.
    pub fn generation(&self, generation: u32) -> Result<Epoch, EpochError> {
        match self.files()?.get(&generation) {
            Some(Found::Key(path)) => read_key(path),
            Some(Found::Tombstone(path)) => {
                Err(EpochError::Destroyed { generation, at: read_dates(path, TOMBSTONE)?.destroyed })
            }
            None => Err(EpochError::Missing { generation, folder: self.settings.folder.clone() }),
        }
    }

    /// Every epoch that the folder knows, the oldest first.
    pub fn list(&self) -> Result<Vec<EpochState>, EpochError> {
        let state = |found: &Found| match found {
            Found::Key(path) => read_key(path).map(|epoch| EpochState::Kept(epoch.dates)),
            Found::Tombstone(path) => read_dates(path, TOMBSTONE).map(EpochState::Destroyed),
        };
        self.files()?.values().map(state).collect()
    }

    /// Destroys the key of every epoch whose time is over, and says which. Each is recorded before it is done; killed at
    /// any moment, it goes on the next time.
    pub async fn destroy_expired(&self, house: &House) -> Result<Vec<EpochDates>, EpochError> {
        let now = self.clock.now();
        let mut done = Vec::new();
        for (generation, found) in self.files()? {
            let key = self.path(generation, "key");
            match found {
                Found::Key(path) => {
                    let dates = read_key(&path)?.dates;
                    if now < dates.destroyed {
                        continue;
                    }
                    let resource = Resource::new(Word::new("epoch_key"), generation);
                    let resource = resource.unwrap_or(Resource::whole(Word::new("epoch_key")));
                    let origin = Origin { address: None, request: RequestId::random(&*self.rng) };
                    let event = Event::done(Word::new("destroy_epoch_key"), resource);
                    house.record_as(Actor::default(), origin, event).await?;
                    let dates = EpochDates { destroyed: now, ..dates };
                    let body = lines(TOMBSTONE, dates);
                    // The tombstone first: from here on the epoch counts as destroyed, whatever is left of its key.
                    let tombstone = self.path(generation, "destroyed");
                    private_file::replace(&tombstone, private_file::with_sum(&body).as_bytes(), &*self.rng)
                        .map_err(|source| EpochError::Write { path: tombstone, source })?;
                    self.destroy(&key)?;
                    done.push(dates);
                }
                // Its key is still there only if a crash came between tombstone and removal.
                Found::Tombstone(_) => self.destroy(&key)?,
            }
        }
        Ok(done)
    }

    fn destroy(&self, key: &Path) -> Result<(), EpochError> {
        private_file::destroy(key, &*self.rng).map_err(|source| EpochError::Write { path: key.to_owned(), source })
    }

    fn path(&self, generation: u32, kind: &str) -> PathBuf {
        self.settings.folder.join(format!("epoch-{generation:06}.{kind}"))
    }

    /// What the folder holds, by generation; a tombstone goes before a key.
    fn files(&self) -> Result<BTreeMap<u32, Found>, EpochError> {
        let failed = |source| EpochError::Folder { folder: self.settings.folder.clone(), source };
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.settings.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some((number, kind)) = path
                .file_name()
                .and_then(|name| name.to_str()?.strip_prefix("epoch-")?.split_once('.'))
                .and_then(|(number, kind)| Some((number.parse().ok()?, kind.to_owned())))
            else {
                continue;
            };
            match kind.as_str() {
                "key" => drop(files.entry(number).or_insert(Found::Key(path))),
                "destroyed" => drop(files.insert(number, Found::Tombstone(path))),
                _ => {}
            }
        }
        Ok(files)
    }
}

enum Found {
    Key(PathBuf),
    Tombstone(PathBuf),
}

fn lines(title: &str, dates: EpochDates) -> String {
    let EpochDates { generation, begins, ends, destroyed } = dates;
    format!("{title}\ngeneration {generation}\nbegins {begins}\nends {ends}\ndestroyed {destroyed}\n")
}

fn read_key(path: &Path) -> Result<Epoch, EpochError> {
    let damaged = |what: &str| EpochError::Damaged { path: path.to_owned(), what: what.to_owned() };
    let text = private_file::read(path).map_err(|error| damaged(&error.to_string()))?;
    let body = private_file::without_sum(&text).map_err(damaged)?;
    let dates = parse(body, TITLE).ok_or_else(|| damaged("it is no epoch key"))?;
    let key = private_file::hex_line(body.lines().nth(5).unwrap_or_default(), "key ");
    Ok(Epoch { dates, key: Key::from_bytes(*key.ok_or_else(|| damaged("it has no key of 32 bytes"))?) })
}

fn read_dates(path: &Path, title: &str) -> Result<EpochDates, EpochError> {
    let damaged = |what: &str| EpochError::Damaged { path: path.to_owned(), what: what.to_owned() };
    let text = private_file::read(path).map_err(|error| damaged(&error.to_string()))?;
    parse(private_file::without_sum(&text).map_err(damaged)?, title).ok_or_else(|| damaged("it is no epoch"))
}

fn parse(body: &str, title: &str) -> Option<EpochDates> {
    let mut lines = body.lines();
    let mut next = |name: &str| lines.next()?.strip_prefix(name);
    next(title)?;
    Some(EpochDates {
        generation: next("generation ")?.parse().ok()?,
        begins: next("begins ")?.parse().ok()?,
        ends: next("ends ")?.parse().ok()?,
        destroyed: next("destroyed ")?.parse().ok()?,
    })
}
