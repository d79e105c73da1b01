//! `Clear` and `Sealed` are not `Serialize`.
use phi::{Clear, Sealed, fields::patients};

fn wants_serialize<T: serde::Serialize>(_: &T) {}

fn leak(name: &Clear<'_, domain::PersonName>, sealed: &Sealed<patients::GivenName>) {
    wants_serialize(name);
    wants_serialize(sealed);
}

fn main() {}
