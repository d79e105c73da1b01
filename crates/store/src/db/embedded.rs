//! The embedded database: SQLite in a file that SQLCipher encrypts page by page.
//!
//! One thread writes, with group commit ([`writer`]); a few read-only connections read, on the thread that asks.
//!
//! Settings, and why:
//! - `synchronous = FULL` with a write-ahead log: a commit is in the file, synced, before it is acknowledged. (`NORMAL`
//!   for the index of the ledger, which is made again from it.)
//! - The log is started over in place and keeps its size up to [`LOG_BYTES`], so that a sync need not grow the file.
//! - `secure_delete`, `cell_size_check`, `trusted_schema = OFF`, defensive mode: deleted rows are overwritten, and a
//!   file that somebody has tampered with is refused rather than followed.
//! - `temp_store = MEMORY`: nothing spills into a file outside the encryption.
//! - `cipher_memory_security = OFF` (SQLCipher's default): switched on, it locks and wipes every allocation of SQLite
//!   in the whole process, at a high cost and within small limits of locked memory. What is worth hiding in these
//!   pages is sealed a second time, field by field, and never open in SQLite's memory.
//! - SQLCipher's own log, which goes to the standard error, is off.

mod writer;

use super::{Batch, CommitError, OpenError, Param, Row, StoreError, error::DAMAGED, row::Value};
use crypto::{Key, Zeroizing};
use rusqlite::{
    Connection, OpenFlags,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use writer::Writer;

/// Up to how many bytes the write-ahead log keeps when it starts over: four times what it reaches before a checkpoint
/// (1000 pages of 4 KiB). One big import may grow it beyond; the next checkpoint cuts it back.
const LOG_BYTES: u32 = 16 << 20;

/// Every column of every table: table, column, type, nullable.
pub(super) const LIVE_COLUMNS: &str = "SELECT m.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 \
    FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// How much an embedded database may use.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// Connections that read, each with a cache of its own.
    pub readers: usize,
    /// Kibibytes of decrypted pages that each reader keeps. A page that is not kept costs some 16 µs of decryption.
    pub cache_kib: u32,
    /// Kibibytes of decrypted pages that the writer keeps: little is enough where it adds at few places.
    pub writer_cache_kib: u32,
    /// Pages that the write-ahead log takes before they are put back into the file: many spare pages that change often
    /// their way back, and cost disk.
    pub log_pages: u32,
    /// Whether a commit is durable when it is acknowledged. If not, a power cut may take back the last ones, whole and
    /// in order: only for what can be made again.
    pub durable: bool,
}

impl Default for EmbeddedOptions {
    /// Two readers with 8 MiB: with the writer's 2 MiB, at most 18 MiB a database and 72 for four.
    fn default() -> Self {
        Self { readers: 2, cache_kib: 8 << 10, writer_cache_kib: 2 << 10, log_pages: 1000, durable: true }
    }
}

/// Prepared statements that a connection keeps; more than there are in the program.
const STATEMENTS: usize = 256;

pub(super) struct Embedded {
    // Readers stand before the writer, so that they close first: the last connection puts the log back into the file,
    // and a read-only one could not.
    readers: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
    writer: Writer,
    path: PathBuf,
    key: Key,
}

impl Embedded {
    pub(super) fn create(path: &Path, key: &[u8; 32], options: &EmbeddedOptions) -> Result<Self, OpenError> {
        let file = |source| OpenError::File { path: path.to_owned(), source };
        match fs::metadata(path) {
            // A file of no bytes is what a crash leaves between making the file and its first page.
            Ok(found) if found.len() > 0 => return Err(OpenError::Exists(path.to_owned())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(file)?;
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all()).map_err(file)?;
            }
            Err(error) => return Err(file(error)),
        }
        Self::start(path, key, options)
    }

    pub(super) fn open(path: &Path, key: &[u8; 32], options: &EmbeddedOptions) -> Result<Self, OpenError> {
        match fs::metadata(path) {
            Ok(found) if found.len() > 0 => {}
            Ok(_) => return Err(OpenError::Missing(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Missing(path.to_owned())),
            Err(source) => return Err(OpenError::File { path: path.to_owned(), source }),
        }
        Self::start(path, key, options)
    }

    fn start(path: &Path, key: &[u8; 32], options: &EmbeddedOptions) -> Result<Self, OpenError> {
        let file = |source| OpenError::File { path: path.to_owned(), source };
        if fs::metadata(path).map_err(file)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(file)?;
        }
        let explain = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => OpenError::WrongKey(path.to_owned()),
            _ => OpenError::Unavailable { code: code(&error) },
        };
        let writing = connect(path, key, Some(options.durable), options.writer_cache_kib).map_err(explain)?;
        let pages = format!("PRAGMA wal_autocheckpoint = {}", options.log_pages);
        writing.execute_batch(&pages).map_err(explain)?;
        let mut readers = Vec::new();
        for _ in 0..options.readers.max(1) {
            readers.push(Mutex::new(connect(path, key, None, options.cache_kib).map_err(explain)?));
        }
        let writer = Writer::start(writing).map_err(file)?;
        Ok(Self { readers, turn: AtomicUsize::new(0), writer, path: path.to_owned(), key: Key::from_bytes(*key) })
    }

    /// One more connection, for somebody who needs it for long.
    pub(super) fn another(&self, writes: bool) -> rusqlite::Result<Connection> {
        connect(&self.path, self.key.expose(), writes.then_some(true), EmbeddedOptions::default().writer_cache_kib)
    }

    /// Where it lies, and its key.
    pub(super) fn place(&self) -> (PathBuf, Key) {
        (self.path.clone(), Key::from_bytes(*self.key.expose()))
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.writer.commit(batch).await
    }

    pub(super) async fn scrub(&self) -> Result<bool, CommitError> {
        self.writer.scrub().await
    }

    pub(super) fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let read = |connection: &Connection| -> rusqlite::Result<Vec<Row>> {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let width = statement.column_count();
            let mut rows = statement.raw_query();
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(Row::new((0..width).map(|i| row.get_ref(i).map(value)).collect::<Result<_, _>>()?));
            }
            Ok(found)
        };
        read(&self.reader()).map_err(|error| match fault(&error) {
            Fault::Unavailable => StoreError::Unavailable { code: code(&error) },
            Fault::Duplicate | Fault::Refused => StoreError::Refused { code: code(&error) },
        })
    }

    /// The first reader that nobody uses, so that few reads at once find their pages in one cache; or else the next one in
    /// turn, for which to wait some microseconds.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| {
            let next = self.turn.fetch_add(1, Ordering::Relaxed) % self.readers.len();
            // A reader that panicked in the middle of a read has only lost that read.
            self.readers[next].lock().unwrap_or_else(PoisonError::into_inner)
        })
    }
}

