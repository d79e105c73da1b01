//! What is decided about an incident, one step at a time: the four factors, the end. Nobody decides about what
//! they did themself, and whoever assessed it does not close it.

use super::{INCIDENT, IncidentError, about, allowed, counts, notices, open, reason};
use crate::{Event, House, accounts::in_person, record::resource};
use domain::{
    DataAcquired, DataNature, DataRecipient, IncidentConclusion, IncidentId, IncidentState, IncidentStep,
    IncidentWords, RiskMitigated,
};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::incidents::{self as rows, AssessmentRow, ClosingRow, IncidentRow},
};

/// The four factors (45 CFR 164.402(2)), each a choice and words, and what follows from them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssessment {
    /// The nature and extent of what was affected.
    pub nature: DataNature,
    /// In words.
    pub nature_words: IncidentWords,
    /// Who used it, or to whom it was disclosed.
    pub recipient: DataRecipient,
    /// In words.
    pub recipient_words: IncidentWords,
    /// Whether it was acquired or viewed.
    pub acquired: DataAcquired,
    /// In words.
    pub acquired_words: IncidentWords,
    /// To what extent the risk was mitigated.
    pub mitigated: RiskMitigated,
    /// In words.
    pub mitigated_words: IncidentWords,
    /// A low probability that it was compromised, or a breach.
    pub conclusion: IncidentConclusion,
}

/// The end of an incident.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosing {
    /// What was learned, and what changes.
    pub lessons: IncidentWords,
}

/// Leave to work on an incident, and the incident; there is none for whoever it is about.
pub(super) async fn begin(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
) -> Result<IncidentRow, IncidentError> {
    let practice = allowed(house, session, resource(INCIDENT, incident)).await?;
    let row = open::stored(house, practice, incident).await?;
    about::refuse(house, session, &row).await?;
    Ok(row)
}

/// Where an incident stands.
pub(super) async fn state(house: &House, row: &IncidentRow) -> Result<IncidentState, IncidentError> {
    let db = &house.stores.identity;
    let assessments = rows::assessments(db, row.practice_id, row.incident_id).await?;
    let closed = rows::closing(db, row.practice_id, row.incident_id).await?.is_some();
    Ok(match assessments.last().map(|last| last.conclusion) {
        None => IncidentState::Open,
        Some(conclusion) if closed => IncidentState::Closed(conclusion),
        Some(conclusion) => IncidentState::Assessed(conclusion),
    })
}

/// Whether a step may be done now.
pub(super) async fn may(house: &House, row: &IncidentRow, step: IncidentStep) -> Result<(), IncidentError> {
    state(house, row).await?.after(step).map(|_| ()).ok_or(IncidentError::NotNow)
}

/// Somebody else did something about it since it was read.
pub(super) fn meanwhile(error: CommitError) -> IncidentError {
    match error {
        CommitError::Conflict { .. } | CommitError::Duplicate { .. } => IncidentError::Meanwhile,
        other => other.into(),
    }
}

/// What begins every decision: leave, not about oneself, in person, and at its time.
pub(super) async fn deciding(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    step: IncidentStep,
) -> Result<IncidentRow, IncidentError> {
    let row = in_person_and_of_another(house, session, incident).await?;
    may(house, &row, step).await?;
    Ok(row)
}

/// Leave, not about oneself, and in person.
pub(super) async fn in_person_and_of_another(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
) -> Result<IncidentRow, IncidentError> {
    let row = begin(house, session, incident).await?;
    in_person(house, session)?;
    Ok(row)
}

/// Records a step before it is done.
pub(super) async fn record(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    action: Word,
) -> Result<(), IncidentError> {
    house.record(session, reason(Event::done(action, resource(INCIDENT, incident)))).await?;
    Ok(())
}

/// Assesses the risk; again, when more is known. What was assessed before stays.
pub async fn assess(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    new: &NewAssessment,
) -> Result<(), IncidentError> {
    const ACTION: Word = Word::new("assess_incident");
    let row = deciding(house, session, incident, IncidentStep::Assess(new.conclusion)).await?;
    let (practice, db, me) = (row.practice_id, &house.stores.identity, session.account());
    let nth = rows::assessments(db, practice, incident).await?.last().map_or(1, |last| last.nth + 1);
    let id = rows::assessment_id(incident, nth);
    let assessment = AssessmentRow {
        nth,
        nature: (new.nature, house.vault.seal(practice, me, id, &new.nature_words).await?),
        recipient: (new.recipient, house.vault.seal(practice, me, id, &new.recipient_words).await?),
        acquired: (new.acquired, house.vault.seal(practice, me, id, &new.acquired_words).await?),
        mitigated: (new.mitigated, house.vault.seal(practice, me, id, &new.mitigated_words).await?),
        conclusion: new.conclusion,
        assessed_by: me,
        assessed_at: house.clock.now(),
    };
    record(house, session, incident, ACTION).await?;
    let batch = rows::moves_on(Batch::new(), &row);
    db.commit(rows::assess(batch, (practice, incident), &assessment)).await.map_err(meanwhile)
}

/// Closes an incident: somebody who did not assess it; a breach when it was frozen and everybody was told who is to be.
pub async fn close(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    new: &NewClosing,
) -> Result<(), IncidentError> {
    const ACTION: Word = Word::new("close_incident");
    let row = deciding(house, session, incident, IncidentStep::Close).await?;
    let (practice, db, me) = (row.practice_id, &house.stores.identity, session.account());
    let assessments = rows::assessments(db, practice, incident).await?;
    if assessments.iter().any(|assessment| assessment.assessed_by == me) {
        let refused = Event::refused(ACTION, resource(INCIDENT, incident), Word::new("own-assessment"));
        house.record(session, refused).await?;
        return Err(IncidentError::BothHands);
    }
    if row.freezing.is_some() {
        return Err(IncidentError::Freezing);
    }
    if assessments.last().is_some_and(|last| last.conclusion == IncidentConclusion::Breach) {
        if row.frozen_at.is_none() {
            return Err(IncidentError::NotFrozen);
        }
        if super::missing::is_too_early(&row.missing) {
            return Err(IncidentError::FrozenTooEarly);
        }
        let uncounted = counts::uncounted_of(house, &row).await?;
        if uncounted != 0 {
            return Err(IncidentError::NotCounted(uncounted));
        }
        let missing = notices::missing(house, &row).await?;
        if !missing.is_empty() {
            return Err(IncidentError::NotTold(missing));
        }
    }
    let lessons = house.vault.seal(practice, me, rows::row_id(incident), &new.lessons).await?;
    record(house, session, incident, ACTION).await?;
    let closing = ClosingRow { lessons, closed_by: me, closed_at: house.clock.now() };
    let batch = rows::moves_on(Batch::new(), &row);
    db.commit(rows::close(batch, (practice, incident), &closing)).await.map_err(meanwhile)
}
