//! What the stores say of the ids that stand in the trail: whose an account is, who is a patient here, how much of each log was seen.

use super::{IncidentError, affected::is_account};
use crate::{House, trail::Touches};
use domain::{AccountId, PatientId, PracticeId};
use ledger::Outcome;
use std::collections::{HashMap, HashSet};
use store::{
    StoreError,
    rows::{
        accounts, patients,
        watching::{self, WATCH},
    },
};

/// Patients whose ids are read at once.
const AT_ONCE: i64 = 2_000;

/// What is known besides the trail. Without any, whoever was refused counts as a patient, and no account as anybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The accounts that are named: whose they are, where they are a patient's; none where they are not there.
    accounts: HashMap<String, Option<Option<PatientId>>>,
    /// Who was asked for and is no patient here.
    nobody: HashSet<PatientId>,
    /// How much of each log was watched once.
    pub(super) watched: Vec<(String, u64)>,
}

impl Facts {
    /// What is known of whoever stands in these entries.
    pub(super) async fn about(house: &House, practice: PracticeId, touches: &Touches) -> Result<Self, IncidentError> {
        let identity = &house.stores.identity;
        let mut facts = Self { watched: watching::logs(identity, WATCH).await?, ..Self::default() };
        let named = touches.entries.iter().filter(|touch| touch.patient.is_none() && is_account(touch));
        for touch in named {
            if facts.accounts.contains_key(&touch.id) {
                continue;
            }
            let Ok(account) = touch.id.parse::<AccountId>() else { continue };
            let row = accounts::claims(identity, practice, account).await?;
            facts.accounts.insert(touch.id.clone(), row.map(|row| row.patient));
        }
        let refused = touches.entries.iter().filter(|touch| touch.outcome == Outcome::Denied);
        facts.nobody = refused.filter_map(|touch| touch.patient).collect();
        if !facts.nobody.is_empty() {
            facts.leave_out_patients(house, practice).await?;
        }
        Ok(facts)
    }

    /// Whoever is a patient here is somebody.
    async fn leave_out_patients(&mut self, house: &House, practice: PracticeId) -> Result<(), StoreError> {
        let mut behind = PatientId::from_bytes([0; 16]);
        loop {
            let ids = patients::ids(&house.stores.clinical, practice, behind, AT_ONCE).await?;
            for id in &ids {
                self.nobody.remove(id);
            }
            match ids.last().filter(|_| i64::try_from(ids.len()).is_ok_and(|many| many == AT_ONCE)) {
                Some(last) => behind = *last,
                None => return Ok(()),
            }
        }
    }

    /// The patient whose account this is.
    pub(super) fn owner(&self, account: &str) -> Option<PatientId> {
        self.accounts.get(account).copied().flatten().flatten()
    }

    /// Whether there is no such account.
    pub(super) fn is_gone(&self, account: &str) -> bool {
        self.accounts.get(account).is_some_and(Option::is_none)
    }

    /// Whether this is the id of nobody who is a patient here.
    pub(super) fn is_nobody(&self, patient: PatientId) -> bool {
        self.nobody.contains(&patient)
    }
}
