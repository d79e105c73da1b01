//! What can go wrong. A `code` is the engine's own word for it (an SQLSTATE, a SQLite result code, the text of a
//! connection error): never the text of a database's message, which may quote a value.

use std::path::PathBuf;

/// What an embedded database adds to its code when a page does not decrypt or holds nonsense.
pub(super) const DAMAGED: &str = ", the file is damaged";

/// Why a read gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer now: gone, full, broken, too slow. It may answer later.
    #[error("the database does not answer now ({code})")]
    Unavailable {
        /// The engine's word for it.
        code: String,
    },
    /// The database does not take the statement: a mistake in the program or in the grants.
    #[error("the database refuses the statement ({code})")]
    Refused {
        /// The engine's word for it.
        code: String,
    },
    /// A column does not hold what the program expects there.
    #[error("column {index} of the row is not {wanted}")]
    Column {
        /// Its place in the row, from 0.
        index: usize,
        /// What was expected.
        wanted: &'static str,
    },
    /// Another number of rows than one.
    #[error("{found} rows where there should be one")]
    NotOne {
        /// How many there are.
        found: usize,
    },
}

impl StoreError {
    /// Whether the file of an embedded database is damaged, so that asking again is of no use.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unavailable { code } if code.ends_with(DAMAGED))
    }
}

/// Why nothing of a batch was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A statement changed another number of rows than expected: somebody else was quicker.
    #[error("statement {statement} of the batch met another state than expected")]
    Conflict {
        /// Its place in the batch, from 0.
        statement: usize,
    },
    /// A statement would store something twice that is unique.
    #[error("statement {statement} of the batch would store the same thing twice")]
    Duplicate {
        /// Its place in the batch, from 0.
        statement: usize,
    },
    /// The database does not take a statement, now or later: a missing parent row, a null where none may stand, a
    /// mistake in the program or in the grants.
    #[error("the database refuses statement {statement} of the batch ({code})")]
    Refused {
        /// Its place in the batch, from 0.
        statement: usize,
        /// The engine's word for it.
        code: String,
    },
    /// The database does not answer now. Nothing is acknowledged; when the connection was lost while committing, the
    /// batch may have been stored, whole.
    #[error("the database does not answer now ({code})")]
    Unavailable {
        /// The engine's word for it.
        code: String,
    },
}

impl CommitError {
    /// Whether the file of an embedded database is damaged, so that asking again is of no use.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unavailable { code } if code.ends_with(DAMAGED))
    }
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is a database already.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// There is no database.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// The key is another one, or the first page is damaged; the two look alike.
    #[error("{0} does not open with this key: the root key is another one, or the file is damaged")]
    WrongKey(PathBuf),
    /// A file could not be used.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} {what}")]
    Content {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The address of the database is not one that we take.
    #[error("the database address {0}")]
    Address(&'static str),
    /// The database does not answer, does not prove who it is, or does not let us in.
    #[error("the database cannot be opened ({code})")]
    Unavailable {
        /// The engine's word for it.
        code: String,
    },
}
