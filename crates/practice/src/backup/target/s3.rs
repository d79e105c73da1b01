//! Backups in storage that speaks S3.
//!
//! There is no renaming there, so a backup is written where it stays, and its manifest last: what has none is not listed, and
//! the next backup removes it. A file becomes visible only when all of it has arrived.
//!
//! Where the bucket has object lock, files are written with a date until which the storage itself refuses to remove them. They
//! are removed version by version, since a plain removal would only hide them; a refusal is an answer, not an error.

mod lease;
mod listing;
mod reading;
mod upload;
mod wire;

use super::{DRILLS, MANIFEST, MEDIA, Removal, Target, TargetError, Upload, is_name};
use domain::{Clock, Timestamp};
use jiff::SignedDuration;
use lease::Lease;
use listing::Version;
use reading::Reader;
use rusty_s3::{Credentials, Method};
use std::{
    io::Read,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use upload::S3Upload;
use wire::{Ask, Wire, WireError};

/// How files are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Those whom the storage permits it may lift the lock.
    Governance,
    /// Nobody may, not even the owner of the account.
    Compliance,
}

impl LockMode {
    const fn word(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

/// Where the storage is, and who we are there.
pub struct S3Settings {
    /// The address of the service, `https://…`.
    pub endpoint: String,
    /// Its region; what the service says, `us-east-1` for most that have none.
    pub region: String,
    /// The bucket, which must be there.
    pub bucket: String,
    /// What the names of all files begin with, without `/` at either end; may be empty.
    pub prefix: String,
    /// Whether the bucket is a part of the path rather than of the host's name.
    pub path_style: bool,
    /// The certificates that the service's must come from; those of the system where it is none.
    pub ca_file: Option<PathBuf>,
    /// Who we are there.
    pub credentials: Credentials,
    /// How files are locked, and for how many days from their writing on. The bucket must have object lock.
    pub lock: Option<(LockMode, u16)>,
    /// The time, which signatures and locks carry.
    pub clock: Arc<dyn Clock>,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum S3SettingsError {
    /// Nothing but `https` is spoken.
    #[error(
        "the endpoint {0:?} does not begin with https:// : names of backups and signatures would go over the line in the open"
    )]
    Endpoint(String),
    /// The bucket cannot be a part of the address.
    #[error("the bucket {0:?} does not go with the endpoint; path_style = true may be missing")]
    Bucket(String),
    /// A prefix of other characters.
    #[error("the prefix {0:?} has other characters than letters, digits and - _ . /")]
    Prefix(String),
    /// The certificates.
    #[error("the certificates of the storage cannot be used")]
    Certificates(#[from] store::OpenError),
    /// The client.
    #[error("no connection can be prepared")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A bucket, or a part of one.
pub struct S3 {
    wire: Arc<Wire>,
    lock: Option<(LockMode, u16)>,
    /// Whether a lock on the target that we held is ours no more.
    lost: Arc<AtomicBool>,
}

impl S3 {
    /// A bucket. To be called in the runtime that is to carry its requests; the rest blocks, off the runtime's threads.
    pub fn new(settings: S3Settings) -> Result<Self, S3SettingsError> {
        let lock = settings.lock;
        Ok(Self { wire: Arc::new(Wire::new(settings)?), lock, lost: Arc::default() })
    }

    /// The headers that lock what is written now.
    fn lock_headers(&self) -> Vec<(&'static str, String)> {
        let Some((mode, _)) = self.lock else { return Vec::new() };
        let until = self.until().map(|until| ("x-amz-object-lock-retain-until-date", until));
        [("x-amz-object-lock-mode", mode.word().to_owned())].into_iter().chain(until).collect()
    }

    fn until(&self) -> Option<String> {
        let days = self.lock.map(|(_, days)| SignedDuration::from_hours(i64::from(days) * 24))?;
        let until = self.wire.clock.now().checked_add(days).ok()?;
        Some(until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    fn ours(&self) -> Result<(), TargetError> {
        if self.lost.load(Ordering::Relaxed) { Err(TargetError::Busy) } else { Ok(()) }
    }

    /// Removes every version of the files, in this order.
    fn remove_versions(&self, versions: &[Version]) -> Result<Removal, TargetError> {
        for version in versions {
            let query = [("versionId", version.id.as_str())];
            let gone = self.wire.ask(&Ask::new(Method::Delete, &version.key).query(&query));
            match gone {
                Ok(_) | Err(WireError::Missing) => {}
                Err(error) => return self.wire.held(version, error),
            }
        }
        Ok(Removal::Gone)
    }
}

impl Target for S3 {
    fn name(&self) -> String {
        self.wire.name()
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, TargetError> {
        let mut names = self.wire.names(folder).map_err(|error| error.at(format!("{folder:?} cannot be listed")))?;
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, TargetError> {
        match Reader::open(self.wire.clone(), self.wire.key(path)) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(WireError::Missing) => Err(TargetError::Missing(path.to_owned())),
            Err(error) => Err(error.at(format!("{path} cannot be read"))),
        }
    }

    fn create(&self, path: &str) -> Result<Box<dyn Upload>, TargetError> {
        self.ours()?;
        Ok(Box::new(S3Upload::new(self.wire.clone(), path, self.lock_headers(), self.lost.clone())))
    }

    fn draft(&self, name: &str) -> String {
        name.to_owned()
    }

    fn publish(&self, draft: &str, _: &str) -> Result<(), TargetError> {
        // It has its name since its manifest has arrived.
        let path = format!("{draft}/{MANIFEST}");
        let there = self.wire.ask(&Ask::new(Method::Head, &self.wire.key(&path)));
        there.map(drop).map_err(|error| error.at(format!("{path} is not there")))
    }

    fn tidy(&self) -> Result<(), TargetError> {
        let untidy = |error: WireError| error.at("what unfinished backups left cannot be removed".to_owned());
        for (key, upload) in self.wire.uploads().map_err(untidy)? {
            let query = [("uploadId", upload.as_str())];
            match self.wire.ask(&Ask::new(Method::Delete, &key).query(&query)) {
                Ok(_) | Err(WireError::Missing) => {}
                Err(error) => return Err(untidy(error)),
            }
        }
        for name in self.names("")?.iter().filter(|name| is_name(name)) {
            let whole = self.names(name)?.iter().any(|file| file == MANIFEST);
            if !whole && let Removal::Locked(until) = self.remove(name)? {
                let until = until.map(|until| until.to_string());
                tracing::info!(backup = %name, until, "what an unfinished backup left is under lock and stays");
            }
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<Removal, TargetError> {
        let what = || format!("{path} cannot be removed");
        let mut versions = self.wire.versions(path).map_err(|error| error.at(what()))?;
        // The manifest first: without it there is no backup, and where it is locked, so is the rest.
        let manifest = self.wire.key(&format!("{path}/{MANIFEST}"));
        versions.sort_by_key(|version| version.key != manifest);
        self.remove_versions(&versions)
    }

    fn hold(&self, path: &str) -> Result<(), TargetError> {
        let (Some((mode, _)), Some(until)) = (self.lock, self.until()) else { return Ok(()) };
        let body = format!(
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{}</Mode>\
             <RetainUntilDate>{until}</RetainUntilDate></Retention>",
            mode.word()
        );
        let key = self.wire.key(path);
        let ask = Ask::new(Method::Put, &key).query(&[("retention", "")]).body(body.into_bytes());
        self.wire.ask(&ask).map(drop).map_err(|error| error.at(format!("{path} cannot be locked anew")))
    }

    fn lock(&self) -> Result<Box<dyn Send>, TargetError> {
        let lease = Lease::take(self.wire.clone(), self.lost.clone())?;
        self.lost.store(false, Ordering::Relaxed);
        Ok(Box::new(lease))
    }
}

/// A moment as headers have it.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Whether a name of the top is one that this program gives.
fn is_ours(name: &str) -> bool {
    is_name(name) || name == MEDIA || name == DRILLS
}
