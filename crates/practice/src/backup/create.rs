//! Making a backup.

mod media;

use super::{
    Part, Recipients, TrailPlace, hex,
    keep::{self, KeepRules, Pruned},
    manifest::{FileFacts, LogFacts, Manifest, PartFacts},
    name_at,
    part::{EpochHeader, PartKey, PartSpec, WritePartError, Written, write_part},
    source::{Source, StoreSource, trail},
    target::{MANIFEST, MEDIA_LIST, Target, TargetError, write_small},
};
use crate::{
    Stores,
    keys::epoch::{EpochError, EpochKeys},
};
use crypto::{Key, Sha256, Signer, SystemRng};
use domain::{Clock, TaskObserver};
use ledger::{LogName, VerifierKey};
pub(crate) use media::{MediaList, media_list_of};
use std::{
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};
use store::{
    Db, Store,
    raw::{RawError, RawTable, Tuples, cut, raw_tables},
};

/// The transitions of a backup, in order: each is reached when everything before it is durable.
pub const STEPS: [&str; 10] =
    ["begun", "identity", "keys", "clinical", "billing", "audit", "media", "verified", "manifest", "named"];

/// What is backed up.
#[derive(Clone)]
pub struct Contents {
    /// The databases.
    pub stores: Stores,
    /// The ledger.
    pub trail: TrailPlace,
    /// The folder of media files.
    pub media: PathBuf,
}

/// How and where to.
pub struct Setup {
    /// The place.
    pub target: Arc<dyn Target>,
    /// To whom.
    pub recipients: Recipients,
    /// The log whose key signs manifests: its name, and the key.
    pub signer: (LogName, Signer),
    /// The epochs, where they are in use.
    pub epochs: Option<Arc<EpochKeys>>,
    /// Which backups stay.
    pub keep: KeepRules,
}

impl Setup {
    /// What manifests are verified with.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.signer.0.clone(), self.signer.1.public())
    }
}

