//! Whoever charges a visit seals what is charged, and reads nothing of what was charged before.
use phi::{ChargingAccount, Sealed, fields::charges::Sheet};

fn curious(grant: &ChargingAccount<'_>, sheet: &Sealed<Sheet>) {
    let _ = grant.open(sheet);
}

fn main() {}
