//! A practice with patients, a therapist who treats them, and visits that were held.

use domain::{
    AccountId, PatientId, PracticeId, Role, VisitId, VisitMinutes, VisitState,
    billing::{ChargeSheet, CptCode, Diagnoses, DiagnosisCode, Minutes, Modifier, Service},
};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Purpose, WriteVisits};
use practice::{House, billing::charging::NewCharge};
use store::{
    Batch,
    rows::visits::{self, VisitRow},
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
