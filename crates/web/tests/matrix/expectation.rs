//! Who may use each route, said by hand: from the roles of the design, not from the policy.

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

/// Every route of the router.
pub(crate) const ROUTES: &[(&str, Whom)] = {
    use Whom::*;
    &[
        ("GET /", All),
        ("GET /healthz", All),
        ("GET /readyz", All),
        ("GET /assets/{version}/{*name}", All),
        ("GET /api/v1/openapi.json", All),
        ("GET /sign-in", All),
        ("POST /sign-in", All),
        ("POST /sign-out", All),
        ("POST /api/v1/session", All),
        ("GET /join/{secret}", All),
        ("POST /join/{secret}", All),
        ("POST /join/{secret}/begin", All),
        ("GET /api/v1/invitations/{secret}", All),
        ("POST /api/v1/invitations/{secret}/totp", All),
        ("POST /api/v1/invitations/{secret}/accept", All),
        ("POST /api/v1/invitations/{secret}/passkey/start", All),
        ("POST /api/v1/invitations/{secret}/passkey/finish", All),
        // On from the password to a full session, or out of it.
        ("DELETE /api/v1/session", Half),
        ("GET /sign-in/factor", Half),
        ("POST /sign-in/factor", Half),
        ("GET /sign-in/recovery", Half),
        ("POST /sign-in/recovery", Half),
        ("POST /api/v1/session/totp", Half),
        ("POST /api/v1/session/recovery", Half),
        ("POST /api/v1/session/passkey/start", Half),
        ("POST /api/v1/session/passkey/finish", Half),
        // One's own account.
        ("GET /api/v1/me", Anyone),
        ("PUT /api/v1/me/password", Anyone),
        ("POST /api/v1/me/totp", Anyone),
        ("POST /api/v1/me/totp/confirm", Anyone),
        ("POST /api/v1/me/recovery-codes", Anyone),
        ("GET /api/v1/me/passkeys", Anyone),
        ("POST /api/v1/me/passkeys/start", Anyone),
        ("POST /api/v1/me/passkeys/finish", Anyone),
        ("DELETE /api/v1/me/passkeys/{passkey_id}", Anyone),
        ("GET /api/v1/me/tokens", Anyone),
        ("POST /api/v1/me/tokens", Anyone),
        ("DELETE /api/v1/me/tokens/{token_id}", Anyone),
        ("POST /api/v1/session/step-up/totp", Anyone),
        ("POST /api/v1/session/step-up/passkey/start", Anyone),
        ("POST /api/v1/session/step-up/passkey/finish", Anyone),
        ("GET /api/v1/sessions", Anyone),
        ("DELETE /api/v1/sessions", Anyone),
        ("DELETE /api/v1/sessions/{session_id}", Anyone),
        ("GET /account", Anyone),
        ("GET /account/password", Anyone),
        ("POST /account/password", Anyone),
        ("GET /account/authenticator", Anyone),
        ("POST /account/authenticator", Anyone),
        ("POST /account/authenticator/confirm", Anyone),
        ("GET /account/recovery-codes", Anyone),
        ("POST /account/recovery-codes", Anyone),
        ("GET /account/passkeys", Anyone),
        ("POST /account/passkeys/{passkey_id}/remove", Anyone),
        ("GET /account/tokens", Anyone),
        ("POST /account/tokens", Anyone),
        ("POST /account/tokens/{token_id}/revoke", Anyone),
        ("GET /account/confirm", Anyone),
        ("POST /account/confirm", Anyone),
        ("GET /account/sessions", Anyone),
        ("POST /account/sessions/end-all", Anyone),
        ("POST /account/sessions/{session_id}/end", Anyone),
        // The library says nothing about anybody.
        ("GET /api/v1/exercises", Shelf),
        ("GET /api/v1/exercises/{exercise_id}", Library),
        ("GET /api/v1/exercises/{exercise_id}/pictures/{n}", Library),
        ("GET /exercises", Shelf),
        ("GET /exercises/picks", Shelf),
        ("GET /exercises/{exercise_id}", Library),
        ("GET /exercises/{exercise_id}/pictures/{n}", Library),
        // Patients.
        ("GET /api/v1/patients", List),
        ("GET /patients", Roster),
        ("POST /patients", Roster),
        ("POST /api/v1/patients/find", Roster),
        ("POST /api/v1/patients", Clerk),
        ("GET /patients/new", ClerksForm),
        ("POST /patients/new", Clerk),
        ("GET /api/v1/patients/{patient_id}", Known),
        ("GET /patients/{patient_id}", Books),
        ("PUT /api/v1/patients/{patient_id}", Registers),
        ("GET /patients/{patient_id}/edit", Registers),
        ("POST /patients/{patient_id}/edit", Registers),
        ("POST /api/v1/patients/{patient_id}/invitation", Desk),
        ("POST /patients/{patient_id}/invitation", Desk),
        ("GET /api/v1/patients/{patient_id}/program", Care),
        ("PUT /api/v1/patients/{patient_id}/program", Treats),
        ("GET /api/v1/patients/{patient_id}/program/versions", Care),
        ("GET /api/v1/patients/{patient_id}/program/versions/{program_id}/{version}", Care),
        ("GET /patients/{patient_id}/program", Treats),
        ("GET /patients/{patient_id}/program/edit", Treats),
        ("POST /patients/{patient_id}/program/edit", Treats),
        ("GET /patients/{patient_id}/program/versions/{program_id}/{version}", Treats),
        ("POST /api/v1/patients/{patient_id}/program/end", Treats),
        ("GET /patients/{patient_id}/program/end", Treats),
        ("POST /patients/{patient_id}/program/end", Treats),
        ("GET /api/v1/patients/{patient_id}/notes", Treats),
        ("POST /api/v1/patients/{patient_id}/notes", Treats),
        ("GET /patients/{patient_id}/notes", Treats),
        ("POST /patients/{patient_id}/notes", Treats),
        ("GET /api/v1/patients/{patient_id}/visits", Known),
        ("POST /api/v1/patients/{patient_id}/visits", Books),
        ("GET /api/v1/patients/{patient_id}/visits/{visit_id}", Known),
        ("PUT /api/v1/patients/{patient_id}/visits/{visit_id}", Books),
        ("GET /patients/{patient_id}/visits", Known),
        ("POST /patients/{patient_id}/visits", Books),
        ("POST /patients/{patient_id}/visits/{visit_id}", Books),
        ("GET /api/v1/patients/{patient_id}/visits/{visit_id}/charge", Treats),
        ("POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge", Treats),
        ("POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/correction", Treats),
        ("POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/units", Treats),
        ("POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/withdrawal", Treats),
        ("GET /patients/{patient_id}/visits/{visit_id}/charge", Treats),
        ("POST /patients/{patient_id}/visits/{visit_id}/charge", Treats),
        ("GET /api/v1/patients/{patient_id}/notes/{note_id}", Treats),
        ("POST /api/v1/patients/{patient_id}/notes/{note_id}/amendment", Treats),
        ("GET /patients/{patient_id}/notes/{note_id}/amend", Treats),
        ("POST /patients/{patient_id}/notes/{note_id}/amend", Treats),
        ("GET /api/v1/patients/{patient_id}/progress", Care),
        ("GET /api/v1/patients/{patient_id}/today", Care),
        ("GET /api/v1/patients/{patient_id}/log", Care),
        ("POST /api/v1/patients/{patient_id}/log", Myself),
        ("GET /api/v1/patients/{patient_id}/log/{entry_id}", Care),
        ("POST /api/v1/patients/{patient_id}/log/{entry_id}/correction", Myself),
        ("GET /patients/{patient_id}/log", Treats),
        ("GET /api/v1/patients/{patient_id}/access-log", Myself),
        ("POST /api/v1/patients/{patient_id}/log/{entry_id}/void", Care),
        ("GET /patients/{patient_id}/log/{entry_id}/void", Treats),
        ("POST /patients/{patient_id}/log/{entry_id}/void", Treats),
        ("POST /log/{entry_id}/void", PatientsOwn),
        ("POST /api/v1/patients/{patient_id}/notes/{note_id}/void", Treats),
        ("GET /patients/{patient_id}/notes/{note_id}/void", Treats),
        ("POST /patients/{patient_id}/notes/{note_id}/void", Treats),
        ("POST /api/v1/patients/{patient_id}/visits/{visit_id}/void", Books),
        ("GET /patients/{patient_id}/visits/{visit_id}/void", Books),
        ("POST /patients/{patient_id}/visits/{visit_id}/void", Books),
        ("POST /api/v1/patients/{patient_id}/program/versions/{program_id}/{version}/void", Treats),
        ("GET /patients/{patient_id}/program/versions/{program_id}/{version}/void", Treats),
        ("POST /patients/{patient_id}/program/versions/{program_id}/{version}/void", Treats),
        ("GET /today", Patients),
        ("GET /today/{item_id}", PatientsOwn),
        ("POST /today/{item_id}", PatientsOwn),
        ("GET /log/{entry_id}/correct", PatientsOwn),
        ("POST /log/{entry_id}/correct", PatientsOwn),
        ("GET /week", Patients),
        ("GET /progress", Patients),
        ("GET /who-looked", Patients),
        // Billing.
        ("GET /billing", Bills),
        ("GET /api/v1/billing/dashboard", Bills),
        ("GET /billing/charges", Bills),
        ("GET /api/v1/billing/drafts", Bills),
        ("GET /billing/accounts", Bills),
        ("GET /api/v1/billing/accounts", Bills),
        ("GET /billing/accounts/{billing_account_id}", BillsAccount),
        ("POST /billing/accounts/{billing_account_id}/payer", BillsAccount),
        ("POST /billing/accounts/{billing_account_id}/bookings", BillsAccount),
        ("GET /api/v1/billing/accounts/{billing_account_id}", BillsAccount),
        ("PUT /api/v1/billing/accounts/{billing_account_id}/payer", BillsAccount),
        ("GET /billing/accounts/{billing_account_id}/statement", BillsAccount),
        ("GET /billing/accounts/{billing_account_id}/charges", BillsAccount),
        ("GET /billing/accounts/{billing_account_id}/bookings", BillsAccount),
        ("GET /api/v1/billing/accounts/{billing_account_id}/charges", BillsAccount),
        ("GET /api/v1/billing/accounts/{billing_account_id}/bookings", BillsAccount),
        ("GET /billing/accounts/{billing_account_id}/statement.pdf", BillsAccount),
        ("GET /billing/accounts/{billing_account_id}/bookings/{booking_id}/receipt.pdf", BillsAccount),
        ("GET /api/v1/billing/accounts/{billing_account_id}/statement.pdf", BillsAccount),
        ("GET /api/v1/billing/accounts/{billing_account_id}/bookings/{booking_id}/receipt.pdf", BillsAccount),
        ("GET /billing/accounts/{billing_account_id}/charges/{charge_id}", BillsAccount),
        ("POST /billing/accounts/{billing_account_id}/charges/{charge_id}/bill", BillsAccount),
        ("POST /billing/accounts/{billing_account_id}/charges/{charge_id}/void", BillsAccount),
        ("POST /billing/accounts/{billing_account_id}/charges/{charge_id}/ask", BillsAccount),
        ("GET /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}", BillsAccount),
        ("POST /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/bill", BillsAccount),
        ("POST /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/void", BillsAccount),
        ("POST /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/ask", BillsAccount),
        ("POST /api/v1/billing/accounts/{billing_account_id}/bookings", BillsAccount),
        ("POST /api/v1/billing/accounts/{billing_account_id}/bookings/{booking_id}/void", BillsAccount),
        ("POST /billing/accounts/{billing_account_id}/bookings/{booking_id}/void", BillsAccount),
        ("GET /billing/fees", Bills),
        ("POST /billing/fees", Bills),
        ("GET /api/v1/billing/fees", Bills),
        ("POST /api/v1/billing/fees", Bills),
        ("GET /billing/payers", Bills),
        ("POST /billing/payers", Bills),
        ("GET /api/v1/billing/payers", Bills),
        ("POST /api/v1/billing/payers", Bills),
        ("GET /billing/bookings.csv", Bills),
        ("GET /api/v1/billing/bookings.csv", Bills),
        // The practice.
        ("GET /api/v1/patients/{patient_id}/care-team", GovernsPatient),
        ("POST /api/v1/patients/{patient_id}/care-team", GovernsPatient),
        ("DELETE /api/v1/patients/{patient_id}/care-team/{care_link_id}", GovernsPatient),
        ("GET /patients/{patient_id}/care-team", GovernsPatient),
        ("POST /patients/{patient_id}/care-team", GovernsPatient),
        ("POST /patients/{patient_id}/care-team/{care_link_id}/end", GovernsPatient),
        ("GET /api/v1/patients/{patient_id}/merge", AuditsPatient),
        ("POST /api/v1/patients/{patient_id}/merge", AuditsPatient),
        ("DELETE /api/v1/patients/{patient_id}/merge", AuditsPatient),
        ("GET /patients/{patient_id}/merge", AuditsPatient),
        ("POST /patients/{patient_id}/merge", AuditsPatient),
        ("POST /patients/{patient_id}/merge/undo", AuditsPatient),
        ("GET /api/v1/patients/{patient_id}/restrictions", AuditsPatient),
        ("POST /api/v1/patients/{patient_id}/restrictions", AuditsPatient),
        ("DELETE /api/v1/patients/{patient_id}/restrictions/{restriction_id}", AuditsPatient),
        ("GET /patients/{patient_id}/restrictions", AuditsPatient),
        ("POST /patients/{patient_id}/restrictions", AuditsPatient),
        ("POST /patients/{patient_id}/restrictions/{restriction_id}/end", AuditsPatient),
        ("GET /api/v1/accounts", Governs),
        ("GET /api/v1/accounts/{account_id}", GovernsAccount),
        ("PUT /api/v1/accounts/{account_id}", GovernsAccount),
        ("POST /api/v1/accounts/{account_id}/invitation", GovernsAccount),
        ("POST /api/v1/invitations", Governs),
        ("GET /people", Governs),
        ("GET /people/invite", GovernorsForm),
        ("POST /people/invite", Governs),
        ("GET /people/{account_id}", GovernsAccount),
        ("POST /people/{account_id}", GovernsAccount),
        ("POST /people/{account_id}/invitation", GovernsAccount),
        ("GET /api/v1/audit", Audits),
        ("GET /audit", Audits),
        ("GET /api/v1/audit/week", Audits),
        ("GET /audit/week", Audits),
        ("GET /api/v1/audit/export", Audits),
        ("GET /api/v1/alerts", Audits),
        ("GET /api/v1/alerts/{alert_id}", Audits),
        ("POST /api/v1/alerts/{alert_id}/review", Audits),
        ("GET /api/v1/alerts/settings", Audits),
        ("PUT /api/v1/alerts/settings/{setting}", Audits),
        ("GET /alerts", Audits),
        ("GET /alerts/{alert_id}", Audits),
        ("POST /alerts/{alert_id}", Audits),
        ("GET /alerts/settings", Audits),
        ("POST /alerts/settings", Audits),
        ("GET /api/v1/retention/holds", Audits),
        ("POST /api/v1/retention/holds", Audits),
        ("DELETE /api/v1/retention/holds/{hold_id}", Audits),
        ("POST /api/v1/retention/billing-plans", Audits),
        ("GET /api/v1/retention/plans", Audits),
        ("POST /api/v1/retention/plans", Audits),
        ("GET /api/v1/retention/plans/{plan_id}", Audits),
        ("GET /api/v1/retention/plans/{plan_id}/patients", Audits),
        ("GET /api/v1/retention/plans/{plan_id}/accounts", Audits),
        ("POST /api/v1/retention/plans/{plan_id}/approval", Audits),
        ("DELETE /api/v1/retention/plans/{plan_id}", Audits),
        ("GET /retention", Audits),
        ("POST /retention", Audits),
        ("POST /retention/billing", Audits),
        ("POST /retention/holds", Audits),
        ("POST /retention/holds/{hold_id}/lift", Audits),
        ("GET /retention/plans/{plan_id}", Audits),
        ("POST /retention/plans/{plan_id}/approve", Audits),
        ("POST /retention/plans/{plan_id}/withdraw", Audits),
        ("GET /api/v1/policy", Audits),
        ("GET /policy", Audits),
        ("GET /api/v1/policy/patients/{patient_id}", AuditsPatient),
        ("GET /policy/patients/{patient_id}", AuditsPatient),
        ("GET /api/v1/policy/accounts/{account_id}", AuditsAccount),
        ("GET /policy/accounts/{account_id}", AuditsAccount),
    ]
};

/// The row of a route.
pub(crate) fn whom(name: &str) -> Option<Whom> {
    ROUTES.iter().find(|(route, _)| *route == name).map(|(_, whom)| *whom)
}
