//! A grant borrows its session, so it cannot be carried off to a thread or a task.
use phi::{Grant, ReadExercise};

fn carry_off(grant: Grant<'_, ReadExercise>) {
    std::thread::spawn(move || drop(grant));
}

fn main() {}
