//! What a statement needs of a patient is name and contact.
use phi::{Grant, ReadContact, Sealed, fields::patients::Born};

fn curious(grant: &Grant<'_, ReadContact>, born: &Sealed<Born>) {
    let _ = grant.open(born);
}

fn main() {}
