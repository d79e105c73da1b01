//! Bringing a backup back, to places where nothing is.
//!
//! First everything is checked that can be without opening it; then the parts are put into their places, the keys last: until
//! they are there, nothing opens and no server starts. Rows of patients who were destroyed since are not put anywhere. Nothing
//! here swaps: whoever calls this gives places beside the real ones ([`staging`]), or databases that nobody uses yet.

mod compare;
mod heads;
pub mod staging;

pub use heads::{Missing, heads_beyond};

use super::{
    AuditBranch, BoxError, Ground, Part, TrailPlace,
    check::{CheckError, Opening, check_content, check_files_of},
    destination::{Destination, MediaDestination, TakeError, TrailDestination},
    manifest::{FileFacts, Manifest, PartFacts, TableFacts},
    part::{Event, PartReader, ReadPartError},
    target::Target,
};
use compare::Compare;
use crypto::{Key, SystemRng};
use domain::{Clock, PatientId, PracticeId, TaskObserver};
use ledger::{Destroyed, LogName, VerifierKey};
use std::{collections::BTreeSet, io, path::Path, sync::mpsc::sync_channel, thread};
use store::{
    Db, EmbeddedOptions, MigrateError, PostgresBackend, Store,
    raw::{Fields, Fill, Filled, RawError, RawTable, Snapshot},
};

/// The transitions of bringing back, in order.
pub const STEPS: [&str; 8] = ["checked", "identity", "clinical", "billing", "audit", "media", "keys", "verified"];

/// The order in which parts are put into their places.
const ORDER: [Part; 6] = [Part::Identity, Part::Clinical, Part::Billing, Part::Audit, Part::Media, Part::Keys];
/// Pieces that may wait between reading and filling.
const WAITING: usize = 16;

/// Patients whose data was destroyed: whatever an older backup has of them stays away.
type Gone = BTreeSet<(PracticeId, PatientId)>;

/// Says who was destroyed, by the backup's own audit branch and key store.
pub type WhoWasDestroyed<'a> = &'a dyn Fn(&AuditBranch, &Db) -> Result<Vec<Destroyed>, BoxError>;

/// Why nothing was brought back. What was put into places so far is not in use.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A key or a database was not opened.
    #[error("{what}")]
    Open {
        /// What was to be opened.
        what: String,
        #[source]
        /// Why it was not.
        source: BoxError,
    },
    /// A store is newer than this program, or of another build.
    #[error("the {0} part was made by another program: its schema is not one that this program knows")]
    Schema(&'static str),
    /// The schema was not made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A part was not taken.
    #[error("the {part} part was not put into its place")]
    Take {
        /// Which one.
        part: &'static str,
        #[source]
        /// Why.
        source: TakeError,
    },
    /// What came out is not what the manifest says.
    #[error("the {part} part gave {found} rows of {table}, but the manifest says {expected}")]
    Count {
        /// Which part.
        part: &'static str,
        /// Which table.
        table: String,
        /// How many came.
        found: u64,
        /// How many were signed.
        expected: u64,
    },
    /// A log that was brought back is not whole.
    #[error("the log {log} is not whole after it was brought back")]
    Log {
        /// Which one.
        log: String,
        #[source]
        /// What is wrong with it.
        source: ledger::VerifyError,
    },
    /// It is not known who was destroyed since.
    #[error("nothing is brought back while it is not known whose records were destroyed since the backup")]
    Destroyed(#[source] BoxError),
    /// A scratch folder.
    #[error("a scratch folder cannot be made")]
    Scratch(#[source] io::Error),
    /// A place is not empty.
    #[error("{0} is there already: nothing is overwritten")]
    Occupied(String),
}

/// What was brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub manifest: Manifest,
    /// Rows by part and table, and how many were left out because their patients were destroyed.
    pub tables: Vec<(Part, String, Filled)>,
}

/// What is needed besides the backup.
pub struct Restoring<'a> {
    /// The backup's place.
    pub target: &'a dyn Target,
    /// What opens it.
    pub opening: Opening<'a>,
    /// The audit branch of the practice, from its key store.
    pub audit: &'a dyn Fn(&Db) -> Result<AuditBranch, BoxError>,
    /// The log whose key signs manifests.
    pub log: &'a LogName,
    /// Who stays away; asked before anything is put anywhere.
    pub destroyed: WhoWasDestroyed<'a>,
    /// The time, for the history of the schemas.
    pub clock: &'a dyn Clock,
    /// Who looks on.
    pub observer: &'a dyn TaskObserver,
}

