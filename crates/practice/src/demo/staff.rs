//! Who works in the made practice.

use super::DemoError;
use domain::{EmailAddress, PersonName, Role};

/// Somebody on the staff.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoStaff {
    /// What they are there for.
    pub role: Role,
    /// Given name.
    pub given_name: PersonName,
    /// Family name.
    pub family_name: PersonName,
    /// Where they sign in.
    pub email: EmailAddress,
}

/// How many therapists there are; they come first in the list of the staff.
pub const THERAPISTS: usize = 4;

const STAFF: [(Role, &str, &str); 8] = [
    (Role::Therapist, "Mara", "Lind"),
    (Role::Therapist, "Tunde", "Adeyemi"),
    (Role::Therapist, "Sofía", "Herrera"),
    (Role::Therapist, "Kenji", "Watanabe"),
    (Role::Admin, "Ingrid", "Solberg"),
    (Role::Billing, "Omar", "Haddad"),
    (Role::FrontDesk, "Priya", "Nair"),
    (Role::PrivacyOfficer, "Leila", "Karimi"),
];

/// The staff, therapists first.
pub(super) fn staff() -> Result<Vec<DemoStaff>, DemoError> {
    STAFF
        .iter()
        .map(|(role, given, family)| {
            Ok(DemoStaff {
                role: *role,
                given_name: PersonName::new(given)?,
                family_name: PersonName::new(family)?,
                email: super::address(given, family, None)?,
            })
        })
        .collect()
}
