//! A kernel over stores in memory, and people who are really signed in.

use crypto::RootId;
use domain::{
    AccountId, BillingAccountId, BillingLinkId, Clock, FixedClock, IncidentId, LoginSessionId, PatientId, PracticeId,
    RequestId, Rng, Role, Timestamp,
};
use identity::{
    AccountClaims, Bootstrap, Enrolled, Full, HashingLimits, NewPassword, Origin, Password, PasswordHasher, Session,
    SessionKeeper, SessionLimits, TotpSecret, accepted_factors,
};
use ledger::memory::MemoryLedger;
use phi::{
    AUDIT, Answer, BillingLinks, CareTeams, Guard, KeyStore, Keyring, Policy, RowId, SERVER, Sealed, StoredLink, Ties,
    WrappedKey, fields::billing_links::Kept,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Barrier;

/// Wrapped keys in memory.
#[derive(Default)]
pub struct MemoryKeys {
    pub root: Mutex<Option<RootId>>,
    practices: Mutex<HashMap<PracticeId, Vec<WrappedKey>>>,
    patients: Mutex<HashMap<(PracticeId, PatientId), Vec<WrappedKey>>>,
    /// Those who ask for a practice's keys next answer when all of them have read.
    meeting: Mutex<Vec<Arc<Barrier>>>,
    /// What the next one who asks for a patient's keys has read before.
    read_before: Mutex<Option<Vec<WrappedKey>>>,
}

impl MemoryKeys {
    /// Lets the next so many who ask for a practice's keys go on only when all of them have read.
    pub fn meet(&self, number: usize) {
        let all = Arc::new(Barrier::new(number));
        *self.meeting.lock().unwrap() = vec![all; number];
    }
    /// Answers the next question for a patient's keys with what was read before.
    pub fn answer_once_with(&self, keys: Vec<WrappedKey>) {
        *self.read_before.lock().unwrap() = Some(keys);
    }
    pub fn of_patient(&self, practice: PracticeId, patient: PatientId) -> Vec<WrappedKey> {
        self.patients.lock().unwrap().get(&(practice, patient)).cloned().unwrap_or_default()
    }
    pub fn change_practice(&self, practice: PracticeId, change: impl FnOnce(&mut Vec<WrappedKey>)) {
        change(self.practices.lock().unwrap().get_mut(&practice).unwrap());
    }
    pub fn change_patient(&self, practice: PracticeId, patient: PatientId, change: impl FnOnce(&mut Vec<WrappedKey>)) {
        change(self.patients.lock().unwrap().get_mut(&(practice, patient)).unwrap());
    }
    pub fn destroy(&self, practice: PracticeId, patient: PatientId) {
        self.patients.lock().unwrap().remove(&(practice, patient));
    }
}

impl KeyStore for MemoryKeys {
    fn practice_keys(&self, practice: PracticeId) -> Answer<'_, Vec<WrappedKey>> {
        let keys = self.practices.lock().unwrap().get(&practice).cloned().unwrap_or_default();
        let meeting = self.meeting.lock().unwrap().pop();
        Box::pin(async move {
            if let Some(meeting) = meeting {
                meeting.wait().await;
            }
            Ok(keys)
        })
    }
    fn newest_practice_key(&self, practice: PracticeId) -> Answer<'_, Option<u32>> {
        let keys = self.practices.lock().unwrap();
        let newest = keys.get(&practice).and_then(|keys| keys.iter().map(|key| key.version).max());
        Box::pin(async move { Ok(newest) })
    }
    fn add_practice_key(&self, practice: PracticeId, key: WrappedKey, root: RootId, _: Timestamp) -> Answer<'_, bool> {
        let in_force = *self.root.lock().unwrap().get_or_insert(root) == root;
        if in_force {
            self.practices.lock().unwrap().entry(practice).or_default().push(key);
        }
        Box::pin(async move { Ok(in_force) })
    }
    fn patient_keys(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, Vec<WrappedKey>> {
        let keys = self.read_before.lock().unwrap().take().unwrap_or_else(|| self.of_patient(practice, patient));
        Box::pin(async move { Ok(keys) })
    }
    fn patient_keys_between(
        &self,
        practice: PracticeId,
        first: PatientId,
        last: PatientId,
    ) -> Answer<'_, Vec<(PatientId, WrappedKey)>> {
        let all = self.patients.lock().unwrap();
        let between = all.iter().filter(|((of, patient), _)| *of == practice && (first..=last).contains(patient));
        let keys: Vec<_> =
            between.flat_map(|((_, patient), keys)| keys.iter().map(|key| (*patient, key.clone()))).collect();
        Box::pin(async move { Ok(keys) })
    }
    fn add_patient_key(
        &self,
        practice: PracticeId,
        patient: PatientId,
        key: WrappedKey,
        _at: Timestamp,
    ) -> Answer<'_, ()> {
        self.patients.lock().unwrap().entry((practice, patient)).or_default().push(key);
        Box::pin(async { Ok(()) })
    }
}

