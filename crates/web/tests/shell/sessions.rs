//! Real sessions, half and full, and the gate that reads them back.

use crypto::Key;
use domain::{AccountId, Clock, FixedClock, PracticeId, Role, SeededRng, Timestamp};
use futures::{FutureExt, future::BoxFuture};
use identity::{
    AccountClaims, Bootstrap, Enrolled, HashingLimits, NewPassword, Origin, Password, PasswordHasher, RecoveryCodes,
    Resumed, SessionKeeper, SessionLimits, SessionRecord, SessionToken, accepted_factors,
};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};
use web::{Gate, GateClosed, Presented};

pub(crate) struct Sessions {
    keeper: SessionKeeper,
    rows: Vec<SessionRecord>,
    claims: AccountClaims,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) half: String,
    pub(crate) full: String,
    pub(crate) seen: Mutex<Vec<Option<IpAddr>>>,
    pub(crate) closed: Mutex<bool>,
}

impl Sessions {
    pub(crate) async fn new() -> Self {
        let (rng, root) = (SeededRng::new(3), Key::from_bytes([9; 32]));
        let clock = FixedClock::new(Timestamp::from_second(1_790_000_000).expect("within the calendar"));
        let now = clock.now();
        let claims = AccountClaims {
            practice: PracticeId::random(&rng),
            account: AccountId::random(&rng),
            role: Role::Therapist,
            patient: None,
            active: true,
        };
        let account = claims.account;
        let keeper = SessionKeeper::new(&root, SessionLimits::default());
        let hasher = PasswordHasher::new(&root, HashingLimits::default(), &rng).expect("hasher");
        let typed = || Password::new("ostrich lantern 47 quietly".to_owned()).expect("password");
        let hash = hasher.hash(account, NewPassword::new(typed(), &[]).expect("strong"), &rng).await.expect("hashed");
        let mut start = Vec::new();
        for _ in 0..2 {
            let proof = hasher.verify(typed(), Some((account, hash.clone())), &rng).await.expect("verified").proof;
            start.push(keeper.start(proof, &claims, now, &rng).expect("started"));
        }
        let (half, half_row) = start.pop().expect("two");
        let (first, first_row) = start.pop().expect("two");

        let codes = RecoveryCodes::new(&root);
        let mut sheet = codes.generate(account, &rng);
        let (code, stored) = sheet.pop().expect("ten");
        let (factor, _) = codes.verify(account, &code, &[stored], now).expect("right");
        let enrolled = Enrolled { recovery_codes: true, ..Enrolled::default() };
        let accepted = accepted_factors(account, claims.role, enrolled, Bootstrap::Open);
        let origin = Origin { address: None, request: domain::RequestId::random(&rng) };
        let session = keeper.resume(&first, &first_row, &claims, now, origin).expect("resumed").half().expect("half");
        let (full, full_row) = keeper.promote(session, factor, &accepted, now, &rng).expect("promoted");
        Self {
            keeper,
            rows: vec![half_row, full_row],
            claims,
            clock: Arc::new(clock),
            half: half.text().to_string(),
            full: full.text().to_string(),
            seen: Mutex::default(),
            closed: Mutex::default(),
        }
    }

    pub(crate) fn account(&self) -> AccountId {
        self.claims.account
    }

    fn find(&self, presented: &Presented, origin: Origin) -> Option<Resumed> {
        let (Presented::Cookie(text) | Presented::Bearer(text)) = presented;
        let token = SessionToken::parse(text).ok()?;
        let row = self.rows.iter().find(|row| row.token_hash == token.hash())?;
        self.keeper.resume(&token, row, &self.claims, self.clock.now(), origin).ok()
    }
}

impl Gate for Sessions {
    fn resume<'a>(
        &'a self,
        presented: &'a Presented,
        origin: Origin,
    ) -> BoxFuture<'a, Result<Option<Resumed>, GateClosed>> {
        self.seen.lock().expect("lock").push(origin.address);
        let closed = *self.closed.lock().expect("lock");
        async move { if closed { Err(GateClosed) } else { Ok(self.find(presented, origin)) } }.boxed()
    }
}
