//! The identity store.

use super::{Column, fields};
use domain::{EmailAddress, PersonName};

fields! {
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

fields! {
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
        (failures: Structure, Drop, "wrong passwords or codes in a row")
        (failed_at: Time, Drop, "the last of them")
        (created_at: Time, Drop, "when it was made")
        (version: Structure, Drop, "counts up at each change")
    }
}

fields! {
    /// One-time code generators.
    Identity.totp_factors {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (secret: sealed Credential as Secret = String, Drop, "The generator's secret, base32.")
        (last_step: Structure, Drop, "the last accepted time step; none is accepted twice")
        (created_at: Time, Drop, "when it was made")
        (confirmed_at: Time, Drop, "when its first code was accepted")
    }
}

fields! {
    /// Passkeys and hardware keys.
    Identity.passkeys {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (passkey_id: Id, Drop, "the passkey")
        (credential_index: Fingerprint, Drop, "finds the passkey by its credential id")
        (credential: sealed Credential as PublicCredential = String, Drop, "Credential id, public key and counter, JSON.")
        (label: sealed Account as Label = PersonName, Drop, "What its owner calls it.")
        (created_at: Time, Drop, "when it was registered")
        (last_used_at: Time, Drop, "when it was last used")
    }
}

fields! {
    /// Recovery codes, each used once at most.
    Identity.recovery_codes {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (code_mac: Fingerprint, Drop, "the code")
        (used_at: Time, Drop, "when it was used")
    }
}

fields! {
    /// Login sessions.
    Identity.login_sessions {
        (token_hash: Fingerprint, Drop, "the cookie's token")
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (login_session_id: Id, Drop, "the session's name in the ledger")
        (level: Structure, Drop, "half or full")
        (factor: Structure, Drop, "the kind of factor that was proven")
        (created_at: Time, Drop, "when it began")
        (factor_at: Time, Drop, "when a factor was last proven")
        (last_seen_at: Time, Drop, "when it was last used, to the minute")
        (mac: Fingerprint, Drop, "proves that the server wrote the row")
    }
}

fields! {
    /// API tokens.
    Identity.api_tokens {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (token_id: Id, Drop, "the token's name in the ledger")
        (token_hash: Fingerprint, Drop, "the token")
        (label: sealed Account as Label = PersonName, Drop, "What its owner calls it.")
        (scopes: Structure, Drop, "the permissions that it may use")
        (created_at: Time, Drop, "when it was made")
        (expires_at: Time, Drop, "when it ends")
        (revoked_at: Time, Drop, "when it was revoked")
        (last_used_at: Time, Drop, "when it was last used")
        (mac: Fingerprint, Drop, "proves that the server wrote the row")
    }
}

fields! {
    /// Invitations to open an account.
    Identity.invitations {
        (practice_id: Id, Drop, "the practice")
        (invitation_id: Id, Drop, "the invitation")
        (token_hash: Fingerprint, Drop, "the token in the link")
        (account_id: Id, Drop, "the account that it opens")
        (invited_by: Id, Drop, "who invited")
        (created_at: Time, Drop, "when")
        (expires_at: Time, Drop, "when it ends")
        (used_at: Time, Drop, "when it was accepted")
    }
}

fields! {
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

fields! {
    /// Ceremonies under way: registering or using a passkey.
    Identity.ceremonies {
        (ceremony_id: Id, Drop, "the ceremony")
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account")
        (kind: Structure, Drop, "register or authenticate")
        (state: sealed Credential as State = String, Drop, "The server's side of the ceremony, JSON.")
        (expires_at: Time, Drop, "when it ends")
    }
}

fields! {
    /// Failures by network address.
    Identity.address_throttle {
        (address_index: Fingerprint, Drop, "the address")
        (failures: Structure, Drop, "failures in a row")
        (failed_at: Time, Drop, "the last of them")
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
    ceremonies::COLUMNS,
    address_throttle::COLUMNS,
];
