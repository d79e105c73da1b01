//! Leave is given once.
use phi::{Grant, ReadExercise};

fn twice<'s>(grant: &Grant<'s, ReadExercise>) -> Grant<'s, ReadExercise> {
    grant.clone()
}

fn main() {}
