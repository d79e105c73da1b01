//! What crosses from care to billing, and what holds the two together.

use super::TakenBack;
use crate::{AccountId, BillingAccountId, ChargeId, Date, EmailAddress, PatientId, PersonName, PhoneNumber};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Which patient a billing account is of. The only place where the two stand together, and it is stored sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountLink {
    /// The pseudonym.
    pub account: BillingAccountId,
    /// The patient.
    pub patient: PatientId,
}

impl Zeroize for AccountLink {
    fn zeroize(&mut self) {
        self.account = BillingAccountId::from_bytes([0; 16]);
        self.patient = PatientId::from_bytes([0; 16]);
    }
}

/// A charge on its way to the billing store. What it says about care is sealed under the billing account's key already;
/// the crossing as a whole is sealed once more, because it also says which visit leads to which account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crossing {
    /// The billing account.
    pub account: BillingAccountId,
    /// The charge that will be.
    pub charge: ChargeId,
    /// The day of the visit.
    pub day: Date,
    /// Who treated.
    pub therapist: AccountId,
    /// The services, sealed.
    pub sheet: Vec<u8>,
    /// The diagnosis codes, sealed.
    pub diagnoses: Vec<u8>,
    /// Who takes back what was charged, when and why: then services and codes are sealed as none.
    #[serde(default)]
    pub taken_back: Option<TakenBack>,
}

impl Zeroize for Crossing {
    fn zeroize(&mut self) {
        self.account = BillingAccountId::from_bytes([0; 16]);
        self.charge = ChargeId::from_bytes([0; 16]);
        self.therapist = AccountId::from_bytes([0; 16]);
        self.day = Date::ZERO;
        self.sheet.zeroize();
        self.diagnoses.zeroize();
        self.taken_back = None;
    }
}

/// Name and contact of somebody whose record was destroyed: what billing's statements still need.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize)]
#[serde(deny_unknown_fields)]
pub struct KeptContact {
    /// The given name.
    pub given_name: PersonName,
    /// The family name.
    pub family_name: PersonName,
    /// Where to write.
    pub email: Option<EmailAddress>,
    /// Where to call.
    pub phone: Option<PhoneNumber>,
}

/// What is kept with the link of a patient whose record is destroyed. The contact is sealed under the billing account's key
/// already; the whole is sealed once more, so that billing's keys alone do not open it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptForBilling {
    /// Whom the patient asked to be kept away, as the practice had agreed when the record ended. What says so elsewhere goes
    /// with the record.
    pub kept_away: Vec<AccountId>,
    /// The contact, sealed.
    pub contact: Vec<u8>,
}

impl Zeroize for KeptForBilling {
    fn zeroize(&mut self) {
        self.kept_away.clear();
        self.contact.zeroize();
    }
}
