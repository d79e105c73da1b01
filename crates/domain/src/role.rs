//! Roles, the names of permissions, and why a record is opened.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// All of them, in the order of the design.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word under which it is stored and written.
            pub const fn word(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.word()) }
        }
        impl std::str::FromStr for $name {
            type Err = crate::Invalid;
            fn from_str(text: &str) -> Result<Self, crate::Invalid> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(crate::Invalid::new($what)) }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What an account is for. A role is never enough: the policy also asks for a relationship.
    Role, "is not a role" {
        /// Runs the practice; has all five clinical permissions for the patients of their care teams.
        Admin = "admin",
        /// Treats patients.
        Therapist = "therapist",
        /// Is under care, and sees themself.
        Patient = "patient",
        /// Gets the practice paid; sees no clinical content.
        Billing = "billing",
        /// Registers, invites and books: who, not what.
        FrontDesk = "front_desk",
        /// Watches the audit trail, reviews and retention; sees no clinical content.
        PrivacyOfficer = "privacy_officer",
        /// Runs the machine: keys, backups, health; no patient data at all.
        Operator = "operator",
        /// Receives de-identified releases only.
        Researcher = "researcher",
    }
}

words! {
    /// The name of a permission, as the policy and the ledger write it.
    PermissionName, "is not a permission" {
        /// See programs and what was done.
        ReadExercise = "read_exercise",
        /// Prescribe and change programs.
        WriteExercise = "write_exercise",
        /// See progress notes and patients' comments.
        ReadNotes = "read_notes",
        /// Write progress notes.
        WriteNotes = "write_notes",
        /// Take a record out of the practice.
        Export = "export",
        /// Write down what was done, for oneself or the one that one stands for.
        LogExercise = "log_exercise",
        /// See who a patient is, and how to reach them.
        ReadIdentity = "read_identity",
        /// Register a patient and change who they are.
        WriteIdentity = "write_identity",
        /// See when a patient comes and came.
        ReadVisits = "read_visits",
        /// Book visits and say what became of them.
        WriteVisits = "write_visits",
        /// Say what is to be charged for a visit; shows nothing of what was charged before.
        ChargeVisit = "charge_visit",
        /// See name and contact of somebody who is billed, and nothing else.
        ReadContact = "read_contact",
        /// See who looked at one's own record.
        ReadAccessLog = "read_access_log",
        /// Take out one's own copy.
        TakeOutOwn = "take_out_own",
        /// Open a record in an emergency, with a reason, for an hour.
        BreakGlass = "break_glass",
        /// Read why a record was opened in an emergency, and sign for having looked into that.
        ReviewEmergency = "review_emergency",
        /// See who is affected by a breach and how to reach them, to tell them.
        NotifyAffected = "notify_affected",
        /// Bring in somebody from elsewhere who has no record here yet; opens nothing.
        ImportRecord = "import_record",
        /// See billing.
        ReadBilling = "read_billing",
        /// Charge and book payments.
        WriteBilling = "write_billing",
        /// See the audit trail.
        ReadAudit = "read_audit",
        /// Manage accounts, care teams and policies of a practice.
        Govern = "govern",
        /// Plan and approve the destruction of records, and hold them.
        Retain = "retain",
        /// Answer what patients ask about their record: restrictions, and records that were made twice; and see what waits to be amended.
        AnswerRequests = "answer_requests",
        /// Find out whom an incident affects, assess it and close it.
        HandleIncidents = "handle_incidents",
        /// See to it that whoever works here may: attest or end who has access.
        Oversee = "oversee",
        /// Run keys, backups and health of the server.
        Operate = "operate",
        /// Release de-identified data.
        ReleaseDeidentified = "release_deidentified",
    }
}

words! {
    /// Why a record is opened (45 CFR 164.506 and 164.524 name the purposes).
    PurposeKind, "is not a purpose" {
        /// Care of the patient.
        Treatment = "treatment",
        /// Getting paid for it.
        Payment = "payment",
        /// Running the practice.
        Operations = "operations",
        /// The patient's own right to see it.
        OwnRecord = "own_record",
        /// An emergency, outside the usual relation.
        Emergency = "emergency",
    }
}
