//! `ReadExercise` writes nothing.
use phi::{Grant, ReadExercise, RowId, fields::log_entries};

fn scribble(grant: &Grant<'_, ReadExercise>, row: RowId, pain: &domain::Pain) {
    let _ = grant.seal::<log_entries::PainFelt>(row, pain);
}

fn main() {}
