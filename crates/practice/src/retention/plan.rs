//! The dry run: who would go, why, by which rule, and what of theirs.

use super::{PLAN, RetentionError, same_person::SamePerson};
use crate::{
    Actor, Event, House,
    record::{resource, timezone},
};
use domain::{
    AccountId, PatientId, PlanId, PracticeId, RequestId, TaskObserver, Timezone,
    retention::{Care, Verdict, VerdictKind},
};
use identity::{Full, Origin, Session};
use ledger::{Entry, Receipt, Resource, Word};
use phi::{Purpose, Retain};
use std::collections::{HashMap, HashSet};
use store::{
    Batch,
    rows::{
        care_dates::{self, CareDatesRow},
        erasure, legal_holds, patients,
        retention::{self, ItemRow, ItemStep, PlanKind, PlanRow, PlanState},
    },
};

/// Patients that are looked at together: the rows of a transaction, and the entries of an append, stay few.
const AT_ONCE: i64 = 500;

const JUDGE: Word = Word::new("judge_retention");

/// Makes a plan in the name of the caller.
pub async fn plan(
    house: &House,
    session: &Session<Full>,
    observer: &dyn TaskObserver,
) -> Result<PlanId, RetentionError> {
    let plan_id = PlanId::random(&*house.rng);
    let purpose = Purpose::operations(resource(PLAN, plan_id));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let judge = Judge::new(house, grant.practice(), Actor::of_session(session), session.origin()).await?;
    judge.plan(plan_id, Some(session.account()), observer).await
}

/// Makes a plan for the command line, which is recorded as such.
pub async fn plan_unattended(
    house: &House,
    practice: PracticeId,
    observer: &dyn TaskObserver,
) -> Result<PlanId, RetentionError> {
    let plan_id = PlanId::random(&*house.rng);
    let (actor, origin) = unattended(house, practice);
    let event = Event {
        reason: Word::new("command-line"),
        ..Event::done(Word::new("plan_retention"), resource(PLAN, plan_id))
    };
    house.record_as(actor, origin, event).await?;
    Judge::new(house, practice, actor, origin).await?.plan(plan_id, None, observer).await
}

/// A plan that is being made, as of now.
pub(super) fn draft(
    house: &House,
    (practice_id, plan_id, kind): (PracticeId, PlanId, PlanKind),
    made_by: Option<AccountId>,
    zone: &Timezone,
    rules: String,
) -> PlanRow {
    let made_at = house.clock.now();
    PlanRow {
        practice_id,
        plan_id,
        made_by,
        made_at,
        today: zone.day_of(made_at),
        rules,
        cooling_hours: house.retention.cooling_hours,
        state: PlanState::Draft,
        looked_at: 0,
        first: None,
        second: None,
        finished_at: None,
        kind,
    }
}

/// Who acts on the command line.
pub(super) fn unattended(house: &House, practice: PracticeId) -> (Actor, Origin) {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    (actor, Origin { address: None, request: RequestId::random(&*house.rng) })
}

/// What is said of one patient.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Of whom it is due: whether billing knows them, and so keeps name and contact.
    pub(super) billed: bool,
}

/// Judges patients by the rules in force, as they stand now.
pub(super) struct Judge<'h> {
    pub(super) house: &'h House,
    pub(super) practice: PracticeId,
    pub(super) zone: Timezone,
    actor: Actor,
    origin: Origin,
}

impl<'h> Judge<'h> {
    pub(super) async fn new(
        house: &'h House,
        practice: PracticeId,
        actor: Actor,
        origin: Origin,
    ) -> Result<Self, RetentionError> {
        Ok(Self { house, practice, zone: timezone(house, practice).await?, actor, origin })
    }

    /// What the rules say of each of these patients. All records of somebody who was registered twice are judged as one. For those
    /// who may be due the birth dates are opened, which is recorded first, for all of them at once.
    pub(super) async fn verdicts(&self, rows: &[CareDatesRow]) -> Result<Vec<Judged>, RetentionError> {
        let (house, rules) = (self.house, &self.house.retention.rules);
        let today = self.zone.day_of(house.clock.now());
        let people = SamePerson::read(&house.stores.identity, self.practice).await?;
        let elsewhere = self.other_records(rows, &people).await?;
        let known: HashMap<PatientId, &CareDatesRow> =
            rows.iter().chain(&elsewhere).map(|row| (row.patient_id, row)).collect();
        let mut verdicts: HashMap<PatientId, Verdict> = HashMap::new();
        let mut open: Vec<(Vec<PatientId>, Care)> = Vec::new();
        let mut seen = HashSet::new();
        for row in rows {
            let records = people.records(row.patient_id);
            if !seen.insert(records[0]) {
                continue;
            }
            let there = records.iter().filter_map(|record| known.get(record));
            let care = there.fold(Care::default(), |care, row| care.and(&self::care(row)));
            let mut verdict = rules.judge_without_birth(&care, &self.zone, today);
            // Whoever is kept anyway need not be asked for.
            if matches!(verdict, None | Some(Verdict::NoVisit)) && self.is_held(&records).await? {
                verdict = Some(Verdict::Hold);
            }
            match verdict {
                Some(verdict) => drop(verdicts.insert(records[0], verdict)),
                None => open.push((records, care)),
            }
        }
        let asked: Vec<&CareDatesRow> =
            open.iter().flat_map(|(records, _)| records).filter_map(|record| known.get(record).copied()).collect();
        let entries = asked.iter().map(|row| self.entry(JUDGE, row.patient_id, "retention")).collect();
        let receipts = house.ledger.append(entries).await?;
        let opened: HashMap<PatientId, (&CareDatesRow, &Receipt)> =
            asked.into_iter().zip(&receipts).map(|(row, receipt)| (row.patient_id, (row, receipt))).collect();
        for (records, care) in open {
            let mut longest = None;
            for (row, at) in records.iter().filter_map(|record| opened.get(record)) {
                // Each record has a birth date of its own, and one of them may be wrong: what keeps longest counts.
                let verdict = rules.judge(self.birth_date(at, row).await?, &care, &self.zone, today);
                if longest.as_ref().is_none_or(|other: &Verdict| verdict.until() > other.until()) {
                    longest = Some(verdict);
                }
            }
            verdicts.extend(longest.map(|verdict| (records[0], verdict)));
        }
        let mut judged = Vec::with_capacity(rows.len());
        for row in rows {
            let verdict = verdicts.get(&people.records(row.patient_id)[0]).cloned().unwrap_or(Verdict::NoVisit);
            let receipt = opened.get(&row.patient_id).map(|(_, receipt)| *receipt);
            let billed = match receipt.filter(|_| verdict.kind() == VerdictKind::Due) {
                Some(receipt) => house.guard.is_billed(receipt, self.practice, row.patient_id).await?,
                None => false,
            };
            judged.push(Judged { verdict, billed });
        }
        Ok(judged)
    }