/// A backup that was checked.
pub struct Checked {
    /// What is in it.
    pub manifest: Manifest,
    /// What its logs are verified with.
    pub branch: AuditBranch,
    /// Everybody who was destroyed by now.
    pub destroyed: Vec<Destroyed>,
}

impl Restoring<'_> {
    /// Checks a backup whole: signature, every file, and with `content` every row.
    pub fn check(&self, name: &str, content: bool) -> Result<Checked, RestoreError> {
        let checked = match self.keys_of(name) {
            Ok((branch, destroyed)) => {
                let manifest =
                    Manifest::read(self.target, name, &branch.verifier(self.log)).map_err(CheckError::from)?;
                Checked { manifest, branch, destroyed }
            }
            Err(error @ RestoreError::Destroyed(_)) => return Err(error),
            Err(error) => {
                // Say which file it is, if one is not what the manifest says; else why the keys are not to be had.
                let unverified = Manifest::read_unverified(self.target, name).map_err(CheckError::from)?;
                check_files_of(self.target, &unverified)?;
                return Err(error);
            }
        };
        check_files_of(self.target, &checked.manifest)?;
        if content {
            check_content(self.target, &checked.manifest, &self.opening)?;
        }
        Ok(checked)
    }

    /// The audit branch and who was destroyed, by way of the backup's own key part: it is put into a scratch database whose
    /// page key nobody keeps.
    fn keys_of(&self, name: &str) -> Result<(AuditBranch, Vec<Destroyed>), RestoreError> {
        let scratch = staging::Scratch::new().map_err(RestoreError::Scratch)?;
        let path = scratch.path().join("keys.db");
        let open = |source: BoxError| RestoreError::Open { what: "the key part".to_owned(), source };
        let key = Key::random(&SystemRng);
        let database = || {
            let options = EmbeddedOptions::default();
            let opened = if path.exists() {
                Db::open(&path, key.expose(), &options)
            } else {
                Db::create(&path, key.expose(), &options)
            };
            opened.map_err(BoxError::from)
        };
        let facts = PartFacts {
            part: Part::Keys.name().to_owned(),
            file: FileFacts::new(format!("{name}/{}.age", Part::Keys.name()), 0, [0; 32]),
            recipients: Vec::new(),
            schema: 0,
            raw: 0,
            tables: Vec::new(),
        };
        let reader = self.opening.open_any(self.target, &facts)?;
        let nobody = Gone::new();
        let filled = Putting { restoring: self, gone: &nobody }.fill_store(Store::Keys, &database, reader);
        filled.map_err(|failed| failed.named(&facts))?;
        let keys = database().map_err(open)?;
        let branch = (self.audit)(&keys)
            .map_err(|source| RestoreError::Open { what: "the audit keys of the backup".to_owned(), source })?;
        let destroyed = (self.destroyed)(&branch, &keys).map_err(RestoreError::Destroyed)?;
        Ok((branch, destroyed))
    }

    /// Checks a backup and puts it into its places. Blocks: call it in `spawn_blocking`.
    pub fn bring_back(&self, name: &str, ground: &Ground<'_>) -> Result<(Restored, Checked), RestoreError> {
        let checked = self.check(name, matches!(ground.trail, TrailPlace::Postgres(_)))?;
        let Checked { manifest, branch, destroyed } = &checked;
        self.observer.reached("checked");
        let gone: Gone = destroyed.iter().map(|one| (one.practice, one.patient)).collect();
        let mut tables = Vec::new();
        for part in ORDER {
            let putting = Putting { restoring: self, gone: &gone };
            for facts in putting.files(part, manifest)? {
                let filled = putting.put(part, manifest, &facts, ground, branch)?;
                for (table, filled) in filled {
                    let signed = facts.tables.iter().find(|signed| signed.table == table);
                    let found = filled.rows + filled.left_out;
                    if let Some(expected) = signed.map(|signed| signed.rows).filter(|rows| *rows != found) {
                        return Err(RestoreError::Count { part: part.name(), table, found, expected });
                    }
                    tables.push((part, table, filled));
                }
            }
            self.observer.reached(part.name());
        }
        verify_logs(manifest, &ground.trail, &|log| branch.verifier(log))?;
        self.observer.reached("verified");
        Ok((Restored { manifest: manifest.clone(), tables }, checked))
    }
}

