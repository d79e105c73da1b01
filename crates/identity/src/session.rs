//! A login session in use.

use crate::{FactorKind, FactorUse, Full, Half, Level, Origin, Scopes, record::SessionRecord};
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, PracticeId, Role, Timestamp, TokenId};
use std::marker::PhantomData;

/// Somebody who is signed in, for the length of one request.
///
/// Only [`SessionKeeper`](crate::SessionKeeper) makes one. Not `Clone`, not `Serialize`: it cannot outlive its request
/// in a cache or a job. [`Half`] and [`Full`] are different types, so that what needs a factor cannot be called with a
/// password alone.
pub struct Session<L: Level> {
    pub(crate) id: LoginSessionId,
    pub(crate) practice: PracticeId,
    pub(crate) account: AccountId,
    pub(crate) role: Role,
    pub(crate) patient: Option<PatientId>,
    pub(crate) created_at: Timestamp,
    pub(crate) factor: Option<FactorUse>,
    pub(crate) factor_asked_at: Option<Timestamp>,
    pub(crate) origin: Origin,
    pub(crate) token: Option<(TokenId, Scopes)>,
    pub(crate) level: PhantomData<fn() -> L>,
}

impl<L: Level> Session<L> {
    /// The session's id, as the ledger names it. An API token's sessions carry the token's id here.
    pub const fn id(&self) -> LoginSessionId {
        self.id
    }
    /// The practice that the account belongs to.
    pub const fn practice(&self) -> PracticeId {
        self.practice
    }
    /// Who is signed in.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// The account's role, as it stands now.
    pub const fn role(&self) -> Role {
        self.role
    }
    /// For a patient's account: which patient they are.
    pub const fn patient(&self) -> Option<PatientId> {
        self.patient
    }
    /// When the password was proven, or the API token issued. Kept over every rotation: the absolute limit counts
    /// from here.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// Since when a factor is to be proven in it again before anything else; none where nobody asked. An API token proves
    /// nothing, and is never asked.
    pub const fn factor_asked_at(&self) -> Option<Timestamp> {
        self.factor_asked_at
    }
    /// Where the present request came from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }
    /// `half` or `full`.
    pub const fn level_word(&self) -> &'static str {
        L::WORD
    }

    pub(crate) fn from_record(record: &SessionRecord, origin: Origin) -> Self {
        Self {
            id: record.id,
            practice: record.practice,
            account: record.account,
            role: record.role,
            patient: record.patient,
            created_at: record.created_at,
            factor: record.factor,
            factor_asked_at: record.factor_asked_at,
            origin,
            token: None,
            level: PhantomData,
        }
    }
}

impl Session<Full> {
    /// When a factor was last proven. For an API token: the factor under which it was issued.
    pub fn factor_at(&self) -> Timestamp {
        self.factor_use().at
    }
    /// Which kind of factor that was.
    pub fn factor_kind(&self) -> FactorKind {
        self.factor_use().kind
    }
    /// The API token behind the session, if it is one's.
    pub fn token(&self) -> Option<TokenId> {
        self.token.as_ref().map(|(id, _)| *id)
    }
    /// What an API token is limited to; none means everything that the role may.
    pub fn scopes(&self) -> Option<&[PermissionName]> {
        self.token.as_ref().map(|(_, scopes)| scopes.as_slice())
    }
    /// Whether the scopes, if there are any, contain a permission. The role and the relationship are asked elsewhere.
    pub fn in_scope(&self, permission: PermissionName) -> bool {
        self.scopes().is_none_or(|scopes| scopes.contains(&permission))
    }

    fn factor_use(&self) -> FactorUse {
        self.factor.expect("a full session is only made from a record that has a factor")
    }
}

const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<Session<Half>>();
    crosses_threads::<Session<Full>>();
};
