//! A practice in a folder, with a ledger in files, that can be opened again after its process was killed.

use crypto::{Identities, Key, Recipient, SystemRng};
use domain::{Clock, FixedClock, PatientId, PracticeId, SystemClock, TaskObserver, Unobserved};
use identity::{HashingLimits, SessionLimits};
use ledger::{Destroyed, FileBackend, Ledger, LogName, Settings, memory::MemoryLedger};
use phi::{AUDIT, Keyring, SERVER};
use practice::{
    Foundations, House, Stores,
    backup::{
        AuditBranch, BoxError, Ground, Recipients, TrailPlace,
        check::Opening,
        create::{self, Contents, CreateError, Made, Setup},
        keep::KeepRules,
        restore::{RestoreError, Restored, Restoring},
        target::{Directory, Target},
    },
    library,
    trail::{AuditIndex, FolderLogs, IndexPlace},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{Db, EmbeddedOptions, Store, rows::keys::Keys};
use tempfile::TempDir;
use testkit::house::{NOON, TestHouse};

pub(crate) const STORES: [Store; 4] = [Store::Identity, Store::Keys, Store::Clinical, Store::Billing];

/// A root key, and the page keys that grow from it.
pub(crate) struct Root(pub(crate) Key);

impl Root {
    pub(crate) fn page(&self, store: Store) -> Key {
        self.0.derive("test page key", &[store.name().as_bytes()])
    }
    /// Opens a store's database, or makes it.
    pub(crate) fn database(&self, folder: &Path, store: Store) -> Result<Db, BoxError> {
        let (path, key, options) = (folder.join(format!("{store}.db")), self.page(store), EmbeddedOptions::default());
        let opened = if path.exists() {
            Db::open(&path, key.expose(), &options)
        } else {
            fs::create_dir_all(folder)?;
            Db::create(&path, key.expose(), &options)
        };
        Ok(opened?)
    }
    pub(crate) fn branch(&self, keys: &Db) -> Result<AuditBranch, BoxError> {
        let keyring = Keyring::new(&self.0, Arc::new(Keys::new(keys.clone())), Arc::new(SystemRng));
        let runtime = tokio::runtime::Handle::current();
        Ok(AuditBranch::new(runtime.block_on(keyring.server_key(AUDIT, "audit branch"))?))
    }
    pub(crate) fn again(&self) -> Self {
        Self(Key::from_bytes(*self.0.expose()))
    }
}

pub(crate) fn log() -> LogName {
    LogName::new("practice.example").expect("a name")
}

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(NOON.parse().expect("a moment")))
}

/// A practice with its backups and their recipients. Everything lies below one folder.
pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) root: Root,
    pub(crate) identities: Identities,
    _temporary: Option<TempDir>,
}

impl Scene {
    /// A new one, with some patients and pictures.
    pub(crate) async fn new(patients: usize) -> Self {
        let temporary = tempfile::tempdir().expect("folder");
        let folder = temporary.path().to_owned();
        Self::make(&folder, patients).await;
        Self { _temporary: Some(temporary), ..Self::at(&folder) }
    }

    /// One that is there already, perhaps made by another process.
    pub(crate) fn at(folder: &Path) -> Self {
        let root: [u8; 32] = fs::read(folder.join("root")).expect("a root").try_into().expect("32 bytes");
        let identities = Identities::from_files(&[folder.join("identity.txt")]).expect("identities");
        Self { folder: folder.to_owned(), root: Root(Key::from_bytes(root)), identities, _temporary: None }
    }