/// Proves every log whole, against its own checkpoint.
pub(crate) fn verify_logs(
    manifest: &Manifest,
    place: &TrailPlace,
    verifier: &dyn Fn(&LogName) -> VerifierKey,
) -> Result<(), RestoreError> {
    for facts in &manifest.logs {
        let Ok(name) = LogName::new(&facts.log) else { continue };
        let refused = |source| RestoreError::Log { log: facts.log.clone(), source };
        let report = match place {
            TrailPlace::Folders(folders) => {
                let folder = folders.iter().find(|(known, _)| *known == name).map(|(_, folder)| folder.as_path());
                ledger::verify(folder.unwrap_or(Path::new("")), &verifier(&name), &[])
            }
            TrailPlace::Postgres(options) => {
                let mut backend = PostgresBackend::reader(options, &name)
                    .map_err(|error| RestoreError::Open { what: facts.log.clone(), source: error.into() })?;
                ledger::verify_backend(&mut backend, Path::new(name.as_str()), &verifier(&name), &[])
            }
        };
        let found = report.map_err(refused)?.entries;
        if found != facts.entries {
            let (part, table, expected) = ("audit", facts.log.clone(), facts.entries);
            return Err(RestoreError::Count { part, table, found, expected });
        }
    }
    Ok(())
}

/// What went wrong with a part: in the backup, or at its place.
enum Failed {
    Read(ReadPartError),
    Take(TakeError),
    Other(RestoreError),
}

impl Failed {
    fn named(self, facts: &PartFacts) -> RestoreError {
        let (part, path) = (facts.part.clone(), facts.file.path.clone());
        match self {
            Self::Read(source) => CheckError::Part { part, path, source }.into(),
            Self::Take(source) => RestoreError::Take { part: Part::named(&part).map_or("media", Part::name), source },
            Self::Other(error) => error,
        }
    }
}

impl From<RawError> for Failed {
    fn from(error: RawError) -> Self {
        Self::Take(error.into())
    }
}

struct Putting<'a> {
    restoring: &'a Restoring<'a>,
    gone: &'a Gone,
}

impl Putting<'_> {
    /// The files of a part: one, but for media, whose files may come from many backups.
    fn files(&self, part: Part, manifest: &Manifest) -> Result<Vec<PartFacts>, RestoreError> {
        if part != Part::Media {
            return Ok(manifest.part(part).cloned().into_iter().collect());
        }
        let list = super::create::media_list_of(self.restoring.target, manifest)?;
        let facts = |file: FileFacts| match manifest.part(Part::Media) {
            Some(own) if own.file == file => own.clone(),
            _ => PartFacts {
                part: Part::Media.name().to_owned(),
                file,
                recipients: Vec::new(),
                schema: 0,
                raw: 0,
                tables: Vec::new(),
            },
        };
        Ok(list.files.into_iter().map(facts).collect())
    }

    fn put(
        &self,
        part: Part,
        manifest: &Manifest,
        facts: &PartFacts,
        ground: &Ground<'_>,
        branch: &AuditBranch,
    ) -> Result<Vec<(String, Filled)>, RestoreError> {
        let Restoring { target, opening, .. } = self.restoring;
        let reader = match (part, manifest.part(Part::Media)) {
            (Part::Media, own) if own.is_none_or(|own| own.file != facts.file) => opening.open_any(*target, facts)?,
            _ => opening.open(*target, manifest, facts)?,
        };
        let filled = match part {
            Part::Media => {
                let wanted = super::create::media_list_of(*target, manifest)?;
                let keep = |_: &RawTable, row: &Fields<'_>| {
                    row.at(0)
                        .and_then(|digest| digest.try_into().ok())
                        .is_some_and(|digest: [u8; 32]| wanted.held.contains_key(&digest))
                };
                fill(reader, Box::new(MediaDestination::new(ground.media.clone())), &keep)
            }
            Part::Audit => {
                let verifier = |log: &LogName| branch.verifier(log);
                fill(reader, Box::new(TrailDestination::new(ground.trail.clone(), &verifier)), &|_, _| true)
            }
            Part::Identity | Part::Keys | Part::Clinical | Part::Billing => {
                let store = part.store().expect("it is that of a store");
                self.fill_store(store, &|| (ground.database)(store), reader)
            }
        };
        filled.map_err(|failed| failed.named(facts))
    }

    /// Gives an empty database the schema of the part, fills it, and brings it to the schema of the program. One that is
    /// filled already, by an earlier try that was cut short, must hold just these rows.
    fn fill_store(
        &self,
        store: Store,
        database: &dyn Fn() -> Result<Db, BoxError>,
        reader: PartReader,
    ) -> Result<Vec<(String, Filled)>, Failed> {
        let open = || {
            let what = format!("the new {store} database");
            database().map_err(|source| Failed::Other(RestoreError::Open { what, source }))
        };
        let db = open()?;
        let runtime = tokio::runtime::Handle::current();
        let header = reader.header();
        let known = store::schema_digest(store, header.schema).map(|digest| super::hex(&digest));
        if known.as_ref() != Some(&header.schema_sha256) {
            return Err(Failed::Other(RestoreError::Schema(store.name())));
        }
        let tables: Option<Vec<RawTable>> = header.tables.iter().map(super::part::TableHeader::raw).collect();
        let tables = tables.ok_or_else(|| Failed::Read(ReadPartError::Content("a type is not known".to_owned())))?;
        let migrate = |error: MigrateError| Failed::Other(error.into());
        let clock = self.restoring.clock;
        let columns = runtime.block_on(db.live_columns()).map_err(RawError::from)?;
        let keep = |table: &RawTable, row: &Fields<'_>| self.stays(store, table, row);
        if columns.iter().any(|column| tables.iter().any(|table| table.name == column.table)) {
            let mut snapshot = Snapshot::of(&db)?;
            let mut rows = 0;
            for table in &tables {
                rows += snapshot.count(table)?;
            }
            if rows > 0 {
                return fill(reader, Box::new(Compare::new(snapshot)), &keep);
            }
        }
        runtime.block_on(store::migrate_up_to(&db, store, header.schema, clock)).map_err(migrate)?;
        fits(&runtime.block_on(db.live_columns()).map_err(RawError::from)?, &tables)?;
        let filled = fill(reader, Box::new(Fill::begin(db)?), &keep)?;
        runtime.block_on(store::migrate(&open()?, store, clock)).map_err(migrate)?;
        Ok(filled)
    }

    fn stays(&self, store: Store, table: &RawTable, row: &Fields<'_>) -> bool {
        // That somebody was destroyed, and the certificate of it, is kept. Of the identity store an account may have to stay
        // for billing: that is decided when destruction is applied again.
        let can_go = store == Store::Clinical || (store == Store::Keys && table.name == "patient_keys");
        if self.gone.is_empty() || !can_go {
            return true;
        }
        let id = |column| table.place(column).and_then(|place| row.at(place));
        match (id("practice_id").map(PracticeId::try_from), id("patient_id").map(PatientId::try_from)) {
            (Some(Ok(practice)), Some(Ok(patient))) => !self.gone.contains(&(practice, patient)),
            _ => true,
        }
    }
}

