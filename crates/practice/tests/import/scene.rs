//! A house with an administrator and a therapist, and a source of Fernet tokens beside it.

use crypto::{Key, SystemRng};
use domain::{FixedClock, PatientId, PracticeId, Role, TaskObserver, Timestamp, Unobserved};
use identity::{Full, HashingLimits, Password, Session, SessionLimits, SessionToken};
use ledger::{FileBackend, Ledger, LogName, Settings, memory::MemoryLedger};
use phi::{AUDIT, Keyring, SERVER};
use practice::{
    Foundations, House, Stores,
    backup::AuditBranch,
    import::{ImportError, Imported, Importing, Keys, Mapping, SignedIn, Source, import},
    library::{shelve, starter},
    retention::RetentionSettings,
    trail::{AuditIndex, FolderLogs, IndexPlace},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    Batch, Db, EmbeddedOptions, Store,
    rows::{
        keys::Keys as StoredKeys,
        practices::{self, PracticeRow},
    },
};
use tempfile::TempDir;
use testkit::{
    fernet::FernetMaker,
    house::{PASSWORD, Person, TestHouse},
};

pub(crate) const PRACTICE: PracticeId = PracticeId::from_bytes([9; 16]);
pub(crate) const NOW: &str = "2026-05-14T13:00:00Z";
/// What the source is called; ids follow from it.
pub(crate) const NAME: &str = "old program";
pub(crate) const FERNET: FernetMaker = FernetMaker::new([5; 32]);

/// A mapping of folders of Fernet tokens.
pub(crate) const FOLDERS: &str = r#"
    [source]
    folder = "source"
    [patients]
    from = { folder = "patients", leave_out = ["insurance"] }
    [programs]
    from = { folder = "programs", leave_out = ["items.type"] }
    [log]
    from = { folder = "log" }
    [notes]
    from = { folder = "notes" }
    [care_team]
    from = { folder = "care" }
"#;

/// What fields of the documents mean: the same for all sources.
const FIELDS: &str = r#"
    [patients]
    given_name = "name.first"
    family_name = "name.last"
    birth_date = "dob"
    email = "mail"
    record_number = "mrn"
    [programs]
    title = "name"
    starts_on = "start"
    items = "items"
    item = { exercise = "exercise", sets = "sets", reps = "reps", hold_seconds = "hold_s", load = "weight", days_a_week = "per_week", instruction = "note" }
    days_a_week = { 5 = [1, 2, 3, 4, 5], 7 = [1, 2, 3, 4, 5, 6, 7] }
    [log]
    exercise = "exercise"
    performed_at = "at"
    sets = "sets"
    reps = "reps"
    pain = "pain"
    effort = "effort"
    comment = "said"
    [notes]
    text = "text"
    written_at = "on"
    written_by = "by"
    [care_team]
    therapist = "therapist"
    [care_team.accounts]
    t1 = "THERAPIST"
    [exercises]
    "Heel slides" = "heel-slide"
    "Quad set" = "starter:quad-set"
"#;

/// A house in a folder whose keys are known, so that another process can open it.
pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) house: Arc<House>,
    pub(crate) clock: Arc<FixedClock>,
    ledger: Ledger,
}

/// Who is there.
pub(crate) struct People {
    pub(crate) admin: Person,
    pub(crate) therapist: Person,
    pub(crate) test: TestHouse,
}

impl Scene {
    /// Opens what is in a folder, or makes it there.
    pub(crate) async fn open(folder: &Path) -> Self {
        let clock = Arc::new(FixedClock::new(NOW.parse().expect("a moment")));
        let new = !folder.join("media").exists();
        let mut stores = Vec::new();
        for store in [Store::Identity, Store::Keys, Store::Clinical, Store::Billing] {
            let (path, options) = (folder.join(format!("{store}.db")), EmbeddedOptions::default());
            let db = if new { Db::create } else { Db::open }(&path, &[7; 32], &options).expect("opened");
            store::migrate(&db, store, &*clock).await.expect("migrated");
            stores.push(db);
        }
        let [identity, keys, clinical, billing] = <[Db; 4]>::try_from(stores).expect("four");
        let (root, rng) = (Key::from_bytes([6; 32]), Arc::new(SystemRng));
        if new {
            let keyring = Keyring::new(&root, Arc::new(StoredKeys::new(keys.clone())), rng.clone());
            for owner in [SERVER, AUDIT, PRACTICE] {
                keyring.create_practice_key(owner, Timestamp::UNIX_EPOCH).await.expect("a key");
            }
            let row = PracticeRow {
                practice_id: PRACTICE,
                name: "Northside".to_owned(),
                timezone: "America/New_York".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
                bootstrap_open: true,
                demo: true,
            };
            identity.commit(practices::insert(Batch::new(), &row)).await.expect("stored");
        }
        let log = LogName::new("node.example/commands").expect("a name");
        let branch = || AuditBranch::new(Key::from_bytes([4; 32]));
        let settings =
            Settings::new(log.clone(), branch().seal(&log), branch().signer(&log), clock.clone(), rng.clone());
        let ledger = Ledger::open(FileBackend::open(folder.join("audit")).expect("a log"), settings).expect("opened");
        let handle = ledger.handle();
        let logs = FolderLogs::new(branch()).own(log, folder.join("audit"), move || handle.status().size);
        let place = IndexPlace::new(folder.join("audit-index.db"), Key::from_bytes([8; 32]));
        let media = folder.join("media");
        fs::create_dir_all(&media).expect("a folder");
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
        let house = Arc::new(house.await.expect("a house"));
        if new {
            for exercise in starter().expect("reads") {
                if ["heel-slide", "quad-set"].contains(&exercise.source_ref.as_str()) {
                    shelve(&house, PRACTICE, &exercise).await.expect("shelved");
                }
            }
        }
        Self { folder: folder.to_owned(), house, clock, ledger }
    }

