//! Classes of data: who may see a thing is decided by its class, and the class has a key of its own.

pub(crate) mod private {
    /// Closes the kernel's traits: no other crate invents a class, a field or a permission.
    pub trait Closed {}
}

/// A class of data, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassId {
    /// What tells a patient from others of the same name: the birth date, the record's number.
    Identifying,
    /// What a patient is called and how to reach them: what a letter needs, and what billing staff may see.
    Contact,
    /// What is prescribed, what was done, and how it felt in numbers.
    Exercise,
    /// What a therapist wrote about a patient.
    Note,
    /// What a patient wrote about their exercises or their record, and what they were answered. Apart from notes, so that a
    /// patient can read it again without holding the key to the therapist's.
    PatientWords,
    /// When a patient comes and came, and where to: apart from care, for the front desk books and does not read charts.
    Visit,
    /// Why a record was opened in an emergency, and what somebody else found who looked into that. A class of its own: who
    /// looks into it reads nothing of the record, and it goes with the patient's key.
    Emergency,
    /// Names and addresses of accounts. Not about care.
    Account,
    /// What proves who signs in or who sends: password hashes, secrets of factors, of channels.
    Credential,
    /// What was charged: codes, minutes, units. Under the key of a billing account, never a patient's.
    Charge,
    /// The diagnosis codes of a claim. Apart from charges: the overview of an account does not open them.
    Diagnosis,
    /// Which patient a billing account is of, and what crosses from the one's store to the other's.
    Link,
    /// Name and contact of a patient whose record was destroyed, as billing keeps them: sealed under the billing account's key,
    /// and once more under the practice's.
    BilledContact,
}

impl ClassId {
    /// The name, as the key derivation and the data dictionary write it. Changing one loses the data sealed under it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identifying => "identifying",
            Self::Contact => "contact",
            Self::Exercise => "exercise",
            Self::Note => "note",
            Self::PatientWords => "patient_words",
            Self::Visit => "visit",
            Self::Emergency => "emergency",
            Self::Account => "account",
            Self::Credential => "credential",
            Self::Charge => "charge",
            Self::Diagnosis => "diagnosis",
            Self::Link => "link",
            Self::BilledContact => "billed_contact",
        }
    }

    /// The class under which columns of this one were sealed before it was made. A grant that has both keys still opens
    /// such a value; the next rotation of the patient's key seals it under its own class.
    pub(crate) const fn formerly(self) -> Option<Self> {
        match self {
            Self::Contact => Some(Self::Identifying),
            _ => None,
        }
    }
}

/// A class of data, as a type.
pub trait Class: private::Closed {
    /// Which one.
    const ID: ClassId;
}

/// A class that belongs to a patient and opens only with a [`crate::Grant`].
pub trait PatientClass: Class {}

/// A class that belongs to a billing account and opens only with a [`crate::BillingGrant`].
pub trait BillingClass: Class {}

macro_rules! classes {
    ($($name:ident $(: $marker:ident)?),* $(,)?) => {$(
        #[doc = concat!("See [`ClassId::", stringify!($name), "`].")]
        #[derive(Debug)]
        pub enum $name {}
        impl private::Closed for $name {}
        impl Class for $name { const ID: ClassId = ClassId::$name; }
        $(impl $marker for $name {})?
    )*};
}

classes! {
    Identifying: PatientClass,
    Contact: PatientClass,
    Exercise: PatientClass,
    Note: PatientClass,
    PatientWords: PatientClass,
    Visit: PatientClass,
    Emergency: PatientClass,
    Account,
    Credential,
    Charge: BillingClass,
    Diagnosis: BillingClass,
    Link,
    BilledContact,
}
