//! Who may do what, and why, in plain language.

use domain::{PermissionName, PurposeKind, Role};

/// What a role is called.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Therapist => "Therapist",
        Role::Patient => "Patient",
        Role::Billing => "Billing",
        Role::FrontDesk => "Front desk",
        Role::PrivacyOfficer => "Privacy officer",
        Role::Operator => "Operator",
        Role::Researcher => "Researcher",
    }
}

/// What somebody did, said to the one whose record it is: "looked at the exercises".
pub fn permission(permission: PermissionName) -> &'static str {
    match permission {
        PermissionName::ReadExercise => "looked at exercises and what was done",
        PermissionName::WriteExercise => "changed the program",
        PermissionName::ReadNotes => "read notes and comments",
        PermissionName::WriteNotes => "wrote a note",
        PermissionName::Export => "took the record out of the practice",
        PermissionName::LogExercise => "wrote down exercises",
        PermissionName::ReadIdentity => "looked at name and contact",
        PermissionName::WriteIdentity => "changed name or contact",
        PermissionName::ReadVisits => "looked at visits",
        PermissionName::WriteVisits => "booked or changed a visit",
        PermissionName::ChargeVisit => "said what to charge for a visit",
        PermissionName::ReadContact => "looked at name and contact for a bill",
        PermissionName::ReadAccessLog => "looked at who looked",
        PermissionName::TakeOutOwn => "took out a copy of their own record",
        PermissionName::BreakGlass => "opened the record in an emergency",
        PermissionName::ReviewEmergency => "looked into an opening in an emergency",
        PermissionName::NotifyAffected => "looked at name and contact, to write about an incident",
        PermissionName::ImportRecord => "brought in the record from an earlier program",
        PermissionName::ReadBilling => "looked at billing",
        PermissionName::WriteBilling => "changed billing",
        PermissionName::ReadAudit => "read the audit trail",
        PermissionName::Govern => "managed accounts or care teams",
        PermissionName::Retain => "planned or approved the destruction of records",
        PermissionName::AnswerRequests => "looked at what you asked about your record, or answered it",
        PermissionName::HandleIncidents => "handled an incident",
        PermissionName::Oversee => "looked at who has access, or decided it",
        PermissionName::Operate => "ran the server",
        PermissionName::ReleaseDeidentified => "released data without names",
    }
}

/// What was done to a patient's account or care team, told to the patient; the program's own word for all else.
pub fn action(word: &str) -> &str {
    match word {
        "invite_account" => "made a link that opens your account",
        "reset_account" => "took your password and second factor away",
        "read_account" => "looked at your account",
        "change_account" => "changed your account",
        "disable_account" => "disabled your account",
        "agree_restriction" => "agreed to what you asked about who sees your record",
        "decline_restriction" => "declined what you asked about who sees your record",
        "end_restriction" => "ended what you had asked about who sees your record",
        "end_emergency" => "closed your record, which was open in an emergency",
        "disapprove_emergency" => "did not attest that your record was opened in an emergency",
        "sign_emergency" => "looked into why your record was opened in an emergency, and signed",
        "escalate_emergency" => "nobody had looked in time into why your record was opened in an emergency",
        "merge_record" => "closed a record of yours that was made twice",
        "unmerge_record" => "opened a record again that was closed as made twice",
        other => other,
    }
}

/// What a permission allows, behind "may": "see exercises and what was done".
pub fn may(permission: PermissionName) -> &'static str {
    match permission {
        PermissionName::ReadExercise => "see exercises and what was done",
        PermissionName::WriteExercise => "prescribe and change programs",
        PermissionName::ReadNotes => "read notes and comments",
        PermissionName::WriteNotes => "write notes",
        PermissionName::Export => "take the record out of the practice",
        PermissionName::LogExercise => "write down exercises",
        PermissionName::ReadIdentity => "see name and contact",
        PermissionName::WriteIdentity => "register, and change name and contact",
        PermissionName::ChargeVisit => "say what to charge for visits",
        PermissionName::ReadContact => "see name and contact of who is billed",
        PermissionName::ReadAccessLog => "see who looked",
        PermissionName::TakeOutOwn => "take out their own copy",
        PermissionName::BreakGlass => "open the record in an emergency",
        PermissionName::ReviewEmergency => "look into openings in an emergency",
        PermissionName::NotifyAffected => "see whom a breach affects, to tell them",
        PermissionName::ImportRecord => "bring in records from an earlier program",
        PermissionName::ReadBilling => "see billing",
        PermissionName::WriteBilling => "charge and book payments",
        PermissionName::ReadVisits => "see visits",
        PermissionName::WriteVisits => "book visits and say what became of them",
        PermissionName::ReadAudit => "read the audit trail and ask the policy",
        PermissionName::Govern => "manage accounts and care teams",
        PermissionName::Retain => "plan, approve and hold the destruction of records",
        PermissionName::AnswerRequests => "answer what patients ask about their record",
        PermissionName::HandleIncidents => "find out whom an incident affects, assess and close it",
        PermissionName::Oversee => "attest or end who has access",
        PermissionName::Operate => "run keys, backups and health of the server",
        PermissionName::ReleaseDeidentified => "release data without names",
    }
}

/// The same words with a capital at their beginning.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Why a record was opened.
pub fn purpose(purpose: PurposeKind) -> &'static str {
    match purpose {
        PurposeKind::Treatment => "treatment",
        PurposeKind::Payment => "payment",
        PurposeKind::Operations => "running the practice",
        PurposeKind::OwnRecord => "one's own record",
        PurposeKind::Emergency => "an emergency",
    }
}
