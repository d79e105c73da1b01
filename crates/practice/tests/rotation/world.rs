//! A house in a folder (or on PostgreSQL) that can be opened again, by this process or another.

use crypto::{Key, KeyFile, RootProvider, SystemRng};
use domain::{Clock, FixedClock, PatientId, PracticeId, Role, SystemClock, TaskObserver, Unobserved};
use identity::{HashingLimits, SessionLimits};
use jiff::SignedDuration;
use ledger::{Resource, Word, memory::MemoryLedger};
use phi::{AUDIT, Keyring, Purpose, ReadIdentity, SERVER};
use practice::{
    Foundations, House, Stores,
    keys::{Depth, Pace, Rotation, root::RootFiles, verify},
    trail::{AuditIndex, IndexPlace},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{
    Db, EmbeddedOptions, PageKeys, PostgresOptions, Store,
    rows::{keys::Keys, patients, rotations},
};
use tempfile::TempDir;
use testkit::{
    house::{TestHouse, only_log},
    postgres::Server,
};

/// How long a database may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

const STORES: [Store; 4] = [Store::Identity, Store::Keys, Store::Clinical, Store::Billing];

/// Which databases.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Embedded,
    Postgres(&'static Server),
}

impl Kind {
    /// Both, or only the embedded ones where no PostgreSQL is installed.
    pub(crate) fn all() -> Vec<Self> {
        let server = Server::shared().expect("starts").map(Self::Postgres);
        [Self::Embedded].into_iter().chain(server).collect()
    }
}

/// Founds a house with a practice, some people and patients; says where it is.
pub(crate) async fn found(kind: Kind) -> (TempDir, PracticeId) {
    let folder = TempDir::new().expect("a folder");
    let root = KeyFile(folder.path().join("root.key")).create(&SystemRng).expect("a root");
    match kind {
        Kind::Embedded => {
            let pages = PageKeys::create(&folder.path().join("page-keys"), &root, &SystemRng).expect("page keys");
            for store in STORES {
                let key = pages.key(store).expect("a key");
                let path = folder.path().join(format!("{store}.db"));
                let db = Db::create(&path, key.expose(), &EmbeddedOptions::default()).expect("created");
                store::migrate(&db, store, &SystemClock).await.expect("migrated");
            }
        }
        Kind::Postgres(server) => {
            let mut lines = String::new();
            for store in STORES {
                let database = server.database(store.name()).expect("a database");
                let owner = PostgresOptions::new(&database.owner.url)
                    .password_file(&database.owner.password_file)
                    .ca_file(&database.ca_file);
                let owner = Db::connect(&owner).await.expect("connected");
                store::migrate(&owner, store, &SystemClock).await.expect("migrated");
                store::grant_server(&owner, store, &database.server.role).await.expect("granted");
                let (url, word) = (&database.server.url, database.server.password_file.display());
                lines.push_str(&format!("{url}\t{word}\t{}\n", database.ca_file.display()));
            }
            fs::write(folder.path().join("servers"), lines).expect("written");
        }
    }
    fs::create_dir(folder.path().join("media")).expect("made");
    let stores = stores(folder.path(), &root).await;
    let keyring = Keyring::new(&root, Arc::new(Keys::new(stores.keys.clone())), Arc::new(SystemRng));
    for owner in [SERVER, AUDIT] {
        keyring.create_practice_key(owner, SystemClock.now()).await.expect("a key");
    }
    drop((stores, keyring));
    let test = open(folder.path()).await;
    let practice = test.practice().await;
    for number in 0..3 {
        test.patient(practice, "Pat", &format!("Number {number}")).await;
    }
    (folder, practice)
}

async fn stores(folder: &Path, root: &Key) -> Stores {
    let mut opened = Vec::new();
    match fs::read_to_string(folder.join("servers")) {
        Ok(lines) => {
            for line in lines.lines() {
                let [url, word, ca] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
                let options = PostgresOptions::new(url).password_file(word).ca_file(ca);
                // Many ask at once, on a machine that is busy with other tests; how long to wait is not what is tested.
                let options = PostgresOptions { connect_timeout: PATIENCE, statement_timeout: PATIENCE, ..options };
                opened.push(Db::connect(&options).await.expect("connected"));
            }
        }
        Err(_) => {
            let pages = PageKeys::open(&folder.join("page-keys"), root).expect("page keys");
            for store in STORES {
                let key = pages.key(store).expect("a key");
                let path = folder.join(format!("{store}.db"));
                opened.push(Db::open(&path, key.expose(), &EmbeddedOptions::default()).expect("opens"));
            }
        }
    }
    let [identity, keys, clinical, billing] = <[Db; 4]>::try_from(opened).expect("four");
    Stores { identity, keys, clinical, billing }
}

/// Opens the house as a server would: with the root that its file holds now, and again when that changes.
pub(crate) async fn open(folder: &Path) -> TestHouse {
    let provider = KeyFile(folder.join("root.key"));
    let root = provider.load().expect("the root of the settings");
    let clock = Arc::new(FixedClock::new(SystemClock.now()));
    let ledger = MemoryLedger::open();
    // The ledger goes with the process, and so does what is read of it.
    let scratch = TempDir::new().expect("a folder");
    let place = IndexPlace::new(scratch.path().join("audit-index.db"), Key::random(&SystemRng));
    let trail = AuditIndex::new(place, only_log(&ledger), clock.clone());
    let house = House::new(Foundations {
        stores: stores(folder, &root).await,
        root,
        renew_root: Some(Arc::new(move || provider.load().ok())),
        ledger: ledger.handle(),
        trail: Arc::new(trail),
        session_limits: SessionLimits::default(),
        hashing: HashingLimits::default(),
        passkey_site: ("localhost".to_owned(), "https://localhost:8443".to_owned()),
        retention: practice::retention::RetentionSettings::default(),
        media: folder.join("media"),
        clock: clock.clone(),
        rng: Arc::new(SystemRng),
    });
    let house = Arc::new(house.await.expect("a house"));
    TestHouse { house, clock, ledger, lag: Arc::default(), folder: scratch }
}

/// A rotation without a pause.
pub(crate) fn rotation<'a>(house: &'a House, observer: &'a dyn TaskObserver) -> Rotation<'a> {
    Rotation { house, observer, pace: Pace::Full, grace: SignedDuration::ZERO }
}

/// The provider of a house in a folder, and the file of its page keys.
pub(crate) fn root_files(folder: &Path) -> (KeyFile, Option<PathBuf>) {
    let pages = folder.join("page-keys");
    (KeyFile(folder.join("root.key")), pages.exists().then_some(pages))
}

/// Puts a new root in place.
pub(crate) async fn rotate_root(folder: &Path, house: &House, observer: &dyn TaskObserver) {
    let (provider, pages) = root_files(folder);
    let files = RootFiles { provider: &provider, page_keys: pages.as_deref() };
    practice::keys::root::rotate_root(&rotation(house, observer), &files).await.expect("rotated");
}

/// Every key unwraps, every value opens.
pub(crate) async fn is_whole(house: &House, practice: PracticeId) {
    let found = verify(&rotation(house, &Unobserved), practice, Depth::Values).await.expect("verified");
    assert!(found.wrong == 0, "{:?}", found.faults);
    assert!(found.keys > 3 && found.versions.len() > 5, "{} keys, {:?}", found.keys, found.versions);
}

/// The names of all patients, as somebody reads them who may.
pub(crate) async fn names(test: &TestHouse, practice: PracticeId) -> Vec<String> {
    let clerk = test.account(practice, Role::FrontDesk).await;
    let session = test.session(&clerk).await;
    let mut names = Vec::new();
    for patient in patients_of(&test.house, practice).await {
        let purpose = Purpose::operations(Resource::whole(Word::new("patient")));
        let grant = test.house.guard.authorize::<ReadIdentity>(&session, patient, purpose).await.expect("allowed");
        let row = patients::by_id(&test.house.stores.clinical, practice, patient).await.expect("read").expect("there");
        let (given, family) =
            (grant.open(&row.given_name).expect("opens"), grant.open(&row.family_name).expect("opens"));
        names.push(format!("{} {}", given.expose().as_str(), family.expose().as_str()));
    }
    names.sort();
    names
}

pub(crate) async fn patients_of(house: &House, practice: PracticeId) -> Vec<PatientId> {
    let first = PatientId::from_bytes([0; 16]);
    let keys = rotations::patient_keys(&house.stores.keys, practice, first, 1000).await.expect("read");
    let mut patients: Vec<_> = keys.into_iter().map(|(patient, _)| patient).collect();
    patients.dedup();
    patients
}

/// The versions of keys that are there: the practice's, and the patients' (each once).
pub(crate) async fn versions(house: &House, practice: PracticeId) -> (Vec<u32>, Vec<u32>) {
    let db = &house.stores.keys;
    let own = rotations::practice_keys(db).await.expect("read");
    let own = own.iter().filter(|row| row.practice_id == practice).map(|row| row.key.version).collect();
    let patients = rotations::patient_keys(db, practice, PatientId::from_bytes([0; 16]), 1000).await.expect("read");
    let mut patients: Vec<_> = patients.iter().map(|(_, key)| key.version).collect();
    patients.sort_unstable();
    patients.dedup();
    (own, patients)
}
