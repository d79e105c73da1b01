//! Breaking the glass: leave to open one record in an emergency, outside the usual relation. It opens nothing by itself; what
//! is opened afterwards goes through [`Guard::authorize`] like everything else, with a relation that ends by the clock.

use super::{AccessError, Grant, Guard, Purpose, facts::Found};
use crate::{
    permission::{BreakGlass, Permission, ReviewEmergency},
    policy::Ruling,
    relation::Relation,
};
use domain::{PatientId, PermissionName};
use identity::{Full, Session};
use ledger::Word;

/// Why the glass stays whole.
#[derive(Debug, thiserror::Error)]
pub enum GlassError {
    /// No grant.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has everything already that it would give them.
    #[error("the record is open to this account already")]
    AlreadyOpen,
}

/// The relation that a permission is asked with before it is known whom it is about. What leads to a relation is asked as if it
/// were there: breaking the glass as if it were broken, looking into it as if somebody came to the patient by an opening that
/// is looked into.
pub(super) fn supposed(permission: PermissionName, relation: Relation) -> Relation {
    match permission {
        BreakGlass::NAME => Relation { glass: true, ..relation },
        ReviewEmergency::NAME => Relation { under_review: true, ..relation },
        _ => relation,
    }
}

/// The relation that a permission on one patient is asked with. The same, but leave to break the glass: that comes of
/// [`Guard::break_glass`] alone, which asks more than the policy.
pub(super) fn asked(permission: PermissionName, relation: Relation) -> Relation {
    match permission {
        BreakGlass::NAME => Relation { glass: false, ..relation },
        other => supposed(other, relation),
    }
}

impl Guard {
    /// Whether the policy would let this session break the glass of a patient's record, or has it open to them already: of
    /// several records that fit, the others are none of theirs. Opens nothing, and is no leave to.
    pub async fn would_break(&self, session: &Session<Full>, subject: PatientId) -> Result<bool, AccessError> {
        let Found { destroyed, relation, .. } = self
            .find_out(session.practice(), session.account(), Some(session.id()), session.patient(), subject)
            .await?;
        Ok(!destroyed && self.rule(session, BreakGlass::NAME, Some(supposed(BreakGlass::NAME, relation))).allowed)
    }

    /// Leave to break the glass of one record, for somebody who gains something by it. Recorded under the patient, yes or
    /// no; whom the policy lets in to no part of the record is told the same as of one that does not exist. A token, whatever
    /// its scopes, breaks no glass.
    pub async fn break_glass<'s>(
        &self,
        session: &'s Session<Full>,
        subject: PatientId,
        purpose: Purpose,
    ) -> Result<Grant<'s, BreakGlass>, GlassError> {
        let (practice, account) = (session.practice(), session.account());
        let Found { wrapped, destroyed, relation } =
            self.find_out(practice, account, Some(session.id()), session.patient(), subject).await?;
        let broken = supposed(BreakGlass::NAME, relation);
        let mut ruling = self.rule(session, BreakGlass::NAME, Some(broken));
        let may = |permission: PermissionName, relation| self.rule(session, permission, Some(relation)).allowed;
        let gains = |permission: &&PermissionName| {
            **permission != BreakGlass::NAME && may(**permission, broken) && !may(**permission, relation)
        };
        let already_open = ruling.allowed && !PermissionName::ALL.iter().any(|permission| gains(&permission));
        let refused = match () {
            () if !ruling.allowed => None,
            () if session.token().is_some() => Some(Word::new("token-scope")),
            () if destroyed => Some(Word::new("destroyed")),
            () if already_open => Some(Word::new("already-open")),
            () => None,
        };
        if let Some(rule) = refused {
            ruling = Ruling { allowed: false, rule };
        }
        let entry = self.entry(session, BreakGlass::NAME, Some(subject), &purpose.in_emergency(), &ruling);
        let receipt = self.append_one(entry).await?;
        match ruling.allowed {
            true => Ok(self.grant(session, subject, receipt, &wrapped).await?),
            false if already_open && !destroyed && session.token().is_none() => Err(GlassError::AlreadyOpen),
            false => Err(AccessError::Denied.into()),
        }
    }
}