    async fn make(folder: &Path, patients: usize) {
        let key = Key::random(&SystemRng);
        fs::write(folder.join("root"), key.expose()).expect("written");
        let (secret, recipient) = age_keygen();
        fs::write(folder.join("identity.txt"), secret).expect("written");
        fs::write(folder.join("recipient"), recipient).expect("written");
        fs::create_dir(folder.join("backups")).expect("made");
        fs::create_dir_all(folder.join("data/media")).expect("made");
        let scene = Self::at(folder);
        for store in STORES {
            let db = scene.root.database(&scene.data(), store).expect("made");
            store::migrate(&db, store, &SystemClock).await.expect("migrated");
            if store == Store::Keys {
                let keyring = Keyring::new(&scene.root.0, Arc::new(Keys::new(db)), Arc::new(SystemRng));
                for owner in [SERVER, AUDIT] {
                    keyring.create_practice_key(owner, clock().now()).await.expect("a key");
                }
            }
        }
        let (house, ledger) = scene.house().await;
        let practice = house.practice().await;
        for exercise in library::starter().expect("exercises").iter().take(4) {
            library::shelve(&house.house, practice, exercise).await.expect("shelved");
        }
        for number in 0..patients {
            house.patient(practice, &format!("Given{number}"), "Family").await;
        }
        ledger.close();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
    pub(crate) fn backups(&self) -> PathBuf {
        self.folder.join("backups")
    }
    pub(crate) fn target(&self) -> Arc<dyn Target> {
        Arc::new(Directory::new(self.backups()))
    }
    pub(crate) fn recipient(&self) -> Recipient {
        fs::read_to_string(self.folder.join("recipient")).expect("a recipient").parse().expect("a recipient")
    }

    /// The house over it, with its ledger open.
    pub(crate) async fn house(&self) -> (TestHouse, Ledger) {
        let stores = self.stores();
        let branch = self.branch().await;
        let clock = clock();
        let settings =
            Settings::new(log(), branch.seal(&log()), branch.signer(&log()), clock.clone(), Arc::new(SystemRng));
        let folder = self.data().join("audit");
        let ledger = Ledger::open(FileBackend::open(&folder).expect("a log"), settings).expect("opened");
        let (handle, place) =
            (ledger.handle(), IndexPlace::new(self.data().join("audit-index.db"), Key::random(&SystemRng)));
        let logs = FolderLogs::new(branch).own(log(), folder, move || handle.status().size);
        let trail = AuditIndex::new(place, logs, clock.clone());
        let house = House::new(Foundations {
            stores,
            root: self.root.again().0,
            renew_root: None,
            ledger: ledger.handle(),
            trail: Arc::new(trail),
            session_limits: SessionLimits::default(),
            hashing: HashingLimits::default(),
            passkey_site: ("localhost".to_owned(), "https://localhost:8443".to_owned()),
            retention: practice::retention::RetentionSettings::default(),
            media: self.data().join("media"),
            clock: clock.clone(),
            rng: Arc::new(SystemRng),
        });
        let house = Arc::new(house.await.expect("a house"));
        let unused = MemoryLedger::open();
        (
            TestHouse {
                house,
                clock,
                ledger: unused,
                lag: Arc::default(),
                folder: tempfile::tempdir().expect("folder"),
            },
            ledger,
        )
    }

    pub(crate) fn stores(&self) -> Stores {
        let open = |store| self.root.database(&self.data(), store).expect("opened");
        Stores {
            identity: open(Store::Identity),
            keys: open(Store::Keys),
            clinical: open(Store::Clinical),
            billing: open(Store::Billing),
        }
    }

    /// The one practice.
    pub(crate) async fn practice(&self) -> PracticeId {
        let rows = self.stores().identity.rows("SELECT practice_id FROM practices", &[]).await.expect("readable");
        rows[0].id(0).expect("an id")
    }

    pub(crate) async fn branch(&self) -> AuditBranch {
        let (root, keys) = (self.root.again(), self.root.database(&self.data(), Store::Keys).expect("opened"));
        tokio::task::spawn_blocking(move || root.branch(&keys).expect("the branch")).await.expect("done")
    }

    pub(crate) fn contents(&self) -> Contents {
        Contents {
            stores: self.stores(),
            trail: TrailPlace::Folders(vec![(log(), self.data().join("audit"))]),
            media: self.data().join("media"),
        }
    }

    pub(crate) async fn setup(&self) -> Setup {
        Setup {
            target: self.target(),
            recipients: Recipients { all: vec![self.recipient()], ..Recipients::default() },
            signer: (log(), self.branch().await.signer(&log())),
            epochs: None,
            keep: KeepRules::default(),
        }
    }

    /// Makes a backup.
    pub(crate) async fn backup(&self) -> Made {
        self.try_backup(Arc::new(Unobserved)).await.expect("a backup")
    }

    pub(crate) async fn try_backup(&self, observer: Arc<dyn TaskObserver>) -> Result<Made, CreateError> {
        let (contents, setup) = (self.contents(), self.setup().await);
        blocking(move || create::create(&contents, &setup, &SystemClock, &*observer)).await
    }

    /// Brings a backup back into a folder.
    pub(crate) async fn bring_back(&self, name: &str, to: &Path) -> Result<Restored, RestoreError> {
        self.bring_back_without(name, to, Vec::new(), Arc::new(Unobserved)).await
    }

    pub(crate) async fn bring_back_without(
        &self,
        name: &str,
        to: &Path,
        destroyed: Vec<Destroyed>,
        observer: Arc<dyn TaskObserver>,
    ) -> Result<Restored, RestoreError> {
        self.bring_back_so(self.target(), name, to, destroyed, observer).await
    }

    /// Brings a backup back that is somewhere else.
    pub(crate) async fn bring_back_from(
        &self,
        target: Arc<dyn Target>,
        name: &str,
        to: &Path,
    ) -> Result<Restored, RestoreError> {
        self.bring_back_so(target, name, to, Vec::new(), Arc::new(Unobserved)).await
    }

    async fn bring_back_so(
        &self,
        target: Arc<dyn Target>,
        name: &str,
        to: &Path,
        destroyed: Vec<Destroyed>,
        observer: Arc<dyn TaskObserver>,
    ) -> Result<Restored, RestoreError> {
        let (scene, to, name) = (Self::at(&self.folder), to.to_owned(), name.to_owned());
        blocking(move || {
            fs::create_dir_all(to.join("media")).expect("made");
            let ground = Ground {
                database: &|store| scene.root.database(&to, store),
                trail: TrailPlace::Folders(vec![(log(), to.join("audit"))]),
                media: to.join("media"),
            };
            scene.restoring_from(&*target, &destroyed, &*observer, |restoring| {
                restoring.bring_back(&name, &ground).map(|(restored, _)| restored)
            })
        })
        .await
    }

    /// Hands over what bringing back needs.
    pub(crate) fn restoring<T>(
        &self,
        destroyed: &[Destroyed],
        observer: &dyn TaskObserver,
        work: impl FnOnce(&Restoring<'_>) -> T,
    ) -> T {
        self.restoring_from(&*self.target(), destroyed, observer, work)
    }

    pub(crate) fn restoring_from<T>(
        &self,
        target: &dyn Target,
        destroyed: &[Destroyed],
        observer: &dyn TaskObserver,
        work: impl FnOnce(&Restoring<'_>) -> T,
    ) -> T {
        work(&Restoring {
            target,
            opening: Opening { identities: &self.identities, epochs: None },
            audit: &|keys| self.root.branch(keys),
            log: &log(),
            destroyed: &|_, _| Ok(destroyed.to_vec()),
            clock: &SystemClock,
            observer,
        })
    }

    /// Ids of the patients in a folder's clinical store.
    pub(crate) async fn patients(&self, folder: &Path) -> Vec<PatientId> {
        let db = self.root.database(folder, Store::Clinical).expect("opened");
        let rows = db.rows("SELECT patient_id FROM patients ORDER BY patient_id", &[]).await.expect("readable");
        rows.iter().map(|row| row.id(0).expect("an id")).collect()
    }
}

/// A key pair as `age-keygen` makes it, by the library, so that no tool is needed.
fn age_keygen() -> (String, String) {
    Identities::generate_text()
}

/// Runs what blocks, inside the runtime and off its threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("done")
}

/// Every file below a folder with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).into_iter().flatten() {
        let path = item.expect("listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("read");
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

/// An error with all that is behind it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    said
}
