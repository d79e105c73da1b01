//! The diagnosis codes of a claim are a class of their own.
use phi::{BillingGrant, ReadBilling, Sealed, fields::charges::Diagnoses};

fn curious(grant: &BillingGrant<'_, ReadBilling>, diagnoses: &Sealed<Diagnoses>) {
    let _ = grant.open(diagnoses);
}

fn main() {}
