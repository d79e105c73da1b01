//! Writes.

use crate::houses::{House, furnished};
use futures::future::join_all;
use std::collections::BTreeSet;
use store::{Batch, CommitError, Db, Store};

const INSERT: &str = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, $2, $3)";
const RAISE: &str = "UPDATE throttles SET failures = failures + 1 WHERE subject_index = $1 AND failures = $2";

/// Stores the row of an address, once.
fn insert(batch: Batch, address: u8, failures: i64) -> Batch {
    batch.run(INSERT, &[[address; 32].into(), failures.into(), 5.into()]).expect(1)
}

async fn failures(db: &Db) -> Vec<i64> {
    let rows = db.rows("SELECT failures FROM throttles ORDER BY failures", &[]).await.expect("rows");
    rows.iter().map(|row| row.int(0).expect("a number")).collect()
}

pub(crate) async fn a_batch_is_stored_whole(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    db.commit(insert(insert(Batch::new(), 1, 1), 2, 2)).await.expect("stored");
    assert_eq!(failures(&db).await, [1, 2]);
    let raise = Batch::new().run("UPDATE throttles SET failures = failures + $1", &[10.into()]).expect(2);
    let remove = Batch::new().run("DELETE FROM throttles WHERE failures = $1", &[12.into()]);
    db.commit(raise.and(remove)).await.expect("stored");
    assert_eq!(failures(&db).await, [11]);
}

pub(crate) async fn a_conflict_rolls_back_the_whole_batch(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let batch = insert(Batch::new(), 1, 1).run(RAISE, &[[1; 32].into(), 7.into()]).expect(1);
    assert_eq!(db.commit(insert(batch, 2, 2)).await, Err(CommitError::Conflict { statement: 1 }));
    assert_eq!(failures(&db).await, Vec::<i64>::new());
}

pub(crate) async fn a_duplicate_rolls_back_the_whole_batch_and_names_the_statement(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    db.commit(insert(Batch::new(), 1, 1)).await.expect("stored");
    let twice = insert(insert(Batch::new(), 2, 2), 1, 3);
    assert_eq!(db.commit(insert(twice, 4, 4)).await, Err(CommitError::Duplicate { statement: 1 }));
    assert_eq!(failures(&db).await, [1]);
}

pub(crate) async fn a_missing_parent_row_is_refused_and_rolls_back(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let orphan = insert(Batch::new(), 1, 1).run(
        "INSERT INTO recovery_codes (practice_id, account_id, code_mac) VALUES ($1, $2, $3)",
        &[[1; 16].into(), [2; 16].into(), [3; 32].into()],
    );
    let refused = db.commit(orphan).await.expect_err("refused");
    assert!(matches!(refused, CommitError::Refused { statement: 1, .. }), "{refused}");
    assert_eq!(failures(&db).await, Vec::<i64>::new());
}

pub(crate) async fn a_mistaken_statement_is_refused_and_rolls_back(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let mistakes = [
        Batch::new().run("UPDATE no_such_table SET a = $1", &[1.into()]),
        Batch::new().run("UPDAT throttles SET failures = 1", &[]),
        Batch::new().run("UPDATE throttles SET failures = $1", &[1.into(), 2.into()]),
        Batch::new().run("UPDATE throttles SET failures = $1, failed_at = $2", &[1.into()]),
    ];
    for mistake in mistakes {
        let refused = db.commit(insert(Batch::new(), 1, 1).and(mistake)).await.expect_err("refused");
        assert!(matches!(refused, CommitError::Refused { statement: 1, .. }), "{refused}");
    }
    let null = Batch::new().run(INSERT, &[[1; 32].into(), None::<i64>.into(), 5.into()]);
    let refused = db.commit(null).await.expect_err("refused");
    assert!(matches!(refused, CommitError::Refused { statement: 0, .. }), "{refused}");
    assert_eq!(failures(&db).await, Vec::<i64>::new());
}

