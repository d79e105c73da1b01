//! The one door: decides, records, and hands out the keys.

mod archive;
mod arrival;
mod billing;
mod condemned;
mod explain;
mod facts;
mod glass;
mod held;
mod kept;
mod notify;
mod purpose;
mod search;

pub use archive::ArchiveGrant;
pub use billing::{BillingGrant, ChargingAccount, ChargingGrant, Claim, Draft};
pub use explain::Standing;
pub use glass::GlassError;
pub use kept::{ContactKept, Followed, KeepError, KeptGrant, SealedContact};
pub use notify::Notified;
pub use purpose::Purpose;
pub use search::{NameSearch, SealedName, SealedPerson, SearchError};

use facts::Facts;

use crate::{
    cipher::{self, Owner},
    class::{ClassId, PatientClass},
    field::{Clear, Field, OpenError, RowId, Sealed},
    keyring::{ClassKeys, KeyError, Keyring, WrappedKey},
    permission::{Covers, Permission, PracticePermission, ReadIdentity, WriteIdentity, Writes},
    policy::{Policy, Ruling},
    registry::fields::patients,
    relation::{BillingLinks, CareTeams, Relation, Unavailable},
    vault::VaultError,
};
use domain::{AccountId, BirthDate, Clock, PatientId, PermissionName, PracticeId, Rng};
use identity::{Full, Session};
use ledger::{Entry, LedgerError, LedgerHandle, Outcome, Receipt, Word};
use std::{marker::PhantomData, sync::Arc};

/// Leave to use permission `P` on one patient's record: the proof that it was allowed and recorded, and the keys that it
/// covers. Not `Clone`; cannot outlive its session; nobody but the [`Guard`] makes one.
pub struct Grant<'s, P> {
    session: &'s Session<Full>,
    subject: PatientId,
    receipt: Receipt,
    keys: ClassKeys<P>,
    rng: Arc<dyn Rng>,
    emergency: bool,
}

impl<P: Permission> Grant<'_, P> {
    /// Opens a field of this patient, lent for as long as the grant lives.
    pub fn open<F: Field>(&self, sealed: &Sealed<F>) -> Result<Clear<'_, F::Value>, OpenError>
    where
        F::Class: PatientClass,
        P: Covers<F::Class>,
    {
        let class = <F::Class as crate::class::Class>::ID;
        cipher::open_of(class, self.owner(), sealed, |class, version| self.keys.version(class, version)).map(Clear::new)
    }

    /// Opens a field that may be empty.
    pub fn open_optional<F: Field>(&self, sealed: Option<&Sealed<F>>) -> Result<Option<Clear<'_, F::Value>>, OpenError>
    where
        F::Class: PatientClass,
        P: Covers<F::Class>,
    {
        sealed.map(|sealed| self.open(sealed)).transpose()
    }

    /// Seals a value for a row of this patient.
    pub fn seal<F: Field>(&self, row: RowId, value: &F::Value) -> Sealed<F>
    where
        F::Class: PatientClass,
        P: Writes<F::Class>,
    {
        let class = <F::Class as crate::class::Class>::ID;
        let key = self.keys.newest(class).expect("a grant carries the keys of every class that it writes");
        cipher::seal(self.owner(), row, key, &*self.rng, value)
    }

    const fn owner(&self) -> Owner {
        Owner { practice: self.session.practice(), subject: *self.subject.as_bytes() }
    }
}

impl<P> Grant<'_, P> {
    /// Whose record.
    pub const fn subject(&self) -> PatientId {
        self.subject
    }
    /// The practice.
    pub const fn practice(&self) -> PracticeId {
        self.session.practice()
    }
    /// Who was allowed.
    pub const fn account(&self) -> AccountId {
        self.session.account()
    }
    /// Where it stands in the ledger.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }
    /// Whether it was allowed only because the record is open in an emergency.
    pub const fn is_emergency(&self) -> bool {
        self.emergency
    }
}

/// Leave to use permission `P` on the practice as a whole. Opens no patient's field.
pub struct PracticeGrant<'s, P> {
    session: &'s Session<Full>,
    receipt: Receipt,
    permission: PhantomData<fn() -> P>,
}

impl<'s, P> PracticeGrant<'s, P> {
    /// The practice.
    pub const fn practice(&self) -> PracticeId {
        self.session.practice()
    }
    /// Who was allowed.
    pub const fn account(&self) -> AccountId {
        self.session.account()
    }
    /// The session in which it was allowed.
    pub const fn session(&self) -> &'s Session<Full> {
        self.session
    }
    /// Where it stands in the ledger.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

/// No grant.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The policy said no, or there is no such record: nobody outside can tell which.
    #[error("there is no such record, or it is not open to this account")]
    Denied,
    /// The record was destroyed when its time was over. Said only to who would be let in were it still there.
    #[error("the record was destroyed when its time was over")]
    Gone,
    /// The destruction of the billing account that this would be written on has begun.
    #[error("the destruction of this billing account has begun")]
    Ending,
    /// It could not be recorded, so it was not done (law 2).
    #[error("the audit trail cannot be written")]
    Unrecorded(#[source] LedgerError),
    /// A store that the decision needs did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A key could not be had.
    #[error(transparent)]
    Key(KeyError),
}