/// Names from a part go into SQL only if the schema, which is the program's own, has them.
fn fits(columns: &[store::LiveColumn], tables: &[RawTable]) -> Result<(), Failed> {
    for table in tables {
        for column in &table.columns {
            if !columns.iter().any(|live| live.table == table.name && live.column == column.name) {
                let what = format!("the schema has no column {} in a table {}", column.name, table.name);
                return Err(Failed::Read(ReadPartError::Content(what)));
            }
        }
    }
    Ok(())
}

/// Reads a part on a thread of its own, and gives its tables to `destination`.
fn fill(
    mut reader: PartReader,
    mut destination: Box<dyn Destination + '_>,
    keep: &dyn Fn(&RawTable, &Fields<'_>) -> bool,
) -> Result<Vec<(String, Filled)>, Failed> {
    let tables: Vec<RawTable> = reader.header().tables.iter().filter_map(super::part::TableHeader::raw).collect();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        scope.spawn(move || {
            loop {
                let event = reader.read();
                let last = matches!(event, Ok(Event::Finished) | Err(_));
                if sender.send(event).is_err() || last {
                    break;
                }
            }
        });
        let mut filled = Vec::new();
        let mut wrong = None;
        for table in &tables {
            let mut ended: Option<TableFacts> = None;
            let mut more = || match receiver.recv() {
                Ok(Ok(Event::Rows(rows))) => Ok(Some(rows)),
                Ok(Ok(Event::End(end))) => {
                    ended = Some(end);
                    Ok(None)
                }
                Ok(Ok(Event::Finished)) | Err(_) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(Err(error)) => {
                    wrong = Some(error);
                    Err(io::Error::other("the part cannot be read"))
                }
            };
            let taken = destination.table(table, &mut more, keep);
            match (taken, wrong.take()) {
                (_, Some(error)) => return Err(Failed::Read(error)),
                (Err(error), None) => return Err(Failed::Take(error)),
                (Ok(taken), None) => filled.push((table.name.clone(), taken)),
            }
        }
        // Only behind the last table the cipher says whether the part is whole.
        match receiver.recv() {
            Ok(Ok(Event::Finished)) => {}
            Ok(Err(error)) => return Err(Failed::Read(error)),
            _ => return Err(Failed::Read(ReadPartError::Content("it does not end where it should".to_owned()))),
        }
        destination.finish().map_err(Failed::Take)?;
        Ok(filled)
    })
}
