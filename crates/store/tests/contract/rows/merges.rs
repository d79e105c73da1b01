//! Records of one person.

use super::{ACCOUNT, PATIENT, PRACTICE, at, sealed};
use crate::houses::House;
use domain::{Date, PatientId, PlanId, retention::VerdictKind};
use store::{
    Batch, CommitError, Db,
    rows::{
        accounts::{self, AccountState},
        legal_holds::{self, HoldRow},
        merges::{self, MergeRow},
        retention::{self, ItemRow, ItemStep, PlanRow, PlanState},
    },
};

const PLAN: PlanId = PlanId::from_bytes([5; 16]);
const OTHER: PatientId = PatientId::from_bytes([6; 16]);
const THIRD: PatientId = PatientId::from_bytes([7; 16]);
const TODAY: Date = Date::constant(2026, 5, 14);

const fn decision(patient_id: PatientId, number: u32, into: Option<PatientId>) -> MergeRow {
    MergeRow {
        practice_id: PRACTICE,
        patient_id,
        number,
        into,
        decided_by: ACCOUNT,
        decided_at: domain::Timestamp::UNIX_EPOCH,
    }
}

/// A plan of destruction in which one patient stands at a step.
pub(super) async fn planned(db: &Db, plan_id: PlanId, patient: PatientId, step: ItemStep) {
    let plan = PlanRow {
        practice_id: PRACTICE,
        plan_id,
        made_by: None,
        made_at: at(0),
        today: TODAY,
        rules: String::new(),
        cooling_hours: 72,
        state: PlanState::Approved,
        looked_at: 1,
        first: None,
        second: None,
        finished_at: None,
        kind: retention::PlanKind::Clinical,
    };
    let item = ItemRow {
        practice_id: PRACTICE,
        plan_id,
        patient_id: patient,
        verdict: VerdictKind::Due,
        last_care: None,
        kept_until: None,
        rule: String::new(),
        goes: String::new(),
        step,
        changed_at: at(0),
        executed_rule: None,
        archive_until: None,
        billing_keeps: false,
    };
    let batch = retention::insert_item(retention::insert_plan(Batch::new(), &plan), &item);
    db.commit(batch).await.expect("stored");
}

pub(crate) async fn nobody_is_merged_parted_or_held_whose_destruction_has_begun(house: &mut dyn House) {
    let db = super::identity::peopled(house).await;
    let merge = async |row: MergeRow| db.commit(merges::insert(Batch::new(), &row)).await;
    merge(decision(OTHER, 1, Some(PATIENT))).await.expect("merged");
    let conflict = Err(CommitError::Conflict { statement: 0 });
    planned(&db, PLAN, PATIENT, ItemStep::Planned).await;
    let steps = [ItemStep::Planned, ItemStep::Condemned, ItemStep::Archived, ItemStep::Listed, ItemStep::Scrubbed];
    for step in steps.windows(2) {
        let on = retention::step(Batch::new(), (PRACTICE, PLAN, PATIENT), step[0], step[1], at(1));
        db.commit(on).await.expect("moved on");
        // Into them, of them, and by another record of theirs: whichever of the two it is.
        for (of, into) in [(THIRD, PATIENT), (PATIENT, THIRD), (THIRD, OTHER)] {
            assert_eq!(merge(decision(of, 1, Some(into))).await, conflict, "{step:?}");
        }
        assert_eq!(merge(decision(OTHER, 2, None)).await, conflict, "{step:?}");
        let hold = HoldRow {
            practice_id: PRACTICE,
            hold_id: domain::HoldId::from_bytes([8; 16]),
            patient_id: Some(OTHER),
            incident: None,
            reason: sealed([8; 16], "reason"),
            placed_by: ACCOUNT,
            placed_at: at(2),
            lifted_by: None,
            lifted_at: None,
        };
        assert_eq!(db.commit(legal_holds::insert(Batch::new(), &hold)).await, conflict, "{step:?}");
    }
    let to = [PatientId::from_bytes([9; 16]), PatientId::from_bytes([10; 16])];
    merge(decision(to[0], 1, Some(to[1]))).await.expect("others are");
    let on = retention::step(Batch::new(), (PRACTICE, PLAN, PATIENT), ItemStep::Scrubbed, ItemStep::Certified, at(3));
    db.commit(on).await.expect("certified");
    merge(decision(OTHER, 2, None)).await.expect("nothing of it stands in the way");
}

pub(crate) async fn merges_have_no_chains_and_close_no_record_with_an_account(house: &mut dyn House) {
    let db = super::identity::peopled(house).await;
    let merge = async |row: MergeRow| db.commit(merges::insert(Batch::new(), &row)).await;
    merge(decision(OTHER, 1, Some(PATIENT))).await.expect("merged");
    let at_statement = |statement| Err(CommitError::Conflict { statement });
    assert_eq!(merge(decision(THIRD, 1, Some(OTHER))).await, at_statement(1), "it goes on elsewhere");
    assert_eq!(merge(decision(PATIENT, 1, Some(THIRD))).await, at_statement(2), "another goes on as it");
    assert_eq!(merge(decision(OTHER, 1, None)).await, Err(CommitError::Duplicate { statement: 0 }));
    let person = merges::of_person(&db, PRACTICE, OTHER).await.expect("read");
    assert_eq!(person, [PATIENT, OTHER]);
    assert_eq!(db.commit(merges::is_open(Batch::new(), PRACTICE, OTHER)).await, at_statement(0));
    merge(decision(OTHER, 2, None)).await.expect("parted");
    assert_eq!(db.commit(merges::is_open(Batch::new(), PRACTICE, OTHER)).await, Ok(()));

    let own = super::identity::account(domain::AccountId::from_bytes([4; 16]), domain::Role::Patient, Some(PATIENT));
    let none = || accounts::none_open(Batch::new(), PRACTICE, PATIENT);
    assert_eq!(db.commit(none()).await, Ok(()));
    db.commit(accounts::insert(Batch::new(), &own)).await.expect("stored");
    assert_eq!(db.commit(none()).await, at_statement(0), "it was invited");
    let state = AccountState::Disabled;
    let shut = accounts::set_role_and_state(Batch::new(), PRACTICE, own.account_id, own.role, state, own.version);
    db.commit(shut).await.expect("disabled");
    assert_eq!(db.commit(none()).await, Ok(()));
}