/// Has SQLCipher set itself up once: it does so on the first connection of the process, after SQLite has said to other
/// threads that all is ready, and a second connection at that moment would find no cipher.
fn set_up() {
    static DONE: Once = Once::new();
    // If it fails, the connection that is really wanted says why.
    DONE.call_once(|| drop(Connection::open_in_memory()));
}

/// Opens a connection to read, or one to write whose commits are durable or not.
pub(super) fn connect(
    path: &Path,
    key: &[u8; 32],
    writes: Option<bool>,
    cache_kib: u32,
) -> rusqlite::Result<Connection> {
    set_up();
    let access = if writes.is_some() { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Another process (`patella user add` beside a running server) holds the write lock for milliseconds.
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    connection.execute_batch(&key_pragma(key))?;
    // The first read decrypts the first page: here a wrong key shows.
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.execute_batch(&format!(
        "PRAGMA cipher_memory_security = OFF;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{cache_kib};"
    ))?;
    if let Some(durable) = writes {
        let synchronous = if durable { "FULL" } else { "NORMAL" };
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            // On a file system without shared memory. Without the log, readers and the writer would wait for each other.
            return Err(rusqlite::Error::InvalidQuery);
        }
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous};
             PRAGMA secure_delete = ON;
             PRAGMA journal_size_limit = {LOG_BYTES};"
        ))?;
    } else {
        connection.execute_batch("PRAGMA query_only = ON")?;
    }
    Ok(connection)
}

/// The statement that hands SQLCipher the raw key, which it then need not derive.
fn key_pragma(key: &[u8; 32]) -> Zeroizing<String> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut pragma = Zeroizing::new(String::with_capacity(96));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key {
        pragma.push(char::from(HEX[usize::from(byte >> 4)]));
        pragma.push(char::from(HEX[usize::from(byte & 15)]));
    }
    pragma.push_str("'\"");
    pragma
}

/// Binds `$1` to the first parameter wherever it stands: SQLite numbers placeholders by their first use.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Param<'_>]) -> rusqlite::Result<()> {
    let count = statement.parameter_count();
    if count != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), count));
    }
    for place in 1..=count {
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let param = param.ok_or_else(|| rusqlite::Error::InvalidParameterName("not $1, $2, …".to_owned()))?;
        statement.raw_bind_parameter(place, param)?;
    }
    Ok(())
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Param::Null(_) => ValueRef::Null,
            Param::Blob(bytes) => ValueRef::Blob(bytes),
            Param::Int(number) => ValueRef::Integer(*number),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        // Text that is not UTF-8, or a real number, is in no column of ours: it then reads as bytes of the wrong type.
        ValueRef::Text(text) => {
            std::str::from_utf8(text).map_or_else(|_| Value::Blob(text.to_vec()), |text| Value::Text(text.to_owned()))
        }
        ValueRef::Real(number) => Value::Blob(number.to_be_bytes().to_vec()),
    }
}

enum Fault {
    Duplicate,
    Refused,
    Unavailable,
}

fn fault(error: &rusqlite::Error) -> Fault {
    use rusqlite::{ErrorCode as E, ffi};
    match (error.sqlite_extended_error_code(), error.sqlite_error_code()) {
        (Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY), _) => Fault::Duplicate,
        // What is wrong with the statement stays wrong; everything else (full, busy, read-only, I/O, …) may pass.
        (_, None | Some(E::ConstraintViolation | E::Unknown | E::TypeMismatch | E::TooBig | E::ApiMisuse)) => {
            Fault::Refused
        }
        _ => Fault::Unavailable,
    }
}

/// SQLite's result code; its messages may quote a value.
pub(super) fn code(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) | rusqlite::Error::SqlInputError { error: failure, .. } => {
            let why = match failure.code {
                rusqlite::ErrorCode::DiskFull => ", the disk is full",
                rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase => DAMAGED,
                _ => "",
            };
            format!("SQLite {}{why}", failure.extended_code)
        }
        _ => "placeholders or columns do not fit".to_owned(),
    }
}
