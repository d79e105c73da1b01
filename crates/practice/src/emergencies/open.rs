//! Opening a record in an emergency.

use super::{EMERGENCY, EmergencyError, record_failure};
use crate::{
    Event, House,
    accounts::in_person,
    record::{RecordError, resource, timezone},
    sign_in::Attempt,
    watch,
};
use domain::{
    BirthDate, EMERGENCY_LASTS, EmergencyId, EmergencyReason, PatientId, PersonName, RecordNumber, SoughtPerson,
    TaskObserver, Timestamp, to_be_signed_by,
};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{BreakGlass, GlassError, Purpose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        emergencies::{self, EmergencyRow},
        login_sessions,
        patients::{self, PatientIndexes},
    },
};

const TRY: Word = Word::new("break_glass");
/// How many names are read from the store at once.
const PAGE: i64 = 500;

/// The steps, as the observer is told of them: what is allowed is recorded, then stored. Killed in between, the ledger and an
/// alert say that somebody asked and was allowed, and nothing is open.
pub const OPEN_STEPS: &[&str] = &["the opening is recorded", "the record is open"];

/// Whose record to open, and why. Whose is said in one of three ways: by the record's id, by its number, or by the whole name
/// and birth date.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmergency {
    /// Why. Sealed: no log, mail or alert holds it.
    pub reason: EmergencyReason,
    /// The patient.
    #[serde(default)]
    pub patient_id: Option<PatientId>,
    /// The practice's own number of the record.
    #[serde(default)]
    pub record_number: Option<RecordNumber>,
    /// The given name, whole.
    #[serde(default)]
    pub given_name: Option<PersonName>,
    /// The family name, whole.
    #[serde(default)]
    pub family_name: Option<PersonName>,
    /// The day on which the patient was born.
    #[serde(default)]
    pub birth_date: Option<BirthDate>,
}

/// A record that is open.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Opened {
    /// The opening.
    pub emergency_id: EmergencyId,
    /// Whose record.
    pub patient_id: PatientId,
    /// Until when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
}

enum Sought {
    Id(PatientId),
    Number(RecordNumber),
    Person(SoughtPerson),
}

impl NewEmergency {
    fn sought(&self) -> Result<Sought, EmergencyError> {
        let person = (self.given_name.clone(), self.family_name.clone(), self.birth_date);
        match (self.patient_id, self.record_number.clone(), person) {
            (Some(patient), None, (None, None, None)) => Ok(Sought::Id(patient)),
            (None, Some(number), (None, None, None)) => Ok(Sought::Number(number)),
            (None, None, (Some(given_name), Some(family_name), Some(born))) => {
                Ok(Sought::Person(SoughtPerson { given_name, family_name, born }))
            }
            _ => Err(EmergencyError::Whom),
        }
    }
}

