//! Who one patient is.

use super::PATIENT;
use crate::{
    House,
    accounts::{PatientAccount, of_patient},
    record::{RecordError, purpose, resource},
};
use domain::{Date, PatientId, Role};
use identity::{Full, Session};
use phi::{Contact, Covers, Grant, Identifying, OpenError, Permission, Purpose, ReadExercise, ReadIdentity};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::patients::{self, PatientRow};

/// Whether somebody may use a permission on a patient's record at this moment: for a page that offers no more than it keeps.
/// Nobody writes in a record that is closed, however much of it they read. Opens nothing.
pub async fn may<P: Permission>(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<bool, RecordError> {
    Ok(house.guard.would_allow::<P>(session, patient).await?)
}

/// The same, for what waits until somebody does it who treats the patient: not for whom the record is open in an emergency alone.
pub async fn may_in_care<P: Permission>(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<bool, RecordError> {
    Ok(house.guard.would_allow_in_care::<P>(session, patient).await?)
}

/// Who a patient is.
#[derive(Serialize, JsonSchema)]
pub struct PatientView {
    /// The patient.
    pub patient_id: PatientId,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The day they were born.
    pub birth_date: Date,
    /// Where to write.
    pub email: Option<String>,
    /// Where to call.
    pub phone: Option<String>,
    /// The practice's own number of the record.
    pub record_number: Option<String>,
    /// Counts up at each change; the number of the ETag.
    pub version: u64,
}

impl PatientView {
    /// Given and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

/// Reads who a patient is: whoever registers patients by `read_identity`, whoever treats them (and the patient) by
/// `read_exercise`.
pub async fn read(house: &House, session: &Session<Full>, patient: PatientId) -> Result<PatientView, RecordError> {
    let what = resource(PATIENT, patient);
    if matches!(session.role(), Role::FrontDesk | Role::Admin) {
        let grant = house.guard.authorize::<ReadIdentity>(session, patient, Purpose::operations(what)).await?;
        of_grant(house, &grant).await
    } else {
        let grant = house.guard.authorize::<ReadExercise>(session, patient, purpose(session, patient, what)).await?;
        of_grant(house, &grant).await
    }
}

/// Reads who a patient is, and whether they have an account, for who registers patients.
pub async fn read_with_account(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<(PatientView, Option<PatientAccount>), RecordError> {
    let purpose = Purpose::operations(resource(PATIENT, patient));
    let grant = house.guard.authorize::<ReadIdentity>(session, patient, purpose).await?;
    Ok((of_grant(house, &grant).await?, of_patient(house, grant.practice(), patient).await?))
}

/// Who the patient of a grant is.
pub(crate) async fn of_grant<P>(house: &House, grant: &Grant<'_, P>) -> Result<PatientView, RecordError>
where
    P: Permission + Covers<Identifying> + Covers<Contact>,
{
    let row = patients::by_id(&house.stores.clinical, grant.practice(), grant.subject()).await?;
    Ok(open(grant, &row.ok_or(RecordError::nothing())?)?)
}

pub(crate) fn open<P>(grant: &Grant<'_, P>, row: &PatientRow) -> Result<PatientView, OpenError>
where
    P: Permission + Covers<Identifying> + Covers<Contact>,
{
    Ok(PatientView {
        patient_id: row.patient_id,
        given_name: grant.open(&row.given_name)?.expose().as_str().to_owned(),
        family_name: grant.open(&row.family_name)?.expose().as_str().to_owned(),
        birth_date: grant.open(&row.birth_date)?.expose().date(),
        email: grant.open_optional(row.email.as_ref())?.map(|email| email.expose().as_str().to_owned()),
        phone: grant.open_optional(row.phone.as_ref())?.map(|phone| phone.expose().as_str().to_owned()),
        record_number: grant.open_optional(row.record_number.as_ref())?.map(|n| n.expose().as_str().to_owned()),
        version: row.version.unsigned_abs(),
    })
}
