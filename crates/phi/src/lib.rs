//! The trusted kernel: who may open what, and the only way to open it.
//!
//! Sealed data opens only with a [`Grant`]. A grant is made in one place, [`Guard::authorize`], after the policy said
//! yes and the audit entry is durable, and it carries the keys that the permission covers. So there is no check that a
//! caller could forget: without a grant there is nothing to decrypt with, and another patient's grant fails in the
//! cipher. Read it in this order: [`class`](ClassId), [`permission`](Permission), [`registry`](registry()),
//! [`field`](Sealed), [`keyring`](Keyring), [`guard`](Guard).

mod cipher;
mod class;
mod field;
mod guard;
mod key_check;
mod keyring;
mod permission;
mod policy;
mod registry;
mod relation;
mod vault;

pub use cipher::version_of as key_version_of;
pub use class::{
    Account, BilledContact, BillingClass, Charge, Class, ClassId, Contact, Credential, Diagnosis, Emergency, Exercise,
    Identifying, Link, Note, PatientClass, PatientWords, Visit,
};
pub use field::{Clear, Field, OpenError, OpenFailure, RowId, Sealed};
pub use guard::{
    AccessError, ArchiveGrant, BillingGrant, ChargingAccount, ChargingGrant, Claim, ContactKept, Draft, Followed,
    GlassError, Grant, Guard, KeepError, KeptGrant, NameSearch, Notified, PracticeGrant, Purpose, SealedContact,
    SealedName, SealedPerson, SearchError, Standing,
};
pub use keyring::{
    AUDIT, KeyError, KeyStore, Keyring, RenewRoot, ResealError, Resealer, SERVER, WrappedKey, as_subject,
    billing_branch, practice_of_branch, rewrap_for_roots, roots_of,
};
pub use permission::{
    AnswerRequests, BillingPermission, Bills, BreakGlass, ChargeVisit, Covers, Export, Govern, HandleIncidents,
    ImportRecord, LogExercise, NotifyAffected, Operate, Oversee, Permission, PracticePermission, ReadAccessLog,
    ReadAudit, ReadBilling, ReadContact, ReadExercise, ReadIdentity, ReadNotes, ReadVisits, ReleaseDeidentified,
    Retain, ReviewEmergency, TakeOutOwn, WriteBilling, WriteExercise, WriteIdentity, WriteNotes, WriteVisits, Writes,
    classes_of,
};
pub use policy::{Policy, PolicyError, Rule, Ruling};
pub use registry::{
    Column, Deid, Protection, SealedBy, SealedColumn, SealedTable, Store, data_dictionary, fields, registry,
    sealed_tables,
};
pub use relation::{Answer, BillingLinks, CareTeams, Relation, StoredLink, Ties, Unavailable};
pub use vault::{AccountClass, AccountVault, VaultError};
