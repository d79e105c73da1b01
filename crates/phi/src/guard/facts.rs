//! The facts that a decision about one patient rests on: how the account stands to them, and what there is of their key.

use super::{AccessError, Guard, glass::asked};
use crate::{keyring::WrappedKey, permission::Permission, policy::Ruling, relation::Relation};
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, PracticeId};
use identity::{Full, Session};
use ledger::Word;

/// What the guard found out about one patient before it decides.
pub(super) struct Facts {
    pub(super) subject: PatientId,
    pub(super) wrapped: Vec<WrappedKey>,
    /// The key was destroyed, and the caller would be let in had it not been.
    pub(super) gone: bool,
    pub(super) ruling: Ruling,
    /// Allowed only because the record is open in an emergency.
    pub(super) emergency: bool,
}

/// How an account stands to a patient, and what there is of the patient's key.
pub(super) struct Found {
    pub(super) wrapped: Vec<WrappedKey>,
    pub(super) destroyed: bool,
    pub(super) relation: Relation,
}

impl Guard {
    /// What the policy is asked with, and what it says.
    pub(super) async fn facts<P: Permission>(
        &self,
        session: &Session<Full>,
        subject: PatientId,
    ) -> Result<Facts, AccessError> {
        let found = self
            .find_out(session.practice(), session.account(), Some(session.id()), session.patient(), subject)
            .await?;
        let relation = asked(P::NAME, found.relation);
        Ok(self.judged(session, P::NAME, subject, Found { relation, ..found }))
    }

    /// What the policy says of somebody about whom all is found out.
    pub(super) fn judged(
        &self,
        session: &Session<Full>,
        permission: PermissionName,
        subject: PatientId,
        Found { wrapped, destroyed, relation }: Found,
    ) -> Facts {
        let mut ruling = self.rule(session, permission, Some(relation));
        let without = Relation { glass: false, ..relation };
        let emergency = relation.glass && ruling.allowed && !self.rule(session, permission, Some(without)).allowed;
        let gone = destroyed && ruling.allowed;
        if gone {
            ruling = Ruling { allowed: false, rule: Word::new("destroyed") };
        }
        Facts { subject, wrapped, gone, ruling, emergency }
    }

    /// How an account stands to a patient at this moment, in this login session (without one, in any that it has), and what
    /// there is of the patient's key.
    pub(super) async fn find_out(
        &self,
        practice: PracticeId,
        account: AccountId,
        session: Option<LoginSessionId>,
        own: Option<PatientId>,
        subject: PatientId,
    ) -> Result<Found, AccessError> {
        let keys = self.keyring.wrapped(practice, subject);
        let ties = self.teams.ties(practice, account, session, subject, self.clock.now());
        // Asked of everybody, so that whoever does not exist takes as long as whoever is here.
        let destroyed = self.keyring.destroyed(practice, subject);
        let (wrapped, ties, destroyed) = futures::future::join3(keys, ties, destroyed).await;
        let (wrapped, ties) = (wrapped?, ties?);
        let destroyed = destroyed? && wrapped.is_empty();
        let registered = !wrapped.is_empty() || destroyed;
        let relation = Relation {
            on_care_team: ties.member && registered,
            is_self: own.is_some_and(|own| own == subject || ties.merged_into == Some(own)) && registered,
            registered,
            billed: false,
            newcomer: false,
            assigned: ties.assigned && registered,
            kept_away: ties.kept_away,
            notes_withheld: ties.notes_withheld,
            merged: ties.merged_into.is_some(),
            condemned: ties.condemned,
            glass: ties.glass && registered,
            under_review: false,
            affected: false,
        };
        Ok(Found { wrapped, destroyed, relation })
    }
}
