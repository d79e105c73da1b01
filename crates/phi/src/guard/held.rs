//! From a legal hold to the billing account that it keeps. Nobody is led the other way.

use super::{AccessError, Guard, billing::belongs};
use domain::{BillingAccountId, PatientId, PracticeId};
use ledger::Receipt;

impl Guard {
    /// The billing account of a patient whom a legal hold covers or covered, so that it stays or is told apart; against the
    /// proof that this was recorded. No entry and no row puts the two together.
    pub async fn account_of_held(
        &self,
        _recorded: &Receipt,
        practice: PracticeId,
        patient: PatientId,
    ) -> Result<Option<BillingAccountId>, AccessError> {
        let index = self.link_index(practice, "patient", patient.as_bytes()).await?;
        let Some(link) = self.links.of_patient(practice, index).await? else { return Ok(None) };
        let linked = self.open_link(practice, &link).await?;
        belongs(linked.patient == patient, linked.account).map(Some)
    }
}