/// Opens one record for an hour, in this login session. Who is nobody's patient here, or keeps the caller away, or whose record
/// is closed, is answered alike; each try is an entry.
pub async fn open(
    house: &House,
    session: &Session<Full>,
    new: &NewEmergency,
    observer: &dyn TaskObserver,
) -> Result<Opened, EmergencyError> {
    let sought = new.sought()?;
    house.guard.authorize_search::<BreakGlass>(session, Purpose::emergency(Resource::whole(EMERGENCY))).await?;
    Attempt::count_search(house, session, TRY, Resource::whole(EMERGENCY)).await?;
    in_person(house, session)?;
    let (practice, emergency_id) = (session.practice(), EmergencyId::random(&*house.rng));
    let about = resource(EMERGENCY, emergency_id);
    let (patient_id, others) = find(house, session, &sought).await?;
    if !others.is_empty() {
        // That there are several is said, and so it stands under each of them.
        for patient in others.into_iter().chain([patient_id]) {
            let refused = Event::refused(TRY, about.clone(), Word::new("several-fit"));
            house.record(session, Event { patient: Some(patient), ..refused }).await?;
        }
        return Err(EmergencyError::Several);
    }
    let works = watch::working_days(house, practice).await?;
    let zone = timezone(house, practice).await?;
    let grant = match house.guard.break_glass(session, patient_id, Purpose::emergency(about)).await {
        Ok(grant) => grant,
        Err(GlassError::Access(error)) => return Err(error.into()),
        Err(GlassError::AlreadyOpen) => return Err(EmergencyError::AlreadyOpen(patient_id)),
    };
    observer.reached(OPEN_STEPS[0]);
    let opened_at = house.clock.now();
    let row = EmergencyRow {
        practice_id: practice,
        emergency_id,
        patient_id,
        account_id: session.account(),
        login_session_id: session.id(),
        reason: grant.seal(EmergencyRow::row_id(emergency_id), &new.reason),
        opened_at,
        expires_at: opened_at.checked_add(EMERGENCY_LASTS).unwrap_or(opened_at),
        ended_at: None,
        sign_by: to_be_signed_by(opened_at, &zone, works),
        escalated_at: None,
        signed: None,
    };
    let batch = login_sessions::hold(Batch::new(), practice, session.account(), session.id());
    let held = batch.len();
    if let Err(error) = house.stores.identity.commit(emergencies::insert(batch, &row)).await {
        record_failure(house, session, (patient_id, emergency_id), TRY).await?;
        return Err(match error {
            CommitError::Conflict { statement } if statement < held => EmergencyError::SessionOver,
            CommitError::Conflict { .. } => came_between(house, session, patient_id).await?,
            error => error.into(),
        });
    }
    observer.reached(OPEN_STEPS[1]);
    Ok(Opened { emergency_id, patient_id, expires_at: row.expires_at })
}

/// What came in between: the same session opened it at the same moment, or the destruction of the record began.
async fn came_between(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<EmergencyError, EmergencyError> {
    let now = house.clock.now();
    let open = emergencies::open_in(&house.stores.identity, session.practice(), session.id(), now).await?;
    let open = open.iter().any(|other| other.patient_id == patient);
    Ok(if open { EmergencyError::AlreadyOpen(patient) } else { RecordError::nothing().into() })
}

/// Whose record to open, and of whom else it could be: of those that fit, whose glass the caller may break. Where there is none of
/// them, the first that fits is asked for all the same, denied and recorded under that patient: somebody who is closed or keeps the
/// caller away is answered like nobody, however many there are.
async fn find(
    house: &House,
    session: &Session<Full>,
    sought: &Sought,
) -> Result<(PatientId, Vec<PatientId>), EmergencyError> {
    let mut fit = fitting(house, session, sought).await?;
    // Where nobody fits, somebody who does not exist stands in: asked for, denied and recorded like anybody.
    let first = *fit.first().unwrap_or(&PatientId::random(&*house.rng));
    if fit.is_empty() {
        fit.push(first);
    }
    let mut open = Vec::with_capacity(fit.len());
    for patient in fit {
        if house.guard.would_break(session, patient).await? {
            open.push(patient);
        }
    }
    Ok(open.pop().map_or((first, Vec::new()), |one| (one, open)))
}

/// Whose record fits: names are compared in the kernel, which records of how many it opened any for that.
async fn fitting(house: &House, session: &Session<Full>, sought: &Sought) -> Result<Vec<PatientId>, EmergencyError> {
    let (clinical, practice) = (&house.stores.clinical, session.practice());
    match sought {
        Sought::Id(patient) => Ok(vec![*patient]),
        Sought::Number(number) => {
            let number = Some(house.indexes.record_number(practice, number));
            let wanted = PatientIndexes { record_number: number, ..PatientIndexes::default() };
            Ok(patients::ids_by_index(clinical, practice, &wanted).await?)
        }
        Sought::Person(person) => {
            let purpose = Purpose::emergency(Resource::whole(EMERGENCY));
            let mut search = house.guard.search_names::<BreakGlass>(session, purpose).await?;
            let mut after = PatientId::from_bytes([0; 16]);
            loop {
                let page = patients::persons(clinical, practice, after, PAGE).await?;
                search.compare_persons(person, &page).await?;
                match page.last() {
                    Some(last) if i64::try_from(page.len()).is_ok_and(|read| read == PAGE) => after = last.name.patient,
                    _ => break,
                }
            }
            Ok(search.finish().await?)
        }
    }
}
