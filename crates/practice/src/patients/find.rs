//! Finding a patient by something exact, through its blind index.

use super::{PATIENT, PatientLine, list::lines};
use crate::{House, record::RecordError};
use domain::{EmailAddress, Invalid, PatientId, PhoneNumber, Role};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Purpose, ReadExercise, ReadIdentity};
use store::rows::patients;

/// Something exact to find a patient by.
pub struct Exact {
    email: Option<EmailAddress>,
    phone: Option<PhoneNumber>,
    record_number: Option<domain::RecordNumber>,
}

impl Exact {
    /// Takes what was typed for an e-mail address, a telephone number or a record number, whichever it can be.
    pub fn new(typed: &str) -> Result<Self, Invalid> {
        let exact = Self {
            email: EmailAddress::new(typed).ok(),
            phone: PhoneNumber::new(typed).ok(),
            record_number: domain::RecordNumber::new(typed).ok(),
        };
        let nothing = exact.email.is_none() && exact.phone.is_none() && exact.record_number.is_none();
        if nothing { Err(Invalid::new("is nothing that a patient can be found by")) } else { Ok(exact) }
    }
}

/// The patients who have exactly this, at most 20. The search is recorded before anything is looked up, and each look
/// at somebody who was found; who was denied is left out.
pub async fn find(house: &House, session: &Session<Full>, exact: &Exact) -> Result<Vec<PatientLine>, RecordError> {
    let what = Resource::whole(PATIENT);
    if matches!(session.role(), Role::FrontDesk | Role::Admin) {
        let purpose = Purpose::operations(what);
        house.guard.authorize_search::<ReadIdentity>(session, purpose.clone()).await?;
        let ids = ids(house, session, exact).await?;
        lines(house, house.guard.authorize_each::<ReadIdentity>(session, &ids, purpose).await?).await
    } else {
        let purpose = Purpose::treatment(what);
        house.guard.authorize_search::<ReadExercise>(session, purpose.clone()).await?;
        let ids = ids(house, session, exact).await?;
        lines(house, house.guard.authorize_each::<ReadExercise>(session, &ids, purpose).await?).await
    }
}

/// Who has exactly this in the session's practice. Where that is nobody, somebody who does not exist stands in: a miss is
/// then asked for, denied and recorded like a patient who is not open to the caller, and takes as long.
async fn ids(house: &House, session: &Session<Full>, exact: &Exact) -> Result<Vec<PatientId>, RecordError> {
    let (practice, indexes) = (session.practice(), &house.indexes);
    let wanted = patients::PatientIndexes {
        email: exact.email.as_ref().map(|email| indexes.patient_email(practice, email)),
        phone: exact.phone.as_ref().map(|phone| indexes.patient_phone(practice, phone)),
        record_number: exact.record_number.as_ref().map(|number| indexes.record_number(practice, number)),
    };
    let mut ids = patients::ids_by_index(&house.stores.clinical, practice, &wanted).await?;
    if ids.is_empty() {
        ids.push(PatientId::random(&*house.rng));
    }
    Ok(ids)
}
