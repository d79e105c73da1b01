//! `ReadExercise` does not cover notes.
use phi::{Grant, ReadExercise, Sealed, fields::progress_notes};

fn peek(grant: &Grant<'_, ReadExercise>, note: &Sealed<progress_notes::Body>) {
    let _ = grant.open(note);
}

fn main() {}
