//! Rows of any table with sealed columns, as a rotation of keys sees them: ids and ciphertext.

use crate::{Batch, Db, Param, Row, StoreError};
use domain::PracticeId;
use phi::{RowId, SealedTable};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// One row.
#[derive(Clone)]
pub struct SealedRow {
    /// The patient or account whose row it is.
    pub subject: [u8; 16],
    id: [u8; 16],
    version: Option<i64>,
    /// What its sealed columns hold, in the order of the table's columns.
    pub sealed: Vec<Option<Vec<u8>>>,
}

impl SealedRow {
    /// The row as associated data sees it.
    pub fn row_id(&self) -> RowId {
        match self.version.map(u64::try_from) {
            Some(Ok(version)) => RowId::versioned(self.id, version),
            _ => RowId::new(self.id),
        }
    }
    /// Its id.
    pub const fn id(&self) -> &[u8; 16] {
        &self.id
    }
}

/// The next rows of a practice, in the order of their ids, behind `after`; of one subject where one is given.
pub async fn page(
    db: &Db,
    table: &SealedTable,
    practice: PracticeId,
    subject: Option<[u8; 16]>,
    after: Option<&SealedRow>,
    limit: u32,
) -> Result<Vec<SealedRow>, StoreError> {
    let (none, lowest) = ([0; 16], i64::MIN);
    let subject_or_none = subject.unwrap_or(none);
    let mut params: Vec<Param<'_>> = vec![practice.into()];
    let mut condition = "practice_id = $1".to_owned();
    if subject.is_some() {
        params.push((&subject_or_none).into());
        condition.push_str(&format!(" AND {}", table.of_subject));
    }
    // A row is named by its subject and id: that is the order of the primary keys, so that pages follow an index.
    let order = order(table);
    let start = params.len();
    let (subject, id) = after.map_or((&none, &none), |row| (&row.subject, &row.id));
    for name in &order {
        params.push(match *name {
            name if Some(name) == table.version => after.and_then(|row| row.version).unwrap_or(lowest).into(),
            name if name == table.row => id.into(),
            _ => subject.into(),
        });
    }
    let places: Vec<String> = (1..=order.len()).map(|n| format!("${}", start + n)).collect();
    params.push(i64::from(limit).into());
    let columns: Vec<_> = table.columns.iter().map(|column| column.column).collect();
    let sql = format!(
        "SELECT {}, {}, {}, {} FROM {} WHERE {condition} AND ({}) > ({}) ORDER BY {} LIMIT ${}",
        table.subject,
        table.row,
        table.version.unwrap_or("0"),
        columns.join(", "),
        table.table,
        order.join(", "),
        places.join(", "),
        order.join(", "),
        params.len(),
    );
    db.rows(text(sql), &params).await?.iter().map(|row| read(table, row)).collect()
}

/// How many rows a practice has in a table.
pub async fn count(db: &Db, table: &SealedTable, practice: PracticeId) -> Result<u64, StoreError> {
    let sql = format!("SELECT COUNT(*) FROM {} WHERE practice_id = $1", table.table);
    db.one(text(sql), &[practice.into()]).await?.number(0)
}

/// Stores a row's new ciphertext, if it still holds the old one: what somebody else has sealed since stays.
pub fn replace(
    batch: Batch,
    table: &SealedTable,
    practice: PracticeId,
    old: &SealedRow,
    new: &[Option<Vec<u8>>],
) -> Batch {
    let mut params: Vec<Param<'_>> = Vec::new();
    let mut place = |param| {
        params.push(param);
        format!("${}", params.len())
    };
    let mut set = Vec::new();
    for (column, value) in table.columns.iter().zip(new) {
        set.push(format!("{} = {}", column.column, place(value.as_deref().into())));
    }
    let mut condition = vec![format!("practice_id = {}", place(practice.into()))];
    for name in order(table) {
        let value = match name {
            name if Some(name) == table.version => old.version.unwrap_or(0).into(),
            name if name == table.row => (&old.id).into(),
            _ => (&old.subject).into(),
        };
        condition.push(format!("{name} = {}", place(value)));
    }
    for (column, value) in table.columns.iter().zip(&old.sealed) {
        condition.push(format!("{} IS NOT DISTINCT FROM {}", column.column, place(value.as_deref().into())));
    }
    let sql = format!("UPDATE {} SET {} WHERE {}", table.table, set.join(", "), condition.join(" AND "));
    batch.run(text(sql), &params)
}

/// The columns that name a row within its practice, without repeating one.
fn order(table: &SealedTable) -> Vec<&'static str> {
    let mut order = vec![];
    // Versions of programs are kept under their program, everything else under its subject.
    if table.version.is_none() && table.subject != table.row {
        order.push(table.subject);
    }
    order.push(table.row);
    order.extend(table.version);
    order
}

fn read(table: &SealedTable, row: &Row) -> Result<SealedRow, StoreError> {
    let sealed = (3..3 + table.columns.len()).map(|index| Ok(row.opt_blob(index)?.map(<[u8]>::to_vec)));
    Ok(SealedRow {
        subject: row.array(0)?,
        id: row.array(1)?,
        version: table.version.map(|_| row.int(2)).transpose()?,
        sealed: sealed.collect::<Result<_, StoreError>>()?,
    })
}

/// A statement's text for as long as the program runs: there are two or three for each table, made once.
fn text(sql: String) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    match texts.get(sql.as_str()) {
        Some(known) => known,
        None => {
            let kept: &'static str = Box::leak(sql.into_boxed_str());
            texts.insert(kept);
            kept
        }
    }
}
