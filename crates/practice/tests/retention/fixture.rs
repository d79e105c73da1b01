//! A practice with patients whose last care lies where a test wants it.

use domain::{
    AccountId, Date, PatientId, PersonName, PracticeId, Role, TaskObserver, Timestamp, Unobserved, VisitId, VisitState,
};
use identity::{Full, Session};
use ledger::{DestructionLedger, VerifierKey};
use phi::Sealed;
use practice::{
    House,
    patients::{PatientDetails, register},
    retention::{PurgeError, Purged, RetentionError, Signing, approve, plan, purge},
};
use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};
use store::{
    Batch,
    rows::{
        login_sessions,
        retention::{ItemRow, items},
        visits::{self, VisitRow},
    },
};
use testkit::house::{Person, TestHouse};

/// Who destroys together, and the desk that registers.
pub(crate) struct Office {
    pub(crate) test: TestHouse,
    pub(crate) practice: PracticeId,
    pub(crate) admin: Person,
    pub(crate) officer: Person,
    pub(crate) clerk: Person,
}

impl Office {
    pub(crate) async fn over(test: TestHouse) -> Self {
        let practice = test.practice().await;
        let admin = test.account(practice, Role::Admin).await;
        let officer = test.account(practice, Role::PrivacyOfficer).await;
        let clerk = test.account(practice, Role::FrontDesk).await;
        Self { test, practice, admin, officer, clerk }
    }

    pub(crate) fn house(&self) -> &House {
        &self.test.house
    }

    /// A session whose factor was proven just now.
    pub(crate) async fn session(&self, person: &Person) -> Session<Full> {
        self.test.session(person).await
    }

    /// A session that is still in somebody's hands, and was ended.
    pub(crate) async fn ended_session(&self, person: &Person) -> Session<Full> {
        let session = self.session(person).await;
        let batch = login_sessions::end(Batch::new(), self.practice, session.account(), session.id());
        self.house().stores.identity.commit(batch).await.expect("signed out");
        session
    }

    /// A patient who was born on a day.
    pub(crate) async fn patient(&self, born: &str) -> PatientId {
        let session = self.session(&self.clerk).await;
        registered(self.house(), &session, born).await
    }

    /// A patient who was last there at a moment.
    pub(crate) async fn seen_at(&self, born: &str, at: &str) -> PatientId {
        let patient = self.patient(born).await;
        self.visit(patient, at, VisitState::Held).await;
        patient
    }

    pub(crate) async fn visit(&self, patient: PatientId, at: &str, state: VisitState) {
        let row = visit(self.practice, patient, at.parse().expect("a moment"), state);
        self.house().stores.clinical.commit(visits::insert(Batch::new(), &row)).await.expect("stored");
    }

    /// A plan of the officer's, approved by both.
    pub(crate) async fn approved(&self) -> domain::PlanId {
        let officer = self.session(&self.officer).await;
        let made = plan(self.house(), &officer, &Unobserved).await.expect("planned");
        approve(self.house(), &officer, made).await.expect("the first");
        approve(self.house(), &self.session(&self.admin).await, made).await.expect("the second");
        made
    }

    /// Waits until the cooling-off time is over.
    pub(crate) fn cool(&self) {
        self.test.clock.advance_seconds(72 * 3600);
    }

    pub(crate) fn places(&self) -> Vec<PathBuf> {
        let folder = self.test.folder.path();
        vec![folder.join("a.destroyed"), folder.join("b.destroyed")]
    }

    pub(crate) fn signing(&self) -> (Signing, VerifierKey) {
        let (log, signer) = self.test.ledger.signing();
        let key = VerifierKey::new(log.clone(), signer.public());
        (Signing { log, signer }, key)
    }

    pub(crate) fn destroyed(&self) -> DestructionLedger {
        let (Signing { log, signer }, _) = self.signing();
        DestructionLedger::open(self.places(), &log, signer, &[]).expect("the destruction ledger")
    }

    pub(crate) async fn purge(&self, plan: domain::PlanId) -> Result<Purged, PurgeError> {
        self.purge_seen_by(plan, &Unobserved).await
    }

