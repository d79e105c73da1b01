//! Somebody else's PostgreSQL, from which records are brought in: read only, in one moment, in the order of the patients.
//!
//! What `pgp_sym_encrypt` sealed is opened by that server's own `pgp_sym_decrypt_bytea`, with the passphrase as a bound
//! parameter, and only where the server would not write the parameter into its log ([`quiet`]). The function is called by
//! the schema in which the extension is installed, so that nobody's function of the same name gets the passphrase.

mod quiet;

use crate::{
    OpenError, PostgresOptions,
    db::postgres::connect::{self, tls},
};
use crypto::Zeroizing;
use std::{collections::VecDeque, time::Duration};
use tokio_postgres::{Client, Config, Statement, config::TargetSessionAttrs, error::SqlState, types::Type};

/// Rows that come at once.
const AT_ONCE: usize = 200;
/// Sorting a large table takes longer than a request may.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ElsewhereError {
    /// The address, or a file beside it, is not usable.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server does not answer, or refuses the statement: the engine's code.
    #[error("the source does not answer ({code})")]
    Unavailable {
        /// An SQLSTATE, or the text of a connection error.
        code: String,
    },
    /// There is no such table or column, or the role may not read it.
    #[error(
        "the source refuses to read {table} ({code}): is it named right, with its columns, and may the role read it?"
    )]
    Table {
        /// As the mapping names it.
        table: String,
        /// The SQLSTATE.
        code: String,
    },
    /// The column is neither `bytea` nor text.
    #[error("the sealed column of {table} is neither bytea nor text")]
    Type {
        /// As the mapping names it.
        table: String,
    },
    /// The extension is not there.
    #[error("the source has no extension pgcrypto, which opens what it has sealed")]
    NoPgcrypto,
    /// The server would write the passphrase into its log.
    #[error(
        "the source server would write the key into its log, for its setting {setting} says so and this role cannot change \
         it for its own session; have it set {wanted} for this role (ALTER ROLE … SET …) while records are brought in"
    )]
    Logged {
        /// The setting.
        setting: &'static str,
        /// A value of it that does not.
        wanted: &'static str,
    },
}

/// A table to read. Names are identifiers, never SQL: they are quoted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignTable {
    /// `table`, or `schema.table`.
    pub table: String,
    /// The column that names the patient.
    pub patient: String,
    /// A column that names the row, for reports; without one, rows are counted.
    pub row: Option<String>,
    /// The column that is sealed; none where all is in the open.
    pub sealed: Option<String>,
    /// Columns that are read as they are.
    pub columns: Vec<String>,
}

/// A row as it is stored there.
pub struct ForeignRow {
    /// Whose; empty where the row names nobody.
    pub patient: String,
    /// Its name, where the table has a column for it.
    pub row: Option<String>,
    /// What is sealed. Text as its bytes.
    pub sealed: Option<Vec<u8>>,
    /// The columns asked for, as text; times as ISO 8601.
    pub columns: Vec<Option<String>>,
}

/// Passphrases, from the newest to the oldest. Wiped when dropped.
pub type Passphrases = Vec<Zeroizing<String>>;

/// A database of somebody else's. One connection reads the rows in one transaction, so that all tables are of one moment;
/// on another values are opened, so that one that does not open ends nothing.
pub struct Elsewhere {
    rows: Client,
    opening: Client,
    open: Option<Statements>,
    cursors: usize,
}

struct Statements {
    bytes: Statement,
    armored: Statement,
}

/// The rows of one table, still to come.
#[derive(Debug)]
pub struct ForeignRows {
    cursor: String,
    table: String,
    sealed: bool,
    /// Whether the sealed column is text.
    pub armored: bool,
    ahead: VecDeque<tokio_postgres::Row>,
    done: bool,
}

fn unavailable(error: &tokio_postgres::Error) -> ElsewhereError {
    let code = error.code().map_or_else(|| "no connection".to_owned(), |code| code.code().to_owned());
    ElsewhereError::Unavailable { code }
}

