//! Bringing in: a state machine that survives being killed at any moment.
//!
//! For each patient: a key is made; their rows, with a note that they were brought in, are stored in one transaction; the
//! care team is set; what is stored is compared with what was sealed. Killed between the first two, a key is left that
//! opens nothing: the next run removes it, that very key, and begins with the patient anew. Of two runs at once the later goes
//! on: every transaction holds the number of its run.

mod patient;

use super::{
    BEGUN, CHECKED, FINISHED, ImportError, Refusal, SignedIn, Source,
    arrival::Arrival,
    exercises::Names,
    outcome::{Came, Imported},
    reading::Reading,
    source::SourcePatient,
};
use crate::{
    Event, House,
    accounts::in_person,
    patients::PATIENT,
    record::{self, resource},
};
use domain::{EntryId, PatientId, PracticeId, TaskObserver, Timezone};
use futures::{StreamExt, TryStreamExt, stream};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{Govern, Purpose};
use std::collections::HashSet;
use store::{
    Batch, CommitError,
    rows::{
        imports::{self, ImportRow},
        patients::{self, PatientIndexes},
    },
};

/// Patients after whom the session is read back.
const CHUNK: usize = 64;
/// Patients who are written at the same time, so that their commits share a sync.
const AT_ONCE: usize = 8;

/// An import that is being done: by whom, from where, and who looks on.
pub struct Importing<'a> {
    /// The house.
    pub house: &'a House,
    /// Who does it.
    pub by: &'a SignedIn,
    /// From where.
    pub source: &'a Source,
    /// Only see what fits; write nothing.
    pub only_check: bool,
    /// Bring in whoever fits although others do not. Without it, one refusal stops the import before anything is written.
    pub without_refused: bool,
    /// Who looks on.
    pub observer: &'a dyn TaskObserver,
}

/// Brings in whoever is not here yet, or goes on with an import that was cut off.
pub async fn import(importing: &Importing<'_>) -> Result<Imported, ImportError> {
    let house = importing.house;
    let session = importing.by.session(house).await?;
    let practice = session.practice();
    // Whoever imports gives places in care teams too, and does it in person.
    let about = Purpose::operations(Resource::whole(Word::new("import")));
    house.guard.authorize_practice::<Govern>(&session, about).await?;
    in_person(house, &session)?;
    let mapping = importing.source.mapping();
    let names = Names::find(house, practice, session.account(), mapping).await?;
    let zone = record::timezone(house, practice).await.map_err(|_| ImportError::Practice)?;
    let run = Run { importing, practice, names, zone, run: run_id(house) };
    if !importing.only_check {
        event(house, &session, Word::new("begin_import"), None).await?;
        let clinical = &house.stores.clinical;
        let begun_at = house.clock.now();
        let row = ImportRow {
            practice_id: practice,
            run: run.run,
            account_id: session.account(),
            begun_at,
            finished_at: None,
        };
        clinical.commit(imports::begin(Batch::new(), &row)).await?;
        importing.observer.reached(BEGUN);
    }
    drop(session);
    let checked = run.check().await?;
    importing.observer.reached(CHECKED);
    if importing.only_check || (checked.refused > 0 && !importing.without_refused) {
        return Ok(Imported { stopped: true, ..checked });
    }
    let mut done = run.bring_in(checked.patients).await?;
    run.compare(&mut done).await?;
    let session = importing.by.session(house).await?;
    done.finished = done.is_whole();
    if done.finished {
        event(house, &session, Word::new("finish_import"), None).await?;
        let finish = imports::finish(Batch::new(), practice, &run.run, house.clock.now());
        house.stores.clinical.commit(finish).await.map_err(superseded)?;
        importing.observer.reached(FINISHED);
    } else {
        let about = Resource::whole(Word::new("import"));
        let refused = Event::refused(Word::new("finish_import"), about, Word::new("not-all-compared"));
        house.record(&session, Event { outcome: Outcome::Failed, ..refused }).await?;
        house.stores.clinical.commit(imports::hold(Batch::new(), practice, &run.run)).await.map_err(superseded)?;
    }
    Ok(done)
}

fn run_id(house: &House) -> [u8; 16] {
    *EntryId::random(&*house.rng).as_bytes()
}

async fn event(
    house: &House,
    session: &Session<Full>,
    action: Word,
    patient: Option<PatientId>,
) -> Result<(), ImportError> {
    let about = match patient {
        Some(patient) => resource(PATIENT, patient),
        None => Resource::whole(Word::new("import")),
    };
    let reason = Word::new("admin-governs");
    house.record(session, Event { patient, reason, ..Event::done(action, about) }).await?;
    Ok(())
}

/// The first statement of each batch holds the run.
fn superseded(error: CommitError) -> ImportError {
    match error {
        CommitError::Conflict { .. } => ImportError::Superseded,
        other => other.into(),
    }
}

struct Run<'a> {
    importing: &'a Importing<'a>,
    practice: PracticeId,
    names: Names,
    zone: Timezone,
    run: [u8; 16],
}

