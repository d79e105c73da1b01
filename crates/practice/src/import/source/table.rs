//! Tables of a PostgreSQL.

use super::{Keys, Mapping, Row, SECTIONS, SourceError, document};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{Elsewhere, ForeignRows, ForeignTable, PostgresOptions};

/// The tables of a source, each somewhere between its first row and its last.
pub(super) struct Tables<'s> {
    elsewhere: Elsewhere,
    sections: [Option<Section>; 5],
    keys: &'s Keys,
}

struct Section {
    rows: ForeignRows,
    columns: Vec<String>,
    sealed: bool,
    /// Where rows have no name: how many of which patient were read.
    counted: (String, usize),
}

/// What the rows of a patient are called where they have no name of their own.
pub(super) fn counted(patient: &str, nth: usize) -> String {
    match (patient.trim().is_empty(), nth) {
        (true, nth) => format!("without a patient ({nth})"),
        (false, 1) => patient.to_owned(),
        (false, nth) => format!("{patient} ({nth})"),
    }
}

impl<'s> Tables<'s> {
    pub(super) async fn open(
        mapping: &Mapping,
        options: &PostgresOptions,
        keys: &'s Keys,
    ) -> Result<Self, SourceError> {
        let mut elsewhere = Elsewhere::connect(options, matches!(keys, Keys::Pgcrypto(_))).await?;
        let mut sections: [Option<Section>; 5] = Default::default();
        for (name, from) in mapping.sections() {
            let columns = mapping.columns(name);
            let table = ForeignTable {
                table: from.table.clone().unwrap_or_default(),
                patient: from.patient.clone().unwrap_or_default(),
                row: from.row.clone(),
                sealed: from.sealed.clone(),
                columns: columns.clone(),
            };
            let rows = elsewhere.read(&table).await?;
            let section = Section { rows, columns, sealed: from.sealed.is_some(), counted: Default::default() };
            if let Some(place) = SECTIONS.iter().position(|one| *one == name) {
                sections[place] = Some(section);
            }
        }
        Ok(Self { elsewhere, sections, keys })
    }

    /// The next row of a section, with whose it is.
    pub(super) async fn next(&mut self, section: usize) -> Result<Option<(String, Row)>, SourceError> {
        let Some(section) = &mut self.sections[section] else { return Ok(None) };
        let Some(row) = self.elsewhere.next(&mut section.rows).await? else { return Ok(None) };
        if section.counted.0 != row.patient {
            section.counted = (row.patient.clone(), 0);
        }
        section.counted.1 += 1;
        let name = row.row.unwrap_or_else(|| counted(&row.patient, section.counted.1));
        let document = match (&row.sealed, self.keys) {
            (Some(sealed), Keys::Pgcrypto(passphrases)) => {
                document(self.elsewhere.open(sealed, section.rows.armored, passphrases).await?)
            }
            (Some(sealed), keys @ Keys::Fernet(_)) => document(keys.fernet_token(sealed)),
            (None, _) if section.sealed => Err("holds nothing in its sealed column"),
            (None, _) => Ok(Value::Null),
        };
        let columns: BTreeMap<String, String> = section
            .columns
            .iter()
            .zip(row.columns)
            .filter_map(|(column, value)| Some((column.clone(), value?)))
            .collect();
        Ok(Some((row.patient, Row { name, columns, document })))
    }
}
