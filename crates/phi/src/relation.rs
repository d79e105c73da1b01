//! How an account stands to a patient.

use domain::{AccountId, PatientId, PracticeId, Timestamp};
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
}

/// A store that the kernel asks could not answer. Nothing is opened then.
#[derive(Debug, thiserror::Error)]
#[error("a store did not answer")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What a store answers, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Where the kernel learns who treats whom.
pub trait CareTeams: Send + Sync {
    /// Whether the account is on the patient's care team at this moment: started, not ended.
    fn is_member(
        &self,
        practice: PracticeId,
        account: AccountId,
        patient: PatientId,
        at: Timestamp,
    ) -> Answer<'_, bool>;
}
