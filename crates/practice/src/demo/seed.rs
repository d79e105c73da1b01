//! Filling a practice with the people of a plan: through the kernel's door, signed in like anybody.

mod person;

pub use person::DemoPerson;

use super::{DemoError, DemoPatient, DemoPlan, billing, notes};
use crate::{
    House,
    accounts::{AddAccountError, EnrollError},
    billing::{BillingError, charging::ChargeError, courier::DeliverError},
    channels::{self, ChannelError, NewAgreement},
    visits::VisitError,
};
use domain::{
    AccountId, AssociateName, CareLinkId, EntryId, ExerciseId, ExerciseSource, Integration, Invalid, ItemId, Items,
    PatientId, PersonName, PracticeId, ProgramId, ProgramItem, Rng, Role,
};
use futures::{StreamExt, TryStreamExt, stream};
use identity::{AccountClaims, Full, Session};
use ledger::{Resource, Word};
use person::{account, sign_in};
use phi::{AccessError, Grant, LogExercise, Purpose, WriteExercise, WriteNotes};
use std::collections::HashMap;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        care_links::{self, CareLinkRow},
        exercises,
        log_entries::{self, LogEntryRow},
        patients::{self, PatientIndexes, PatientRow},
        programs::{self, ProgramVersionRow},
    },
};

/// How many patients can sign in; the others are there to be many.
const PATIENT_ACCOUNTS: u32 = 60;
/// How many patients are written at once, so that their commits share a sync.
const AT_ONCE: usize = 16;

