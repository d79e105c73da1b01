//! Reads a folder in the layout of free-exercise-db and says what would be taken, without a practice to write into.
//!
//! `cargo run --release -p patella-practice --example import -- FOLDER`

use practice::library::free_exercise_db::{Counts, open};
use std::{
    env,
    error::Error,
    io::{self, Write},
    path::PathBuf,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).map(PathBuf::from).ok_or("usage: import FOLDER")?;
    let mut out = io::stdout().lock();
    let mut counts = Counts::default();
    let mut bytes = 0;
    for entry in open(&folder)? {
        counts.add(&entry);
        match entry {
            Ok(accepted) => {
                bytes += accepted.exercise.pictures.iter().map(|picture| picture.bytes.len()).sum::<usize>();
                for (name, why) in accepted.refused_pictures {
                    writeln!(out, "{}: {name} {why}", accepted.exercise.source_ref)?;
                }
            }
            Err(rejected) => writeln!(out, "{rejected}")?,
        }
    }
    writeln!(out, "{counts:?}, {bytes} bytes of pictures")?;
    Ok(())
}
