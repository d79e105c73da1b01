//! Values and reads.

use crate::houses::{House, furnished};
use domain::{Date, ExerciseId, PracticeId, Role, Timestamp};
use store::{Batch, Db, Store, StoreError};

/// What a test may look for, in errors and files.
const MARKER: &str = "marker-5d41402abc4b2a76";

async fn exercise(db: &Db, name: &str, steps: &str, number: i64) -> ExerciseId {
    let id = ExerciseId::from_bytes([8; 16]);
    let row = [
        PracticeId::from_bytes([1; 16]).into(),
        id.into(),
        "starter".into(),
        "squat".into(),
        name.into(),
        "knee".into(),
        "none".into(),
        steps.into(),
        String::from("[]").into(),
        number.into(),
        Timestamp::UNIX_EPOCH.into(),
        7.into(),
    ];
    let sql = "INSERT INTO exercises (practice_id, exercise_id, source, source_ref, name, region, equipment, steps,
        cautions, pictures, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    db.commit(Batch::new().run(sql, &row).expect(1)).await.expect("stored");
    id
}

pub(crate) async fn bytes_numbers_text_and_null_come_back_as_they_went_in(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    for (n, (bytes, number)) in
        [(vec![], i64::MIN), (every_byte, i64::MAX), (vec![0; 70_000], 0), (b"12".to_vec(), -1)].into_iter().enumerate()
    {
        let sql = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, $2, $3)";
        let batch = Batch::new().run(sql, &[(&bytes).into(), number.into(), (n as i64).into()]);
        db.commit(batch.expect(1)).await.expect("stored");
        let sql = "SELECT subject_index, failures FROM throttles WHERE failed_at = $1 AND subject_index = $2";
        let row = db.one(sql, &[(n as i64).into(), bytes.as_slice().into()]).await.expect("found");
        assert_eq!(row.blob(0).expect("bytes"), bytes);
        assert_eq!(row.int(1).expect("a number"), number);
    }
    let db = furnished(house, Store::Clinical).await;
    let text = "Knee – 膝蓋 \u{1F9B5} 'quoted' \"twice\" $1 \\ % _";
    let id = exercise(&db, text, "", 3).await;
    let sql = "SELECT exercise_id, name, steps, pictures FROM exercises WHERE name = $1";
    let row = db.one(sql, &[text.into()]).await.expect("found");
    assert_eq!(row.id::<ExerciseId>(0).expect("an id"), id);
    assert_eq!(row.array::<16>(0).expect("16 bytes"), *id.as_bytes());
    assert_eq!(row.text(1).expect("text"), text);
    assert_eq!(row.text(2).expect("text"), "");
    assert_eq!(row.number::<u8>(3).expect("small"), 3);
    nulls(&db).await;
}

async fn nulls(db: &Db) {
    let sql = "INSERT INTO patients (practice_id, patient_id, given_name, family_name, birth_date, email, phone,
        created_at, updated_at, version) VALUES ($1, $2, $3, $3, $3, $4, $5, 1, 1, 1)";
    let (ids, sealed) = ([[1; 16], [2; 16]], b"sealed".as_slice());
    let row = [ids[0].into(), ids[1].into(), sealed.into(), None::<&[u8]>.into(), Some(sealed).into()];
    db.commit(Batch::new().run(sql, &row).expect(1)).await.expect("stored");
    let row = db.one("SELECT email, phone, version FROM patients", &[]).await.expect("one");
    assert_eq!(row.opt_blob(0), Ok(None));
    assert!(row.is_null(0) && !row.is_null(1));
    assert_eq!(row.opt_blob(1), Ok(Some(sealed)));
    assert_eq!(row.opt_int(2), Ok(Some(1)));
    assert_eq!(row.opt_text(0), Ok(None));
    assert_eq!(row.blob(0), Err(StoreError::Column { index: 0, wanted: "bytes" }));
}

pub(crate) async fn moments_and_days_come_back_as_they_went_in(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let days = [Date::constant(1969, 12, 31), Date::constant(1970, 1, 1), Date::constant(2028, 2, 29), Date::MAX];
    for day in days {
        let at = Timestamp::from_millisecond(-1_234_567_890_123).expect("a moment");
        let sql = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, $2, $3)";
        db.commit(Batch::new().run(sql, &[[1; 32].into(), day.into(), at.into()])).await.expect("stored");
        let row = db.one("SELECT failures, failed_at FROM throttles", &[]).await.expect("one");
        assert_eq!(row.date(0), Ok(day));
        assert_eq!(row.opt_date(0), Ok(Some(day)));
        assert_eq!(row.timestamp(1), Ok(at));
        assert_eq!(row.opt_timestamp(1), Ok(Some(at)));
        db.commit(Batch::new().run("DELETE FROM throttles", &[]).expect(1)).await.expect("removed");
    }
}

