//! Bringing somebody in from elsewhere.

use super::{AccessError, Grant, Guard, Purpose, facts::Found};
use crate::{
    permission::{ImportRecord, Permission},
    policy::Ruling,
    relation::Relation,
};
use domain::PatientId;
use identity::{Full, Session};
use ledger::Word;

impl Guard {
    /// Leave to seal the whole record of somebody who has none here: a key of their own, and a grant that opens nothing.
    /// Made only together with the key, so it is over when the record is there: whoever has a key already is denied, and
    /// whoever was destroyed stays destroyed. An API token cannot ask.
    pub async fn bring_in<'s>(
        &self,
        session: &'s Session<Full>,
        subject: PatientId,
        purpose: Purpose,
    ) -> Result<Grant<'s, ImportRecord>, AccessError> {
        let practice = session.practice();
        let Found { wrapped, destroyed, .. } =
            self.find_out(practice, session.account(), Some(session.id()), None, subject).await?;
        let newcomer = |newcomer| Some(Relation { newcomer, ..Relation::default() });
        let mut ruling = self.rule(session, ImportRecord::NAME, newcomer(wrapped.is_empty()));
        if session.token().is_some() {
            ruling = Ruling { allowed: false, rule: Word::new("token-scope") };
        }
        let gone = destroyed && ruling.allowed;
        if gone {
            ruling = Ruling { allowed: false, rule: Word::new("destroyed") };
        }
        let entry = self.entry(session, ImportRecord::NAME, Some(subject), &purpose, &ruling);
        let receipt = self.append_one(entry).await?;
        if gone {
            return Err(AccessError::Gone);
        }
        if !ruling.allowed {
            return Err(AccessError::Denied);
        }
        let wrapped = self.keyring.create_patient_key(practice, subject, self.clock.now()).await?;
        self.grant(session, subject, receipt, &wrapped).await
    }
}