impl From<KeyError> for AccessError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable(unavailable) => Self::Unavailable(unavailable),
            other => Self::Key(other),
        }
    }
}

/// Decides, records, hands out keys: in this order and in this place only.
pub struct Guard {
    policy: Policy,
    ledger: LedgerHandle,
    keyring: Arc<Keyring>,
    teams: Arc<dyn CareTeams>,
    links: Arc<dyn BillingLinks>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Guard {
    /// Puts the kernel together.
    pub fn new(
        policy: Policy,
        ledger: LedgerHandle,
        keyring: Arc<Keyring>,
        teams: Arc<dyn CareTeams>,
        links: Arc<dyn BillingLinks>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        Self { policy, ledger, keyring, teams, links, clock, rng }
    }

    /// A [`Grant`] on one patient, for whoever stands to them as the policy wants it: decides (pure), records (durable, yes or no), hands
    /// out the keys.
    pub async fn authorize<'s, P: Permission>(
        &self,
        session: &'s Session<Full>,
        subject: PatientId,
        purpose: Purpose,
    ) -> Result<Grant<'s, P>, AccessError> {
        let one = self.decide_each(session, &[subject], purpose).await?.pop();
        one.unwrap_or(Err(AccessError::Denied))
    }

    /// The same for a whole list, with one durable append and one entry per record. Those that were denied are left out.
    pub async fn authorize_each<'s, P: Permission>(
        &self,
        session: &'s Session<Full>,
        subjects: &[PatientId],
        purpose: Purpose,
    ) -> Result<Vec<Grant<'s, P>>, AccessError> {
        let mut grants = Vec::with_capacity(subjects.len());
        for decided in self.decide_each(session, subjects, purpose).await? {
            match decided {
                Ok(grant) => grants.push(grant),
                Err(AccessError::Denied | AccessError::Gone) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(grants)
    }

    async fn decide_each<'s, P: Permission>(
        &self,
        session: &'s Session<Full>,
        subjects: &[PatientId],
        purpose: Purpose,
    ) -> Result<Vec<Result<Grant<'s, P>, AccessError>>, AccessError> {
        let mut facts = Vec::with_capacity(subjects.len());
        for subject in subjects {
            facts.push(self.facts::<P>(session, *subject).await?);
        }
        self.record_each(session, facts, purpose).await
    }

    /// What follows from facts: recorded in one durable append, then the keys of those that are allowed.
    async fn record_each<'s, P: Permission>(
        &self,
        session: &'s Session<Full>,
        facts: Vec<Facts>,
        purpose: Purpose,
    ) -> Result<Vec<Result<Grant<'s, P>, AccessError>>, AccessError> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let entry = |one: &Facts| {
            let purpose = if one.emergency { purpose.in_emergency() } else { purpose.clone() };
            self.entry(session, P::NAME, Some(one.subject), &purpose, &one.ruling)
        };
        let entries = facts.iter().map(entry).collect();
        let receipts = self.ledger.append(entries).await.map_err(AccessError::Unrecorded)?;
        let mut decided = Vec::with_capacity(facts.len());
        for (one, receipt) in facts.into_iter().zip(receipts) {
            decided.push(match one {
                Facts { gone: true, .. } => Err(AccessError::Gone),
                // An allowed patient without a key is one whose key was destroyed: nothing is left to open.
                Facts { ruling, wrapped, subject, emergency, .. } if ruling.allowed && !wrapped.is_empty() => {
                    let grant = self.grant(session, subject, receipt, &wrapped).await;
                    grant.map(|grant| Grant { emergency, ..grant })
                }
                _ => Err(AccessError::Denied),
            });
        }
        Ok(decided)
    }

    /// Opens the birth date of a patient whose retention is judged, against the proof that this was recorded. It and
    /// [`Guard::archive`] and [`Guard::keep_contact`] are all that opens without a session, and it is needed: whether somebody was a minor decides how long their record is kept.
    pub async fn birth_date<'r>(
        &self,
        _recorded: &'r Receipt,
        practice: PracticeId,
        patient: PatientId,
        sealed: &Sealed<patients::Born>,
    ) -> Result<Clear<'r, BirthDate>, VaultError> {
        let wrapped = self.keyring.wrapped(practice, patient).await?;
        let keys = self.keyring.class_keys::<ReadIdentity>(practice, patient, &wrapped, ReadIdentity::CLASSES).await?;
        let owner = Owner { practice, subject: *patient.as_bytes() };
        Ok(cipher::open(owner, sealed, |version| keys.version(ClassId::Identifying, version)).map(Clear::new)?)
    }

    /// Registers a new patient: a permission to write who they are, a key of their own, and a grant for both.
    pub async fn register<'s>(
        &self,
        session: &'s Session<Full>,
        subject: PatientId,
        purpose: Purpose,
    ) -> Result<Grant<'s, WriteIdentity>, AccessError> {
        // The patient is about to be registered here; asked so that the same policy decides on old and new ones.
        let relation = Relation { registered: true, ..Relation::default() };
        let ruling = self.rule(session, WriteIdentity::NAME, Some(relation));
        let entry = self.entry(session, WriteIdentity::NAME, Some(subject), &purpose, &ruling);
        let receipt = self.append_one(entry).await?;
        if !ruling.allowed {
            return Err(AccessError::Denied);
        }
        let wrapped = self.keyring.create_patient_key(session.practice(), subject, self.clock.now()).await?;
        self.grant(session, subject, receipt, &wrapped).await
    }

    /// Leave to look for patients, or to register one, before it is known whom: decided as if the best relation that the
    /// account could have to a patient held, and recorded without one. It opens nothing; whoever is found is asked for
    /// one by one.
    pub async fn authorize_search<P: Permission>(
        &self,
        session: &Session<Full>,
        purpose: Purpose,
    ) -> Result<Receipt, AccessError> {
        let ruling = self.best_ruling(session, P::NAME);
        let receipt = self.append_one(self.entry(session, P::NAME, None, &purpose, &ruling)).await?;
        if ruling.allowed { Ok(receipt) } else { Err(AccessError::Denied) }
    }

    fn best_ruling(&self, session: &Session<Full>, permission: PermissionName) -> Ruling {
        let own = session.patient().is_some();
        let best =
            Relation { registered: true, on_care_team: !own, is_self: own, assigned: !own, ..Relation::default() };
        self.rule(session, permission, Some(glass::supposed(permission, best)))
    }

    /// Leave to use a permission on the practice as a whole, decided and recorded like any other.
    pub async fn authorize_practice<'s, P: PracticePermission>(
        &self,
        session: &'s Session<Full>,
        purpose: Purpose,
    ) -> Result<PracticeGrant<'s, P>, AccessError> {
        let ruling = self.rule(session, P::NAME, None);
        let receipt = self.append_one(self.entry(session, P::NAME, None, &purpose, &ruling)).await?;
        if !ruling.allowed {
            return Err(AccessError::Denied);
        }
        Ok(PracticeGrant { session, receipt, permission: PhantomData })
    }

    fn rule(&self, session: &Session<Full>, permission: PermissionName, relation: Option<Relation>) -> Ruling {
        if !session.in_scope(permission) {
            return Ruling { allowed: false, rule: Word::new("token-scope") };
        }
        match relation {
            Some(relation) => self.policy.on_patient(session.role(), permission, relation),
            None => self.policy.on_practice(session.role(), permission),
        }
    }

    fn entry(
        &self,
        session: &Session<Full>,
        permission: PermissionName,
        patient: Option<PatientId>,
        purpose: &Purpose,
        ruling: &Ruling,
    ) -> Entry {
        Entry {
            at: self.clock.now(),
            practice: Some(session.practice()),
            actor: Some(session.account()),
            role: Some(session.role()),
            login_session: Some(session.id()),
            permission: Some(permission),
            action: Word::new(permission.word()),
            purpose: Some(purpose.kind),
            resource: purpose.resource.clone(),
            patient,
            outcome: if ruling.allowed { Outcome::Allowed } else { Outcome::Denied },
            reason: ruling.rule.clone(),
            address: session.origin().address,
            request: session.origin().request,
        }
    }

    async fn append_one(&self, entry: Entry) -> Result<Receipt, AccessError> {
        let mut receipts = self.ledger.append(vec![entry]).await.map_err(AccessError::Unrecorded)?;
        receipts.pop().ok_or(AccessError::Unrecorded(LedgerError::Closed))
    }

    async fn grant<'s, P: Permission>(
        &self,
        session: &'s Session<Full>,
        subject: PatientId,
        receipt: Receipt,
        wrapped: &[WrappedKey],
    ) -> Result<Grant<'s, P>, AccessError> {
        let keys = self.class_keys(session.practice(), subject, wrapped, P::CLASSES).await?;
        Ok(Grant { session, subject, receipt, keys, rng: self.rng.clone(), emergency: false })
    }

    /// The class keys of wrapped keys as they were read, or, where what wraps them was let go since, as they are now.
    async fn class_keys<P>(
        &self,
        practice: PracticeId,
        subject: PatientId,
        wrapped: &[WrappedKey],
        classes: &'static [ClassId],
    ) -> Result<ClassKeys<P>, AccessError> {
        match self.keyring.class_keys(practice, subject, wrapped, classes).await {
            Err(KeyError::Missing(_)) => {
                let wrapped = self.keyring.wrapped(practice, subject).await?;
                if wrapped.is_empty() {
                    return Err(AccessError::Denied);
                }
                Ok(self.keyring.class_keys(practice, subject, &wrapped, classes).await?)
            }
            had => Ok(had?),
        }
    }
}