pub(crate) async fn placeholders_may_stand_in_any_order_and_twice(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let sql = "INSERT INTO throttles (failures, failed_at, subject_index) VALUES ($3, $2, $1)";
    db.commit(Batch::new().run(sql, &[[1; 32].into(), 2.into(), 3.into()]).expect(1)).await.expect("stored");
    let sql = "SELECT failures, failed_at FROM throttles
        WHERE failures = $2 AND failed_at = $1 AND failures <> $1 AND subject_index = $3";
    let row = db.one(sql, &[2.into(), 3.into(), [1; 32].into()]).await.expect("found");
    assert_eq!((row.int(0), row.int(1)), (Ok(3), Ok(2)));
}

pub(crate) async fn a_column_of_another_type_is_an_error_that_names_its_place(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    exercise(&db, MARKER, "[]", 300).await;
    let row = db.one("SELECT name, pictures, exercise_id FROM exercises", &[]).await.expect("one");
    assert_eq!(row.int(0), Err(StoreError::Column { index: 0, wanted: "a number" }));
    assert_eq!(row.blob(0), Err(StoreError::Column { index: 0, wanted: "bytes" }));
    assert_eq!(row.text(1), Err(StoreError::Column { index: 1, wanted: "text" }));
    assert_eq!(row.number::<u8>(1), Err(StoreError::Column { index: 1, wanted: "a number in range" }));
    assert_eq!(row.word::<Role>(0), Err(StoreError::Column { index: 0, wanted: "a known word" }));
    assert_eq!(row.array::<32>(2), Err(StoreError::Column { index: 2, wanted: "bytes of the right number" }));
    assert_eq!(row.int(9), Err(StoreError::Column { index: 9, wanted: "there" }));
    let message = row.int(0).expect_err("refused").to_string();
    assert_eq!(message, "column 0 of the row is not a number");
}

pub(crate) async fn one_wants_exactly_one_row(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let all = "SELECT failures FROM throttles";
    let insert = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, 1, 1)";
    assert_eq!(db.one(all, &[]).await.err(), Some(StoreError::NotOne { found: 0 }));
    assert!(db.optional(all, &[]).await.expect("fine").is_none());
    db.commit(Batch::new().run(insert, &[[1; 32].into()])).await.expect("stored");
    assert!(db.one(all, &[]).await.is_ok());
    assert!(db.optional(all, &[]).await.expect("fine").is_some());
    db.commit(Batch::new().run(insert, &[[2; 32].into()])).await.expect("stored");
    assert_eq!(db.one(all, &[]).await.err(), Some(StoreError::NotOne { found: 2 }));
    assert_eq!(db.optional(all, &[]).await.err(), Some(StoreError::NotOne { found: 2 }));
}

pub(crate) async fn a_mistaken_query_is_refused(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    for sql in ["SELECT no_such_column FROM practices", "SELECT 1 FROM no_such_table", "SELEC 1"] {
        let refused = db.rows(sql, &[]).await.err();
        assert!(matches!(refused, Some(StoreError::Refused { .. })), "{refused:?}");
    }
    let refused = db.rows("SELECT name FROM practices WHERE name = $1", &[]).await.err();
    assert!(matches!(refused, Some(StoreError::Refused { .. })), "{refused:?}");
}

pub(crate) async fn neither_errors_nor_debug_hold_a_value(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let insert = "INSERT INTO practices (practice_id, name, timezone, created_at, bootstrap_open, demo)
        VALUES ($1, $2, $2, 1, 0, 0)";
    let batch = || Batch::new().run(insert, &[[1; 16].into(), MARKER.into()]);
    db.commit(batch()).await.expect("stored");
    let wrong = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, $2, NULL)";
    let errors = [
        format!("{0} {0:?}", db.commit(batch()).await.expect_err("a duplicate")),
        format!(
            "{0} {0:?}",
            db.commit(Batch::new().run(wrong, &[MARKER.as_bytes().into(), 5.into()])).await.expect_err("a null")
        ),
        format!("{0:?}", db.rows("SELECT name FROM practices WHERE nme = $1", &[MARKER.into()]).await.err()),
        format!("{:?} {db:?}", store::Param::from(MARKER)),
    ];
    for error in errors {
        assert!(!error.contains("5d41402abc4b2a76"), "{error}");
    }
}
