//! What the rules say of accounts, as they stand now.

use super::super::{HOLD, RetentionError, same_person::SamePerson};
use crate::{Actor, Event, House, record::timezone};
use domain::{
    BillingAccountId, Date, PatientId, PracticeId, Timezone,
    retention::{AccountStanding, AccountVerdict},
};
use identity::Origin;
use ledger::{Entry, Receipt, Resource, Word};
use phi::{as_subject, billing_branch};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::rows::{
    billing::standing,
    billing_outbox,
    legal_holds::{self, HoldsSeen},
    rotations,
};

const JUDGE: Word = Word::new("judge_billing_retention");

/// Why an account is spared of which nothing is there.
pub(super) const NOT_THERE: &str = "not-there";

/// Crossings that are looked at together.
const AT_ONCE: u32 = 500;

/// Judges accounts by the rules in force.
pub(super) struct Judge<'h> {
    pub(super) house: &'h House,
    pub(super) practice: PracticeId,
    pub(super) branch: PracticeId,
    pub(super) zone: Timezone,
    actor: Actor,
    origin: Origin,
    /// The accounts of the patients whom holds cover, as far as they were asked for.
    known: HashMap<PatientId, Option<BillingAccountId>>,
}

/// What was found out about accounts together.
pub(super) struct Judged {
    /// The verdict on each, with its last activity; none where nothing is there of the account.
    pub(super) verdicts: Vec<Option<(AccountVerdict, Date)>>,
    /// By how many holds.
    pub(super) seen: HoldsSeen,
}

/// Whose accounts are held.
struct Held {
    everybody: bool,
    accounts: HashSet<BillingAccountId>,
    seen: HoldsSeen,
}

impl<'h> Judge<'h> {
    pub(super) async fn new(
        house: &'h House,
        practice: PracticeId,
        actor: Actor,
        origin: Origin,
    ) -> Result<Self, RetentionError> {
        let (branch, zone) = (billing_branch(practice), timezone(house, practice).await?);
        Ok(Self { house, practice, branch, zone, actor, origin, known: HashMap::new() })
    }

    /// What the rules say of each of these accounts.
    pub(super) async fn verdicts(&mut self, accounts: &[BillingAccountId]) -> Result<Judged, RetentionError> {
        let held = self.held().await?;
        // What is on its way first: what arrives meanwhile is found in the billing store.
        let coming = self.on_their_way().await?;
        let mut verdicts = Vec::with_capacity(accounts.len());
        for account in accounts {
            let is_held = held.everybody || held.accounts.contains(account);
            let standing = self.standing(*account, is_held, coming.contains(account)).await?;
            verdicts.push(standing.map(|one| (self.judge(&one), one.last_activity)));
        }
        Ok(Judged { verdicts, seen: held.seen })
    }

    /// Which of these accounts, which are condemned, are not due after all: something was written that had been begun before.
    /// A hold comes too late for them.
    pub(super) async fn not_due_after_all(
        &self,
        condemned: &[BillingAccountId],
    ) -> Result<BTreeMap<BillingAccountId, &'static str>, RetentionError> {
        let coming = self.on_their_way().await?;
        let mut kept = BTreeMap::new();
        for account in condemned {
            let standing = self.standing(*account, false, coming.contains(account)).await?;
            match standing.map(|one| self.judge(&one)) {
                Some(AccountVerdict::Due { .. }) => {}
                Some(other) => drop(kept.insert(*account, other.kind().word())),
                None => drop(kept.insert(*account, NOT_THERE)),
            }
        }
        Ok(kept)
    }

    fn judge(&self, standing: &AccountStanding) -> AccountVerdict {
        self.house.retention.billing.judge(standing, self.zone.day_of(self.house.clock.now()))
    }

    /// How an account stands; none where there is nothing of it.
    async fn standing(
        &self,
        account: BillingAccountId,
        held: bool,
        on_its_way: bool,
    ) -> Result<Option<AccountStanding>, RetentionError> {
        let row = standing::of_account(&self.house.stores.billing, self.branch, account).await?;
        let mut last = row.activity.last_day(&self.zone);
        if last.is_none() {
            // Somebody began to charge, and nothing came of it: what there is, is the key.
            let keys = &self.house.stores.keys;
            let key = rotations::newest_of_patient(keys, self.branch, as_subject(account)).await?;
            last = key.map(|(_, at)| self.zone.day_of(at));
        }
        let (balanced, draft) = (row.balanced, row.draft);
        Ok(last.map(|last_activity| AccountStanding { last_activity, held, on_its_way, balanced, draft }))
    }

    /// Whose accounts are held. Each patient whom a hold covers is asked for once, which is recorded under them first.
    async fn held(&mut self) -> Result<Held, RetentionError> {
        let identity = &self.house.stores.identity;
        // Before the holds: one that comes later makes the condemnation find nothing.
        let seen = legal_holds::seen(identity, self.practice).await?;
        let covered = legal_holds::in_force(identity, self.practice).await?;
        let people = SamePerson::read(identity, self.practice).await?;
        let patients: BTreeSet<PatientId> =
            covered.iter().flatten().flat_map(|patient| people.records(*patient)).collect();
        let new: Vec<PatientId> =
            patients.iter().filter(|patient| !self.known.contains_key(patient)).copied().collect();
        let entries = new.iter().map(|patient| self.entry(JUDGE, Resource::whole(HOLD), Some(*patient), "legal-hold"));
        let receipts = self.house.ledger.append(entries.collect()).await?;
        for (patient, receipt) in new.iter().zip(&receipts) {
            let account = self.house.guard.account_of_held(receipt, self.practice, *patient).await?;
            self.known.insert(*patient, account);
        }
        let accounts = patients.iter().filter_map(|patient| self.known.get(patient).copied().flatten()).collect();
        Ok(Held { everybody: covered.contains(&None), accounts, seen })
    }

    /// The accounts to which charges are on their way.
    async fn on_their_way(&self) -> Result<HashSet<BillingAccountId>, RetentionError> {
        let (mut accounts, mut after) = (HashSet::new(), None);
        loop {
            let waiting = billing_outbox::page(&self.house.stores.clinical, after, AT_ONCE).await?;
            let Some(last) = waiting.last() else { return Ok(accounts) };
            after = Some(last.place());
            for row in waiting.iter().filter(|row| row.practice_id == self.practice) {
                let draft = self.house.guard.unpack(row.practice_id, row.visit_id, &row.crossing).await;
                // It could be for any account.
                accounts.insert(draft.map_err(|_| RetentionError::OnTheirWay)?.account);
            }
        }
    }

    pub(super) fn entry(&self, action: Word, resource: Resource, patient: Option<PatientId>, reason: &str) -> Entry {
        let reason = Word::try_from(reason.to_owned()).unwrap_or(Word::new("retention"));
        let event = Event { patient, reason, ..Event::done(action, resource) };
        self.house.entry(self.actor, self.origin, event)
    }
}

/// The billing accounts of somebody's records, against the proof that it was recorded.
pub(in crate::retention) async fn accounts_of_person(
    house: &House,
    recorded: &Receipt,
    practice: PracticeId,
    records: &[PatientId],
) -> Result<Vec<BillingAccountId>, RetentionError> {
    let mut accounts = Vec::new();
    for patient in records {
        accounts.extend(house.guard.account_of_held(recorded, practice, *patient).await?);
    }
    Ok(accounts)
}
