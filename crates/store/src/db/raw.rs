//! Tables as streams of bytes, for backups and for moving a practice to another kind of database. Nothing is opened: a sealed
//! field goes through as it is.
//!
//! The bytes of a table are its rows in the order of the primary key, each as a tuple of PostgreSQL's binary `COPY`
//! ([`tuple`]). Both kinds of database give the same bytes for the same rows, so that a hash over them compares two
//! databases, whatever keeps them; and with the documented format a table can be brought back without this program.
//!
//! Everything here blocks: call it in `spawn_blocking`, inside the runtime that opened the databases.

mod cut;
mod fill;
mod pieces;
mod tuple;

pub use cut::{Snapshot, cut};
pub use fill::{Fill, Filled};
pub use pieces::Pieces;
pub use tuple::{Fields, Tuples};

use super::{Db, Kind, OpenError, StoreError};
use phi::Store;
use std::{collections::BTreeMap, io};

/// A table as it is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTable {
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which their values stand in a row.
    pub columns: Vec<RawColumn>,
    /// The places of the primary key's columns in that list.
    pub key: Vec<usize>,
    /// Which rows, as a condition in SQL; all of them when there is none.
    pub only: Option<&'static str>,
}

/// A column of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
}

/// Why rows were not carried.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The database does not do it now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no room.
    #[error("the disk of the database is full")]
    Full,
    /// The other end of the stream failed.
    #[error(transparent)]
    Stream(#[from] io::Error),
    /// A table is not as the registry says.
    #[error("the table {table} {what}")]
    Table {
        /// Which one.
        table: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Writers did not pause in time.
    #[error("the {store} database was busy with one long transaction for too long; try again")]
    Busy {
        /// Which one, counted in the order of the cut.
        store: usize,
    },
}

impl RawTable {
    /// The place of a column.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|one| one.name == column)
    }

    fn columns_sql(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn condition_sql(&self) -> String {
        self.only.map(|only| format!(" WHERE {only}")).unwrap_or_default()
    }

    /// The order of the primary key, the same in both kinds of database: bytes are compared, also of text.
    fn order_sql(&self, postgres: bool) -> String {
        let one = |place: &usize| {
            let column = &self.columns[*place];
            let collation = if postgres && column.kind == Kind::Text { " COLLATE \"C\"" } else { "" };
            format!("{}{collation}", column.name)
        };
        self.key.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// The tables of a store, parents before their children, as the registry and the live database both have them.
pub async fn raw_tables(db: &Db, store: Store) -> Result<Vec<RawTable>, RawError> {
    let mut live: BTreeMap<String, BTreeMap<String, Kind>> = BTreeMap::new();
    for column in db.live_columns().await? {
        let kind = match column.kind.as_str() {
            "BYTEA" => Kind::Blob,
            "BIGINT" => Kind::Int,
            "TEXT" => Kind::Text,
            _ => return Err(RawError::Table { table: column.table, what: "has a column of another type" }),
        };
        live.entry(column.table).or_default().insert(column.column, kind);
    }
    let mut tables: Vec<RawTable> = Vec::new();
    for column in phi::registry().filter(|column| column.store == store) {
        let table = || RawError::Table { table: column.table.to_owned(), what: "is not as the registry has it" };
        let kind = *live.get(column.table).and_then(|columns| columns.get(column.column)).ok_or_else(table)?;
        let column_ = RawColumn { name: column.column.to_owned(), kind };
        match tables.iter_mut().find(|known| known.name == column.table) {
            Some(known) => known.columns.push(column_),
            None => {
                tables.push(RawTable {
                    name: column.table.to_owned(),
                    columns: vec![column_],
                    key: Vec::new(),
                    only: None,
                });
            }
        }
    }
    for table in &mut tables {
        let key = db.primary_key(&table.name).await?;
        table.key = key.iter().filter_map(|name| table.place(name)).collect();
        if table.key.is_empty() || table.key.len() != key.len() {
            return Err(RawError::Table { table: table.name.clone(), what: "has no primary key" });
        }
    }
    in_order_of_parents(db, tables).await
}

/// Parents first, otherwise in the order of the registry.
async fn in_order_of_parents(db: &Db, tables: Vec<RawTable>) -> Result<Vec<RawTable>, RawError> {
    let mut waiting = Vec::new();
    for table in tables {
        let parents: Vec<String> =
            db.parents(&table.name).await?.into_iter().filter(|parent| *parent != table.name).collect();
        waiting.push((table, parents));
    }
    let mut ordered: Vec<RawTable> = Vec::new();
    while !waiting.is_empty() {
        let ready = |parents: &[String]| parents.iter().all(|parent| ordered.iter().any(|table| table.name == *parent));
        let Some(next) = waiting.iter().position(|(_, parents)| ready(parents)) else {
            let table = waiting[0].0.name.clone();
            return Err(RawError::Table { table, what: "refers to a table that is not carried" });
        };
        ordered.push(waiting.remove(next).0);
    }
    Ok(ordered)
}

impl Db {
    /// The columns of a table's primary key, in its order.
    async fn primary_key(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = if self.is_postgres() {
            "SELECT a.attname FROM pg_index i \
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) \
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
             WHERE i.indrelid = $1::text::regclass AND i.indisprimary ORDER BY k.place"
        } else {
            "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk"
        };
        self.names(sql, table).await
    }

    /// The tables that a table refers to.
    async fn parents(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = if self.is_postgres() {
            "SELECT DISTINCT p.relname FROM pg_constraint c JOIN pg_class p ON p.oid = c.confrelid \
             WHERE c.contype = 'f' AND c.conrelid = $1::text::regclass"
        } else {
            "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)"
        };
        self.names(sql, table).await
    }

    async fn names(&self, sql: &'static str, table: &str) -> Result<Vec<String>, StoreError> {
        self.rows(sql, &[table.into()]).await?.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
    }
}
