//! A whole house in a folder that goes with the test: embedded databases, a ledger in memory, a clock that stands still,
//! people who really sign in.

use crate::{
    laggard::{Lag, Laggard},
    postgres::{Login, Server},
};
use crypto::{Key, SystemRng};
use data_encoding::BASE32_NOPAD;
use domain::{
    AccountId, BirthDate, CareLinkId, Clock, Date, EmailAddress, FixedClock, PatientId, PersonName, PracticeId,
    RequestId, Role, Timestamp, Unobserved,
};
use identity::{
    AccountClaims, Bootstrap, Enrolled, Full, HashingLimits, NewPassword, Origin, Password, Session, SessionLimits,
    SessionToken, TotpSecret, accepted_factors,
};
use ledger::{
    Backend, BackendError, BackendTiles, Hash, LogName, ProofError, Resource, VerifierKey, Word, inclusion_proof,
    memory::{MemoryLedger, MemoryReader},
};
use phi::{AUDIT, Keyring, Purpose, SERVER};
use practice::{
    Foundations, House, Stores,
    retention::RetentionSettings,
    trail::{AuditIndex, IndexPlace, LogSizes, Logs},
    watch::Follower,
};
use std::sync::Arc;
use store::{
    Batch, Db, EmbeddedOptions, PostgresOptions, Store,
    rows::{
        accounts::{self, AccountRow, AccountState},
        care_links::{self, CareKind, CareLinkRow},
        keys::Keys,
        login_sessions,
        patients::{self, PatientIndexes, PatientRow},
        practices::{self, PracticeRow},
        totp_factors::{self, TotpRow},
    },
};
use tempfile::TempDir;

/// The password of everybody in a test.
pub const PASSWORD: &str = "ostrich lantern 47 quietly";
/// The moment at which the clock of a test house stands: a Thursday, 9 o'clock in the practice's time zone.
pub const NOON: &str = "2026-05-14T13:00:00Z";
/// Under which address browsers would reach it.
pub const ORIGIN: &str = "https://localhost:8443";

/// The databases of a house whose ledger is elsewhere.
const STORES: [Store; 4] = [Store::Identity, Store::Keys, Store::Clinical, Store::Billing];

fn clock() -> FixedClock {
    FixedClock::new(NOON.parse().expect("a moment"))
}

/// A house for one test.
pub struct TestHouse {
    /// The house itself.
    pub house: Arc<House>,
    /// Its clock; moves only when it is moved.
    pub clock: Arc<FixedClock>,
    /// Its audit trail: what was recorded, and a way to let recording fail.
    pub ledger: MemoryLedger,
    /// What reading it is short of: nothing, until a test says so.
    pub lag: Arc<Lag>,
    /// Where the databases and media lie.
    pub folder: TempDir,
}

/// The ledger in memory, as the only log there is.
struct MemoryLogs(MemoryReader);

/// A ledger in memory, as the only log of a trail.
pub fn only_log(ledger: &MemoryLedger) -> impl Logs + 'static {
    MemoryLogs(ledger.reader())
}

impl Logs for MemoryLogs {
    fn sizes(&mut self) -> Result<LogSizes, BackendError> {
        Ok(vec![(self.0.log().clone(), Ok(self.0.backend().size()))])
    }
    fn read(&mut self, log: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        if log != self.0.log() {
            return Err(BackendError::Damaged(format!("there is no log {log}")));
        }
        self.0.backend().read(from, most)
    }
    fn checkpoint(&mut self, _: &LogName) -> Result<Option<String>, BackendError> {
        self.0.backend().checkpoint()
    }
    fn proof(&mut self, _: &LogName, seq: u64, size: u64) -> Result<Vec<Hash>, ProofError<BackendError>> {
        inclusion_proof(seq, size, &mut BackendTiles(&mut self.0.backend()))
    }
    fn seal(&self, _: &LogName) -> Key {
        self.0.seal()
    }
    fn verifier(&self, _: &LogName) -> VerifierKey {
        self.0.verifier().clone()
    }
}

