//! Leave to tell somebody of a breach that affects them. Nobody else's name comes with it: whom a breach affects the guard asks
//! itself, of what was written down, and the general door does not lead here ([`Guard::authorize`] asks as if nobody were affected).

use super::{
    AccessError, Grant, Guard, Purpose,
    facts::{Facts, Found},
};
use crate::{
    permission::{NotifyAffected, Permission},
    policy::Ruling,
    relation::Relation,
};
use domain::{IncidentId, PatientId};
use identity::{Full, Session};
use ledger::Word;
use std::collections::HashSet;

/// Leave to tell somebody, or why there is none: refused, or gone.
pub type Notified<'s> = (PatientId, Result<Grant<'s, NotifyAffected>, AccessError>);

impl Guard {
    /// Leave to read who they are and how to reach them, for those of a list whom a breach affects; one entry for each, in one
    /// append. A token, whatever its scopes, tells nobody.
    pub async fn notify<'s>(
        &self,
        session: &'s Session<Full>,
        incident: IncidentId,
        subjects: &[PatientId],
        purpose: Purpose,
    ) -> Result<Vec<Notified<'s>>, AccessError> {
        let written_down = self.teams.affected_by_breach(session.practice(), incident).await?;
        let affected: HashSet<PatientId> = written_down.into_iter().collect();
        let mut facts = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let found = self
                .find_out(session.practice(), session.account(), Some(session.id()), session.patient(), *subject)
                .await?;
            let relation = Relation { affected: affected.contains(subject), ..found.relation };
            let judged = self.judged(session, NotifyAffected::NAME, *subject, Found { relation, ..found });
            facts.push(match session.token() {
                None => judged,
                Some(_) => {
                    let ruling = Ruling { allowed: false, rule: Word::new("token-scope") };
                    Facts { ruling, gone: false, ..judged }
                }
            });
        }
        let decided = self.record_each(session, facts, purpose).await?;
        let mut notified = Vec::with_capacity(subjects.len());
        for (subject, one) in subjects.iter().zip(decided) {
            match one {
                Ok(_) | Err(AccessError::Denied | AccessError::Gone) => notified.push((*subject, one)),
                Err(error) => return Err(error),
            }
        }
        Ok(notified)
    }
}
