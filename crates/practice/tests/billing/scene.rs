//! A practice with patients, a therapist who treats them, and visits that were held.

use domain::{
    AccountId, PatientId, PlanId, PracticeId, Role, VisitId, VisitMinutes, VisitState,
    billing::{ChargeSheet, CptCode, Diagnoses, DiagnosisCode, Minutes, Modifier, Service},
    retention::VerdictKind,
};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Purpose, SealedContact, WriteVisits};
use practice::{House, billing::charging::NewCharge};
use store::{
    Batch,
    rows::{
        patients,
        retention::{self, ItemRow, ItemStep, PlanKind, PlanRow, PlanState},
        visits::{self, VisitRow},
    },
};
use testkit::house::TestHouse;

pub(crate) fn purpose() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("visit")))
}

/// A visit whose number is in its id, and in the code that it will be charged with.
pub(crate) fn visit_id(number: u32) -> VisitId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    VisitId::from_bytes(bytes)
}

pub(crate) fn number_of(visit: VisitId) -> u32 {
    let [a, b, c, d, ..] = *visit.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Minutes that a visit is charged with at first, and after it was corrected.
pub(crate) const USUAL: u16 = 33;
pub(crate) const LONGER: u16 = 44;

/// What the visit of this number is charged for.
pub(crate) fn new_charge(number: u32) -> NewCharge {
    charge_of(number, USUAL)
}

/// What it should have been charged for.
pub(crate) fn longer_charge(number: u32) -> NewCharge {
    charge_of(number, LONGER)
}

fn charge_of(number: u32, minutes: u16) -> NewCharge {
    let code = CptCode::new(&format!("{number:05}")).expect("a code");
    let minutes = Some(Minutes::new(minutes).expect("minutes"));
    let services = vec![Service { code, minutes, modifiers: vec![Modifier::Gp] }];
    let diagnosis = DiagnosisCode::new("M25.561").expect("a code");
    NewCharge {
        services: ChargeSheet::new(services).expect("a sheet"),
        diagnoses: Diagnoses::new(vec![diagnosis]).expect("codes"),
    }
}

/// Somebody who treats these patients.
pub(crate) async fn therapist(test: &TestHouse, practice: PracticeId, patients: &[PatientId]) -> Session<Full> {
    let person = test.account(practice, Role::Therapist).await;
    for patient in patients {
        test.care_link(&person, *patient).await;
    }
    test.session(&person).await
}

/// Visits with these numbers, spread over the patients, in this state.
pub(crate) async fn visits(
    house: &House,
    therapist: &Session<Full>,
    patients: &[PatientId],
    numbers: std::ops::Range<u32>,
    state: VisitState,
) {
    let mut batch = Batch::new();
    for (n, patient) in patients.iter().enumerate() {
        let grant = house.guard.authorize::<WriteVisits>(therapist, *patient, purpose()).await.expect("allowed");
        for number in numbers.clone().filter(|number| *number as usize % patients.len() == n) {
            let visit_id = visit_id(number);
            let now = house.clock.now();
            let row = VisitRow {
                practice_id: grant.practice(),
                patient_id: *patient,
                visit_id,
                therapist_id: AccountId::from_bytes(*therapist.account().as_bytes()),
                starts_at: now,
                state,
                minutes: grant.seal(VisitRow::row_id(visit_id), &VisitMinutes::new(45).expect("minutes")),
                clinic: None,
                remark: None,
                recorded_by: therapist.account(),
                recorded_at: now,
                changed_at: now,
                version: 1,
                voided: None,
            };
            batch = visits::insert(batch, &row);
            if batch.len() == 500 {
                house.stores.clinical.commit(std::mem::take(&mut batch)).await.expect("stored");
            }
        }
    }
    house.stores.clinical.commit(batch).await.expect("stored");
}

/// Name and contact of these patients are kept for billing, as when they stand condemned in a plan.
pub(crate) async fn kept(house: &House, practice: PracticeId, of: &[PatientId]) {
    let now = house.clock.now();
    let plan_id = PlanId::random(&*house.rng);
    let plan = PlanRow {
        practice_id: practice,
        plan_id,
        made_by: None,
        made_at: now,
        today: domain::Date::constant(2026, 5, 14),
        rules: "[]".to_owned(),
        cooling_hours: 72,
        state: PlanState::Draft,
        looked_at: 0,
        first: None,
        second: None,
        finished_at: None,
        kind: PlanKind::Clinical,
    };
    let item = |patient: &PatientId| ItemRow {
        practice_id: practice,
        plan_id,
        patient_id: *patient,
        verdict: VerdictKind::Due,
        last_care: None,
        kept_until: None,
        rule: "usual".to_owned(),
        goes: "{}".to_owned(),
        step: ItemStep::Condemned,
        changed_at: now,
        executed_rule: None,
        archive_until: None,
        billing_keeps: true,
    };
    let batch = retention::insert_plan(Batch::new(), &plan);
    let batch = of.iter().fold(batch, |batch, patient| retention::insert_item(batch, &item(patient)));
    house.stores.identity.commit(batch).await.expect("condemned");
    for patient in of {
        let row = patients::by_id(&house.stores.clinical, practice, *patient).await.expect("read").expect("there");
        let contact = SealedContact {
            given_name: &row.given_name,
            family_name: &row.family_name,
            email: row.email.as_ref(),
            phone: row.phone.as_ref(),
        };
        let kept = house.guard.keep_contact(practice, *patient, Word::new("usual"), contact).await;
        assert!(kept.expect("kept"), "billing knows them");
    }
}
