//! What of the source goes where: a file that the practice writes, and that holds no key.

mod sections;

pub(super) use sections::{CareTeam, Item, Log, Notes, Patients, Programs};

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what a mapping is.
    #[error("{} is no mapping: {why}", path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where, and what. A mapping holds names of tables, columns and fields, no values of records.
        why: String,
    },
    /// It contradicts itself.
    #[error("{place} {why}")]
    Wrong {
        /// Where: `log.pain`.
        place: String,
        /// What is wrong.
        why: String,
    },
}

impl MappingError {
    pub(super) fn wrong(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Wrong { place: place.into(), why: why.into() }
    }
}

/// The mapping of a source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the source is called. Patients are known by it and by their name there: another name brings everybody in again.
    pub name: String,
    /// Where it is.
    pub source: Origin,
    /// Who the patients are.
    pub patients: Patients,
    /// What was prescribed.
    #[serde(default)]
    pub programs: Option<Programs>,
    /// What was done.
    #[serde(default)]
    pub log: Option<Log>,
    /// What was written about them.
    #[serde(default)]
    pub notes: Option<Notes>,
    /// Who treats them.
    #[serde(default)]
    pub care_team: Option<CareTeam>,
    /// Exercises at the source by name, and which of the library they are: `heel-slide` of the starter set, or
    /// `free_exercise_db:Name`.
    #[serde(default)]
    pub exercises: BTreeMap<String, String>,
}

/// Where the source is: a PostgreSQL database, or a folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// `postgres://role@host:port/database`, without a password. A folder in place of the host is that of a Unix socket.
    #[serde(default)]
    pub url: Option<String>,
    /// The file that holds the role's password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The certificates of which one must have signed the server's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The folder.
    #[serde(default)]
    pub folder: Option<PathBuf>,
}

/// Where rows lie: in a table, or in a folder with a file for each patient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// `table` or `schema.table`.
    #[serde(default)]
    pub table: Option<String>,
    /// The folder, below that of the source. Its files are named by patient, with or without an ending, and hold one sealed
    /// document a line.
    #[serde(default)]
    pub folder: Option<String>,
    /// The column that names the patient.
    #[serde(default)]
    pub patient: Option<String>,
    /// A column that names the row in reports.
    #[serde(default)]
    pub row: Option<String>,
    /// The sealed column.
    #[serde(default)]
    pub sealed: Option<String>,
    /// Fields of the sealed document that are left behind; `items.type` names a field of each item.
    #[serde(default)]
    pub leave_out: Vec<String>,
}

/// Where a value is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// A field of the sealed document; with dots below others (`name.first`).
    Field(String),
    /// A column that is not sealed.
    Column {
        /// Its name.
        column: String,
    },
    /// The same for all.
    Value {
        /// It.
        value: String,
    },
}

impl Rows {
    /// The table, or the folder.
    pub(super) fn name(&self) -> &str {
        self.table.as_deref().or(self.folder.as_deref()).unwrap_or_default()
    }
}

impl Mapping {
    /// Reads a mapping. Files that it names lie beside it, unless their paths are absolute.
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let file = |source| MappingError::File { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(file)?;
        let mut mapping: Self = toml::from_str(&text)
            .map_err(|error| MappingError::Syntax { path: path.to_owned(), why: error.message().to_owned() })?;
        let beside = path.parent().unwrap_or(Path::new("."));
        let origin = &mut mapping.source;
        for named in [&mut origin.password_file, &mut origin.ca_file, &mut origin.folder].into_iter().flatten() {
            *named = beside.join(&*named);
        }
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), MappingError> {
        if self.name.trim().is_empty() {
            return Err(MappingError::wrong("name", "is empty"));
        }
        let tables = match (&self.source.url, &self.source.folder) {
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => return Err(MappingError::wrong("source", "has an url or a folder, one of the two")),
        };
        for (section, from) in self.sections() {
            let place = format!("{section}.from");
            match (tables, &from.table, &from.folder) {
                (true, Some(_), None) if from.patient.is_none() => {
                    return Err(MappingError::wrong(place, "does not say which column names the patient"));
                }
                (true, Some(_), None) | (false, None, Some(_)) => {}
                (true, _, _) => return Err(MappingError::wrong(place, "names a table, as the source is a database")),
                (false, _, _) => return Err(MappingError::wrong(place, "names a folder, as the source is one")),
            }
            let columns = [&from.patient, &from.row, &from.sealed].into_iter().flatten().next();
            if !tables && columns.is_some() {
                return Err(MappingError::wrong(place, "names columns, which folders do not have"));
            }
        }
        // Anything else may be the same for all; how it hurt may not.
        let made_up = |place: &Place| matches!(place, Place::Value { .. });
        if self.log.as_ref().is_some_and(|log| made_up(&log.pain) || made_up(&log.effort)) {
            return Err(MappingError::wrong("log", "gives pain or effort a value that nobody has felt"));
        }
        if self.log.is_some() && self.programs.is_none() {
            return Err(MappingError::wrong("log", "has entries, and there are no programs that they belong to"));
        }
        Ok(())
    }

    /// The sections that there are, by name, in the order of [`super::source::SECTIONS`].
    pub(super) fn sections(&self) -> Vec<(&'static str, &Rows)> {
        let all = [
            ("patients", Some(&self.patients.from)),
            ("programs", self.programs.as_ref().map(|section| &section.from)),
            ("log", self.log.as_ref().map(|section| &section.from)),
            ("notes", self.notes.as_ref().map(|section| &section.from)),
            ("care_team", self.care_team.as_ref().map(|section| &section.from)),
        ];
        all.into_iter().filter_map(|(name, from)| Some((name, from?))).collect()
    }

    /// The columns that are read as they are, for a section.
    pub(super) fn columns(&self, section: &str) -> Vec<String> {
        let mut columns: Vec<String> = self
            .places(section)
            .into_iter()
            .filter_map(|place| match place {
                Place::Column { column } => Some(column.clone()),
                Place::Field(_) | Place::Value { .. } => None,
            })
            .collect();
        columns.sort();
        columns.dedup();
        columns
    }

    fn places(&self, section: &str) -> Vec<&Place> {
        match section {
            "patients" => {
                let p = &self.patients;
                let optional = [&p.email, &p.phone, &p.record_number];
                [&p.given_name, &p.family_name, &p.birth_date]
                    .into_iter()
                    .chain(optional.into_iter().flatten())
                    .collect()
            }
            "programs" => self
                .programs
                .iter()
                .flat_map(|p| {
                    let i = &p.item;
                    let optional = [
                        &p.ends_on,
                        &i.reps,
                        &i.hold_seconds,
                        &i.load,
                        &i.side,
                        &i.rest_seconds,
                        &i.times_a_day,
                        &i.days_a_week,
                        &i.instruction,
                    ];
                    [&p.title, &p.starts_on, &i.exercise, &i.sets].into_iter().chain(optional.into_iter().flatten())
                })
                .collect(),
            "log" => self
                .log
                .iter()
                .flat_map(|l| {
                    let optional = [&l.reps, &l.hold_seconds, &l.load, &l.comment];
                    [&l.exercise, &l.performed_at, &l.sets, &l.pain, &l.effort]
                        .into_iter()
                        .chain(optional.into_iter().flatten())
                })
                .collect(),
            "notes" => self
                .notes
                .iter()
                .flat_map(|n| std::iter::once(&n.text).chain([&n.written_at, &n.written_by].into_iter().flatten()))
                .collect(),
            "care_team" => self.care_team.iter().map(|team| &team.therapist).collect(),
            _ => Vec::new(),
        }
    }
}