/// Somebody who can sign in.
pub struct Person {
    /// What their sessions are checked against.
    pub claims: AccountClaims,
    /// The address that signs in.
    pub email: String,
    /// Their authenticator app.
    pub totp: TotpSecret,
}

impl Person {
    /// Their account.
    pub const fn account(&self) -> AccountId {
        self.claims.account
    }
    /// Their practice.
    pub const fn practice(&self) -> PracticeId {
        self.claims.practice
    }
    /// The code that their app shows at a moment.
    pub fn code(&self, at: Timestamp) -> String {
        code(&self.totp, at)
    }
}

/// The code of a secret at a moment.
pub fn code(totp: &TotpSecret, at: Timestamp) -> String {
    code_of(&totp.base32(), at)
}

/// The code of a secret in base32 at a moment.
pub fn code_of(base32: &str, at: Timestamp) -> String {
    let secret = BASE32_NOPAD.decode(base32.as_bytes()).expect("base32");
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(secret.into_boxed_slice()))
        .build()
        .expect("six digits, 30 seconds");
    totp.generate(u64::try_from(at.as_second()).expect("after 1970")).to_string()
}

impl TestHouse {
    /// An empty house.
    pub async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut stores = Vec::new();
        for store in STORES {
            let path = folder.path().join(format!("{store}.db"));
            let key = Key::random(&SystemRng);
            let db = Db::create(&path, key.expose(), &EmbeddedOptions::default()).expect("created");
            store::migrate(&db, store, &clock()).await.expect("migrated");
            stores.push(db);
        }
        Self::over(folder, stores).await
    }

    /// An empty house on databases of a PostgreSQL, each with the role of the server.
    pub async fn on_postgres(server: &Server) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut stores = Vec::new();
        for store in STORES {
            let database = server.database(store.name()).expect("a database");
            let options = |login: &Login| {
                PostgresOptions::new(&login.url).password_file(&login.password_file).ca_file(&database.ca_file)
            };
            let owner = Db::connect(&options(&database.owner)).await.expect("connected");
            store::migrate(&owner, store, &clock()).await.expect("migrated");
            store::grant_server(&owner, store, &database.server.role).await.expect("granted");
            stores.push(Db::connect(&options(&database.server)).await.expect("connected"));
        }
        Self::over(folder, stores).await
    }

    async fn over(folder: TempDir, stores: Vec<Db>) -> Self {
        let clock = Arc::new(clock());
        let rng = Arc::new(SystemRng);
        let [identity, keys, clinical, billing] = <[Db; 4]>::try_from(stores).expect("four");
        let root = Key::random(&SystemRng);
        let keyring = Keyring::new(&root, Arc::new(Keys::new(keys.clone())), rng.clone());
        for owner in [SERVER, AUDIT] {
            keyring.create_practice_key(owner, clock.now()).await.expect("a key");
        }
        let ledger = MemoryLedger::open();
        let media = folder.path().join("media");
        std::fs::create_dir(&media).expect("a folder");
        let place = IndexPlace::new(folder.path().join("audit-index.db"), Key::random(&SystemRng));
        let (lag, trail) = (Arc::default(), AuditIndex::new(place, MemoryLogs(ledger.reader()), clock.clone()));
        let trail = Laggard { trail, lag: Arc::clone(&lag) };
        let house = House::new(Foundations {
            stores: Stores { identity, keys, clinical, billing },
            root,
            renew_root: None,
            ledger: ledger.handle(),
            trail: Arc::new(trail),
            session_limits: SessionLimits::default(),
            hashing: HashingLimits::default(),
            passkey_site: ("localhost".to_owned(), ORIGIN.to_owned()),
            media,
            retention: RetentionSettings::default(),
            clock: clock.clone(),
            rng,
        });
        let house = Arc::new(house.await.expect("a house"));
        Self { house, clock, ledger, lag, folder }
    }

    /// What watches over this house, over its ledger. Drive it with [`Follower::round`]; the first one begins.
    pub fn follower(&self) -> Arc<Follower> {
        Arc::new(Follower::new(self.house.clone(), Box::new(MemoryLogs(self.ledger.reader())), Arc::new(Unobserved)))
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new practice, with its key, whose bootstrap is open.
    pub async fn practice(&self) -> PracticeId {
        let practice_id = PracticeId::random(&SystemRng);
        self.house.keyring.create_practice_key(practice_id, self.now()).await.expect("a key");
        let row = PracticeRow {
            practice_id,
            name: "Northside Physical Therapy".to_owned(),
            timezone: "America/New_York".to_owned(),
            created_at: self.now(),
            bootstrap_open: true,
            demo: true,
        };
        self.house.stores.identity.commit(practices::insert(Batch::new(), &row)).await.expect("stored");
        practice_id
    }

    /// A new account with password and authenticator app.
    pub async fn account(&self, practice: PracticeId, role: Role) -> Person {
        self.account_of(practice, role, None).await
    }

    /// A new account of a patient.
    pub async fn patient_account(&self, practice: PracticeId, patient: PatientId) -> Person {
        self.account_of(practice, Role::Patient, Some(patient)).await
    }

    async fn account_of(&self, practice: PracticeId, role: Role, patient: Option<PatientId>) -> Person {
        let (house, now) = (&*self.house, self.now());
        let account = AccountId::random(&SystemRng);
        let row_id = AccountRow::row_id(account);
        let email = EmailAddress::new(format!("{account}@example.org")).expect("an address");
        let name = PersonName::new(format!("Sam {role}")).expect("a name");
        let typed = Password::new(PASSWORD.to_owned()).expect("a password");
        let chosen = NewPassword::new(typed, &[]).expect("strong");
        let hash = house.passwords.hash(account, chosen, &SystemRng).await.expect("hashed");
        let vault = &house.vault;
        let row = AccountRow {
            practice_id: practice,
            account_id: account,
            role,
            state: AccountState::Active,
            email_index: house.indexes.account_email(&email),
            email: vault.seal(practice, account, row_id, &email).await.expect("sealed"),
            display_name: vault.seal(practice, account, row_id, &name).await.expect("sealed"),
            patient_id: patient,
            password: Some(vault.seal(practice, account, row_id, &hash.as_str().to_owned()).await.expect("sealed")),
            created_at: now,
            version: 1,
        };
        let totp = TotpSecret::random(account, &SystemRng);
        let stored = totp.to_stored().to_vec();
        let factor = TotpRow {
            practice_id: practice,
            account_id: account,
            secret: vault.seal(practice, account, TotpRow::row_id(account), &stored).await.expect("sealed"),
            last_step: None,
            created_at: now,
            confirmed_at: Some(now),
        };
        let batch = totp_factors::replace(accounts::insert(Batch::new(), &row), &factor);
        house.stores.identity.commit(batch).await.expect("stored");
        Person { claims: row.claims(), email: email.as_str().to_owned(), totp }
    }

    /// Registers a patient, through the guard, by a front desk of the practice's own. Their address is their id at
    /// `example.org`.
    pub async fn patient(&self, practice: PracticeId, given: &str, family: &str) -> PatientId {
        let clerk = self.account(practice, Role::FrontDesk).await;
        let session = self.session(&clerk).await;
        let patient_id = PatientId::random(&SystemRng);
        const PATIENT: Word = Word::new("patient");
        let purpose = Purpose::operations(Resource::new(PATIENT, patient_id).expect("an id"));
        let grant = self.house.guard.register(&session, patient_id, purpose).await.expect("allowed");
        let row_id = PatientRow::row_id(patient_id);
        let name = |text: &str| PersonName::new(text).expect("a name");
        let born = BirthDate::new(Date::constant(1984, 3, 2), Date::constant(2026, 5, 14)).expect("a day");
        let email = EmailAddress::new(format!("{patient_id}@example.org")).expect("an address");
        let row = PatientRow {
            practice_id: practice,
            patient_id,
            given_name: grant.seal(row_id, &name(given)),
            family_name: grant.seal(row_id, &name(family)),
            birth_date: grant.seal(row_id, &born),
            email: Some(grant.seal(row_id, &email)),
            phone: None,
            record_number: None,
            indexes: PatientIndexes {
                email: Some(self.house.indexes.patient_email(practice, &email)),
                ..PatientIndexes::default()
            },
            created_at: self.now(),
            updated_at: self.now(),
            version: 1,
        };
        self.house.stores.clinical.commit(patients::insert(Batch::new(), &row)).await.expect("stored");
        patient_id
    }

    /// Puts somebody on a patient's care team, from now on.
    pub async fn care_link(&self, member: &Person, patient: PatientId) -> CareLinkId {
        let care_link_id = CareLinkId::random(&SystemRng);
        let row = CareLinkRow {
            practice_id: member.practice(),
            care_link_id,
            patient_id: patient,
            account_id: member.account(),
            kind: CareKind::Assigned,
            starts_at: self.now(),
            ends_at: None,
            created_by: member.account(),
            created_at: self.now(),
        };
        self.house.stores.identity.commit(care_links::insert(Batch::new(), &row)).await.expect("stored");
        care_link_id
    }

    /// Signs somebody in through the only door there is, password then factor, and stores the session. The TOTP step is
    /// not used up, so that a test can sign in again.
    pub async fn token(&self, person: &Person) -> SessionToken {
        let (house, now, rng) = (&*self.house, self.now(), &SystemRng);
        let account = person.account();
        let half = self.half(person).await;
        let (proof, _) = person.totp.verify(&person.code(now), None, now).expect("the code");
        let enrolled = Enrolled { totp: true, ..Enrolled::default() };
        let accepted = accepted_factors(account, person.claims.role, enrolled, Bootstrap::Open);
        let (token, record) = house.sessions.promote(half, proof, &accepted, now, rng).expect("promoted");
        house.stores.identity.commit(login_sessions::insert(Batch::new(), &record)).await.expect("stored");
        token
    }

    /// The `Cookie` header of somebody who is fully signed in.
    pub async fn signed_in(&self, person: &Person) -> String {
        cookie(&self.token(person).await)
    }

    /// The `Cookie` header of somebody who proved only a password.
    pub async fn half_signed_in(&self, person: &Person) -> String {
        let (token, record) = self.started(person).await;
        self.house.stores.identity.commit(login_sessions::insert(Batch::new(), &record)).await.expect("stored");
        cookie(&token)
    }

    /// A full session in hand, as a use case takes it.
    pub async fn session(&self, person: &Person) -> Session<Full> {
        let token = self.token(person).await;
        let record = login_sessions::with_account(&self.house.stores.identity, &token.hash()).await;
        let (record, _) = record.expect("read").expect("there");
        let resumed = self.house.sessions.resume(&token, &record, &person.claims, self.now(), self.origin());
        resumed.expect("resumed").full().expect("full")
    }

    /// A request from nowhere.
    pub fn origin(&self) -> Origin {
        Origin { address: None, request: RequestId::random(&SystemRng) }
    }

    async fn half(&self, person: &Person) -> Session<identity::Half> {
        let (token, record) = self.started(person).await;
        let resumed = self.house.sessions.resume(&token, &record, &person.claims, self.now(), self.origin());
        resumed.expect("resumed").half().expect("half")
    }

    async fn started(&self, person: &Person) -> (SessionToken, identity::SessionRecord) {
        let (house, account) = (&*self.house, person.account());
        let row = accounts::by_id(&house.stores.identity, person.practice(), account).await;
        let sealed = row.expect("read").expect("there").password.expect("a password");
        let hash = house.vault.open_credential(person.practice(), account, &sealed).await.expect("opened");
        let stored = identity::PasswordHash::parse(hash.expose()).expect("a hash");
        let typed = Password::new(PASSWORD.to_owned()).expect("a password");
        let proof = house.passwords.verify(typed, Some((account, stored)), &SystemRng).await.expect("right").proof;
        house.sessions.start(proof, &person.claims, self.now(), &SystemRng).expect("started")
    }
}

fn cookie(token: &SessionToken) -> String {
    format!("{}={}", web::cookie::SESSION_COOKIE, *token.text())
}
