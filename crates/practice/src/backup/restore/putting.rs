//! Putting one part of a backup into its place: a database that gets the schema of the part first, a log, a folder of media.

use super::{Gone, RestoreError, Restoring, compare::Compare};
use crate::backup::{
    AuditBranch, BoxError, Ground, Part,
    check::CheckError,
    create::media_list_of,
    destination::{Destination, MediaDestination, TakeError, TrailDestination},
    hex,
    manifest::{FileFacts, Manifest, PartFacts},
    part::{Event, PartReader, ReadPartError, Sum, TableHeader},
};
use domain::{PatientId, PracticeId};
use ledger::LogName;
use std::{io, sync::mpsc::sync_channel, thread};
use store::{
    Db, MigrateError, Store,
    raw::{Fields, Fill, Filled, RawError, RawTable, Snapshot},
};

/// Pieces that may wait between reading and filling.
const WAITING: usize = 16;

/// What went wrong with a part: in the backup, or at its place.
pub(super) enum Failed {
    Read(ReadPartError),
    Take(TakeError),
    Other(RestoreError),
}

impl Failed {
    pub(super) fn named(self, facts: &PartFacts) -> RestoreError {
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

/// A file of a part that was taken.
pub(super) struct Taken {
    /// Its tables, and what became of their rows.
    pub(super) tables: Vec<(String, Filled)>,
    /// What the file was.
    pub(super) file: Sum,
}

/// What puts the parts of one backup into their places.
pub(super) struct Putting<'a> {
    /// What is brought back, and what opens it.
    pub(super) restoring: &'a Restoring<'a>,
    /// Who stays away.
    pub(super) gone: &'a Gone,
}

impl Putting<'_> {
    /// The files of a part: one, but for media, whose files may come from many backups.
    pub(super) fn files(&self, part: Part, manifest: &Manifest) -> Result<Vec<PartFacts>, RestoreError> {
        if part != Part::Media {
            return Ok(manifest.part(part).cloned().into_iter().collect());
        }
        let list = media_list_of(self.restoring.target, manifest)?;
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

    /// Puts one file of a part into its place. What is read now must be what was signed, although that was looked at before: the
    /// target may be somebody else's, who gives another file when it is asked again.
    pub(super) fn put(
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
        let signed = Some(&facts.file);
        let taken = match part {
            Part::Media => {
                let wanted = media_list_of(*target, manifest)?;
                let keep = |_: &RawTable, row: &Fields<'_>| {
                    row.at(0)
                        .and_then(|digest| digest.try_into().ok())
                        .is_some_and(|digest: [u8; 32]| wanted.held.contains_key(&digest))
                };
                fill(reader, signed, Box::new(MediaDestination::new(ground.media.clone())), &keep)
            }
            Part::Audit => {
                let verifier = |log: &LogName| branch.verifier(log);
                let trail = TrailDestination::new(ground.trail.clone(), &verifier);
                fill(reader, signed, Box::new(trail), &|_, _| true)
            }
            Part::Identity | Part::Keys | Part::Clinical | Part::Billing => {
                let store = part.store().expect("it is that of a store");
                self.fill_store(store, &|| (ground.database)(store), reader, signed)
            }
        };
        Ok(taken.map_err(|failed| failed.named(facts))?.tables)
    }

