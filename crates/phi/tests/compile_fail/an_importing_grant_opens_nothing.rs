//! Whoever brings somebody in seals their record, and reads none of it back.
use phi::{Grant, ImportRecord, Sealed, fields::progress_notes::Body};

fn curious(grant: &Grant<'_, ImportRecord>, note: &Sealed<Body>) {
    let _ = grant.open(note);
}

fn main() {}
