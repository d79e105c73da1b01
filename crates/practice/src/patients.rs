//! People under care: who they are.

mod edit;
mod find;
mod list;
mod read;
mod register;
mod search;

pub use edit::{EditError, edit};
pub use find::{Exact, find};
pub use list::{Listed, PatientLine, Whose, list};
pub(crate) use read::of_grant;
pub use read::{PatientView, may, may_in_care, read, read_with_account};
pub use register::{RegisterError, register};
pub(crate) use search::names_of;
pub use search::{Found, MOST_FOUND, SearchError, search};

use crate::House;
use domain::{
    BirthDate, Date, EmailAddress, Invalid, PatientId, PersonName, PhoneNumber, PracticeId, RecordNumber, Timestamp,
};
use ledger::Word;
use phi::{Contact, Grant, Identifying, Writes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::rows::patients::{PatientIndexes, PatientRow};

pub(crate) const PATIENT: Word = Word::new("patient");

/// Who a patient is, as the front desk writes it down.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatientDetails {
    /// Given name.
    pub given_name: PersonName,
    /// Family name.
    pub family_name: PersonName,
    /// The day they were born.
    pub birth_date: Date,
    /// Where to write.
    #[serde(default)]
    pub email: Option<EmailAddress>,
    /// Where to call.
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    /// The practice's own number of the record; no other patient of the practice may have it.
    #[serde(default)]
    pub record_number: Option<RecordNumber>,
}

impl PatientDetails {
    fn born(&self, today: Date) -> Result<BirthDate, Invalid> {
        BirthDate::new(self.birth_date, today)
    }

    pub(crate) fn indexes(&self, house: &House, practice: PracticeId) -> PatientIndexes {
        let indexes = &house.indexes;
        PatientIndexes {
            email: self.email.as_ref().map(|email| indexes.patient_email(practice, email)),
            phone: self.phone.as_ref().map(|phone| indexes.patient_phone(practice, phone)),
            record_number: self.record_number.as_ref().map(|number| indexes.record_number(practice, number)),
        }
    }

    /// The row with everything sealed.
    pub(crate) fn seal<P>(&self, house: &House, grant: &Grant<'_, P>, born: BirthDate, age: Age) -> PatientRow
    where
        P: Writes<Identifying> + Writes<Contact>,
    {
        let patient_id: PatientId = grant.subject();
        let row = PatientRow::row_id(patient_id);
        PatientRow {
            practice_id: grant.practice(),
            patient_id,
            given_name: grant.seal(row, &self.given_name),
            family_name: grant.seal(row, &self.family_name),
            birth_date: grant.seal(row, &born),
            email: self.email.as_ref().map(|email| grant.seal(row, email)),
            phone: self.phone.as_ref().map(|phone| grant.seal(row, phone)),
            record_number: self.record_number.as_ref().map(|number| grant.seal(row, number)),
            indexes: self.indexes(house, grant.practice()),
            created_at: age.created_at,
            updated_at: age.updated_at,
            version: age.version,
        }
    }
}

/// When a row was made and changed, and how often.
pub(crate) struct Age {
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: i64,
}
