//! What was asked, with every step: for who treats the patient, and for the patient.

use super::AMENDMENT;
use crate::{
    House,
    record::{Names, Person, RecordError, purpose},
};
use domain::{AmendmentGround, AmendmentId, AmendmentStep, Date, NoteId, PatientId, Timestamp, amendment_due};
use identity::{Full, Session};
use ledger::Resource;
use phi::{AccessError, Covers, Grant, LogExercise, OpenError, PatientWords, Permission, ReadExercise, ReadNotes};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::amendments::{self, AmendmentRow};

/// What whoever is denied must be told beside the ground (45 CFR 164.526(d)(1)(ii) to (iv)).
pub const RIGHTS: &str = "You may write a statement saying why you disagree: it stays with your record and goes out with it. If \
    you write none, what you asked and this answer stay with your record and go out with it. You may also complain to this \
    practice's privacy officer, or to the Secretary of the U.S. Department of Health and Human Services (hhs.gov/ocr/complaints).";

/// Something that was asked.
#[derive(Serialize, JsonSchema)]
pub struct AmendmentView {
    /// What was asked.
    pub amendment_id: AmendmentId,
    /// Whether it still waits for an answer.
    pub waits: bool,
    /// The day on which it was asked.
    pub asked_on: Date,
    /// The last day on which it may be answered.
    pub due_on: Date,
    /// Every step, in order: what was asked is the first.
    pub steps: Vec<StepView>,
    /// For what was denied, what the patient may do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
}

impl AmendmentView {
    /// Whether a step can follow now.
    pub fn can(&self, step: AmendmentStep) -> bool {
        let steps: Vec<_> = self.steps.iter().map(|one| one.step).collect();
        step.follows(&steps)
    }
}

/// A step.
#[derive(Serialize, JsonSchema)]
pub struct StepView {
    /// Which one.
    pub step: AmendmentStep,
    /// What was said; absent where the caller may not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Why it was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<AmendmentGround>,
    /// The note in which the amendment stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note_id: Option<NoteId>,
    /// Who said it.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Everything that a patient asked to be amended, newest first, answered or not.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Vec<AmendmentView>, RecordError> {
    let why = purpose(session, patient, Resource::whole(AMENDMENT));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let rows = amendments::of_patient(&house.stores.clinical, grant.practice(), patient).await?;
    let mut said = words(house, session, patient, &rows).await?.into_iter();
    let mut names = Names::new(house, session);
    let mut views: Vec<AmendmentView> = Vec::new();
    for row in &rows {
        let words = said.next().flatten();
        let is_open = words.is_some();
        let step = StepView {
            step: row.step,
            words,
            ground: row.ground.filter(|_| is_open),
            note_id: row.note_id.filter(|_| is_open),
            by: names.person(row.done_by).await?,
            at: row.done_at,
        };
        if row.step == AmendmentStep::Asked {
            views.push(AmendmentView {
                amendment_id: row.amendment_id,
                waits: true,
                asked_on: row.done_on,
                due_on: amendment_due(row.done_on, false),
                steps: vec![step],
                rights: None,
            });
            continue;
        }
        let Some(view) = views.last_mut().filter(|view| view.amendment_id == row.amendment_id) else { continue };
        match row.step {
            AmendmentStep::Extended => view.due_on = amendment_due(view.asked_on, true),
            AmendmentStep::Accepted => view.waits = false,
            AmendmentStep::Denied => (view.waits, view.rights) = (false, Some(RIGHTS.to_owned())),
            _ => {}
        }
        view.steps.push(step);
    }
    Ok(views)
}

/// How many requests there are of a patient, and until when the first that waits is to be answered: said on the record, to those who
/// may open the rest of it. Opens nothing.
pub async fn waits(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<(usize, Option<Date>), RecordError> {
    if !house.guard.would_allow::<ReadExercise>(session, patient).await? {
        return Ok((0, None));
    }
    let rows = amendments::of_patient(&house.stores.clinical, session.practice(), patient).await?;
    let steps_of = |id: AmendmentId| -> Vec<AmendmentStep> {
        rows.iter().filter(|row| row.amendment_id == id).map(|row| row.step).collect()
    };
    let asked: Vec<_> = rows.iter().filter(|row| row.step == AmendmentStep::Asked).collect();
    let due = asked.iter().filter_map(|row| {
        let steps = steps_of(row.amendment_id);
        let open = AmendmentStep::Accepted.follows(&steps);
        open.then(|| amendment_due(row.done_on, steps.contains(&AmendmentStep::Extended)))
    });
    Ok((asked.len(), due.min()))
}

/// The words of some steps, which patients read as their own and others with [`ReadNotes`]; whoever may not gets none.
async fn words(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    rows: &[AmendmentRow],
) -> Result<Vec<Option<String>>, RecordError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let none = || rows.iter().map(|_| None).collect();
    let why = purpose(session, patient, Resource::whole(AMENDMENT));
    let opened = if session.patient() == Some(patient) {
        match house.guard.authorize::<LogExercise>(session, patient, why).await {
            Ok(grant) => opened(&grant, rows),
            Err(AccessError::Denied) => Ok(none()),
            Err(error) => return Err(error.into()),
        }
    } else {
        match house.guard.authorize::<ReadNotes>(session, patient, why).await {
            Ok(grant) => opened(&grant, rows),
            Err(AccessError::Denied) => Ok(none()),
            Err(error) => return Err(error.into()),
        }
    };
    Ok(opened?)
}

fn opened<P>(grant: &Grant<'_, P>, rows: &[AmendmentRow]) -> Result<Vec<Option<String>>, OpenError>
where
    P: Permission + Covers<PatientWords>,
{
    rows.iter().map(|row| Ok(Some(grant.open(&row.words)?.expose().as_str().to_owned()))).collect()
}