    /// Gives an empty database the schema of the part, fills it, and brings it to the schema of the program. One that is
    /// filled already, by an earlier try that was cut short, must hold just these rows. `signed` is the file that it must be.
    pub(super) fn fill_store(
        &self,
        store: Store,
        database: &dyn Fn() -> Result<Db, BoxError>,
        reader: PartReader,
        signed: Option<&FileFacts>,
    ) -> Result<Taken, Failed> {
        let open = || {
            let what = format!("the new {store} database");
            database().map_err(|source| Failed::Other(RestoreError::Open { what, source }))
        };
        let db = open()?;
        let runtime = tokio::runtime::Handle::current();
        let header = reader.header();
        let known = store::schema_digest(store, header.schema).map(|digest| hex(&digest));
        if known.as_ref() != Some(&header.schema_sha256) {
            return Err(Failed::Other(RestoreError::Schema(store.name())));
        }
        let tables: Option<Vec<RawTable>> = header.tables.iter().map(TableHeader::raw).collect();
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
                return fill(reader, signed, Box::new(Compare::new(snapshot)), &keep);
            }
        }
        runtime.block_on(store::migrate_up_to(&db, store, header.schema, clock)).map_err(migrate)?;
        fits(&runtime.block_on(db.live_columns()).map_err(RawError::from)?, &tables)?;
        let taken = fill(reader, signed, Box::new(Fill::begin(db)?), &keep)?;
        runtime.block_on(store::migrate(&open()?, store, clock)).map_err(migrate)?;
        Ok(taken)
    }

    fn stays(&self, store: Store, table: &RawTable, row: &Fields<'_>) -> bool {
        // That somebody was destroyed, and the certificate of it, is kept. Of the identity store an account may have to stay
        // for billing: that is decided when destruction is applied again.
        let can_go = match store {
            Store::Clinical | Store::Billing => true,
            Store::Keys => table.name == "patient_keys",
            _ => false,
        };
        if self.gone.is_empty() || !can_go {
            return true;
        }
        // A billing account stands in the destruction ledger under the practice's billing branch.
        let whose = if store == Store::Billing { "account_id" } else { "patient_id" };
        let id = |column| table.place(column).and_then(|place| row.at(place));
        match (id("practice_id").map(PracticeId::try_from), id(whose).map(PatientId::try_from)) {
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

/// Reads a part on a thread of its own, and gives its tables to `destination`, which makes nothing of it durable where it was
/// not the file that was `signed`.
fn fill(
    mut reader: PartReader,
    signed: Option<&FileFacts>,
    mut destination: Box<dyn Destination + '_>,
    keep: &dyn Fn(&RawTable, &Fields<'_>) -> bool,
) -> Result<Taken, Failed> {
    let tables: Vec<RawTable> = reader.header().tables.iter().filter_map(TableHeader::raw).collect();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        scope.spawn(move || {
            loop {
                let event = reader.read();
                let last = matches!(event, Ok(Event::Finished(_)) | Err(_));
                if sender.send(event).is_err() || last {
                    break;
                }
            }
        });
        let mut tables_taken = Vec::new();
        let mut wrong = None;
        for table in &tables {
            let mut more = || match receiver.recv() {
                Ok(Ok(Event::Rows(rows))) => Ok(Some(rows)),
                Ok(Ok(Event::End(_))) => Ok(None),
                Ok(Ok(Event::Finished(_))) | Err(_) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(Err(error)) => {
                    wrong = Some(error);
                    Err(io::Error::other("the part cannot be read"))
                }
            };
            let taken = destination.table(table, &mut more, keep);
            match (taken, wrong.take()) {
                (_, Some(error)) => return Err(Failed::Read(error)),
                (Err(error), None) => return Err(Failed::Take(error)),
                (Ok(taken), None) => tables_taken.push((table.name.clone(), taken)),
            }
        }
        // Only behind the last table the cipher says whether the part is whole, and the hash whether it is the one.
        let file = match receiver.recv() {
            Ok(Ok(Event::Finished(file))) => file,
            Ok(Err(error)) => return Err(Failed::Read(error)),
            _ => return Err(Failed::Read(ReadPartError::Content("it does not end where it should".to_owned()))),
        };
        if let Some(other) = signed.filter(|signed| !signed.is(&file)) {
            return Err(Failed::Other(CheckError::changed(other).into()));
        }
        destination.finish().map_err(Failed::Take)?;
        Ok(Taken { tables: tables_taken, file })
    })
}