/// Somebody who fits, with their id here and the fingerprint of what they bring.
struct Comer {
    patient: PatientId,
    content: [u8; 32],
    arrival: Arrival,
    key: String,
}

impl Run<'_> {
    const fn house(&self) -> &House {
        self.importing.house
    }

    fn id_of(&self, key: &str) -> PatientId {
        let program = self.importing.source.mapping().name.trim();
        let fingerprint = self.house().indexes.patient_elsewhere(self.practice, program, key);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&fingerprint[..16]);
        PatientId::from_bytes(bytes)
    }

    fn comer(&self, patient: &SourcePatient) -> Result<Comer, Vec<Refusal>> {
        let mapping = self.importing.source.mapping();
        let reading = Reading { mapping, names: &self.names, zone: &self.zone, now: self.house().clock.now() };
        let arrival = reading.patient(patient)?;
        let id = self.id_of(&patient.key);
        let content = crypto::Zeroizing::new(serde_json::to_vec(&arrival).expect("our own types, into memory"));
        let content = self.house().indexes.brought_in(self.practice, id, &content);
        Ok(Comer { patient: id, content, arrival, key: patient.key.clone() })
    }

    /// Whether somebody else has the record number: here, or before in the source.
    async fn is_taken(&self, numbers: &mut HashSet<[u8; 32]>, comer: &Comer) -> Result<bool, ImportError> {
        let number = comer.arrival.details.indexes(self.house(), self.practice).record_number;
        let wanted = PatientIndexes { record_number: number, ..PatientIndexes::default() };
        let twice = number.is_some_and(|number| !numbers.insert(number));
        let others = patients::ids_by_index(&self.house().stores.clinical, self.practice, &wanted).await?;
        Ok(twice || others.iter().any(|other| *other != comer.patient))
    }

    fn taken(&self, key: &str) -> Refusal {
        Refusal {
            from: self.importing.source.mapping().patients.from.name().to_owned(),
            row: key.to_owned(),
            field: "record_number".to_owned(),
            why: "is another patient's".to_owned(),
        }
    }

    /// Reads everything once, and sees what fits.
    async fn check(&self) -> Result<Imported, ImportError> {
        let (mut found, mut numbers) = (Imported::default(), HashSet::new());
        let mut patients = self.importing.source.read().await?;
        while let Some(patient) = patients.next().await? {
            found.patients += 1;
            match self.comer(&patient) {
                Ok(comer) => {
                    if self.is_taken(&mut numbers, &comer).await? {
                        found.refuse(vec![self.taken(&comer.key)]);
                    } else {
                        found.read(&comer.arrival);
                    }
                }
                Err(refusals) => found.refuse(refusals),
            }
            if found.patients % 500 == 0 {
                // Long reading is no reason to be forgotten, and no way around being signed out.
                self.importing.by.session(self.house()).await?;
            }
        }
        Ok(found)
    }

    /// Reads everything again, and brings in whoever fits and is not here.
    async fn bring_in(&self, total: u64) -> Result<Imported, ImportError> {
        let (mut done, mut numbers) = (Imported::default(), HashSet::new());
        let mut patients = self.importing.source.read().await?;
        loop {
            let mut chunk = Vec::new();
            while chunk.len() < CHUNK
                && let Some(patient) = patients.next().await?
            {
                done.patients += 1;
                match self.comer(&patient) {
                    Ok(comer) if self.is_taken(&mut numbers, &comer).await? => {
                        done.refuse(vec![self.taken(&comer.key)])
                    }
                    Ok(comer) => chunk.push(comer),
                    Err(refusals) => done.refuse(refusals),
                }
            }
            if chunk.is_empty() {
                break;
            }
            let session = self.importing.by.session(self.house()).await?;
            let came: Vec<_> =
                stream::iter(&chunk).map(|comer| self.one(&session, comer)).buffered(AT_ONCE).try_collect().await?;
            for (comer, came) in chunk.iter().zip(came) {
                match came {
                    Came::Refused => done.refuse(vec![self.taken(&comer.key)]),
                    came => {
                        done.count(comer.patient, came);
                        done.read(&comer.arrival);
                    }
                }
            }
            self.importing.observer.progress(done.patients, total.max(done.patients));
        }
        Ok(done)
    }

    /// Reads everything a third time: each patient who fits must be known here, with what the source holds now.
    async fn compare(&self, done: &mut Imported) -> Result<(), ImportError> {
        let mut patients = self.importing.source.read().await?;
        let (mut seen, mut changed) = (0_u64, Vec::new());
        while let Some(patient) = patients.next().await? {
            seen += 1;
            let Ok(comer) = self.comer(&patient) else { continue };
            let known = imports::of_patient(&self.house().stores.clinical, self.practice, comer.patient).await?;
            match known {
                Some(known) if known.content == comer.content && known.verified_at.is_some() => done.compared += 1,
                Some(known) if known.content != comer.content => changed.push(comer.patient),
                _ => {}
            }
            if seen % 500 == 0 {
                self.importing.by.session(self.house()).await?;
            }
        }
        done.changed = changed;
        Ok(())
    }
}