    pub(crate) async fn purge_seen_by(
        &self,
        plan: domain::PlanId,
        observer: &dyn TaskObserver,
    ) -> Result<Purged, PurgeError> {
        let (signing, _) = self.signing();
        purge(self.house(), self.practice, plan, &signing, &mut self.destroyed(), observer).await
    }

    pub(crate) async fn items(&self, plan: domain::PlanId) -> Vec<ItemRow> {
        let first = PatientId::from_bytes([0; 16]);
        items(&self.house().stores.identity, self.practice, plan, None, first, 20_000).await.expect("read")
    }

    /// The patients who are still there, by their rows.
    pub(crate) async fn survivors(&self) -> Vec<PatientId> {
        let first = PatientId::from_bytes([0; 16]);
        store::rows::patients::ids(&self.house().stores.clinical, self.practice, first, 20_000).await.expect("read")
    }

    /// How many rows of any clinical table name the patient, and whether a key is there.
    pub(crate) async fn traces(&self, patient: PatientId) -> (usize, bool) {
        let stores = &self.house().stores;
        let rows = store::rows::erasure::count(&stores.clinical, self.practice, patient).await.expect("read");
        let key = store::rows::destroyed::has_key(&stores.keys, self.practice, patient).await.expect("read");
        (rows.len(), key)
    }
}

pub(crate) async fn registered(house: &House, session: &Session<Full>, born: &str) -> PatientId {
    let name = |text: &str| PersonName::new(text).expect("a name");
    let birth_date: Date = born.parse().expect("a day");
    let details = PatientDetails {
        given_name: name("Ada"),
        family_name: name("Canary"),
        birth_date,
        email: None,
        phone: None,
        record_number: None,
    };
    register(house, session, &details, None).await.expect("registered")
}

/// A visit; what is sealed in it is not opened here.
pub(crate) fn visit(practice: PracticeId, patient: PatientId, at: Timestamp, state: VisitState) -> VisitRow {
    let visit_id = VisitId::random(&crypto::SystemRng);
    VisitRow {
        practice_id: practice,
        patient_id: patient,
        visit_id,
        therapist_id: AccountId::from_bytes([7; 16]),
        starts_at: at,
        state,
        minutes: Sealed::stored(VisitRow::row_id(visit_id), vec![1; 40]),
        clinic: None,
        remark: None,
        recorded_by: AccountId::from_bytes([7; 16]),
        recorded_at: at,
        changed_at: at,
        version: 1,
        voided: None,
    }
}

/// Copies a folder of files, one level of folders deep.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("reads") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// Does something at a step, once.
pub(crate) struct At<'a> {
    step: &'static str,
    act: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl<'a> At<'a> {
    pub(crate) fn new(step: &'static str, act: impl FnOnce() + Send + 'a) -> Self {
        Self { step, act: Mutex::new(Some(Box::new(act))) }
    }
}

impl TaskObserver for At<'_> {
    fn reached(&self, step: &'static str) {
        let act = if step == self.step { self.act.lock().expect("nobody panicked in it").take() } else { None };
        if let Some(act) = act {
            act();
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

/// Waits for something in the middle of a purge, as another request would do it beside: on a thread of its own, since
/// one that waited here would take the wake-ups of what goes on beside it in the purge.
pub(crate) fn beside<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let runtime = tokio::runtime::Handle::current();
    thread::scope(|threads| threads.spawn(|| runtime.block_on(work)).join().expect("no panic"))
}

pub(crate) fn is_both_hands<T>(result: &Result<T, RetentionError>) -> bool {
    matches!(result, Err(RetentionError::BothHands))
}

/// Makes one test of each function for each kind of database.
#[macro_export]
macro_rules! on_both {
    ($($name:ident)+) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::fixture::Office::over(testkit::house::TestHouse::new().await).await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                // Where PostgreSQL is not installed a word about it is printed.
                let Some(server) = testkit::postgres::Server::shared().expect("PostgreSQL starts") else { return };
                super::$name($crate::fixture::Office::over(testkit::house::TestHouse::on_postgres(server).await).await).await;
            })+
        }
    };
}
