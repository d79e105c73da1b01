//! Permissions as types, and the classes that each covers: the *minimum necessary* of 45 CFR 164.502(b), in a table that
//! an auditor can read.

use crate::class::{
    BillingClass, Charge, ClassId, Contact, Diagnosis, Emergency, Exercise, Identifying, Note, PatientClass,
    PatientWords, Visit, private::Closed,
};
use domain::PermissionName;

/// A permission on one patient's record.
pub trait Permission: Closed + Send + Sync + 'static {
    /// Its name in the policy and the ledger.
    const NAME: PermissionName;
    /// The classes whose keys a grant of it carries.
    const CLASSES: &'static [ClassId];
}

/// A grant of this permission opens fields of class `C`.
pub trait Covers<C: PatientClass>: Permission {}

/// A grant of this permission seals fields of class `C`.
pub trait Writes<C: PatientClass>: Permission {}

/// A permission on a practice as a whole: its accounts, its audit trail. Carries no key to any patient.
pub trait PracticePermission: Closed + Send + Sync + 'static {
    /// Its name in the policy and the ledger.
    const NAME: PermissionName;
}

macro_rules! permissions {
    ($($name:ident reads [$($reads:ident),*] writes [$($writes:ident),*];)*) => {$(
        #[doc = concat!("See [`PermissionName::", stringify!($name), "`].")]
        #[derive(Debug)]
        pub enum $name {}
        impl Closed for $name {}
        impl Permission for $name {
            const NAME: PermissionName = PermissionName::$name;
            const CLASSES: &'static [ClassId] = &[$(ClassId::$reads),*];
        }
        $(impl Covers<$reads> for $name {})*
        $(impl Writes<$writes> for $name {})*
    )*

    /// The classes of a permission on a patient's record, by its name.
    const fn of_patients(permission: PermissionName) -> &'static [ClassId] {
        match permission {
            $(PermissionName::$name => <$name as Permission>::CLASSES,)*
            _ => &[],
        }
    }
    };
}

// Whatever a permission here writes it also reads: a form shows what is there before it changes it. So `reads` names all
// the keys that a grant carries.
permissions! {
    ReadExercise  reads [Identifying, Contact, Exercise]                      writes [];
    WriteExercise reads [Identifying, Contact, Exercise]                      writes [Exercise];
    ReadNotes     reads [Identifying, Contact, Note, PatientWords]            writes [];
    WriteNotes    reads [Identifying, Contact, Note, PatientWords]            writes [Note, PatientWords];
    Export        reads [Identifying, Contact, Exercise, Note, PatientWords, Visit] writes [];
    LogExercise   reads [Exercise, PatientWords]                              writes [Exercise, PatientWords];
    ReadIdentity  reads [Identifying, Contact]                                writes [];
    WriteIdentity reads [Identifying, Contact]                                writes [Identifying, Contact];
    ReadVisits    reads [Identifying, Contact, Visit]                         writes [];
    WriteVisits   reads [Identifying, Contact, Visit]                         writes [Visit];
    ChargeVisit   reads []                                                    writes [];
    ReadContact   reads [Contact]                                             writes [];
    ReadAccessLog reads []                                                    writes [];
    TakeOutOwn    reads [Identifying, Contact, Exercise, PatientWords, Visit] writes [];
    ReviewEmergency reads [Emergency]                                         writes [Emergency];
}

/// What somebody could open with a permission, by its name as an entry of the ledger has it: the classes whose keys its grant
/// carried, of a patient or of a billing account. None for what opens nothing, which
/// the bringing in of a record and the breaking of glass are too: what is looked at then is an entry of its own.
pub const fn classes_of(permission: PermissionName) -> &'static [ClassId] {
    match permission {
        PermissionName::ReadBilling => <ReadBilling as BillingPermission>::CLASSES,
        PermissionName::WriteBilling => <WriteBilling as BillingPermission>::CLASSES,
        PermissionName::NotifyAffected => <NotifyAffected as Permission>::CLASSES,
        other => of_patients(other),
    }
}

/// See [`PermissionName::BreakGlass`]. Like [`ImportRecord`] it writes what it does not read: the reason. It reads who the
/// patient is, by which they are found.
#[derive(Debug)]
pub enum BreakGlass {}
impl Closed for BreakGlass {}
impl Permission for BreakGlass {
    const NAME: PermissionName = PermissionName::BreakGlass;
    const CLASSES: &'static [ClassId] = &[ClassId::Identifying, ClassId::Contact, ClassId::Emergency];
}
impl Covers<Identifying> for BreakGlass {}
impl Covers<Contact> for BreakGlass {}
impl Writes<Emergency> for BreakGlass {}

