//! How the rows of tables with sealed columns are found and named: what a rotation needs besides the columns.

use super::{ClassId, Protection, Store, registry};
use std::sync::LazyLock;

/// Whose key seals a table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedBy {
    /// The patient's; in the billing store the account's, which lies in the key store like a patient's.
    Patient,
    /// The practice's: what belongs to accounts, and the links between patients and billing accounts.
    Practice,
}

/// A table with sealed columns.
#[derive(Debug)]
pub struct SealedTable {
    /// Its database.
    pub store: Store,
    /// Its name.
    pub table: &'static str,
    /// Whose key seals it.
    pub by: SealedBy,
    /// The column with the patient or account whose row it is.
    pub subject: &'static str,
    /// The column with the id under which the row is sealed.
    pub row: &'static str,
    /// The column with the version under which it is sealed, where a thing has several.
    pub version: Option<&'static str>,
    /// What `WHERE` says to find the rows of one subject by an index, `$1` being the practice and `$2` the subject.
    pub of_subject: &'static str,
    /// Its sealed columns.
    pub columns: Vec<SealedColumn>,
}

/// A sealed column.
#[derive(Debug)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Its class.
    pub class: ClassId,
    /// As its field type says it: part of the associated data.
    pub(crate) place: String,
}

type Rows = (Store, &'static str, SealedBy, &'static str, &'static str, Option<&'static str>, &'static str);

/// Every table with a sealed column stands here; a test says which one does not.
const ROWS: &[Rows] = {
    use SealedBy::{Patient, Practice};
    use Store::{Billing, Clinical, Identity};
    &[
        (Clinical, "patients", Patient, "patient_id", "patient_id", None, "patient_id = $2"),
        (
            Clinical,
            "program_versions",
            Patient,
            "patient_id",
            "program_id",
            Some("version"),
            "program_id IN (SELECT program_id FROM programs WHERE practice_id = $1 AND patient_id = $2)",
        ),
        (Clinical, "log_entries", Patient, "patient_id", "entry_id", None, "patient_id = $2"),
        (Clinical, "progress_notes", Patient, "patient_id", "note_id", None, "patient_id = $2"),
        (Clinical, "visits", Patient, "patient_id", "visit_id", None, "patient_id = $2"),
        (Clinical, "amendments", Patient, "patient_id", "step_id", None, "patient_id = $2"),
        (Clinical, "billing_outbox", Practice, "visit_id", "visit_id", Some("number"), "visit_id = $2"),
        (Billing, "charges", Patient, "account_id", "charge_id", None, "account_id = $2"),
        (Identity, "billing_links", Practice, "link_id", "link_id", None, "link_id = $2"),
        (Identity, "emergencies", Patient, "patient_id", "emergency_id", None, "patient_id = $2"),
        (Identity, "accounts", Practice, "account_id", "account_id", None, "account_id = $2"),
        (Identity, "totp_factors", Practice, "account_id", "account_id", None, "account_id = $2"),
        (Identity, "passkeys", Practice, "account_id", "passkey_id", None, "account_id = $2"),
        (Identity, "api_tokens", Practice, "account_id", "token_id", None, "account_id = $2"),
        (Identity, "ceremonies", Practice, "account_id", "ceremony_id", None, "account_id = $2"),
        (Identity, "legal_holds", Practice, "placed_by", "hold_id", None, "placed_by = $2"),
        (Identity, "alert_reviews", Practice, "reviewed_by", "alert_id", None, "reviewed_by = $2"),
        (Identity, "channels", Practice, "set_by", "channel_id", None, "set_by = $2"),
        (Identity, "business_agreements", Practice, "added_by", "agreement_id", None, "added_by = $2"),
        (Identity, "incidents", Practice, "opened_by", "incident_id", None, "opened_by = $2"),
        (Identity, "incident_assessments", Practice, "assessed_by", "incident_id", Some("nth"), "assessed_by = $2"),
        (Identity, "breach_letters", Practice, "written_by", "incident_id", Some("nth"), "written_by = $2"),
        (Identity, "breach_notices", Practice, "noted_by", "incident_id", Some("nth"), "noted_by = $2"),
        (Identity, "incident_closings", Practice, "closed_by", "incident_id", None, "closed_by = $2"),
        (Identity, "course_versions", Practice, "made_by", "course_id", Some("version"), "made_by = $2"),
        (Identity, "trainings", Practice, "recorded_by", "training_id", None, "recorded_by = $2"),
    ]
};

/// Every table with sealed columns, and how its rows are found.
pub fn sealed_tables() -> &'static [SealedTable] {
    static TABLES: LazyLock<Vec<SealedTable>> = LazyLock::new(|| ROWS.iter().map(with_columns).collect());
    &TABLES
}

fn with_columns((store, table, by, subject, row, version, of_subject): &Rows) -> SealedTable {
    let columns = registry()
        .filter(|column| column.store == *store && column.table == *table)
        .filter_map(|column| match column.protection {
            Protection::Sealed(class) => Some(SealedColumn {
                table: column.table,
                column: column.column,
                class,
                place: format!("{:?}.{}.{}", column.store, column.table, column.column),
            }),
            _ => None,
        })
        .collect();
    SealedTable { store: *store, table, by: *by, subject, row, version: *version, of_subject, columns }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, fields};
    use std::collections::BTreeSet;

    #[test]
    fn every_table_with_a_sealed_column_says_how_its_rows_are_found() {
        let sealed: BTreeSet<_> = registry()
            .filter(|column| matches!(column.protection, Protection::Sealed(_)))
            .map(|column| (column.store.name(), column.table))
            .collect();
        let said: BTreeSet<_> = ROWS.iter().map(|rows| (rows.0.name(), rows.1)).collect();
        assert_eq!(sealed, said, "add the table to ROWS: a key rotation must find its rows");
    }

    #[test]
    fn the_columns_that_it_names_are_there() {
        for (store, table, _, subject, row, version, _) in ROWS {
            for name in [Some(subject), Some(row), version.as_ref(), Some(&"practice_id")].into_iter().flatten() {
                let there = registry().any(|c| c.store == *store && c.table == *table && c.column == *name);
                assert!(there, "{table}.{name}");
            }
        }
    }

    #[test]
    fn a_place_is_what_the_field_type_says() {
        let place = |table: &str, column: &str| {
            let table = sealed_tables().iter().find(|one| one.table == table).expect("a table");
            table.columns.iter().find(|one| one.column == column).expect("a column").place.clone()
        };
        assert_eq!(place("log_entries", "pain"), fields::log_entries::PainFelt::PLACE);
        assert_eq!(place("accounts", "password"), fields::accounts::Password::PLACE);
    }
}
