//! The identity store.

use super::{Column, table};
use domain::{
    EmailAddress, EmergencyReason, EmergencyWords, PersonName,
    billing::{AccountLink, KeptForBilling},
    retention::HoldReason,
};

table! {
    /// Practices.
    Identity.practices {
        (practice_id: Id, Drop, "the practice")
        (name: Public, Drop, "what it is called")
        (timezone: Public, Drop, "its time zone, an IANA name")
        (created_at: Time, Drop, "when it was made")
        (bootstrap_open: Structure, Drop, "1 until the first administrator's passkey is registered")
        (demo: Structure, Drop, "1 when its people are made up")
    }
}

table! {
    /// Everyone who can sign in.
    Identity.accounts {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (role: Structure, Drop, "what it is for")
        (state: Structure, Drop, "invited, active or disabled")
        (email_index: Fingerprint, Drop, "finds the account at sign-in")
        (email: sealed Account as Email = EmailAddress, Drop, "The address that signs in.")
        (display_name: sealed Account as DisplayName = PersonName, Drop, "The name that others see.")
        (patient_id: Id, Drop, "the patient whose account it is, if any")
        (password: sealed Credential as Password = String, Drop, "The password's argon2id hash.")
        (created_at: Time, Drop, "when it was made")
        (version: Structure, Drop, "counts up at each change")
        (role_since: Time, Drop, "since when it has its role; none: since it was made")
    }
}

table! {
    /// One-time code generators.
    Identity.totp_factors {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (secret: sealed Credential as Secret = Vec<u8>, Drop, "The generator's secret.")
        (last_step: Structure, Drop, "the last accepted time step; none is accepted twice")
        (created_at: Time, Drop, "when it was made")
        (confirmed_at: Time, Drop, "when its first code was accepted")
    }
}

table! {
    /// Passkeys and hardware keys.
    Identity.passkeys {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (passkey_id: Id, Drop, "the passkey")
        (credential_index: Fingerprint, Drop, "finds the passkey by its credential id")
        (credential: sealed Credential as PublicCredential = Vec<u8>, Drop, "Credential id, public key and counter.")
        (label: sealed Account as Label = String, Drop, "What its owner calls it.")
        (created_at: Time, Drop, "when it was registered")
        (last_used_at: Time, Drop, "when it was last used")
    }
}

table! {
    /// Recovery codes, each used once at most.
    Identity.recovery_codes {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (code_mac: Fingerprint, Drop, "the code")
        (used_at: Time, Drop, "when it was used")
    }
}

table! {
    /// Login sessions.
    Identity.login_sessions {
        (token_hash: Fingerprint, Drop, "the cookie's token")
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (login_session_id: Id, Drop, "the session's name in the ledger")
        (role: Structure, Drop, "the role at sign-in")
        (patient_id: Id, Drop, "the patient whose account it is, if any")
        (created_at: Time, Drop, "when the password was proven")
        (factor: Structure, Drop, "the kind of factor that was proven; none makes it a half session")
        (factor_at: Time, Drop, "when that factor was last proven")
        (last_seen_at: Time, Drop, "when it was last used, to the minute")
        (mac: Fingerprint, Drop, "proves that the server wrote the row")
        (factor_asked_at: Time, Drop, "since when a factor is to be proven in it again before anything else")
    }
}

table! {
    /// API tokens.
    Identity.api_tokens {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (token_id: Id, Drop, "the token's name in the ledger")
        (secret_hash: Fingerprint, Drop, "the token")
        (role: Structure, Drop, "the role when it was issued")
        (patient_id: Id, Drop, "the patient whose account it is, if any")
        (scopes: Structure, Drop, "the permissions that it may use")
        (label: sealed Credential as Label = String, Drop, "What its owner calls it.")
        (factor: Structure, Drop, "the kind of factor under which it was issued")
        (factor_at: Time, Drop, "when that factor was proven")
        (created_at: Time, Drop, "when it was issued")
        (expires_at: Time, Drop, "when it ends")
        (mac: Fingerprint, Drop, "proves that the server wrote the row")
    }
}

table! {
    /// Invitations to open an account.
    Identity.invitations {
        (practice_id: Id, Drop, "the practice")
        (invitation_id: Id, Drop, "the invitation")
        (secret_hash: Fingerprint, Drop, "the secret in the link")
        (account_id: Id, Drop, "the account that it opens")
        (created_at: Time, Drop, "when it was made")
        (mac: Fingerprint, Drop, "proves that the server wrote the row")
    }
}

