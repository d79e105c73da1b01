//! Whoever charges and whoever takes the money: accounts whose last activity lies where a test wants it.

use domain::{
    BillingAccountId, ChargeId, Date, PatientId, PracticeId, Role, VisitId, VisitState,
    billing::{
        BookingKind, Cents, ChargeSheet, CptCode, Diagnoses, DiagnosisCode, FeeWords, Minutes, Modifier, Service,
    },
};
use identity::{Full, Session};
use phi::billing_branch;
use practice::{
    House,
    billing::{
        accounts, books, charges,
        charging::{self, ChargeError, NewCharge},
        schedule::{self, Fee},
    },
};
use store::{
    Batch,
    rows::{
        billing::standing,
        billing_outbox::{self, CrossingRow},
        destroyed, visits,
    },
};
use testkit::house::{Person, TestHouse};

pub(crate) struct Till<'t> {
    pub(crate) test: &'t TestHouse,
    pub(crate) practice: PracticeId,
    therapist: Person,
    biller: Person,
}

impl<'t> Till<'t> {
    pub(crate) async fn open(test: &'t TestHouse, practice: PracticeId) -> Self {
        let therapist = test.account(practice, Role::Therapist).await;
        let biller = test.account(practice, Role::Billing).await;
        let till = Self { test, practice, therapist, biller };
        let fee = Fee {
            code: CptCode::new("97110").expect("a code"),
            valid_from: Date::constant(2000, 1, 1),
            fee: Cents(4_000),
            words: FeeWords::new("Exercises").expect("fits"),
        };
        schedule::set_fee(till.house(), &till.biller().await, &fee).await.expect("set");
        till
    }

    pub(crate) fn house(&self) -> &House {
        &self.test.house
    }

    pub(crate) async fn biller(&self) -> Session<Full> {
        self.test.session(&self.biller).await
    }

    /// Charges a visit that was held at this moment, at the moment that the clock shows.
    pub(crate) async fn try_to_charge(&self, patient: PatientId, at: &str) -> Result<(), ChargeError> {
        let (session, visit, new) = self.to_charge(patient, at).await;
        charging::charge(self.house(), &session, patient, visit, &new, None).await.map(drop)
    }

    /// A charge that was sent at a moment, of a visit of that moment, and that nobody carried.
    pub(crate) async fn sent(&self, patient: PatientId, at: &str) -> VisitId {
        let now = self.test.now();
        self.test.clock.set(at.parse().expect("a moment"));
        let (session, visit, new) = self.to_charge(patient, at).await;
        let sent = charging::charge_watched(self.house(), &session, patient, visit, &new, &domain::Unobserved).await;
        sent.expect("sent");
        self.test.clock.set(now);
        visit
    }

    /// The same, taken out of what is on its way.
    pub(crate) async fn crossing(&self, patient: PatientId, at: &str) -> CrossingRow {
        let visit = self.sent(patient, at).await;
        let clinical = &self.house().stores.clinical;
        let all = billing_outbox::page(clinical, None, 100).await.expect("read");
        let row = all.into_iter().find(|row| row.visit_id == visit).expect("there");
        clinical.commit(billing_outbox::remove(Batch::new(), &row)).await.expect("taken out");
        row
    }

    /// A visit that was held, what to charge for it, and who does.
    async fn to_charge(&self, patient: PatientId, at: &str) -> (Session<Full>, VisitId, NewCharge) {
        let row = crate::fixture::visit(self.practice, patient, at.parse().expect("a moment"), VisitState::Held);
        self.house().stores.clinical.commit(visits::insert(Batch::new(), &row)).await.expect("stored");
        self.test.care_link(&self.therapist, patient).await;
        let session = self.test.session(&self.therapist).await;
        let service = Service {
            code: CptCode::new("97110").expect("a code"),
            minutes: Some(Minutes::new(30).expect("minutes")),
            modifiers: vec![Modifier::Gp],
        };
        let new = NewCharge {
            services: ChargeSheet::new(vec![service]).expect("a sheet"),
            diagnoses: Diagnoses::new(vec![DiagnosisCode::new("M25.561").expect("a code")]).expect("codes"),
        };
        (session, row.visit_id, new)
    }

    /// A charge that came at a moment, of a visit of that moment: a draft.
    pub(crate) async fn drafted(&self, patient: PatientId, at: &str) -> (BillingAccountId, ChargeId) {
        let now = self.test.now();
        self.test.clock.set(at.parse().expect("a moment"));
        self.try_to_charge(patient, at).await.expect("charged");
        let drafts =
            store::rows::billing::charges::drafts(&self.house().stores.billing, self.branch(), None, 100).await;
        let day = domain::Timezone::new("America/New_York").expect("known").day_of(self.test.now());
        let found = drafts.expect("read").into_iter().filter(|(.., of)| *of == day).collect::<Vec<_>>();
        self.test.clock.set(now);
        let [(account, charge, _)] = found[..] else { panic!("one draft of that day, not {}", found.len()) };
        (account, charge)
    }

    /// A charge that came, was billed and was paid at a moment.
    pub(crate) async fn settled(&self, patient: PatientId, at: &str) -> BillingAccountId {
        let (account, charge) = self.drafted(patient, at).await;
        self.billed(account, charge, at).await;
        self.booked(account, BookingKind::Payment, 8_000, at).await;
        account
    }

    pub(crate) async fn billed(&self, account: BillingAccountId, charge: ChargeId, at: &str) {
        let now = self.test.now();
        self.test.clock.set(at.parse().expect("a moment"));
        charges::bill(self.house(), &self.biller().await, account, charge, 1).await.expect("billed");
        self.test.clock.set(now);
    }

    pub(crate) async fn booked(&self, account: BillingAccountId, kind: BookingKind, cents: i64, at: &str) {
        let now = self.test.now();
        self.test.clock.set(at.parse().expect("a moment"));
        let day = domain::Timezone::new("America/New_York").expect("known").day_of(self.test.now());
        let new = books::NewBooking { kind, amount: Cents(cents), day, payer_id: None };
        books::book(self.house(), &self.biller().await, account, &new, None).await.expect("booked");
        self.test.clock.set(now);
    }

    pub(crate) const fn branch(&self) -> PracticeId {
        billing_branch(self.practice)
    }

    /// How many tables of the billing store have rows of the account, whether a key of it is there, and whether a link.
    pub(crate) async fn traces(&self, account: BillingAccountId) -> (usize, bool, bool) {
        let stores = &self.house().stores;
        let rows = standing::count(&stores.billing, self.branch(), account).await.expect("read");
        let key = destroyed::has_key(&stores.keys, self.branch(), phi::as_subject(account)).await.expect("read");
        let index = self.house().keyring.link_of_account(self.practice, account).await.expect("a key");
        const LINK: &str = "SELECT 1 FROM billing_links WHERE practice_id = $1 AND account_index = $2";
        let params = &[self.practice.into(), index.into()];
        let link = stores.identity.optional(LINK, params).await.expect("read").is_some();
        (rows.len(), key, link)
    }

    /// The sum of everything in the books.
    pub(crate) async fn sum(&self) -> Cents {
        let sums = store::rows::billing::bookings::sums(&self.house().stores.billing, self.branch()).await;
        Cents::sum(sums.expect("read").into_iter().map(|(_, cents)| cents)).expect("counted")
    }

    /// The accounts that billing can open.
    pub(crate) async fn there(&self) -> Vec<BillingAccountId> {
        let listed = accounts::list(self.house(), &self.biller().await, None, 1000).await.expect("read");
        listed.items.iter().map(|line| line.account_id).collect()
    }
}
