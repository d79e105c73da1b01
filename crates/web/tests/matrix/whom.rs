//! Whom a route serves, by role and by how they stand to the patient: from the roles of the design, not from the policy.

use crate::world::Relation;
use domain::Role::{self, Admin, Billing, FrontDesk, Patient, PrivacyOfficer, Therapist};

/// Whom a route serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Anybody, signed in or not.
    All,
    /// Who proved a password.
    Half,
    /// Whoever is signed in, about themself or about nobody.
    Anyone,
    /// Everybody but billing, about an exercise of their practice's library.
    Library,
    /// Everybody but billing, about the library as a whole.
    Shelf,
    /// A list: everybody gets one; what is on it is another test's.
    List,
    /// Who treats the patient, and the patient.
    Care,
    /// Who treats the patient.
    Treats,
    /// The patient.
    Myself,
    /// Who treats the patient, the patient, and who registers patients.
    Known,
    /// Who treats the patient, and who registers patients.
    Books,
    /// Who registers patients: front desk and administrators, for all of their practice.
    Registers,
    /// The front desk, for all of the practice: who hands a patient the link to their account.
    Desk,
    /// Who registers patients, before there is one.
    Clerk,
    /// The same, with a form that is empty yet.
    ClerksForm,
    /// Who has a list of patients to work with.
    Roster,
    /// Administrators, about a patient of their practice.
    GovernsPatient,
    /// Administrators, about an account of their practice.
    GovernsAccount,
    /// Administrators.
    Governs,
    /// Administrators, with a form that is empty yet.
    GovernorsForm,
    /// Therapists and administrators, about a patient of their practice: in an emergency. Of whom they treat it is open already.
    BreaksGlass,
    /// Therapists and administrators, with a form that is empty yet.
    BreakersForm,
    /// Administrators and privacy officers.
    Audits,
    /// Administrators and privacy officers, about a patient of their practice.
    AuditsPatient,
    /// Administrators and privacy officers, about an account of their practice.
    AuditsAccount,
    /// Billing staff, about the practice.
    Bills,
    /// Billing staff, about a billing account of their practice.
    BillsAccount,
    /// Patients, about themself: the address names nobody.
    Patients,
    /// Patients, by the id of something of theirs.
    PatientsOwn,
}

impl Whom {
    /// Whether somebody of this role, who stands so to the patient (or the thing) of the address, is served.
    pub(crate) fn serves(self, role: Role, relation: Relation) -> bool {
        let here = matches!(relation, Relation::Own | Relation::Ended | Relation::Other);
        let own = relation == Relation::Own;
        let treats = own && matches!(role, Therapist | Admin);
        let myself = own && role == Patient;
        let registers = here && matches!(role, FrontDesk | Admin);
        match self {
            Self::All | Self::Half | Self::Anyone | Self::List => true,
            Self::Library => here && role != Billing,
            Self::Shelf => role != Billing,
            Self::Bills => role == Billing,
            Self::BillsAccount => here && role == Billing,
            Self::Care => treats || myself,
            Self::Treats => treats,
            Self::Myself | Self::PatientsOwn => myself,
            Self::Known => treats || myself || registers,
            Self::Books => treats || registers,
            Self::Registers => registers,
            Self::Desk => here && role == FrontDesk,
            Self::Roster => matches!(role, Therapist | FrontDesk | Admin),
            Self::Clerk | Self::ClerksForm => matches!(role, FrontDesk | Admin),
            Self::GovernsPatient => here && role == Admin,
            Self::GovernsAccount => here && role == Admin,
            Self::Governs | Self::GovernorsForm => role == Admin,
            Self::BreaksGlass => here && matches!(role, Therapist | Admin),
            Self::BreakersForm => matches!(role, Therapist | Admin),
            Self::Audits => matches!(role, Admin | PrivacyOfficer),
            Self::AuditsPatient | Self::AuditsAccount => here && matches!(role, Admin | PrivacyOfficer),
            Self::Patients => role == Patient,
        }
    }

    /// Whether the address names a patient, or a billing account.
    pub(crate) const fn about_a_patient(self) -> bool {
        use Whom::{AuditsPatient, BillsAccount, Books, Care, Desk, GovernsPatient, Known, Myself, Registers, Treats};
        matches!(
            self,
            BillsAccount | Books | Care | Treats | Myself | Known | Registers | Desk | GovernsPatient | AuditsPatient
        )
    }
}
