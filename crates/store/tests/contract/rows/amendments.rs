//! What patients ask to be amended: steps that are added and never changed.

use super::{ACCOUNT, PATIENT, PRACTICE, at, sealed};
use crate::houses::{House, furnished};
use domain::{AmendmentGround, AmendmentId, AmendmentStep, AmendmentStepId, Date, NoteId, PatientId, PracticeId};
use store::{
    Batch, CommitError, Store,
    rows::amendments::{self, AmendmentRow},
};

const FIRST: AmendmentId = AmendmentId::from_bytes([8; 16]);
const SECOND: AmendmentId = AmendmentId::from_bytes([9; 16]);
const STRANGER: PatientId = PatientId::from_bytes([33; 16]);

fn step(n: u8, of: AmendmentId, step: AmendmentStep) -> AmendmentRow {
    let id = [n; 16];
    AmendmentRow {
        practice_id: PRACTICE,
        patient_id: PATIENT,
        amendment_id: of,
        step_id: AmendmentStepId::from_bytes(id),
        step,
        ground: (step == AmendmentStep::Denied).then_some(AmendmentGround::Accurate),
        words: sealed(id, "words"),
        note_id: (step == AmendmentStep::Accepted).then_some(NoteId::from_bytes([7; 16])),
        done_on: Date::constant(2026, 5, i8::try_from(n).expect("a day")),
        done_by: ACCOUNT,
        done_at: at(n.into()),
    }
}

pub(crate) async fn what_a_patient_asks_to_be_amended_is_answered_once(house: &mut dyn House) {
    use AmendmentStep::{Accepted, Asked, Denied, Disagreed, Extended, Rebutted};
    let db = furnished(house, Store::Clinical).await;
    let add = async |row: AmendmentRow| db.commit(amendments::insert(Batch::new(), &row)).await;
    let waiting = async || {
        let all = amendments::waiting(&db, PRACTICE, 10).await.expect("read");
        all.iter().map(|one| (one.amendment_id, one.patient_id, one.extended)).collect::<Vec<_>>()
    };
    let count = async |of| amendments::waiting_of(&db, PRACTICE, of).await.expect("read");
    add(step(2, SECOND, Asked)).await.expect("asked");
    add(step(1, FIRST, Asked)).await.expect("asked");
    assert_eq!(waiting().await, [(FIRST, PATIENT, false), (SECOND, PATIENT, false)], "whoever asked first is first");
    assert_eq!((count(PATIENT).await, count(STRANGER).await), (2, 0));
    assert_eq!(amendments::waiting(&db, PRACTICE, 1).await.expect("read").len(), 1);

    add(step(3, FIRST, Extended)).await.expect("put off");
    let again = Err(CommitError::Duplicate { statement: 0 });
    assert_eq!(add(step(4, FIRST, Extended)).await, again, "once");
    assert_eq!(waiting().await, [(FIRST, PATIENT, true), (SECOND, PATIENT, false)]);
    add(step(5, FIRST, Denied)).await.expect("answered");
    for other in [Accepted, Denied] {
        assert_eq!(add(step(6, FIRST, other)).await, again, "what was answered is answered");
    }
    add(step(7, FIRST, Disagreed)).await.expect("said");
    add(step(8, FIRST, Rebutted)).await.expect("said");
    add(step(9, SECOND, Accepted)).await.expect("answered");
    assert_eq!(waiting().await, []);
    assert_eq!(count(PATIENT).await, 0);

    let all = amendments::of_patient(&db, PRACTICE, PATIENT).await.expect("read");
    let said: Vec<_> = all.iter().map(|row| (row.amendment_id, row.step)).collect();
    let first = [Asked, Extended, Denied, Disagreed, Rebutted].map(|step| (FIRST, step));
    let expected = [&[Asked, Accepted].map(|step| (SECOND, step))[..], &first].concat();
    assert_eq!(said, expected, "the newest first, each in its order");
    for (row, n) in all.iter().zip([2, 9, 1, 3, 5, 7, 8]) {
        let stored = step(n, row.amendment_id, row.step);
        let facts = |row: &AmendmentRow| (row.step_id, row.ground, row.note_id, row.done_on, row.done_by, row.done_at);
        assert_eq!(facts(row), facts(&stored));
        assert_eq!(row.words.as_bytes(), stored.words.as_bytes());
    }
    let elsewhere = PracticeId::from_bytes([99; 16]);
    assert!(amendments::of_patient(&db, PRACTICE, STRANGER).await.expect("read").is_empty());
    assert!(amendments::of_patient(&db, elsewhere, PATIENT).await.expect("read").is_empty());
    assert!(amendments::waiting(&db, elsewhere, 10).await.expect("read").is_empty());
}