/// Why no backup was made. The last good one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is nobody to seal to.
    #[error("no recipient is set for the {0} part: a backup that everybody can read is none")]
    NoRecipient(&'static str),
    /// The target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The stores.
    #[error(transparent)]
    Rows(#[from] RawError),
    /// A part.
    #[error("the {part} part was not written")]
    Part {
        /// Which one.
        part: &'static str,
        #[source]
        /// Why.
        source: WritePartError,
    },
    /// The media folder.
    #[error("the media folder {folder} cannot be read")]
    Media {
        /// Where.
        folder: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The epoch.
    #[error("the epoch key for the key part is not to be had")]
    Epoch(#[from] EpochError),
    /// What was written reads back otherwise.
    #[error("{path} reads back otherwise than it was written: the target is not to be trusted")]
    ReadBack {
        /// Which file.
        path: String,
    },
    /// What earlier backups say of media.
    #[error("the last backup's list of media cannot be used")]
    MediaList(#[source] super::check::CheckError),
}

/// A backup that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it holds.
    pub manifest: Manifest,
    /// What went away, or could not.
    pub pruned: Pruned,
}

/// Makes a backup of everything, and lets old ones go. Blocks: call it in `spawn_blocking`.
pub fn create(
    contents: &Contents,
    setup: &Setup,
    clock: &dyn Clock,
    observer: &dyn TaskObserver,
) -> Result<Made, CreateError> {
    for part in Part::ALL {
        if setup.recipients.of(part).is_empty() {
            return Err(CreateError::NoRecipient(part.name()));
        }
    }
    let target = &*setup.target;
    let _lock = target.lock()?;
    target.tidy()?;
    let name = free_name(target, clock)?;
    let draft = target.draft(&name);
    let previous = media::previous(setup)?;
    observer.reached("begun");

    // Before the cut: whatever is destroyed after it was in an epoch that had begun by then (docs/keys.md counts on it).
    let epoch_key = setup.epochs.as_ref().map(|epochs| key_of_part(epochs, &name)).transpose()?;
    let now = clock.now();
    let sources = sources(contents)?;
    let making = Making { setup, name: &name, draft: &draft, observer };
    let mut parts = Vec::new();
    let mut logs = Vec::new();
    for (part, source) in sources {
        let mut source = Counted { inner: source, logs: Vec::new() };
        let key = epoch_key.as_ref().filter(|_| part == Part::Keys);
        parts.push(making.part(part, &mut source, key)?);
        if part == Part::Audit {
            logs = source.logs;
        }
        observer.reached(part.name());
    }
    let (list, facts) = media::write(&making, &contents.media, previous)?;
    parts.extend(facts);
    let media_list = making.media_list(&list)?;
    observer.reached(Part::Media.name());

    let files = parts.iter().map(|part| &part.file).chain([&media_list]);
    for file in files {
        read_back(target, file)?;
    }
    observer.reached("verified");

    let mut manifest = Manifest {
        name: name.clone(),
        cut: now,
        finished: clock.now(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        parts,
        media_list,
        media_files: list.len() as u64,
        logs,
        epoch: epoch_key.map(|key| key.header.generation),
    };
    // Paths are said as they are once the backup has its name.
    let named = |file: &mut FileFacts| {
        if let Some(rest) = file.path.strip_prefix(&draft) {
            file.path = format!("{name}{rest}");
        }
    };
    manifest.parts.iter_mut().for_each(|part| named(&mut part.file));
    named(&mut manifest.media_list);
    let (log, signer) = &setup.signer;
    write_small(target, &format!("{draft}/{MANIFEST}"), manifest.sign(log, signer).as_bytes())?;
    observer.reached("manifest");
    target.publish(&draft, &name)?;
    observer.reached("named");
    let pruned = keep::prune(target, &setup.keep, &setup.verifier());
    Ok(Made { manifest, pruned })
}

/// The time, and where a backup has that name already, the time with a number.
fn free_name(target: &dyn Target, clock: &dyn Clock) -> Result<String, TargetError> {
    let (name, taken) = (name_at(clock.now()), target.names("")?);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    Ok(std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name))
}

/// Parts, and where their rows come from.
pub(crate) type Sources = Vec<(Part, Box<dyn Source>)>;

/// The stores as they were at one moment, then the ledger.
pub(crate) fn sources(contents: &Contents) -> Result<Sources, RawError> {
    let Stores { identity, keys, clinical, billing } = &contents.stores;
    let stores: [(Part, Store, &Db); 4] = [
        (Part::Identity, Store::Identity, identity),
        (Part::Keys, Store::Keys, keys),
        (Part::Clinical, Store::Clinical, clinical),
        (Part::Billing, Store::Billing, billing),
    ];
    let runtime = tokio::runtime::Handle::current();
    let mut tables = Vec::new();
    for (_, store, db) in &stores {
        tables.push(runtime.block_on(raw_tables(db, *store))?);
    }
    let snapshots = cut(&stores.map(|(_, _, db)| db))?;
    let mut sources = Sources::new();
    for ((part, ..), (snapshot, tables)) in stores.iter().zip(snapshots.into_iter().zip(tables)) {
        sources.push((*part, Box::new(StoreSource::new(snapshot, tables))));
    }
    sources.push((Part::Audit, trail(&contents.trail)?));
    Ok(sources)
}

/// Counts the entries of each log while they go through.
struct Counted {
    inner: Box<dyn Source>,
    logs: Vec<LogFacts>,
}

impl Source for Counted {
    fn tables(&self) -> &[RawTable] {
        self.inner.tables()
    }
    fn count(&mut self, table: usize) -> Result<u64, RawError> {
        self.inner.count(table)
    }
    fn export(&mut self, table: usize, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, RawError> {
        let (logs, width) = (&mut self.logs, self.inner.tables()[table].columns.len());
        let entries = self.inner.tables()[table].name == "ledger_entries";
        self.inner.export(table, &mut |rows| {
            for row in Tuples::new(rows, width).filter(|_| entries) {
                let row = row?;
                let log = row.at(0).unwrap_or_default();
                match logs.last_mut().filter(|known| known.log.as_bytes() == log) {
                    Some(known) => known.entries += 1,
                    None => logs.push(LogFacts { log: String::from_utf8_lossy(log).into_owned(), entries: 1 }),
                }
            }
            sink(rows)
        })
    }
}

/// A random key for one key part, wrapped by the epoch of now.
fn key_of_part(epochs: &EpochKeys, name: &str) -> Result<PartKey, EpochError> {
    let epoch = epochs.current()?;
    let key = Key::random(&SystemRng);
    let wrapped = hex(&epoch.wrap(name.as_bytes(), &SystemRng, &key));
    Ok(PartKey { key, header: EpochHeader { generation: epoch.generation(), wrapped } })
}

struct Making<'a> {
    setup: &'a Setup,
    name: &'a str,
    draft: &'a str,
    observer: &'a dyn TaskObserver,
}

impl Making<'_> {
    fn part(&self, part: Part, source: &mut dyn Source, key: Option<&PartKey>) -> Result<PartFacts, CreateError> {
        self.part_at(part, format!("{}/{}.age", self.draft, part.name()), source, key)
    }

    fn part_at(
        &self,
        part: Part,
        path: String,
        source: &mut dyn Source,
        key: Option<&PartKey>,
    ) -> Result<PartFacts, CreateError> {
        let schema = part.store().map_or(0, store::latest);
        let digest = part.store().and_then(|store| store::schema_digest(store, schema));
        let recipients = self.setup.recipients.of(part);
        let spec = PartSpec {
            backup: self.name,
            part: part.name(),
            path: &path,
            schema,
            schema_sha256: digest.map(|digest| hex(&digest)).unwrap_or_default(),
            recipients,
            key,
        };
        let upload = self.setup.target.create(&path)?;
        let Written { size, sha256, raw, tables } = write_part(source, &spec, upload, self.observer)
            .map_err(|source| CreateError::Part { part: part.name(), source })?;
        Ok(PartFacts {
            part: part.name().to_owned(),
            file: FileFacts::new(path, size, sha256),
            recipients: recipients.iter().map(ToString::to_string).collect(),
            schema,
            raw,
            tables,
        })
    }

    fn media_list(&self, list: &MediaList) -> Result<FileFacts, TargetError> {
        let (path, text) = (format!("{}/{MEDIA_LIST}", self.draft), list.write());
        write_small(&*self.setup.target, &path, text.as_bytes())?;
        Ok(FileFacts::new(path, text.len() as u64, crypto::sha256(text.as_bytes())))
    }
}

/// Whether a file is in the target as it was written.
fn read_back(target: &dyn Target, file: &FileFacts) -> Result<(), CreateError> {
    let (size, sha256) = hash(target, &file.path)?;
    if size == file.size && hex(&sha256) == file.sha256 {
        Ok(())
    } else {
        Err(CreateError::ReadBack { path: file.path.clone() })
    }
}

/// Size and SHA-256 of a file in the target.
pub(crate) fn hash(target: &dyn Target, path: &str) -> Result<(u64, [u8; 32]), TargetError> {
    let mut file = target.open(path)?;
    let (mut buffer, mut size, mut sha256) = (vec![0; 1 << 18], 0, Sha256::new());
    loop {
        let unread = |source| TargetError::Io { what: format!("{path} cannot be read"), source };
        match file.read(&mut buffer).map_err(unread)? {
            0 => return Ok((size, sha256.finish())),
            read => {
                sha256.update(&buffer[..read]);
                size += read as u64;
            }
        }
    }
}