fn of_table(table: &str) -> impl Fn(tokio_postgres::Error) -> ElsewhereError {
    move |error| match error.code() {
        Some(code) if error.as_db_error().is_some() => {
            ElsewhereError::Table { table: table.to_owned(), code: code.code().to_owned() }
        }
        _ => unavailable(&error),
    }
}

/// Quotes an identifier; one with a dot is a schema's.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Elsewhere {
    /// Connects: over TLS with a verified certificate, or through a Unix socket. With `pgcrypto`, makes sure that the
    /// server logs no parameter, before it is sent any.
    pub async fn connect(options: &PostgresOptions, pgcrypto: bool) -> Result<Self, ElsewhereError> {
        let options = PostgresOptions { statement_timeout: PATIENCE, ..options.clone() };
        let mut config = connect::config(&options)?;
        // A copy that only reads will do, and is kinder to who still works with the other.
        config.target_session_attrs(TargetSessionAttrs::Any);
        let (rows, opening) = (client(&config, &options).await?, client(&config, &options).await?);
        const BEGIN: &str = "SET timezone = 'UTC'; SET client_encoding = 'UTF8'; \
                             BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
        rows.batch_execute(BEGIN).await.map_err(|error| unavailable(&error))?;
        let open = match pgcrypto {
            true => {
                quiet::make(&opening).await?;
                Some(statements(&opening).await?)
            }
            false => None,
        };
        Ok(Self { rows, opening, open, cursors: 0 })
    }

    /// Begins to read a table, in the order of the patients' names by their bytes.
    pub async fn read(&mut self, table: &ForeignTable) -> Result<ForeignRows, ElsewhereError> {
        let failed = of_table(&table.table);
        let from = table.table.split('.').map(quoted).collect::<Vec<_>>().join(".");
        let armored = match &table.sealed {
            None => false,
            Some(column) => {
                let look = format!("SELECT {} FROM {from} LIMIT 0", quoted(column));
                let looked = self.rows.prepare(&look).await.map_err(&failed)?;
                match looked.columns().first().map(|column| column.type_().clone()) {
                    Some(Type::BYTEA) => false,
                    Some(Type::TEXT | Type::VARCHAR | Type::BPCHAR) => true,
                    _ => return Err(ElsewhereError::Type { table: table.table.clone() }),
                }
            }
        };
        let patient = format!("COALESCE({}::text, '')", quoted(&table.patient));
        let row = table.row.as_ref().map_or_else(|| "NULL::text".to_owned(), |row| format!("{}::text", quoted(row)));
        let sealed = table.sealed.as_deref().map_or_else(
            || "NULL::bytea".to_owned(),
            |column| {
                if armored { format!("convert_to({}, 'UTF8')", quoted(column)) } else { quoted(column) }
            },
        );
        // As JSON writes them: times in ISO 8601 whatever the server's style.
        let plain: String =
            table.columns.iter().map(|column| format!(", to_jsonb({}) #>> '{{}}'", quoted(column))).collect();
        let cursor = format!("patella_{}", self.cursors);
        self.cursors += 1;
        let declare = format!(
            "DECLARE {cursor} NO SCROLL CURSOR FOR SELECT {patient}, {row}, {sealed}{plain} FROM {from} \
             ORDER BY {patient} COLLATE \"C\", {row} COLLATE \"C\""
        );
        self.rows.batch_execute(&declare).await.map_err(&failed)?;
        let sealed = table.sealed.is_some();
        Ok(ForeignRows { cursor, table: table.table.clone(), sealed, armored, ahead: VecDeque::new(), done: false })
    }

    /// The next row of a table; none at its end.
    pub async fn next(&self, rows: &mut ForeignRows) -> Result<Option<ForeignRow>, ElsewhereError> {
        let failed = of_table(&rows.table);
        if rows.ahead.is_empty() && !rows.done {
            let fetch = format!("FETCH FORWARD {AT_ONCE} FROM {}", rows.cursor);
            rows.ahead = self.rows.query(fetch.as_str(), &[]).await.map_err(&failed)?.into();
            rows.done = rows.ahead.len() < AT_ONCE;
        }
        let Some(row) = rows.ahead.pop_front() else { return Ok(None) };
        let text = |index| row.try_get::<_, Option<String>>(index).map_err(&failed);
        Ok(Some(ForeignRow {
            patient: text(0)?.unwrap_or_default(),
            row: text(1)?,
            sealed: if rows.sealed { row.try_get(2).map_err(&failed)? } else { None },
            columns: (3..row.len()).map(text).collect::<Result<_, _>>()?,
        }))
    }

    /// Opens a value that `pgp_sym_encrypt` sealed; none when no passphrase opens it.
    pub async fn open(
        &self,
        sealed: &[u8],
        armored: bool,
        passphrases: &Passphrases,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ElsewhereError> {
        let Some(statements) = &self.open else { return Err(ElsewhereError::NoPgcrypto) };
        for passphrase in passphrases {
            let passphrase = passphrase.as_str();
            let opened = if armored {
                let Ok(text) = std::str::from_utf8(sealed) else { return Ok(None) };
                self.opening.query_one(&statements.armored, &[&text, &passphrase]).await
            } else {
                self.opening.query_one(&statements.bytes, &[&sealed, &passphrase]).await
            };
            match opened {
                Ok(row) => {
                    let bytes = row.try_get::<_, Vec<u8>>(0).map_err(|error| unavailable(&error))?;
                    return Ok(Some(Zeroizing::new(bytes)));
                }
                Err(error) if no_answer_to_come(error.code()) => return Err(unavailable(&error)),
                // Another passphrase, or not what it should be. The server says no more, and neither do we.
                Err(_) => {}
            }
        }
        Ok(None)
    }
}