/// From, and until.
type Term = (Timestamp, Option<Timestamp>);

/// Care links in memory.
#[derive(Default)]
pub struct MemoryTeams {
    links: Mutex<HashMap<(AccountId, PatientId), Term>>,
    condemned: Mutex<Vec<PatientId>>,
    kept_away: Mutex<Vec<(AccountId, PatientId)>>,
    notes_withheld: Mutex<Vec<PatientId>>,
    merged: Mutex<HashMap<PatientId, PatientId>>,
    broken: Mutex<HashMap<(LoginSessionId, PatientId), Timestamp>>,
    affected: Mutex<Vec<(IncidentId, PatientId)>>,
    /// Whether everybody on a care team stands in for somebody.
    pub covering: AtomicBool,
}

impl MemoryTeams {
    /// Somebody is written down as affected by a breach.
    pub fn affect(&self, incident: IncidentId, patient: PatientId) {
        self.affected.lock().unwrap().push((incident, patient));
    }

    /// A record is open in an emergency, in a session, up to a moment.
    pub fn break_glass(&self, session: &Session<Full>, patient: PatientId, until: Timestamp) {
        self.broken.lock().unwrap().insert((session.id(), patient), until);
    }

    pub fn withhold_notes(&self, patient: PatientId) {
        self.notes_withheld.lock().unwrap().push(patient);
    }

    pub fn merge(&self, patient: PatientId, into: PatientId) {
        self.merged.lock().unwrap().insert(patient, into);
    }

    pub fn condemn(&self, patient: PatientId) {
        self.condemned.lock().unwrap().push(patient);
    }

    pub fn keep_away(&self, account: AccountId, patient: PatientId) {
        self.kept_away.lock().unwrap().push((account, patient));
    }

    /// As when what was asked went with the record.
    pub fn forget_who_was_kept_away(&self) {
        self.kept_away.lock().unwrap().clear();
    }

    pub fn assign(&self, account: AccountId, patient: PatientId, from: Timestamp, until: Option<Timestamp>) {
        self.links.lock().unwrap().insert((account, patient), (from, until));
    }
}

impl CareTeams for MemoryTeams {
    fn ties(
        &self,
        _: PracticeId,
        account: AccountId,
        session: Option<LoginSessionId>,
        patient: PatientId,
        at: Timestamp,
    ) -> Answer<'_, Ties> {
        let link = self.links.lock().unwrap().get(&(account, patient)).copied();
        let member = link.is_some_and(|(from, until)| from <= at && until.is_none_or(|until| at < until));
        let condemned = self.condemned.lock().unwrap().contains(&patient);
        let kept_away = self.kept_away.lock().unwrap().contains(&(account, patient));
        let notes_withheld = self.notes_withheld.lock().unwrap().contains(&patient);
        let merged_into = self.merged.lock().unwrap().get(&patient).copied();
        let broken = self.broken.lock().unwrap();
        let glass = session.and_then(|session| broken.get(&(session, patient))).is_some_and(|until| at < *until);
        let ties = Ties { member, kept_away, condemned, notes_withheld, merged_into, glass, ..Ties::default() };
        let ties = Ties { assigned: member && !self.covering.load(Ordering::Relaxed), ..ties };
        Box::pin(async move { Ok(ties) })
    }
    fn is_condemned(&self, _: PracticeId, patient: PatientId) -> Answer<'_, bool> {
        let condemned = self.condemned.lock().unwrap().contains(&patient);
        Box::pin(async move { Ok(condemned) })
    }
    fn kept_away(&self, _: PracticeId, patient: PatientId) -> Answer<'_, Vec<AccountId>> {
        let away = self.kept_away.lock().unwrap();
        let away: Vec<_> = away.iter().filter(|(_, from)| *from == patient).map(|(account, _)| *account).collect();
        Box::pin(async move { Ok(away) })
    }
    fn affected_by_breach(&self, _: PracticeId, incident: IncidentId) -> Answer<'_, Vec<PatientId>> {
        let affected = self.affected.lock().unwrap();
        let affected: Vec<_> = affected.iter().filter(|(of, _)| *of == incident).map(|(_, who)| *who).collect();
        Box::pin(async move { Ok(affected) })
    }
}

/// Links in memory.
#[derive(Default)]
pub struct MemoryLinks(Mutex<Vec<StoredLink>>);

impl MemoryLinks {
    fn find(&self, wanted: impl Fn(&StoredLink) -> bool) -> Option<StoredLink> {
        let links = self.0.lock().unwrap();
        links.iter().find(|link| wanted(link)).map(|link| {
            let row = RowId::new(*link.link.as_bytes());
            StoredLink {
                practice: link.practice,
                link: link.link,
                patient_index: link.patient_index,
                account_index: link.account_index,
                sealed: Sealed::stored(row, link.sealed.as_bytes().to_vec()),
                created_at: link.created_at,
                kept: link.kept.as_ref().map(|kept| Sealed::stored(row, kept.as_bytes().to_vec())),
            }
        })
    }

