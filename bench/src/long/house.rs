//! A practice in a folder, with a clock that is moved by hand.

use anyhow::Result;
use crypto::{Key, Signer, SystemRng};
use domain::{FixedClock, PracticeId, Role, Timestamp};
use identity::{HashingLimits, SessionLimits};
use ledger::{FileBackend, Ledger, LogName, Settings, memory::MemoryLedger};
use phi::{AUDIT, Keyring, SERVER};
use practice::{
    Foundations, House, Stores,
    backup::AuditBranch,
    retention::RetentionSettings,
    trail::{AuditIndex, FolderLogs, IndexPlace},
};
use std::{fs, path::Path, sync::Arc};
use store::{
    Batch, Db, EmbeddedOptions, Store,
    rows::{
        keys::Keys,
        practices::{self, PracticeRow},
    },
};
use tempfile::TempDir;
use testkit::house::{Person, TestHouse};

pub(super) const PRACTICE: PracticeId = PracticeId::from_bytes([9; 16]);

/// The practice.
pub(super) struct Kept {
    pub(super) house: Arc<House>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) log: LogName,
    ledger: Ledger,
}

/// Who takes part.
pub(super) struct People {
    pub(super) clerk: Person,
    pub(super) officer: Person,
    pub(super) admin: Person,
    pub(super) test: TestHouse,
}

fn branch() -> AuditBranch {
    AuditBranch::new(Key::from_bytes([4; 32]))
}

impl Kept {
    /// Makes it in an empty folder.
    pub(super) async fn make(folder: &Path) -> Result<Self> {
        let clock = Arc::new(FixedClock::new("2026-05-14T13:00:00Z".parse()?));
        let rng = Arc::new(SystemRng);
        let mut stores = Vec::new();
        for store in [Store::Identity, Store::Keys, Store::Clinical, Store::Billing] {
            let path = folder.join(format!("{store}.db"));
            let db = Db::create(&path, Key::random(&*rng).expose(), &EmbeddedOptions::default())?;
            store::migrate(&db, store, &*clock).await?;
            stores.push(db);
        }
        let Ok([identity, keys, clinical, billing]) = <[Db; 4]>::try_from(stores) else { anyhow::bail!("four stores") };
        let root = Key::random(&*rng);
        let keyring = Keyring::new(&root, Arc::new(Keys::new(keys.clone())), rng.clone());
        for owner in [SERVER, AUDIT, PRACTICE] {
            keyring.create_practice_key(owner, Timestamp::UNIX_EPOCH).await?;
        }
        let row = PracticeRow {
            practice_id: PRACTICE,
            name: "Northside".to_owned(),
            timezone: "America/New_York".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            bootstrap_open: true,
            demo: true,
        };
        identity.commit(practices::insert(Batch::new(), &row)).await?;
        let log = LogName::new("bench.example/commands")?;
        let settings =
            Settings::new(log.clone(), branch().seal(&log), branch().signer(&log), clock.clone(), rng.clone());
        let ledger = Ledger::open(FileBackend::open(folder.join("audit"))?, settings)?;
        let handle = ledger.handle();
        let logs = FolderLogs::new(branch()).own(log.clone(), folder.join("audit"), move || handle.status().size);
        let place = IndexPlace::new(folder.join("audit-index.db"), Key::random(&*rng));
        let media = folder.join("media");
        fs::create_dir_all(&media)?;
        let house = House::new(Foundations {
            stores: Stores { identity, keys, clinical, billing },
            root,
            renew_root: None,
            ledger: ledger.handle(),
            trail: Arc::new(AuditIndex::new(place, logs, clock.clone())),
            session_limits: SessionLimits::default(),
            hashing: HashingLimits::default(),
            passkey_site: ("localhost".to_owned(), "https://localhost".to_owned()),
            media,
            retention: RetentionSettings::default(),
            clock: clock.clone(),
            rng,
        });
        Ok(Self { house: Arc::new(house.await?), clock, log, ledger })
    }

    /// A front desk, and two who destroy together.
    pub(super) async fn people(&self) -> People {
        let test = TestHouse {
            house: self.house.clone(),
            clock: self.clock.clone(),
            ledger: MemoryLedger::open(),
            lag: std::sync::Arc::default(),
            folder: TempDir::new().expect("a folder for what the testkit does not need here"),
        };
        People {
            clerk: test.account(PRACTICE, Role::FrontDesk).await,
            officer: test.account(PRACTICE, Role::PrivacyOfficer).await,
            admin: test.account(PRACTICE, Role::Admin).await,
            test,
        }
    }

    /// What signs certificates and the destruction ledger.
    pub(super) fn signer(&self) -> Signer {
        branch().signer(&self.log)
    }

    /// Closes the ledger.
    pub(super) fn close(self) {
        self.ledger.close();
    }
}
