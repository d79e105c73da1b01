//! The audit trail.

mod api;
mod page;

use crate::{Problem, RouteTable, answer::later};
use domain::{AccountId, PatientId};
use practice::{audit::AuditError, trail::TrailFilter};
use serde::Deserialize;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(page::add)
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Access(error) => error.into(),
            AuditError::Record(error) => error.into(),
            AuditError::Trail(error) => later(&error),
        }
    }
}

/// Which entries, as an address says it; an empty field asks for nothing.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// About this patient.
    #[serde(default)]
    patient_id: Option<String>,
    /// Of this account.
    #[serde(default)]
    actor: Option<String>,
    /// Those before this sequence number.
    #[serde(default)]
    before: Option<u64>,
}

impl Asked {
    fn filter(&self) -> Result<TrailFilter, Problem> {
        let wanted = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let patient = wanted(&self.patient_id).map(|text| text.parse::<PatientId>()).transpose();
        let actor = wanted(&self.actor).map(|text| text.parse::<AccountId>()).transpose();
        Ok(TrailFilter {
            patient: patient.map_err(|why| Problem::invalid("patient_id", &why))?,
            actor: actor.map_err(|why| Problem::invalid("actor", &why))?,
            ..TrailFilter::default()
        })
    }
}