table! {
    /// Who treats whom, from when to when.
    Identity.care_links {
        (practice_id: Id, Drop, "the practice")
        (care_link_id: Id, Drop, "the link")
        (patient_id: Id, Drop, "the patient")
        (account_id: Id, Drop, "the member of the care team")
        (kind: Structure, Drop, "assigned or covering")
        (starts_at: Time, Drop, "from when")
        (ends_at: Time, Drop, "until when")
        (created_by: Id, Drop, "who set it")
        (created_at: Time, Drop, "when it was set")
    }
}

table! {
    /// What patients asked of who sees their record, and what the practice said. An end is a row of its own.
    Identity.restrictions {
        (practice_id: Id, Drop, "the practice")
        (restriction_id: Id, Drop, "the restriction, or the end of one")
        (patient_id: Id, Drop, "the patient who asked")
        (what: Structure, Drop, "account or notes")
        (account_id: Id, Drop, "the account that is kept away")
        (answer: Structure, Drop, "agreed, declined or ended")
        (ends: Id, Drop, "the restriction that this row ends")
        (asked_on: Time, Drop, "the day on which the patient asked, in days since 1970-01-01")
        (decided_by: Id, Drop, "the account that agreed, declined or ended it")
        (decided_at: Time, Drop, "when")
    }
}

table! {
    /// Patients who were registered twice. Each decision is a row of its own; the last one of a patient holds.
    Identity.patient_merges {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Drop, "the patient whose record was made in error")
        (number: Structure, Drop, "1, 2, 3 and on, for each patient")
        (into_patient: Id, Drop, "the patient as whom the record goes on; none takes it back")
        (decided_by: Id, Drop, "the account that decided it")
        (decided_at: Time, Drop, "when")
    }
}

table! {
    /// Records that were opened in an emergency, and who looked into that.
    Identity.emergencies {
        (practice_id: Id, Drop, "the practice")
        (emergency_id: Id, Drop, "the opening")
        (patient_id: Id, Drop, "the patient whose record was opened")
        (account_id: Id, Drop, "the account that opened it")
        (login_session_id: Id, Drop, "the login session in which it is open")
        (reason: sealed Emergency as Reason = EmergencyReason, Drop, "Why it was opened.")
        (opened_at: Time, Drop, "when")
        (expires_at: Time, Drop, "when it closes by itself, an hour later")
        (ended_at: Time, Drop, "when it was closed early by whoever opened it")
        (sign_by: Time, Drop, "until when somebody else is to sign for having looked into it")
        (escalating_at: Time, Drop, "when a server last began to tell that nobody had signed in time")
        (escalated_at: Time, Drop, "when it was told that nobody had signed in time")
        (signed_by: Id, Drop, "the account that signed")
        (signed_at: Time, Drop, "when")
        (finding: Structure, Drop, "justified or not_justified")
        (words: sealed Emergency as Words = EmergencyWords, Drop, "What was found.")
    }
}

table! {
    /// Which patient a billing account is of. The fingerprints find a link from either side and say neither.
    Identity.billing_links {
        (practice_id: Id, Drop, "the practice")
        (link_id: Id, Drop, "the link")
        (patient_index: Fingerprint, Drop, "finds the link of a patient")
        (account_index: Fingerprint, Drop, "finds the link of a billing account")
        (link: sealed Link as Linked = AccountLink, Drop, "The patient and the billing account.")
        (created_at: Time, Drop, "when the patient was first charged")
        (kept: sealed BilledContact as Kept = KeptForBilling, Drop, "Where the record was destroyed: name and contact, sealed under the billing account's key and then under the practice's, and whom they are kept from.")
    }
}

table! {
    /// Ceremonies under way: registering or using a passkey.
    Identity.ceremonies {
        (ceremony_id: Id, Drop, "the ceremony")
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (kind: Structure, Drop, "register or authenticate")
        (state: sealed Credential as State = Vec<u8>, Drop, "The server's side of the ceremony.")
        (expires_at: Time, Drop, "when it ends")
    }
}

table! {
    /// Failed sign-ins in a row, by what was typed as address and by network address; and tries that were not looked at.
    Identity.throttles {
        (subject_index: Fingerprint, Drop, "the typed or the network address, the invitation or the token")
        (lasting: Structure, Drop, "1 for an account: forgotten only after a full sign-in")
        (failures: Structure, Drop, "tries in a row")
        (failed_at: Time, Drop, "the last of them")
        (refused: Structure, Drop, "tries in the present window that were not looked at")
        (refused_since: Time, Drop, "the first of these")
        (refused_request: Id, Drop, "the request of the first, under which the ledger has it")
    }
}

