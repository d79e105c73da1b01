//! A practice whose patients billing knows, and what it sees of them.

use crate::fixture::{At, Office};
use domain::{
    BillingAccountId, EmailAddress, PatientId, PersonName, PhoneNumber, PlanId, Role, VisitId, VisitState,
    billing::{ChargeSheet, CptCode, Diagnoses, DiagnosisCode, Minutes, Service},
};
use futures::FutureExt;
use ledger::{Resource, Word};
use phi::{Purpose, Store, billing_branch, registry};
use practice::{
    billing::{
        accounts::{self, Contact},
        charging::{NewCharge, charge},
        courier, statement,
    },
    patients::{PatientDetails, register},
    visits::{VisitDetails, book},
};
use std::{collections::BTreeMap, panic::AssertUnwindSafe};
use store::{Batch, rows::billing::accounts as account_rows};
use testkit::house::Person;

pub(crate) const FAMILY: &str = "Zqkeptrovelle";
pub(crate) const EMAIL: &str = "zqkept@home.example";
pub(crate) const PHONE: &str = "+493012345678";

/// Somebody who was there long ago, and whose visit can be charged.
pub(crate) async fn treated(office: &Office, given: &str) -> (PatientId, VisitId, Person) {
    let details = PatientDetails {
        given_name: PersonName::new(given).expect("a name"),
        family_name: PersonName::new(FAMILY).expect("a name"),
        birth_date: "1970-01-01".parse().expect("a day"),
        email: Some(EmailAddress::new(EMAIL).expect("an address")),
        phone: Some(PhoneNumber::new(PHONE).expect("a number")),
        record_number: None,
    };
    let patient =
        register(office.house(), &office.session(&office.clerk).await, &details, None).await.expect("registered");
    let therapist = office.test.account(office.practice, Role::Therapist).await;
    office.test.care_link(&therapist, patient).await;
    let details = VisitDetails {
        therapist_id: therapist.account(),
        starts_at: "2015-01-01T15:00:00Z".parse().expect("a moment"),
        minutes: domain::VisitMinutes::new(30).expect("fits"),
        state: VisitState::Held,
        clinic: None,
        remark: None,
    };
    let session = office.session(&therapist).await;
    let visit = book(office.house(), &session, patient, &details, None).await.expect("booked").visit_id;
    (patient, visit, therapist)
}

pub(crate) fn services() -> NewCharge {
    let minutes = Some(Minutes::new(33).expect("minutes"));
    let service = Service { code: CptCode::new("97110").expect("a code"), minutes, modifiers: vec![] };
    NewCharge {
        services: ChargeSheet::new(vec![service]).expect("a sheet"),
        diagnoses: Diagnoses::new(vec![DiagnosisCode::new("M25.561").expect("a code")]).expect("codes"),
    }
}

/// Somebody whose visit was charged, and their account.
pub(crate) async fn billed(office: &Office, given: &str) -> (PatientId, BillingAccountId) {
    let (patient, visit, therapist) = treated(office, given).await;
    charge(office.house(), &office.session(&therapist).await, patient, visit, &services(), None)
        .await
        .expect("charged");
    courier::deliver(office.house(), &domain::Unobserved).await.expect("delivered");
    (patient, account_of(office, patient).await)
}

pub(crate) fn why() -> Purpose {
    Purpose::payment(Resource::whole(Word::new("account")))
}

pub(crate) async fn account_of(office: &Office, patient: PatientId) -> BillingAccountId {
    let biller = office.test.account(office.practice, Role::Billing).await;
    let session = office.session(&biller).await;
    let first = BillingAccountId::from_bytes([0; 16]);
    let branch = billing_branch(office.practice);
    for row in account_rows::page(&office.house().stores.billing, branch, first, 100).await.expect("read") {
        let followed = office.house().guard.follow_link(&session, row.account_id, why()).await;
        if followed.is_ok_and(|followed| followed.subject() == patient) {
            return row.account_id;
        }
    }
    panic!("there is no account");
}

/// Whom a statement of the account is for, and what it says of them.
pub(crate) async fn stated(office: &Office, biller: &Person, account: BillingAccountId) -> Option<Contact> {
    let session = office.session(biller).await;
    let stated = statement::statement(office.house(), &session, account).await.expect("stated");
    assert_eq!(stated.account.charges.len(), 1, "what was charged is there");
    let listed = accounts::list(office.house(), &session, None, 100).await.expect("listed");
    let line = listed.items.into_iter().find(|line| line.account_id == account).expect("in the list");
    assert_eq!(line.name, stated.account.contact.as_ref().map(|contact| contact.name.clone()));
    stated.account.contact
}

pub(crate) fn is_whole(contact: Option<Contact>, name: &str) -> bool {
    contact.is_some_and(|contact| {
        (contact.name.as_str(), contact.email.as_deref(), contact.phone.as_deref()) == (name, Some(EMAIL), Some(PHONE))
    })
}

/// With how many links something is kept.
pub(crate) async fn kept(office: &Office) -> i64 {
    let sql = "SELECT COUNT(*) FROM billing_links WHERE kept IS NOT NULL";
    office.house().stores.identity.one(sql, &[]).await.expect("read").int(0).expect("a number")
}

/// As a backup of the identity store from before has it.
pub(crate) async fn nothing_kept(office: &Office) {
    let batch = Batch::new().run("UPDATE billing_links SET kept = NULL", &[]);
    office.house().stores.identity.commit(batch).await.expect("stored");
}

/// Ends a run at a step, as when the power fails.
pub(crate) async fn cut_off(office: &Office, plan: PlanId, step: &'static str) {
    let dies = At::new(step, || panic!("the power fails"));
    let died = AssertUnwindSafe(office.purge_seen_by(plan, &dies)).catch_unwind().await;
    assert!(died.is_err(), "{step}");
}

/// The columns that hold a text in the open.
pub(crate) async fn columns_with(office: &Office, text: &str) -> Vec<String> {
    let mut tables: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for column in registry() {
        tables.entry((column.store.name(), column.table)).or_default().push(column.column);
    }
    let stores = &office.house().stores;
    let mut found = Vec::new();
    for (store, db) in [
        (Store::Identity, &stores.identity),
        (Store::Keys, &stores.keys),
        (Store::Clinical, &stores.clinical),
        (Store::Billing, &stores.billing),
    ] {
        for ((_, table), columns) in tables.iter().filter(|((of, _), _)| *of == store.name()) {
            let sql: &'static str = format!("SELECT {} FROM {table}", columns.join(", ")).leak();
            for row in db.rows(sql, &[]).await.expect("read") {
                for (n, column) in columns.iter().enumerate().filter(|(n, _)| !row.is_null(*n)) {
                    let bytes = row.blob(n).map(<[u8]>::to_vec).or_else(|_| row.text(n).map(|text| text.into()));
                    let bytes = bytes.unwrap_or_default();
                    if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                        found.push(format!("{table}.{column}"));
                    }
                }
            }
        }
    }
    found
}
