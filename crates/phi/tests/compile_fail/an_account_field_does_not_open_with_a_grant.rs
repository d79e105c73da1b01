//! Secrets of factors are no part of a patient's record.
use phi::{Grant, ReadExercise, Sealed, fields::totp_factors};

fn peek(grant: &Grant<'_, ReadExercise>, secret: &Sealed<totp_factors::Secret>) {
    let _ = grant.open(secret);
}

fn main() {}
