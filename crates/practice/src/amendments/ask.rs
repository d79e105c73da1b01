//! Asking, answering, disagreeing.

use super::{AMENDMENT, AmendmentError};
use crate::{
    Event, House,
    record::{RecordError, purpose, resource, today},
    repeat::Repeatable,
};
use domain::{
    AmendmentGround, AmendmentId, AmendmentStep, AmendmentStepId, AmendmentText, NoteId, PatientId, amendment_due,
};
use identity::{Full, Session};
use ledger::Word;
use phi::{AccessError, Grant, LogExercise, PatientWords, Permission, Purpose, WriteNotes, Writes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        amendments::{self, AmendmentRow},
        progress_notes,
    },
};

/// The most that waits for an answer of one patient: more is a conversation to be had, and would hide others' behind it.
const MOST: i64 = 20;

const ASKED: Word = Word::new("patient-asked");

/// What a patient asks.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAmendment {
    /// What is wrong or missing in the record, and why.
    pub words: AmendmentText,
}

/// With what a patient disagrees.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// The statement. It stays with the record and goes out with it.
    pub words: AmendmentText,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentAnswer {
    /// It takes up to 30 days longer; the words say why, and by when.
    Extended,
    /// It was amended; the words say what.
    Accepted,
    /// It was not, or a part of it was not; the words say why, in plain language.
    Denied,
    /// What there is to say to a statement of disagreement.
    Rebutted,
}

impl AmendmentAnswer {
    const fn step(self) -> (AmendmentStep, Word) {
        match self {
            Self::Extended => (AmendmentStep::Extended, Word::new("extend_amendment")),
            Self::Accepted => (AmendmentStep::Accepted, Word::new("accept_amendment")),
            Self::Denied => (AmendmentStep::Denied, Word::new("deny_amendment")),
            Self::Rebutted => (AmendmentStep::Rebutted, Word::new("rebut_disagreement")),
        }
    }
}

/// What the practice answers.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// Which answer.
    pub answer: AmendmentAnswer,
    /// For a denial, why: there are no other reasons than these.
    #[serde(default)]
    pub ground: Option<AmendmentGround>,
    /// What the patient is told.
    pub words: AmendmentText,
    /// The note in which what was amended stands, if it stands in one: for what is accepted, or denied in part.
    #[serde(default)]
    pub note_id: Option<NoteId>,
}

/// What a step holds beside what everybody's does.
struct Said<'a> {
    step: AmendmentStep,
    words: &'a AmendmentText,
    ground: Option<AmendmentGround>,
    note_id: Option<NoteId>,
}

/// Asks that something be amended, in the patient's own words. The same `key` with the same words asks once.
pub async fn ask(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: &NewAmendment,
    key: Option<&str>,
) -> Result<AmendmentId, AmendmentError> {
    let amendment = AmendmentId::random(&*house.rng);
    let why = purpose(session, patient, resource(AMENDMENT, amendment));
    let grant = house.guard.authorize::<LogExercise>(session, patient, why).await?;
    let route = format!("amendments of {patient}");
    let repeatable = key.map(|key| Repeatable::new(house, session, &route, key, new));
    let before = async || -> Result<Option<AmendmentId>, AmendmentError> {
        let Some(repeatable) = &repeatable else { return Ok(None) };
        Ok(repeatable.made_before(house).await?.map(|made| AmendmentId::from_bytes(made.id)))
    };
    if let Some(made) = before().await? {
        return Ok(made);
    }
    if amendments::waiting_of(&house.stores.clinical, grant.practice(), patient).await? >= MOST {
        return Err(AmendmentError::TooMany);
    }
    let said = Said { step: AmendmentStep::Asked, words: &new.words, ground: None, note_id: None };
    record(house, session, (patient, amendment), Word::new("ask_amendment")).await?;
    let row = row(house, &grant, amendment, &said).await?;
    let batch = amendments::insert(Batch::new(), &row);
    let batch = match &repeatable {
        Some(repeatable) => repeatable.remember(batch, *amendment.as_bytes(), row.done_at),
        None => batch,
    };
    match house.stores.clinical.commit(batch).await {
        Ok(()) => Ok(amendment),
        Err(error @ CommitError::Duplicate { .. }) => before().await?.ok_or_else(|| error.into()),
        Err(error) => Err(error.into()),
    }
}

