//! How an account stands to a patient, and which billing account is whose: what the kernel asks of stores.

use crate::{
    field::Sealed,
    registry::fields::billing_links::{Kept, Linked},
};
use domain::{
    AccountId, BillingAccountId, BillingLinkId, IncidentId, LoginSessionId, PatientId, PracticeId, Timestamp,
};
use std::{future::Future, pin::Pin};

/// How an account stands to a patient at one moment: what the policy decides on besides the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Relation {
    /// An assigned or covering member of the care team, started and not ended.
    pub on_care_team: bool,
    /// The patient's own account.
    pub is_self: bool,
    /// The patient is registered in the account's practice: they have a key there.
    pub registered: bool,
    /// The patient was come to from their billing account, through the sealed link. Nobody but the guard can say so.
    pub billed: bool,
    /// The patient has no record yet and never had one: one is being brought in from elsewhere. Nobody but the guard can
    /// say so, and only while it makes the patient's key.
    pub newcomer: bool,
    /// On the care team as one of the patient's own therapists, not as one who stands in.
    pub assigned: bool,
    /// The patient asked that this account be kept away, and the practice agreed.
    pub kept_away: bool,
    /// The patient asked that notes be for their own therapists only, and the practice agreed.
    pub notes_withheld: bool,
    /// The record was made twice: this one is closed, and another goes on.
    pub merged: bool,
    /// The destruction of the record has begun: what would be written now would be lost.
    pub condemned: bool,
    /// The account opened the record in an emergency, in this login session, less than an hour ago, and did not end that.
    pub glass: bool,
    /// That the record was opened in an emergency is looked into. Nobody but the guard can say so.
    pub under_review: bool,
    /// The patient stands written down as affected by the breach of which they are to be told. Nobody but the guard can say so.
    pub affected: bool,
}

/// How an account stands to a patient by what is stored: places on the care team, what the patient asked for, and whether
/// the record goes on elsewhere. For a record that was made twice the care team is that of the one that goes on; restrictions of all records of
/// the person hold for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ties {
    /// On the care team at this moment: started, not ended.
    pub member: bool,
    /// The same, as one of the patient's own therapists.
    pub assigned: bool,
    /// A restriction in force keeps this account away.
    pub kept_away: bool,
    /// A restriction in force keeps notes to the patient's own therapists.
    pub notes_withheld: bool,
    /// The patient as whom the record goes on, where it was made twice.
    pub merged_into: Option<PatientId>,
    /// The destruction of this record has begun and is not certified.
    pub condemned: bool,
    /// The account has this record open in an emergency, in the login session that is asked about.
    pub glass: bool,
}

/// A store that the kernel asks could not answer. Nothing is opened then.
#[derive(Debug, thiserror::Error)]
#[error("a store did not answer")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What a store answers, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Where the kernel learns who treats whom, and what patients asked for.
pub trait CareTeams: Send + Sync {
    /// How the account stands to the patient at this moment, in this login session; without one, in any that it has.
    fn ties(
        &self,
        practice: PracticeId,
        account: AccountId,
        session: Option<LoginSessionId>,
        patient: PatientId,
        at: Timestamp,
    ) -> Answer<'_, Ties>;

    /// Whether the patient stands condemned in a plan of destruction that two people approved, and their key is not destroyed.
    fn is_condemned(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, bool>;

    /// Whom the patient asked to be kept away, and the practice agreed, in any record of the same person.
    fn kept_away(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, Vec<AccountId>>;

    /// Whom an incident affects, as it was written down when it was frozen; nobody while it is not assessed as a breach.
    fn affected_by_breach(&self, practice: PracticeId, incident: IncidentId) -> Answer<'_, Vec<PatientId>>;
}

/// A link between a patient and a billing account, as it is stored.
pub struct StoredLink {
    /// The practice.
    pub practice: PracticeId,
    /// Its name; says neither of the two.
    pub link: BillingLinkId,
    /// Finds it from the patient's side.
    pub patient_index: [u8; 32],
    /// Finds it from the account's side.
    pub account_index: [u8; 32],
    /// The two.
    pub sealed: Sealed<Linked>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Name and contact, where the record is destroyed or about to be.
    pub kept: Option<Sealed<Kept>>,
}

/// Where the kernel keeps the links between patients and billing accounts: neither with the one nor with the other.
pub trait BillingLinks: Send + Sync {
    /// The link of a patient.
    fn of_patient(&self, practice: PracticeId, patient_index: [u8; 32]) -> Answer<'_, Option<StoredLink>>;
    /// The link of a billing account.
    fn of_account(&self, practice: PracticeId, account_index: [u8; 32]) -> Answer<'_, Option<StoredLink>>;
    /// Adds a link, durably. Says whether it was added: a patient has one at most.
    fn add(&self, link: StoredLink) -> Answer<'_, bool>;
    /// Stores name and contact with a link, or takes them away, durably. Says whether the link was there.
    fn keep(&self, practice: PracticeId, link: BillingLinkId, kept: Option<Sealed<Kept>>) -> Answer<'_, bool>;
    /// Sees to it that an account stays that is about to be charged: it is taken out of the plans of destruction in which it
    /// waits. Says no where its destruction has begun.
    fn claim(&self, practice: PracticeId, account: BillingAccountId) -> Answer<'_, bool>;
}