/// Why the demo was not filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The plan could not be made.
    #[error(transparent)]
    Plan(#[from] DemoError),
    /// An account was not added.
    #[error(transparent)]
    Account(#[from] AddAccountError),
    /// An account was not enrolled.
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    /// The kernel did not let it through.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A made value is out of bounds.
    #[error("a made value {0}")]
    Value(#[from] Invalid),
    /// A visit was not booked.
    #[error(transparent)]
    Visit(#[from] VisitError),
    /// A visit was not charged.
    #[error(transparent)]
    Charge(#[from] ChargeError),
    /// A charge did not arrive.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// It was not put on file who runs the storage of backups.
    #[error(transparent)]
    Agreement(#[from] ChannelError),
    /// Billing did not take something.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// Signing in for the demo did not work.
    #[error("signing in for the demo did not work: {0}")]
    SignIn(String),
}

/// The staff of the practice: their accounts, and the sessions of those who write.
struct Crew {
    accounts: Vec<AccountId>,
    therapists: HashMap<usize, Session<Full>>,
    desk: Session<Full>,
}

/// Fills a practice that was just founded. Tells `progress` after each patient; gives everybody who can sign in.
pub async fn seed(
    house: &House,
    practice: PracticeId,
    plan: &DemoPlan,
    ids: &dyn Rng,
    progress: impl Fn(),
) -> Result<Vec<DemoPerson>, SeedError> {
    let (mut people, mut accounts, mut therapists) = (Vec::new(), Vec::new(), HashMap::new());
    let (mut officer, mut desk, mut office) = (None, None, None);
    for (n, member) in plan.staff().iter().enumerate() {
        let name = full_name(&member.given_name, &member.family_name)?;
        let (person, account) = account(house, practice, member.role, name, &member.email, None).await?;
        let claims = AccountClaims { practice, account, role: member.role, patient: None, active: true };
        match member.role {
            Role::Therapist => {
                therapists.insert(n, sign_in(house, &claims, &person.password).await?);
            }
            Role::PrivacyOfficer => officer = Some(sign_in(house, &claims, &person.password).await?),
            Role::FrontDesk => desk = Some(sign_in(house, &claims, &person.password).await?),
            Role::Billing => office = Some(sign_in(house, &claims, &person.password).await?),
            _ => {}
        }
        people.push(person);
        accounts.push(account);
    }
    let officer = officer.ok_or_else(|| SeedError::SignIn("the plan has no privacy officer".to_owned()))?;
    own_storage(house, &officer).await?;
    let desk = desk.ok_or_else(|| SeedError::SignIn("the plan has no front desk".to_owned()))?;
    let office = office.ok_or_else(|| SeedError::SignIn("the plan has no billing".to_owned()))?;
    let crew = Crew { accounts, therapists, desk };
    let library = library(house, practice, plan).await?;
    let (crew, library) = (&crew, &library);
    let patients: Vec<_> = stream::iter(0..plan.patients())
        .map(|number| async move {
            let made = plan.patient(number)?;
            patient(house, practice, plan, crew, library, &made, ids).await
        })
        .buffered(AT_ONCE)
        .inspect_ok(|_| progress())
        .try_collect()
        .await?;
    people.extend(patients.into_iter().flatten());
    billing::settle(house, &office, plan).await?;
    Ok(people)
}

/// Wherever its backups go, the demo says that it runs that storage itself: nobody's data is in them.
async fn own_storage(house: &House, officer: &Session<Full>) -> Result<(), SeedError> {
    let new = NewAgreement {
        integration: Integration::BackupStorage,
        own: true,
        associate: AssociateName::new("Storage of the demo")?,
        signed_on: None,
        ends_on: None,
        kept_at: None,
    };
    channels::add_agreement(house, officer, &new).await?;
    Ok(())
}

async fn library(
    house: &House,
    practice: PracticeId,
    plan: &DemoPlan,
) -> Result<HashMap<&'static str, ExerciseId>, SeedError> {
    let mut library = HashMap::new();
    for number in 0..plan.patients() {
        for item in plan.patient(number)?.program.versions.iter().flat_map(|version| &version.items) {
            if !library.contains_key(item.source_ref) {
                let clinical = &house.stores.clinical;
                let row = exercises::by_source(clinical, practice, ExerciseSource::Starter, item.source_ref).await?;
                let row = row.ok_or(DemoError::NoExercise(item.source_ref))?;
                library.insert(item.source_ref, row.exercise_id);
            }
        }
        // The archetypes repeat themselves long before.
        if number > 200 {
            break;
        }
    }
    Ok(library)
}

/// A patient with everything that belongs to them.
async fn patient(
    house: &House,
    practice: PracticeId,
    plan: &DemoPlan,
    crew: &Crew,
    library: &HashMap<&'static str, ExerciseId>,
    made: &DemoPatient,
    ids: &dyn Rng,
) -> Result<Option<DemoPerson>, SeedError> {
    let id = PatientId::random(ids);
    register(house, crew, made, id).await?;
    let mut links = Batch::new();
    for care in &made.care {
        let row = CareLinkRow {
            practice_id: practice,
            care_link_id: CareLinkId::random(ids),
            patient_id: id,
            account_id: crew.accounts[care.therapist],
            kind: care.kind,
            starts_at: care.starts_at,
            ends_at: care.ends_at,
            created_by: crew.desk.account(),
            created_at: care.starts_at,
        };
        links = care_links::insert(links, &row);
    }
    house.stores.identity.commit(links).await?;
    let (person, session) = if made.number < PATIENT_ACCOUNTS {
        let name = full_name(&made.given_name, &made.family_name)?;
        let (person, account) = account(house, practice, Role::Patient, name, &made.email, Some(id)).await?;
        let claims = AccountClaims { practice, account, role: Role::Patient, patient: Some(id), active: true };
        let session = sign_in(house, &claims, &person.password).await?;
        (Some(person), Some(session))
    } else {
        (None, None)
    };
    let therapist = crew.therapists.get(&made.therapist());
    let therapist = therapist.ok_or_else(|| SeedError::SignIn("the plan has no such therapist".to_owned()))?;
    let program = ProgramId::random(ids);
    let items: HashMap<u8, ItemId> = made
        .program
        .versions
        .iter()
        .flat_map(|version| &version.items)
        .map(|item| (item.key, ItemId::random(ids)))
        .collect();
    let prescribe = Purpose::treatment(Resource::whole(Word::new("program")));
    let grant: Grant<'_, WriteExercise> = house.guard.authorize(therapist, id, prescribe).await?;
    let batch = prescribed(&grant, crew, library, made, program, &items)?;
    let batch = match &session {
        Some(session) => {
            let log = Purpose::own_record(Resource::whole(Word::new("log_entry")));
            let own: Grant<'_, LogExercise> = house.guard.authorize(session, id, log).await?;
            logged(batch, &own, made, program, &items, ids, |row, comment| Some(own.seal(row, comment)))
        }
        // Whoever has no account cannot have said anything; what they did was written down for them.
        None => logged(batch, &grant, made, program, &items, ids, |_, _| None),
    };
    let write = Purpose::treatment(Resource::whole(Word::new("progress_note")));
    let grant: Grant<'_, WriteNotes> = house.guard.authorize(therapist, id, write).await?;
    house.stores.clinical.commit(notes::written(batch, &grant, made, ids)?).await?;
    billing::visits(house, therapist, id, plan, made).await?;
    Ok(person)
}

async fn register(house: &House, crew: &Crew, made: &DemoPatient, id: PatientId) -> Result<(), SeedError> {
    let purpose = Purpose::operations(Resource::whole(Word::new("patient")));
    let grant = house.guard.register(&crew.desk, id, purpose).await?;
    let (row, practice) = (PatientRow::row_id(id), grant.practice());
    let row = PatientRow {
        practice_id: practice,
        patient_id: id,
        given_name: grant.seal(row, &made.given_name),
        family_name: grant.seal(row, &made.family_name),
        birth_date: grant.seal(row, &made.birth_date),
        email: Some(grant.seal(row, &made.email)),
        phone: Some(grant.seal(row, &made.phone)),
        record_number: Some(grant.seal(row, &made.record_number)),
        indexes: PatientIndexes {
            email: Some(house.indexes.patient_email(practice, &made.email)),
            phone: Some(house.indexes.patient_phone(practice, &made.phone)),
            record_number: Some(house.indexes.record_number(practice, &made.record_number)),
        },
        created_at: made.registered_at,
        updated_at: made.registered_at,
        version: 1,
    };
    house.stores.clinical.commit(patients::insert(Batch::new(), &row)).await?;
    Ok(())
}

/// The versions of the program, each in its place.
fn prescribed(
    grant: &Grant<'_, WriteExercise>,
    crew: &Crew,
    library: &HashMap<&'static str, ExerciseId>,
    made: &DemoPatient,
    program_id: ProgramId,
    items: &HashMap<u8, ItemId>,
) -> Result<Batch, SeedError> {
    let mut batch = Batch::new();
    for version in &made.program.versions {
        let row_id = ProgramVersionRow::row_id(program_id, version.version);
        let listed = version.items.iter().map(|item| {
            Ok(ProgramItem {
                item_id: items[&item.key],
                exercise_id: *library.get(item.source_ref).ok_or(DemoError::NoExercise(item.source_ref))?,
                dose: item.dose.clone(),
                instruction: item.instruction.map(str::to_owned),
            })
        });
        let listed = Items::new(listed.collect::<Result<_, SeedError>>()?).map_err(|(_, why)| why)?;
        let row = ProgramVersionRow {
            practice_id: grant.practice(),
            program_id,
            version: version.version,
            patient_id: grant.subject(),
            title: grant.seal(row_id, &made.program.title),
            items: grant.seal(row_id, &listed),
            starts_on: version.starts_on,
            ends_on: None,
            signed_by: crew.accounts[version.signed_by],
            signed_at: version.signed_at,
            end_reason: None,
            voided: None,
        };
        batch = match version.version {
            1 => programs::insert(batch, &row),
            later => programs::advance(batch, &row, later - 1),
        };
    }
    Ok(batch)
}

/// What was done. A correction supersedes the entry right before it.
fn logged<P>(
    mut batch: Batch,
    grant: &Grant<'_, P>,
    made: &DemoPatient,
    program_id: ProgramId,
    items: &HashMap<u8, ItemId>,
    ids: &dyn Rng,
    said: impl Fn(phi::RowId, &domain::Comment) -> Option<phi::Sealed<phi::fields::log_entries::Said>>,
) -> Batch
where
    P: phi::Permission + phi::Writes<phi::Exercise>,
{
    let entry_ids: Vec<_> = made.log.iter().map(|_| EntryId::random(ids)).collect();
    for (entry, entry_id) in made.log.iter().zip(&entry_ids) {
        let row_id = LogEntryRow::row_id(*entry_id);
        let corrects = entry.corrects.map(|place| entry_ids[place]);
        if let Some(corrected) = corrects {
            batch = log_entries::supersede(batch, grant.practice(), grant.subject(), corrected, entry.recorded_at);
        }
        let row = LogEntryRow {
            practice_id: grant.practice(),
            patient_id: grant.subject(),
            entry_id: *entry_id,
            program_id,
            program_version: entry.version,
            item_id: items[&entry.item],
            performed_on: entry.performed_on,
            performed_at: entry.performed_at,
            performed: grant.seal(row_id, &entry.performed),
            pain: grant.seal(row_id, &entry.pain),
            effort: grant.seal(row_id, &entry.effort),
            comment: entry.comment.as_ref().and_then(|comment| said(row_id, comment)),
            recorded_by: grant.account(),
            recorded_at: entry.recorded_at,
            corrects,
            superseded_at: None,
            voided: None,
        };
        batch = log_entries::insert(batch, &row);
    }
    batch
}

fn full_name(given: &PersonName, family: &PersonName) -> Result<PersonName, Invalid> {
    PersonName::new(format!("{} {}", given.as_str(), family.as_str()))
}