pub(crate) async fn a_failing_batch_does_not_hurt_its_neighbors(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    db.commit(insert(Batch::new(), 0, 0)).await.expect("stored");
    // Every third one conflicts, every third one is a duplicate; all are under way at once.
    let outcomes = join_all((1..=60u8).map(|n| {
        let batch = insert(Batch::new(), n, n.into());
        db.commit(match n % 3 {
            0 => batch.run(RAISE, &[[0; 32].into(), 99.into()]).expect(1),
            1 => insert(batch, 0, 0),
            _ => batch,
        })
    }))
    .await;
    for (outcome, n) in outcomes.iter().zip(1..=60u8) {
        match n % 3 {
            0 => assert_eq!(*outcome, Err(CommitError::Conflict { statement: 1 })),
            1 => assert_eq!(*outcome, Err(CommitError::Duplicate { statement: 1 })),
            _ => assert_eq!(*outcome, Ok(())),
        }
    }
    let expected: Vec<i64> = (0..=60).filter(|n| *n == 0 || n % 3 == 2).collect();
    assert_eq!(failures(&db).await, expected);
}

pub(crate) async fn concurrent_commits_are_all_stored_and_distinct(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let tasks: Vec<_> = (0..64u8)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                for n in 0..4i64 {
                    let mut address = [task; 32];
                    address[0] = u8::try_from(n).expect("small");
                    let row = [address.into(), (i64::from(task) * 4 + n).into(), 5.into()];
                    db.commit(Batch::new().run(INSERT, &row).expect(1)).await.expect("stored");
                    let mine = "SELECT failures FROM throttles WHERE subject_index = $1";
                    // What is acknowledged is there for whoever asks next.
                    db.one(mine, &[address.into()]).await.expect("there");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let stored: BTreeSet<i64> = failures(&db).await.into_iter().collect();
    assert_eq!(stored, (0..256).collect());
}

pub(crate) async fn two_writers_of_one_version_meet_and_only_one_wins(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    db.commit(insert(Batch::new(), 1, 1)).await.expect("stored");
    for version in 1..=20i64 {
        let raise = || db.commit(Batch::new().run(RAISE, &[[1; 32].into(), version.into()]).expect(1));
        let (one, other) = tokio::join!(raise(), raise());
        let lost = Err(CommitError::Conflict { statement: 0 });
        assert!((one == Ok(()) && other == lost) || (one == lost && other == Ok(())), "{one:?} {other:?}");
    }
    assert_eq!(failures(&db).await, [21]);
}

pub(crate) async fn an_empty_batch_is_fine(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    assert!(Batch::new().is_empty());
    assert_eq!(db.commit(Batch::new()).await, Ok(()));
}

pub(crate) async fn what_is_committed_is_there_after_opening_again(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    db.commit(insert(Batch::new(), 1, 41)).await.expect("stored");
    drop(db);
    assert_eq!(failures(&house.server(Store::Identity).await).await, [41]);
}

pub(crate) async fn two_that_rely_on_each_other_are_not_both_stored(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    // Each removes itself only while the other is there: run at once, one of them must stay.
    let remove = "DELETE FROM throttles WHERE subject_index = $1
        AND EXISTS (SELECT 1 FROM throttles AS others WHERE others.subject_index = $2)";
    for _ in 0..20 {
        db.commit(insert(insert(Batch::new(), 1, 1), 2, 2)).await.expect("stored");
        let leave =
            |me: u8, other: u8| db.commit(Batch::new().run(remove, &[[me; 32].into(), [other; 32].into()]).expect(1));
        let (one, other) = tokio::join!(leave(1, 2), leave(2, 1));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert_eq!(failures(&db).await.len(), 1);
        db.commit(Batch::new().run("DELETE FROM throttles", &[]).expect(1)).await.expect("removed");
    }
}

pub(crate) async fn many_that_count_the_same_thing_are_all_counted(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    db.commit(insert(Batch::new(), 1, 0)).await.expect("stored");
    let count = || db.commit(Batch::new().run("UPDATE throttles SET failures = failures + 1", &[]).expect(1));
    let outcomes = join_all((0..32).map(|_| count())).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(failures(&db).await, [32]);
}