    /// An administrator and a therapist, and the mapping that names the therapist.
    pub(crate) async fn people(&self, mapping: &str) -> People {
        let test = TestHouse {
            house: self.house.clone(),
            clock: self.clock.clone(),
            ledger: MemoryLedger::open(),
            lag: Arc::default(),
            folder: TempDir::new().expect("a folder"),
        };
        let admin = test.account(PRACTICE, Role::Admin).await;
        let therapist = test.account(PRACTICE, Role::Therapist).await;
        self.map(mapping, &therapist.email);
        People { admin, therapist, test }
    }

    /// Writes the mapping, and the file of keys.
    pub(crate) fn map(&self, mapping: &str, therapist: &str) {
        let text = merged(mapping, &FIELDS.replace("THERAPIST", therapist));
        fs::write(self.folder.join("mapping.toml"), text).expect("written");
        self.keys(&FERNET.text());
    }

    pub(crate) fn keys(&self, text: &str) {
        let path = self.folder.join("keys");
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
    }

    pub(crate) fn source(&self) -> Source {
        let keys = Keys::fernet(&self.folder.join("keys")).expect("keys");
        Source::new(Mapping::read(&self.folder.join("mapping.toml")).expect("a mapping"), keys).expect("a source")
    }

    /// Seals a document into the file of a patient.
    pub(crate) fn put(&self, section: &str, patient: &str, document: &Value) {
        let folder = self.folder.join("source").join(section);
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(format!("{patient}.fernet"));
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, format!("{before}{}\n", FERNET.token(&document.to_string()))).expect("written");
    }

    /// A patient with a program, what they did, a note and a place in the care team.
    pub(crate) fn put_patient(&self, key: &str, given: &str) {
        for (section, document) in [
            ("patients", who(key, given)),
            ("programs", program()),
            ("log", done("2026-02-02T13:30:00Z")),
            ("log", done("2026-02-03T13:30:00Z")),
            ("notes", json!({"text": "Better on stairs.", "on": "2026-02-03", "by": "R. Okafor"})),
            ("care", json!({"therapist": "t1"})),
        ] {
            self.put(section, key, &document);
        }
    }

    pub(crate) fn patient(&self, key: &str) -> PatientId {
        let fingerprint = self.house.indexes.patient_elsewhere(PRACTICE, NAME, key);
        PatientId::from_bytes(fingerprint[..16].try_into().expect("16 bytes"))
    }

    pub(crate) fn close(self) {
        self.ledger.close();
    }
}

impl People {
    /// Signs the administrator in as the command does.
    pub(crate) async fn signed_in(&self) -> SignedIn {
        self.sign_in(&self.admin).await
    }

    pub(crate) async fn sign_in(&self, person: &Person) -> SignedIn {
        SignedIn::of_token(self.test.token(person).await)
    }

    pub(crate) async fn treating(&self) -> Session<Full> {
        self.test.session(&self.therapist).await
    }
}

/// Imports with everything as usual.
pub(crate) async fn imported(scene: &Scene, by: &SignedIn) -> Result<Imported, ImportError> {
    observed(scene, by, &scene.source(), &Unobserved).await
}

pub(crate) async fn observed(
    scene: &Scene,
    by: &SignedIn,
    source: &Source,
    observer: &dyn TaskObserver,
) -> Result<Imported, ImportError> {
    let house = &scene.house;
    import(&Importing { house, by, source, only_check: false, without_refused: false, observer }).await
}

/// A password as somebody types it.
pub(crate) fn password() -> Password {
    Password::new(PASSWORD.to_owned()).expect("a password")
}

/// A session of somebody, taken over by another process.
pub(crate) fn session(text: &str) -> SignedIn {
    SignedIn::of_token(SessionToken::parse(text).expect("a token"))
}

pub(crate) fn who(key: &str, given: &str) -> Value {
    json!({
        "name": {"first": given, "last": "Silva"}, "dob": "1984-03-02", "mail": format!("{key}@example.org"),
        "mrn": format!("77-{key}"), "insurance": {"payer": "left behind"},
    })
}

pub(crate) fn program() -> Value {
    json!({"name": "Knee after surgery", "start": "2026-01-05", "items": [
        {"exercise": "Heel slides", "type": "mobility", "sets": 3, "reps": 12, "weight": "15lbs", "hold_s": 5, "per_week": 5,
         "note": "slow and steady"},
        {"exercise": "Quad set", "type": "strength", "sets": 2, "reps": 10, "hold_s": 0, "per_week": 7},
    ]})
}

pub(crate) fn done(at: &str) -> Value {
    json!({"exercise": "Heel slides", "at": at, "sets": 3, "reps": 10, "pain": 4, "effort": 5, "said": "went well"})
}

/// Two texts of TOML as one, so that where things lie and what they mean can be said apart.
fn merged(one: &str, other: &str) -> String {
    let mut tables: Vec<(String, String)> = Vec::new();
    for line in [one, "\n", other].concat().lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(_) if tables.iter().any(|(name, _)| name == line) => {
                let place = tables.iter().position(|(name, _)| name == line).expect("there");
                let table = tables.remove(place);
                tables.push(table);
            }
            Some(_) => tables.push((line.to_owned(), String::new())),
            None => {
                let (_, body) = tables.last_mut().expect("a table");
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    // A table comes before those below it.
    tables.sort();
    let body: String = tables.iter().map(|(name, body)| format!("{name}\n{body}")).collect();
    format!("name = {NAME:?}\n{body}")
}
