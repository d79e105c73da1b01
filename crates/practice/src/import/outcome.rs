//! What an import did.

use super::{Refusal, arrival::Arrival};
use domain::PatientId;

/// What became of a patient of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Brought in by this run, or brought to the end that an earlier one began.
    In,
    /// Brought in before.
    Before,
    /// Brought in before, and the source has changed since. What is here stays as it is.
    Changed,
    /// Destroyed here. They stay so.
    Destroyed,
    /// Stored, but what is there is not what was sealed: somebody has changed it before it was compared.
    Differs,
    /// Something of theirs has no place here.
    Refused,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Patients of the source.
    pub patients: u64,
    /// Their programs.
    pub programs: u64,
    /// Entries of the log.
    pub entries: u64,
    /// Notes.
    pub notes: u64,
    /// Patients whom this run brought in.
    pub brought_in: u64,
    /// Patients who were here from an earlier run.
    pub before: u64,
    /// Patients of the source, read once more at the end, who are here with exactly what the source holds.
    pub compared: u64,
    /// Patients with changes at the source since they were brought in; by their ids here.
    pub changed: Vec<PatientId>,
    /// Patients who were destroyed here, by their ids.
    pub destroyed: Vec<PatientId>,
    /// Patients of whom something else is stored than what was sealed, by their ids.
    pub differs: Vec<PatientId>,
    /// Patients who were left out, and why.
    pub refused: u64,
    /// What has no place here.
    pub refusals: Vec<Refusal>,
    /// Whether everything of the source is here and was compared, but for whoever was left out or destroyed: only then the run
    /// is recorded as finished.
    pub finished: bool,
    /// It was only a check, or stopped because of what was refused: nothing was written.
    pub stopped: bool,
}

impl Imported {
    /// Whether nobody of the source is missing, changed, or stored otherwise.
    pub(super) fn is_whole(&self) -> bool {
        let accounted = self.compared + self.refused + self.destroyed.len() as u64;
        self.differs.is_empty() && self.changed.is_empty() && accounted == self.patients
    }

    pub(super) fn count(&mut self, patient: PatientId, came: Came) {
        match came {
            Came::In => self.brought_in += 1,
            Came::Before | Came::Changed => self.before += 1,
            Came::Destroyed => self.destroyed.push(patient),
            Came::Differs => self.differs.push(patient),
            Came::Refused => self.refused += 1,
        }
    }

    pub(super) fn read(&mut self, arrival: &Arrival) {
        self.programs += arrival.versions.len() as u64;
        self.entries += arrival.log.len() as u64;
        self.notes += arrival.notes.len() as u64;
    }

    pub(super) fn refuse(&mut self, refusals: Vec<Refusal>) {
        self.refused += 1;
        self.refusals.extend(refusals);
    }
}