/// Says what the practice does about it: by who treats the patient, for nobody else can tell what is accurate.
pub async fn answer(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    amendment: AmendmentId,
    new: &NewAnswer,
) -> Result<(), AmendmentError> {
    let why = Purpose::treatment(resource(AMENDMENT, amendment));
    let grant = house.guard.authorize::<WriteNotes>(session, patient, why).await?;
    refuse_tokens(session)?;
    if grant.is_emergency() {
        // It can wait for who treats the patient.
        return Err(RecordError::nothing().into());
    }
    let (step, action) = new.answer.step();
    let asked = may_follow(house, &grant, amendment, step).await?;
    if new.ground.is_some() != (step == AmendmentStep::Denied) {
        return Err(AmendmentError::Ground);
    }
    if let Some(note) = new.note_id {
        let found = progress_notes::by_id(&house.stores.clinical, grant.practice(), patient, note).await?;
        let decided = matches!(step, AmendmentStep::Accepted | AmendmentStep::Denied);
        if !decided || found.is_none_or(|note| note.voided.is_some()) {
            return Err(AmendmentError::Note);
        }
    }
    let today = today(house, grant.practice()).await?;
    if step == AmendmentStep::Extended && today > amendment_due(asked.done_on, false) {
        return Err(AmendmentError::TooLate);
    }
    let said = Said { step, words: &new.words, ground: new.ground, note_id: new.note_id };
    record(house, session, (patient, amendment), action).await?;
    append(house, &grant, amendment, &said).await
}

/// Files a statement of disagreement with a denial. It cannot be refused.
pub async fn disagree(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    amendment: AmendmentId,
    new: &Disagreement,
) -> Result<(), AmendmentError> {
    let why = purpose(session, patient, resource(AMENDMENT, amendment));
    let grant = house.guard.authorize::<LogExercise>(session, patient, why).await?;
    refuse_tokens(session)?;
    may_follow(house, &grant, amendment, AmendmentStep::Disagreed).await?;
    let said = Said { step: AmendmentStep::Disagreed, words: &new.words, ground: None, note_id: None };
    record(house, session, (patient, amendment), Word::new("disagree_amendment")).await?;
    append(house, &grant, amendment, &said).await
}

/// A program that writes notes, or what was done, was not given leave to speak for somebody about their rights.
fn refuse_tokens(session: &Session<Full>) -> Result<(), AmendmentError> {
    if session.token().is_some() { Err(AmendmentError::ApiToken) } else { Ok(()) }
}

/// What was asked, if this step can follow on what there is.
async fn may_follow<P: Permission>(
    house: &House,
    grant: &Grant<'_, P>,
    amendment: AmendmentId,
    step: AmendmentStep,
) -> Result<AmendmentRow, AmendmentError> {
    let rows = amendments::of_patient(&house.stores.clinical, grant.practice(), grant.subject()).await?;
    let mut rows: Vec<_> = rows.into_iter().filter(|row| row.amendment_id == amendment).collect();
    if rows.is_empty() {
        return Err(RecordError::nothing().into());
    }
    let steps: Vec<_> = rows.iter().map(|row| row.step).collect();
    if step.follows(&steps) { Ok(rows.swap_remove(0)) } else { Err(AmendmentError::NotNow) }
}

/// Writes down that it is done, before it is: the permission alone would read like a note or an entry of the log.
async fn record(
    house: &House,
    session: &Session<Full>,
    (patient, amendment): (PatientId, AmendmentId),
    action: Word,
) -> Result<(), AmendmentError> {
    let about = resource(AMENDMENT, amendment);
    let event = Event { patient: Some(patient), reason: ASKED, ..Event::done(action, about) };
    house.record(session, event).await.map_err(AccessError::Unrecorded)?;
    Ok(())
}

async fn row<P: Permission + Writes<PatientWords>>(
    house: &House,
    grant: &Grant<'_, P>,
    amendment_id: AmendmentId,
    said: &Said<'_>,
) -> Result<AmendmentRow, AmendmentError> {
    let step_id = AmendmentStepId::random(&*house.rng);
    Ok(AmendmentRow {
        practice_id: grant.practice(),
        patient_id: grant.subject(),
        amendment_id,
        step_id,
        step: said.step,
        ground: said.ground,
        words: grant.seal(AmendmentRow::row_id(step_id), said.words),
        note_id: said.note_id,
        done_on: today(house, grant.practice()).await?,
        done_by: grant.account(),
        done_at: house.clock.now(),
    })
}

async fn append<P: Permission + Writes<PatientWords>>(
    house: &House,
    grant: &Grant<'_, P>,
    amendment: AmendmentId,
    said: &Said<'_>,
) -> Result<(), AmendmentError> {
    let row = row(house, grant, amendment, said).await?;
    match house.stores.clinical.commit(amendments::insert(Batch::new(), &row)).await {
        // Somebody else took the same step a moment earlier.
        Err(CommitError::Duplicate { .. }) => Err(AmendmentError::NotNow),
        done => Ok(done?),
    }
}