    /// The records of the same people that are not among these.
    async fn other_records(
        &self,
        rows: &[CareDatesRow],
        people: &SamePerson,
    ) -> Result<Vec<CareDatesRow>, RetentionError> {
        let (clinical, now) = (&self.house.stores.clinical, self.house.clock.now());
        let mut seen: HashSet<PatientId> = rows.iter().map(|row| row.patient_id).collect();
        let mut others = Vec::new();
        for record in rows.iter().flat_map(|row| people.records(row.patient_id)) {
            if seen.insert(record) {
                others.extend(care_dates::of_patient(clinical, self.practice, now, record).await?);
            }
        }
        Ok(others)
    }

    async fn is_held(&self, records: &[PatientId]) -> Result<bool, RetentionError> {
        for one in records {
            if legal_holds::covers(&self.house.stores.identity, self.practice, *one).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn birth_date(&self, receipt: &Receipt, row: &CareDatesRow) -> Result<domain::BirthDate, RetentionError> {
        let opened = self.house.guard.birth_date(receipt, self.practice, row.patient_id, &row.birth_date).await?;
        Ok(*opened.expose())
    }

    pub(super) fn entry(&self, action: Word, patient: PatientId, reason: &str) -> Entry {
        let reason = Word::try_from(reason.to_owned()).unwrap_or(Word::new("retention"));
        let event =
            Event { patient: Some(patient), reason, ..Event::done(action, Resource::whole(Word::new("record"))) };
        self.house.entry(self.actor, self.origin, event)
    }

    async fn plan(
        &self,
        plan_id: PlanId,
        made_by: Option<AccountId>,
        observer: &dyn TaskObserver,
    ) -> Result<PlanId, RetentionError> {
        let (house, practice) = (self.house, self.practice);
        let (identity, clinical) = (&house.stores.identity, &house.stores.clinical);
        let now = house.clock.now();
        let rules = serde_json::to_string(&house.retention.rules).unwrap_or_default();
        let of = (practice, plan_id, PlanKind::Clinical);
        let row = draft(house, of, made_by, &self.zone, rules);
        identity.commit(retention::insert_plan(Batch::new(), &row)).await?;
        let total = patients::count(clinical, practice).await?.unsigned_abs();
        let (mut after, mut looked_at) = (PatientId::from_bytes([0; 16]), 0);
        loop {
            let rows = care_dates::page(clinical, practice, now, after, AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            after = last.patient_id;
            let mut batch = Batch::new();
            for (row, judged) in rows.iter().zip(self.verdicts(&rows).await?) {
                if let Some(item) = self.item(plan_id, row, &judged).await? {
                    batch = retention::insert_item(batch, &item);
                }
            }
            identity.commit(batch).await?;
            looked_at += rows.len() as u64;
            observer.progress(looked_at, total.max(looked_at));
        }
        let looked_at = i64::try_from(looked_at).unwrap_or(i64::MAX);
        identity.commit(retention::open_plan(Batch::new(), practice, plan_id, looked_at)).await?;
        observer.reached("opened");
        Ok(plan_id)
    }

    /// The line of somebody who is due, held or without a visit; who is kept has none.
    async fn item(
        &self,
        plan_id: PlanId,
        row: &CareDatesRow,
        Judged { verdict, billed }: &Judged,
    ) -> Result<Option<ItemRow>, RetentionError> {
        let clinical = &self.house.stores.clinical;
        let (last_care, kept_until, rule) = match verdict {
            Verdict::Keep { .. } | Verdict::UnderCare => return Ok(None),
            Verdict::Due { last_care, until, rule } => (Some(*last_care), Some(*until), rule.clone()),
            Verdict::Hold | Verdict::NoVisit => (care(row).last_day(&self.zone), None, String::new()),
        };
        let due = verdict.kind() == VerdictKind::Due;
        let goes =
            if due { erasure::count(clinical, self.practice, row.patient_id).await? } else { Default::default() };
        Ok(Some(ItemRow {
            practice_id: self.practice,
            plan_id,
            patient_id: row.patient_id,
            verdict: verdict.kind(),
            last_care,
            kept_until,
            rule,
            goes: serde_json::to_string(&goes).unwrap_or_default(),
            step: if due { ItemStep::Planned } else { ItemStep::Listing },
            changed_at: self.house.clock.now(),
            executed_rule: None,
            archive_until: None,
            billing_keeps: *billed,
        }))
    }
}

/// What one record says of its patient's care.
pub(super) fn care(row: &CareDatesRow) -> Care {
    Care { last_visit: row.last_visit, last_logged: row.last_logged, planned: row.planned }
}