    /// Every link, as somebody has them who has the store.
    pub fn change(&self, change: impl FnOnce(&mut Vec<StoredLink>)) {
        change(&mut self.0.lock().unwrap());
    }
}

impl BillingLinks for MemoryLinks {
    fn of_patient(&self, practice: PracticeId, index: [u8; 32]) -> Answer<'_, Option<StoredLink>> {
        let found = self.find(|link| link.practice == practice && link.patient_index == index);
        Box::pin(async move { Ok(found) })
    }
    fn of_account(&self, practice: PracticeId, index: [u8; 32]) -> Answer<'_, Option<StoredLink>> {
        let found = self.find(|link| link.practice == practice && link.account_index == index);
        Box::pin(async move { Ok(found) })
    }
    fn add(&self, link: StoredLink) -> Answer<'_, bool> {
        let there = self.find(|other| other.patient_index == link.patient_index).is_some();
        if !there {
            self.0.lock().unwrap().push(link);
        }
        Box::pin(async move { Ok(!there) })
    }
    fn keep(&self, practice: PracticeId, link: BillingLinkId, kept: Option<Sealed<Kept>>) -> Answer<'_, bool> {
        let mut links = self.0.lock().unwrap();
        let found = links.iter_mut().find(|one| one.practice == practice && one.link == link);
        let there = found.is_some();
        if let Some(one) = found {
            one.kept = kept;
        }
        Box::pin(async move { Ok(there) })
    }
    fn claim(&self, _: PracticeId, _: BillingAccountId) -> Answer<'_, bool> {
        Box::pin(async { Ok(true) })
    }
}

/// A kernel with everything around it.
pub struct World {
    pub guard: Guard,
    pub ledger: MemoryLedger,
    pub keys: Arc<MemoryKeys>,
    pub teams: Arc<MemoryTeams>,
    pub links: Arc<MemoryLinks>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<FixedClock>,
    pub rng: Arc<dyn Rng>,
}

pub async fn world() -> World {
    let clock = Arc::new(FixedClock::new("2026-05-14T12:00:00Z".parse().unwrap()));
    let rng: Arc<dyn Rng> = Arc::new(crypto::SystemRng);
    let keys = Arc::new(MemoryKeys::default());
    let teams = Arc::new(MemoryTeams::default());
    let links = Arc::new(MemoryLinks::default());
    let root = crypto::Key::random(&*rng);
    let keyring = Arc::new(Keyring::new(&root, keys.clone(), rng.clone()));
    for owner in [SERVER, AUDIT] {
        keyring.create_practice_key(owner, clock.now()).await.unwrap();
    }
    let ledger = MemoryLedger::open();
    let guard = Guard::new(
        Policy::built_in().unwrap(),
        ledger.handle(),
        keyring.clone(),
        teams.clone(),
        links.clone(),
        clock.clone(),
        rng.clone(),
    );
    World { guard, ledger, keys, teams, links, keyring, clock, rng }
}

impl World {
    pub async fn practice(&self) -> PracticeId {
        let practice = PracticeId::random(&*self.rng);
        self.keyring.create_practice_key(practice, self.clock.now()).await.unwrap();
        practice
    }

    /// Signs somebody in through the only door there is: password, then factor.
    pub async fn sign_in(&self, practice: PracticeId, role: Role, patient: Option<PatientId>) -> Session<Full> {
        let rng = &*self.rng;
        let now = self.clock.now();
        let account = AccountId::random(rng);
        let claims = AccountClaims { practice, account, role, patient, active: true };
        let key = self.keyring.server_key(SERVER, "login sessions").await.unwrap();
        let hasher = PasswordHasher::new(&key, HashingLimits::default(), rng).unwrap();
        let typed = || Password::new("correct horse battery staple".to_owned()).unwrap();
        let hash = hasher.hash(account, NewPassword::new(typed(), &[]).unwrap(), rng).await.unwrap();
        let verified = hasher.verify(typed(), Some((account, hash)), rng).await.unwrap();
        let keeper = SessionKeeper::new(&key, SessionLimits::default());
        let origin = Origin { address: None, request: RequestId::random(rng) };
        let (token, record) = keeper.start(verified.proof, &claims, now, rng).unwrap();
        let half = keeper.resume(&token, &record, &claims, now, origin).unwrap().half().unwrap();
        let totp = TotpSecret::random(account, rng);
        let code = code_at(&totp, now);
        let (proof, _) = totp.verify(&code, None, now).unwrap();
        let accepted = accepted_factors(account, role, Enrolled { totp: true, ..Enrolled::default() }, Bootstrap::Open);
        let (token, record) = keeper.promote(half, proof, &accepted, now, rng).unwrap();
        keeper.resume(&token, &record, &claims, now, origin).unwrap().full().unwrap()
    }
}

fn code_at(totp: &TotpSecret, now: Timestamp) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(totp.base32().as_bytes()).unwrap();
    let step = (now.as_second() / 30).to_be_bytes();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = aws_lc_rs::hmac::sign(&key, &step);
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
