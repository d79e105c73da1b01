//! Courses, and who was trained.

use super::{ACCOUNT, PRACTICE, at, identity::peopled};
use crate::houses::House;
use domain::{CourseId, Date, DueDays, RenewalMonths, Role, TrainingId};
use phi::Sealed;
use store::{
    Batch, CommitError,
    rows::{
        access_reviews, accounts,
        training::{self as rows, CourseRow, TrainingRow},
    },
};

const COURSE: CourseId = CourseId::from_bytes([7; 16]);

fn course(version: i64, roles: &[Role]) -> CourseRow {
    let id = rows::course_id(COURSE, version);
    CourseRow {
        practice_id: PRACTICE,
        course_id: COURSE,
        version,
        title: Sealed::stored(id, b"title".to_vec()),
        purpose: Sealed::stored(id, b"purpose".to_vec()),
        roles: roles.iter().map(|role| (*role, at(version))).collect(),
        renewal: RenewalMonths::new(12).ok(),
        due_days: DueDays::new(30).expect("fits"),
        made_by: ACCOUNT,
        made_at: at(version),
        ended: None,
    }
}

fn trained(n: u8, day: Option<Date>) -> TrainingRow {
    let training_id = TrainingId::from_bytes([n; 16]);
    TrainingRow {
        practice_id: PRACTICE,
        training_id,
        account_id: ACCOUNT,
        course_id: COURSE,
        version: 1,
        trained_on: day,
        how: Sealed::stored(rows::training_id(training_id), b"how".to_vec()),
        recorded_by: ACCOUNT,
        recorded_at: at(i64::from(n)),
        nobody_else: true,
        corrects: None,
        superseded_by: None,
    }
}

pub(crate) async fn what_is_asked_follows_from_the_role_the_newest_version_and_what_counts(house: &mut dyn House) {
    let db = peopled(house).await;
    let (role, another) = (Role::Therapist, Role::Billing);
    db.commit(rows::begin(Batch::new(), &course(1, &[role, another]))).await.expect("stored");
    let asked = async || rows::asked_of(&db, PRACTICE, ACCOUNT).await.expect("read");
    let last = async || asked().await[0].last;
    assert_eq!(asked().await.len(), 1, "one line for a course, whatever roles it has");
    assert_eq!((last().await, asked().await[0].since), (None, at(1)));

    let (first, second) = (Date::constant(2026, 5, 1), Date::constant(2026, 4, 1));
    db.commit(rows::insert(Batch::new(), &trained(1, Some(first)))).await.expect("stored");
    db.commit(rows::insert(Batch::new(), &trained(2, Some(second)))).await.expect("stored");
    assert_eq!(last().await, Some(first), "the last day, not the last record");
    let supersede = |by: u8| {
        let by = TrainingId::from_bytes([by; 16]);
        rows::superseded(Batch::new(), PRACTICE, TrainingId::from_bytes([1; 16]), by)
    };
    db.commit(rows::insert(supersede(3), &trained(3, None))).await.expect("stored");
    assert_eq!(last().await, Some(second), "what was corrected counts no more, and what has no day neither");
    assert!(matches!(db.commit(supersede(4)).await, Err(CommitError::Conflict { .. })), "it is corrected once");
    let all = rows::of_course(&db, PRACTICE, COURSE).await.expect("read");
    assert_eq!(all.iter().map(|row| row.training_id.as_bytes()[0]).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(all[2].superseded_by, Some(TrainingId::from_bytes([3; 16])));
    assert!(all[0].nobody_else && all[0].trained_on.is_none());

    let enforced = async || rows::enforced(&db, PRACTICE, ACCOUNT).await.expect("read");
    let set = |value| access_reviews::set(Batch::new(), PRACTICE, ("training_enforced", value), ACCOUNT, at(9));
    assert!(enforced().await.is_empty());
    db.commit(set("no")).await.expect("stored");
    assert!(enforced().await.is_empty());
    db.commit(set("yes")).await.expect("stored");
    assert_eq!((enforced().await.len(), enforced().await[0].since), (1, at(9)));

    db.commit(rows::supersede(Batch::new(), &course(2, &[another]))).await.expect("stored");
    assert!(asked().await.is_empty(), "the newest version counts");
    let again = db.commit(rows::supersede(Batch::new(), &course(2, &[role]))).await;
    assert!(matches!(again, Err(CommitError::Conflict { .. })), "of two at once one is the next");
    let versions = rows::versions(&db, PRACTICE, COURSE).await.expect("read");
    assert_eq!(versions.iter().map(|row| (row.version, row.roles.len())).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
    db.commit(accounts::role_since(Batch::new(), PRACTICE, ACCOUNT, at(50))).await.expect("stored");
    db.commit(rows::supersede(Batch::new(), &course(3, &[role]))).await.expect("stored");
    assert_eq!(asked().await[0].from(), at(50));
    assert!(!rows::asked(&db, PRACTICE).await.expect("read").is_empty());

    let end = |version| rows::end(Batch::new(), (PRACTICE, COURSE), version, ACCOUNT, at(60));
    assert!(matches!(db.commit(end(2)).await, Err(CommitError::Conflict { .. })));
    db.commit(end(3)).await.expect("stored");
    assert!(asked().await.is_empty() && enforced().await.is_empty());
    let late = db.commit(rows::insert(rows::stands(Batch::new(), (PRACTICE, COURSE), 3), &trained(5, None))).await;
    assert!(matches!(late, Err(CommitError::Conflict { .. })), "nothing is recorded of a course that ended");
    assert_eq!(rows::courses(&db, PRACTICE).await.expect("read")[0].ended, Some((ACCOUNT, at(60))));
    assert!(rows::training(&db, PRACTICE, TrainingId::from_bytes([5; 16])).await.expect("read").is_none());
    assert_eq!(rows::of_account(&db, PRACTICE, ACCOUNT).await.expect("read").len(), 3);
}
