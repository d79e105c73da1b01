//! Bringing a backup back, to places where nothing is.
//!
//! First everything is checked that can be without opening it; then the parts are put into their places, the keys last: until
//! they are there, nothing opens and no server starts. Rows of patients who were destroyed since are not put anywhere. Nothing
//! here swaps: whoever calls this gives places beside the real ones ([`staging`]), or databases that nobody uses yet.

mod compare;
mod heads;
mod putting;
pub mod staging;

pub use heads::{Missing, heads_beyond};

use super::{
    AuditBranch, BoxError, Ground, Part, TrailPlace,
    check::{CheckError, Opening, check_content, check_files_of},
    destination::TakeError,
    manifest::{FileFacts, Manifest, PartFacts},
    part::Sum,
    target::Target,
};
use crypto::{Key, SystemRng};
use domain::{Clock, PatientId, PracticeId, TaskObserver};
use ledger::{Destroyed, LogName, VerifierKey};
use putting::Putting;
use std::{collections::BTreeSet, io, path::Path};
use store::{Db, EmbeddedOptions, MigrateError, PostgresBackend, Store, raw::Filled};

/// The transitions of bringing back, in order.
pub const STEPS: [&str; 8] = ["checked", "identity", "clinical", "billing", "audit", "media", "keys", "verified"];

/// The order in which parts are put into their places.
const ORDER: [Part; 6] = [Part::Identity, Part::Clinical, Part::Billing, Part::Audit, Part::Media, Part::Keys];

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
            Ok((branch, destroyed, file)) => {
                let manifest =
                    Manifest::read(self.target, name, &branch.verifier(self.log)).map_err(CheckError::from)?;
                // Who was destroyed, among others, was said by a file that nobody had vouched for yet.
                if let Some(other) = manifest.part(Part::Keys).filter(|keys| !keys.file.is(&file)) {
                    return Err(CheckError::changed(&other.file).into());
                }
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

    /// The audit branch and who was destroyed, by way of the backup's own key part, and what file that was: it is put into a
    /// scratch database whose page key nobody keeps.
    fn keys_of(&self, name: &str) -> Result<(AuditBranch, Vec<Destroyed>, Sum), RestoreError> {
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
        let taken = Putting { restoring: self, gone: &nobody }.fill_store(Store::Keys, &database, reader, None);
        let taken = taken.map_err(|failed| failed.named(&facts))?;
        let keys = database().map_err(open)?;
        let branch = (self.audit)(&keys)
            .map_err(|source| RestoreError::Open { what: "the audit keys of the backup".to_owned(), source })?;
        let destroyed = (self.destroyed)(&branch, &keys).map_err(RestoreError::Destroyed)?;
        Ok((branch, destroyed, taken.file))
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
