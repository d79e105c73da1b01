//! What the guard would say, for those who watch over the policy. Nothing is opened, and no grant comes of it.

use super::{AccessError, Guard, PracticeGrant, Purpose, facts::Found};
use crate::{
    permission::{BreakGlass, Permission, PracticePermission, ReadContact},
    policy::{Policy, Ruling},
    relation::Relation,
};
use domain::{PatientId, PermissionName, PracticeId};
use identity::{AccountClaims, Full, Session};
use ledger::Word;
use std::marker::PhantomData;

/// How an account stands to a patient at this moment, and what it therefore may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The facts that the policy was asked with.
    pub relation: Relation,
    /// Each permission that it has, with the policy that gives it.
    pub allowed: Vec<(PermissionName, Word)>,
}

impl Guard {
    /// The policy that this guard asks.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What a full session of this account would be allowed on a patient at this moment: the facts are found out and the
    /// policy is asked exactly as [`Guard::authorize`] does it. An account that is not active is allowed nothing, and on a
    /// record that was destroyed nobody is, but billing what it keeps.
    pub async fn explain(&self, account: &AccountClaims, subject: PatientId) -> Result<Standing, AccessError> {
        let Found { destroyed, relation, .. } =
            self.find_out(account.practice, account.account, None, account.patient, subject).await?;
        // Whoever may follow links comes to every patient who has one.
        let billed = relation.registered && self.has_account(account.practice, subject).await?;
        // Of a record that was destroyed there is what billing keeps, and nothing else.
        let kept = if destroyed { self.kept_from(account.practice, subject, account.account).await? } else { None };
        let relation = Relation { billed, kept_away: relation.kept_away || kept == Some(true), ..relation };
        let ask = |permission: &PermissionName| {
            let Ruling { allowed, rule } = self.policy.on_patient(account.role, *permission, relation);
            let is_there = !destroyed || (kept.is_some() && *permission == ReadContact::NAME);
            // Whose glass is broken already is not to be broken.
            let is_asked = *permission != BreakGlass::NAME;
            (allowed && account.active && is_there && is_asked).then_some((*permission, rule))
        };
        Ok(Standing { relation, allowed: PermissionName::ALL.iter().filter_map(ask).collect() })
    }

    /// Whether the policy would let this session use `P` on a patient at this moment: for a page that must not offer what
    /// would be refused. Opens nothing, and is no leave to.
    pub async fn would_allow<P: Permission>(
        &self,
        session: &Session<Full>,
        subject: PatientId,
    ) -> Result<bool, AccessError> {
        Ok(self.facts::<P>(session, subject).await?.ruling.allowed)
    }

    /// The same, were the record not open in an emergency: for what can wait until somebody does it who treats the patient.
    pub async fn would_allow_in_care<P: Permission>(
        &self,
        session: &Session<Full>,
        subject: PatientId,
    ) -> Result<bool, AccessError> {
        let facts = self.facts::<P>(session, subject).await?;
        Ok(facts.ruling.allowed && !facts.emergency)
    }

    /// Whether a patient is, or was, registered in a practice: they have a key there, or had one that was destroyed.
    async fn is_registered(&self, practice: PracticeId, subject: PatientId) -> Result<bool, AccessError> {
        let has_key = !self.keyring.wrapped(practice, subject).await?.is_empty();
        Ok(has_key || self.keyring.destroyed(practice, subject).await?)
    }

    /// Leave to use a permission on the practice in a question about one patient of it; recorded under that patient. A
    /// patient who is not registered here is denied like one who is not there.
    pub async fn authorize_about<'s, P: PracticePermission>(
        &self,
        session: &'s Session<Full>,
        subject: PatientId,
        purpose: Purpose,
    ) -> Result<PracticeGrant<'s, P>, AccessError> {
        let registered = self.is_registered(session.practice(), subject).await?;
        let mut ruling = self.rule(session, P::NAME, None);
        if ruling.allowed && !registered {
            ruling = Ruling { allowed: false, rule: Word::new("no-such-patient") };
        }
        let receipt = self.append_one(self.entry(session, P::NAME, Some(subject), &purpose, &ruling)).await?;
        if !ruling.allowed {
            return Err(AccessError::Denied);
        }
        Ok(PracticeGrant { session, receipt, permission: PhantomData })
    }
}
