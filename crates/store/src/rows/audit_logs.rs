//! How far each log is indexed, and the numbers that stand for ids and words in the index.

use crate::{Batch, Db, StoreError};
use ledger::{Hash, LogName};

/// A log in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its number: see [`number_of`].
    pub log: i64,
    /// Its name.
    pub name: String,
    /// The first entry that is not indexed yet.
    pub next_seq: u64,
    /// The Merkle leaf of the entry before that; of nothing when there is none.
    pub last_leaf: Hash,
    /// How many entries could not be opened.
    pub unreadable: u64,
}

/// The number of a log: 31 bits of its name's hash, so that an index that is made again gives the same one. That two
/// logs of an installation meet in one number is left to the table, which refuses the second.
pub fn number_of(log: &LogName) -> i64 {
    let hash = crypto::sha256(log.as_str().as_bytes());
    i64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 1)
}

/// All logs.
pub async fn all(db: &Db) -> Result<Vec<LogRow>, StoreError> {
    const SQL: &str = "SELECT log, name, next_seq, last_leaf, unreadable FROM audit_logs ORDER BY name";
    let rows = db.rows(SQL, &[]).await?;
    let read = |row: &crate::Row| {
        Ok(LogRow {
            log: row.int(0)?,
            name: row.text(1)?.to_owned(),
            next_seq: row.number(2)?,
            last_leaf: Hash(row.array(3)?),
            unreadable: row.number(4)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Begins a log.
pub fn begin(batch: Batch, log: &LogName) -> Batch {
    const SQL: &str = "INSERT INTO audit_logs (log, name, next_seq, last_leaf, unreadable) VALUES ($1, $2, 0, $3, 0)";
    batch.run(SQL, &[number_of(log).into(), log.as_str().into(), Hash::of_nothing().0.into()]).expect(1)
}

/// Moves a log on from `from` to what the row says. A conflict when it stands elsewhere.
pub fn move_on(batch: Batch, from: u64, to: &LogRow) -> Batch {
    const SQL: &str = "UPDATE audit_logs SET next_seq = $3, last_leaf = $4, unreadable = $5 \
                       WHERE log = $1 AND next_seq = $2";
    let params = &[
        to.log.into(),
        (from as i64).into(),
        (to.next_seq as i64).into(),
        to.last_leaf.0.into(),
        (to.unreadable as i64).into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// The highest numbers in use: of ids, of terms.
pub async fn highest(db: &Db) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "SELECT (SELECT COALESCE(MAX(number), 0) FROM audit_ids), \
                       (SELECT COALESCE(MAX(number), 0) FROM audit_terms)";
    let row = db.one(SQL, &[]).await?;
    Ok((row.int(0)?, row.int(1)?))
}

/// The number of an id, if it has one.
pub async fn id_number(db: &Db, id: &[u8; 16]) -> Result<Option<i64>, StoreError> {
    let row = db.optional("SELECT number FROM audit_ids WHERE id = $1", &[id.into()]).await?;
    row.map(|row| row.int(0)).transpose()
}

/// The number of a term, if it has one.
pub async fn term_number(db: &Db, term: &str) -> Result<Option<i64>, StoreError> {
    let row = db.optional("SELECT number FROM audit_terms WHERE term = $1", &[term.into()]).await?;
    row.map(|row| row.int(0)).transpose()
}

/// The id that has a number.
pub async fn id_of(db: &Db, number: i64) -> Result<[u8; 16], StoreError> {
    db.one("SELECT id FROM audit_ids WHERE number = $1", &[number.into()]).await?.array(0)
}

/// The term that has a number.
pub async fn term_of(db: &Db, number: i64) -> Result<String, StoreError> {
    Ok(db.one("SELECT term FROM audit_terms WHERE number = $1", &[number.into()]).await?.text(0)?.to_owned())
}

/// Gives an id a number.
pub fn number_id(batch: Batch, number: i64, id: &[u8; 16]) -> Batch {
    batch.run("INSERT INTO audit_ids (number, id) VALUES ($1, $2)", &[number.into(), id.into()]).expect(1)
}

/// Gives a term a number.
pub fn number_term(batch: Batch, number: i64, term: &str) -> Batch {
    batch.run("INSERT INTO audit_terms (number, term) VALUES ($1, $2)", &[number.into(), term.into()]).expect(1)
}
