//! A grant has no public constructor and no public fields.
use phi::{Grant, ReadExercise};

fn forge<'s>(subject: domain::PatientId) -> Grant<'s, ReadExercise> {
    Grant { subject }
}

fn main() {}