table! {
    /// Legal holds: nothing of whom they cover is destroyed.
    Identity.legal_holds {
        (practice_id: Id, Drop, "the practice")
        (hold_id: Id, Drop, "the hold")
        (patient_id: Id, Drop, "the patient whom it covers; none covers everybody")
        (incident: Structure, Drop, "the number of the incident or case")
        (reason: sealed Account as Reason = HoldReason, Drop, "Why it was placed.")
        (placed_by: Id, Drop, "the account that placed it")
        (placed_at: Time, Drop, "when")
        (lifted_by: Id, Drop, "the account that lifted it")
        (lifted_at: Time, Drop, "when")
    }
}

table! {
    /// Plans of what is to be destroyed.
    Identity.retention_plans {
        (practice_id: Id, Drop, "the practice")
        (plan_id: Id, Drop, "the plan")
        (made_by: Id, Drop, "the account that made it; none for the command line")
        (made_at: Time, Drop, "when")
        (today: Time, Drop, "the practice's day for which it was judged, in days since 1970-01-01")
        (rules: Public, Drop, "the rules that were in force, JSON")
        (cooling_hours: Structure, Drop, "hours between the second approval and execution")
        (state: Structure, Drop, "draft, open, approved, withdrawn or done")
        (looked_at: Structure, Drop, "how many patients were looked at")
        (first_by: Id, Drop, "the account that approved it first")
        (first_at: Time, Drop, "when")
        (second_by: Id, Drop, "the account that approved it second")
        (second_at: Time, Drop, "when")
        (finished_at: Time, Drop, "when it was carried out")
        (kind: Structure, Drop, "what it destroys: clinical or billing")
    }
}

table! {
    /// The patients of a plan, and how far each has come.
    Identity.retention_items {
        (practice_id: Id, Drop, "the practice")
        (plan_id: Id, Drop, "the plan")
        (patient_id: Id, Drop, "the patient")
        (verdict: Structure, Drop, "due, hold or no_visit; billed in old plans")
        (last_care: Time, Drop, "the last day of care, in days since 1970-01-01")
        (kept_until: Time, Drop, "the last day of keeping, in days since 1970-01-01")
        (rule: Structure, Drop, "the rule that kept it longest")
        (goes: Structure, Drop, "how many rows of which table would go, JSON")
        (step: Structure, Drop, "how far it has come")
        (changed_at: Time, Drop, "when it last moved on")
        (executed_rule: Structure, Drop, "the rule by which it was destroyed in the end")
        (archive_until: Time, Drop, "until when it is archived, in days since 1970-01-01")
        (billing_keeps: Structure, Drop, "1 when billing knew the patient as the plan was made, and so keeps name and contact")
    }
}

table! {
    /// Billing accounts of a plan, by pseudonym. Says nothing of whose they are.
    Identity.billing_retention_items {
        (practice_id: Id, Drop, "the practice")
        (plan_id: Id, Drop, "the plan")
        (billing_account_id: Id, Drop, "the billing account")
        (verdict: Structure, Drop, "due, balance or draft")
        (last_activity: Time, Drop, "the last day of activity, in days since 1970-01-01")
        (kept_until: Time, Drop, "the last day of keeping, in days since 1970-01-01")
        (rule: Structure, Drop, "the rule that kept it longest")
        (goes: Structure, Drop, "how many rows of which table would go, JSON")
        (step: Structure, Drop, "how far it has come")
        (changed_at: Time, Drop, "when it last moved on")
        (executed_rule: Structure, Drop, "the rule by which it was destroyed in the end")
    }
}

table! {
    /// Devices and media that were disposed of.
    Identity.disposals {
        (practice_id: Id, Drop, "the practice")
        (disposal_id: Id, Drop, "the disposal")
        (recorded_at: Time, Drop, "when it was recorded")
        (note: Public, Drop, "what was disposed of, how, by whom and before whom: a signed note")
    }
}

pub(super) const TABLES: &[&[Column]] = &[
    practices::COLUMNS,
    accounts::COLUMNS,
    totp_factors::COLUMNS,
    passkeys::COLUMNS,
    recovery_codes::COLUMNS,
    login_sessions::COLUMNS,
    api_tokens::COLUMNS,
    invitations::COLUMNS,
    care_links::COLUMNS,
    restrictions::COLUMNS,
    patient_merges::COLUMNS,
    emergencies::COLUMNS,
    billing_links::COLUMNS,
    ceremonies::COLUMNS,
    throttles::COLUMNS,
    legal_holds::COLUMNS,
    retention_plans::COLUMNS,
    retention_items::COLUMNS,
    billing_retention_items::COLUMNS,
    disposals::COLUMNS,
];