/// Whether it was the server that failed, not the value.
fn no_answer_to_come(code: Option<&SqlState>) -> bool {
    // What pgcrypto says of a value: 39, an external routine did not like it (wrong key or corrupt data among them), and 22,
    // a data exception. All else is the server's: it stops, is out of memory, does not let us.
    code.is_none_or(|code| !code.code().starts_with("39") && !code.code().starts_with("22"))
}

async fn client(config: &Config, options: &PostgresOptions) -> Result<Client, ElsewhereError> {
    let (client, connection) = config.connect(tls(options)?).await.map_err(|error| unavailable(&error))?;
    // Ends when the client is dropped; its errors reach whoever asks next.
    tokio::spawn(connection);
    Ok(client)
}

async fn statements(client: &Client) -> Result<Statements, ElsewhereError> {
    const WHERE: &str = "SELECT n.nspname::text FROM pg_catalog.pg_extension e \
                         JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pgcrypto'";
    let found = client.query_opt(WHERE, &[]).await.map_err(|error| unavailable(&error))?;
    let schema: String = found.ok_or(ElsewhereError::NoPgcrypto)?.try_get(0).map_err(|error| unavailable(&error))?;
    let schema = quoted(&schema);
    let bytes = format!("SELECT {schema}.pgp_sym_decrypt_bytea($1::bytea, $2::text)");
    let armored = format!("SELECT {schema}.pgp_sym_decrypt_bytea({schema}.dearmor($1::text), $2::text)");
    let prepare = async |sql: &str| client.prepare(sql).await.map_err(|error| unavailable(&error));
    Ok(Statements { bytes: prepare(&bytes).await?, armored: prepare(&armored).await? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_pgcrypto_says_of_a_value_is_a_passphrase_that_does_not_fit() {
        for of_the_value in ["39000", "39P01", "22023", "22P02"] {
            assert!(!no_answer_to_come(Some(&SqlState::from_code(of_the_value))), "{of_the_value}");
        }
        for of_the_server in ["57014", "53200", "42501", "25006", "XX000", "58030", "40001", "08006"] {
            assert!(no_answer_to_come(Some(&SqlState::from_code(of_the_server))), "{of_the_server}");
        }
        assert!(no_answer_to_come(None), "no connection");
    }
}
