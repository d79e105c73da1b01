//! What is asked with every request is found by an index, however many patients there are.

use crate::houses::clock;
use store::{Db, EmbeddedOptions, Param, Store};
use tempfile::TempDir;

/// How the database says that it will find the rows of a statement.
async fn plan(store: Store, sql: &'static str, params: &[Param<'_>]) -> String {
    let folder = TempDir::new().expect("folder");
    let db = Db::create(&folder.path().join("some.db"), &[7; 32], &EmbeddedOptions::default()).expect("created");
    store::migrate(&db, store, &clock()).await.expect("migrated");
    let rows = db.rows(sql, params).await.expect("explained");
    rows.iter().map(|row| row.text(3).expect("text")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn whether_an_account_treats_a_patient_is_one_look_into_an_index() {
    let sql = "EXPLAIN QUERY PLAN SELECT 1 FROM care_links WHERE practice_id = $1 AND account_id = $2 \
               AND patient_id = $3 AND starts_at <= $4 AND (ends_at IS NULL OR ends_at > $4) LIMIT 1";
    let id = &[1_u8; 16];
    let found = plan(Store::Identity, sql, &[id.into(), id.into(), id.into(), 1_i64.into()]).await;
    assert!(found.contains("(practice_id=? AND account_id=? AND patient_id=?)"), "{found}");
}

#[tokio::test]
async fn the_versions_of_one_patients_program_are_found_without_those_of_others() {
    let sql = "EXPLAIN QUERY PLAN SELECT items FROM program_versions v WHERE v.practice_id = $1 AND v.patient_id = $2 \
               ORDER BY v.signed_at DESC, v.version DESC LIMIT 500";
    let id = &[1_u8; 16];
    let found = plan(Store::Clinical, sql, &[id.into(), id.into()]).await;
    assert!(found.contains("(practice_id=? AND patient_id=?)"), "{found}");
}
