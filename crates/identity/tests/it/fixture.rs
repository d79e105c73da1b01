//! A practice's keeper, one account of each kind, and short ways to a session.

use crypto::Key;
use domain::{AccountId, PatientId, PracticeId, RequestId, Role, SeededRng, Timestamp};
use identity::{
    AcceptedFactors, AccountClaims, Bootstrap, Enrolled, FactorProof, Full, Half, HashingLimits, NewPassword, Origin,
    Password, PasswordHash, PasswordHasher, PasswordProof, Session, SessionKeeper, SessionLimits, SessionRecord,
    SessionToken, TotpSecret, accepted_factors,
};
use std::{future::Future, net::IpAddr};

pub(crate) const PASSWORD: &str = "ostrich lantern 47 quietly";

pub(crate) struct House {
    pub(crate) keeper: SessionKeeper,
    pub(crate) hasher: PasswordHasher,
    pub(crate) rng: SeededRng,
    pub(crate) therapist: AccountClaims,
    pub(crate) patient: AccountClaims,
    pub(crate) admin: AccountClaims,
}

/// The moment of a test that many seconds after its beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_010 + seconds).expect("within the calendar")
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("runtime").block_on(work)
}

pub(crate) fn typed(text: &str) -> Password {
    Password::new(text.to_owned()).expect("a password")
}

impl House {
    pub(crate) fn new() -> Self {
        let rng = SeededRng::new(11);
        let root = Key::from_bytes([7; 32]);
        let practice = PracticeId::random(&rng);
        let claims =
            |role, patient| AccountClaims { practice, account: AccountId::random(&rng), role, patient, active: true };
        Self {
            keeper: SessionKeeper::new(&root.derive("session mac", &[]), SessionLimits::default()),
            hasher: PasswordHasher::new(&root.derive("password", &[]), HashingLimits::default(), &rng)
                .expect("a hasher"),
            therapist: claims(Role::Therapist, None),
            patient: claims(Role::Patient, Some(PatientId::random(&rng))),
            admin: claims(Role::Admin, None),
            rng,
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { address: Some(IpAddr::from([192, 0, 2, 7])), request: RequestId::random(&self.rng) }
    }

    pub(crate) fn password_hash(&self, account: AccountId) -> PasswordHash {
        let chosen = NewPassword::new(typed(PASSWORD), &[]).expect("strong");
        block_on(self.hasher.hash(account, chosen, &self.rng)).expect("hashed")
    }

    pub(crate) fn password_proof(&self, account: AccountId) -> PasswordProof {
        let stored = Some((account, self.password_hash(account)));
        block_on(self.hasher.verify(typed(PASSWORD), stored, &self.rng)).expect("verified").proof
    }

    /// A TOTP proof, with the code of that moment.
    pub(crate) fn totp_proof(&self, account: AccountId, now: Timestamp) -> FactorProof {
        let secret = TotpSecret::random(account, &self.rng);
        secret.verify(&code_of(&secret, now), None, now).expect("the present code").0
    }

    pub(crate) fn start(&self, claims: &AccountClaims, now: Timestamp) -> (SessionToken, SessionRecord) {
        self.keeper.start(self.password_proof(claims.account), claims, now, &self.rng).expect("started")
    }

    pub(crate) fn half(&self, claims: &AccountClaims, now: Timestamp) -> Session<Half> {
        let (token, record) = self.start(claims, now);
        let resumed = self.keeper.resume(&token, &record, claims, now, self.origin()).expect("resumed");
        resumed.half().expect("half")
    }

    /// A full session's row and token, by password and TOTP.
    pub(crate) fn sign_in(&self, claims: &AccountClaims, now: Timestamp) -> (SessionToken, SessionRecord) {
        let proof = self.totp_proof(claims.account, now);
        let half = self.half(claims, now);
        self.keeper.promote(half, proof, &with_totp(claims), now, &self.rng).expect("promoted")
    }

    pub(crate) fn full(&self, claims: &AccountClaims, now: Timestamp) -> Session<Full> {
        let (token, record) = self.sign_in(claims, now);
        let resumed = self.keeper.resume(&token, &record, claims, now, self.origin()).expect("resumed");
        resumed.full().expect("full")
    }
}

pub(crate) fn with_totp(claims: &AccountClaims) -> AcceptedFactors {
    let enrolled = Enrolled { totp: true, ..Enrolled::default() };
    accepted_factors(claims.account, claims.role, enrolled, Bootstrap::Open)
}

/// The code that an authenticator app shows at a moment (RFC 6238), from what it was given: the base32 secret.
pub(crate) fn code_of(secret: &TotpSecret, now: Timestamp) -> String {
    use aws_lc_rs::hmac;
    let key = data_encoding::BASE32_NOPAD.decode(secret.base32().as_bytes()).expect("base32");
    let step = u64::try_from(now.as_second()).expect("after 1970") / 30;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}
