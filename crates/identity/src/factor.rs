//! Factors: what kinds there are, the proof of one, and which kinds open which account.

use domain::{AccountId, Invalid, Role, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A code of six digits from an authenticator app (RFC 6238).
    Totp,
    /// A passkey or hardware key with user verification (WebAuthn).
    Passkey,
    /// One of the printed single-use codes.
    RecoveryCode,
}

impl FactorKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Totp, Self::Passkey, Self::RecoveryCode];

    /// The word under which it is stored and written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

impl fmt::Display for FactorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for FactorKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or(Invalid::new("is not a kind of factor"))
    }
}

/// That a factor was proven, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorUse {
    /// Which kind.
    pub kind: FactorKind,
    /// When.
    pub at: Timestamp,
}

/// Proof that somebody just used a factor of one account. Made by verifying one, and by nothing else; used up by
/// [`SessionKeeper::promote`](crate::SessionKeeper::promote) or
/// [`SessionKeeper::refresh_factor`](crate::SessionKeeper::refresh_factor).
#[must_use]
pub struct FactorProof {
    account: AccountId,
    used: FactorUse,
}

impl FactorProof {
    pub(crate) const fn new(account: AccountId, kind: FactorKind, at: Timestamp) -> Self {
        Self { account, used: FactorUse { kind, at } }
    }
    /// Whose factor it was.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// Which kind it was.
    pub const fn kind(&self) -> FactorKind {
        self.used.kind
    }
    /// When it was proven.
    pub const fn at(&self) -> Timestamp {
        self.used.at
    }
    pub(crate) const fn used(&self) -> FactorUse {
        self.used
    }
}

/// Which factors an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Enrolled {
    /// An authenticator app, confirmed.
    pub totp: bool,
    /// At least one passkey.
    pub passkey: bool,
    /// At least one recovery code that was not used.
    pub recovery_codes: bool,
}

/// Whether an admin who has no passkey yet may still come in with TOTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bootstrap {
    /// The practice is being set up (and in the demo): TOTP opens an admin's account until it has a passkey.
    Open,
    /// Admins need a passkey.
    Closed,
}

/// The kinds of factor that open one account now. Only [`accepted_factors`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedFactors {
    account: AccountId,
    kinds: Vec<FactorKind>,
}

impl AcceptedFactors {
    /// Whose factors they are.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// The kinds, strongest first as a page should offer them. Empty: nothing opens this account but a new invitation.
    pub fn kinds(&self) -> &[FactorKind] {
        &self.kinds
    }
    /// Whether a kind is among them.
    pub fn contains(&self, kind: FactorKind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// Which of the factors that an account has are enough, by its role.
///
/// - An **admin** with a passkey: the passkey only. Without one: TOTP while the bootstrap is open, and nothing after.
///   Recovery codes never open an admin's account, neither at sign-in nor to step up: they are text that can be phished
///   or copied, which is what the passkey is there to prevent. An admin should register two passkeys; one who lost
///   all of them is let in again by another admin's invitation or by `patella user reset-factor` on the machine,
///   both of which only lead to registering a new passkey.
/// - **Everybody else**, patients too: a passkey, TOTP, or a recovery code. Nobody comes in with a password alone.
pub fn accepted_factors(account: AccountId, role: Role, enrolled: Enrolled, bootstrap: Bootstrap) -> AcceptedFactors {
    let accepts = |kind| match (role, kind) {
        (_, FactorKind::Passkey) => enrolled.passkey,
        (Role::Admin, FactorKind::Totp) => enrolled.totp && !enrolled.passkey && bootstrap == Bootstrap::Open,
        (Role::Admin, FactorKind::RecoveryCode) => false,
        (_, FactorKind::Totp) => enrolled.totp,
        (_, FactorKind::RecoveryCode) => enrolled.recovery_codes,
    };
    let kinds = [FactorKind::Passkey, FactorKind::Totp, FactorKind::RecoveryCode].into_iter().filter(|k| accepts(*k));
    AcceptedFactors { account, kinds: kinds.collect() }
}
