//! What a look is for; it stands in the ledger with it.

use domain::PurposeKind;
use ledger::Resource;

/// Why a record is opened, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// Why.
    pub kind: PurposeKind,
    /// Which part: a program, the log, a note.
    pub resource: Resource,
}

impl Purpose {
    /// For care.
    pub const fn treatment(resource: Resource) -> Self {
        Self { kind: PurposeKind::Treatment, resource }
    }
    /// For running the practice.
    pub const fn operations(resource: Resource) -> Self {
        Self { kind: PurposeKind::Operations, resource }
    }
    /// For getting paid.
    pub const fn payment(resource: Resource) -> Self {
        Self { kind: PurposeKind::Payment, resource }
    }
    /// The same, because of an emergency.
    pub(crate) fn in_emergency(&self) -> Self {
        Self { kind: PurposeKind::Emergency, resource: self.resource.clone() }
    }
    /// In an emergency, outside the usual relation.
    pub const fn emergency(resource: Resource) -> Self {
        Self { kind: PurposeKind::Emergency, resource }
    }
    /// Because it is one's own.
    pub const fn own_record(resource: Resource) -> Self {
        Self { kind: PurposeKind::OwnRecord, resource }
    }
}