/// See [`PermissionName::ImportRecord`]. It writes what it does not read: its grant seals a whole
/// record for somebody who has none yet ([`crate::Guard::bring_in`]), and nothing opens with it.
#[derive(Debug)]
pub enum ImportRecord {}
impl Closed for ImportRecord {}
impl Permission for ImportRecord {
    const NAME: PermissionName = PermissionName::ImportRecord;
    const CLASSES: &'static [ClassId] =
        &[ClassId::Identifying, ClassId::Contact, ClassId::Exercise, ClassId::Note, ClassId::PatientWords];
}
impl Writes<Identifying> for ImportRecord {}
impl Writes<Contact> for ImportRecord {}
impl Writes<Exercise> for ImportRecord {}
impl Writes<Note> for ImportRecord {}
impl Writes<PatientWords> for ImportRecord {}

/// See [`PermissionName::NotifyAffected`]: who is affected by a breach, and how to reach them, for the letter that tells them. It
/// writes nothing, and only [`crate::Guard::notify`] grants it.
#[derive(Debug)]
pub enum NotifyAffected {}
impl Closed for NotifyAffected {}
impl Permission for NotifyAffected {
    const NAME: PermissionName = PermissionName::NotifyAffected;
    const CLASSES: &'static [ClassId] = &[ClassId::Identifying, ClassId::Contact];
}
impl Covers<Identifying> for NotifyAffected {}
impl Covers<Contact> for NotifyAffected {}

macro_rules! practice_permissions {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("See [`PermissionName::", stringify!($name), "`].")]
        #[derive(Debug)]
        pub enum $name {}
        impl Closed for $name {}
        impl PracticePermission for $name {
            const NAME: PermissionName = PermissionName::$name;
        }
    )*};
}

practice_permissions!(
    ReadAudit,
    Govern,
    Retain,
    AnswerRequests,
    HandleIncidents,
    Oversee,
    Operate,
    ReadBilling,
    WriteBilling,
    ReleaseDeidentified
);

/// A permission on one billing account.
pub trait BillingPermission: Closed + Send + Sync + 'static {
    /// Its name in the policy and the ledger.
    const NAME: PermissionName;
    /// The classes whose keys a grant of it carries.
    const CLASSES: &'static [ClassId];
}

/// A grant of this permission opens billing fields of class `C`.
pub trait Bills<C: BillingClass>: BillingPermission {}

impl BillingPermission for ReadBilling {
    const NAME: PermissionName = PermissionName::ReadBilling;
    const CLASSES: &'static [ClassId] = &[ClassId::Charge];
}
impl BillingPermission for WriteBilling {
    const NAME: PermissionName = PermissionName::WriteBilling;
    const CLASSES: &'static [ClassId] = &[ClassId::Charge, ClassId::Diagnosis];
}
impl Bills<Charge> for ReadBilling {}
impl Bills<Charge> for WriteBilling {}
impl Bills<Diagnosis> for WriteBilling {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_permission_but_notes_and_export_holds_the_key_to_notes() {
        let with_notes = [ReadNotes::CLASSES, WriteNotes::CLASSES, Export::CLASSES];
        assert!(with_notes.iter().all(|classes| classes.contains(&ClassId::Note)));
        let without = [
            ReadExercise::CLASSES,
            WriteExercise::CLASSES,
            LogExercise::CLASSES,
            ReadIdentity::CLASSES,
            WriteIdentity::CLASSES,
            ReadVisits::CLASSES,
            WriteVisits::CLASSES,
            ChargeVisit::CLASSES,
            ReadContact::CLASSES,
            ReadAccessLog::CLASSES,
            TakeOutOwn::CLASSES,
            BreakGlass::CLASSES,
            ReviewEmergency::CLASSES,
            NotifyAffected::CLASSES,
        ];
        assert!(without.iter().all(|classes| !classes.contains(&ClassId::Note)));
    }

    #[test]
    fn whoever_looks_into_an_emergency_holds_the_key_to_its_reason_and_no_other() {
        assert_eq!(ReviewEmergency::CLASSES, [ClassId::Emergency]);
    }

    #[test]
    fn whoever_tells_of_a_breach_holds_the_keys_to_who_it_is_and_how_to_reach_them_and_no_other() {
        assert_eq!(NotifyAffected::CLASSES, [ClassId::Identifying, ClassId::Contact]);
        assert_eq!(classes_of(PermissionName::NotifyAffected), NotifyAffected::CLASSES);
    }

    #[test]
    fn what_billing_may_ask_of_a_patient_holds_the_key_to_name_and_contact_and_no_other() {
        assert_eq!(ReadContact::CLASSES, [ClassId::Contact]);
        assert!(ChargeVisit::CLASSES.is_empty());
    }
}
