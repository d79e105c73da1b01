//! The crate through its public face.

mod api_tokens;
mod factors;
mod fixture;
mod invitations;
mod passkeys;
mod passwords;
mod recovery_codes;
mod secrets;
mod sessions;
mod throttles;
mod totp_codes;
