//! `Clear` has neither `Debug` nor `Display`.
use domain::PersonName;
use phi::Clear;

fn leak(name: &Clear<'_, PersonName>) {
    println!("{name:?}");
    println!("{name}");
}

fn main() {}
