//! A billing account whose time is over is destroyed from the command line, when two people approved it, and does not come back
//! with a backup of the day before.

use crate::{
    client::Client,
    day::{done, employ, founder, id},
    destroyed::Scene,
    server::Practice,
};
use crypto::{KeyFile, RootProvider};
use domain::{BillingAccountId, Date, Timestamp};
use serde_json::{Value, json};
use std::fs;
use store::{Batch, Db, EmbeddedOptions, PageKeys, Store};

/// Who is there, and what was charged.
struct Office {
    admin: Client,
    officer: Client,
    therapist: Client,
    biller: Client,
    therapist_id: String,
    /// Two patients and their accounts.
    patients: [String; 2],
    accounts: [String; 2],
}

/// A visit that was held on this day, and what it is charged for: it comes to the billing store at once.
async fn charged(therapist: &Client, therapist_id: &str, patient: &str, day: &str) {
    let visits = format!("/api/v1/patients/{patient}/visits");
    let starts_at = format!("{day}T15:00:00Z");
    let visit = json!({"therapist_id": therapist_id, "starts_at": starts_at, "minutes": 30, "state": "held"});
    let visit = id(&done(therapist.post(&visits, visit).await), "visit_id");
    let services = json!([{"code": "97110", "minutes": 30, "modifiers": ["GP"]}]);
    let charge = json!({"services": services, "diagnoses": ["M25.561"]});
    done(therapist.post(&format!("{visits}/{visit}/charge"), charge).await);
}

async fn drafts(biller: &Client) -> Vec<Value> {
    biller.read("/api/v1/billing/drafts").await["items"].as_array().expect("a list").clone()
}

/// Two patients, each with one visit that was charged, billed and paid.
async fn settled(practice: &Practice, client: &Client) -> Office {
    let admin = founder(practice, client).await;
    let (therapist_id, therapist) = employ(&admin, client, "therapist").await;
    let (_, officer) = employ(&admin, client, "privacy_officer").await;
    let (_, desk) = employ(&admin, client, "front_desk").await;
    let (_, biller) = employ(&admin, client, "billing").await;
    let fee = json!({"code": "97110", "valid_from": "2010-01-01", "fee": 4000, "words": "Exercise"});
    done(biller.post("/api/v1/billing/fees", fee).await);
    let (mut patients, mut accounts) = (Vec::new(), Vec::new());
    for (family, day) in [("Gone", "2026-01-05"), ("Here", "2026-01-06")] {
        let who = json!({"given_name": "Pat", "family_name": family, "birth_date": "1984-03-02"});
        let patient = id(&done(desk.post("/api/v1/patients", who).await), "patient_id");
        let member = json!({"account_id": therapist_id, "kind": "assigned"});
        done(admin.post(&format!("/api/v1/patients/{patient}/care-team"), member).await);
        charged(&therapist, &therapist_id, &patient, day).await;
        let [draft] = <[Value; 1]>::try_from(drafts(&biller).await).expect("one draft");
        let (account, charge) = (id(&draft, "account_id"), id(&draft, "charge_id"));
        let at = format!("/api/v1/billing/accounts/{account}");
        let bill = format!("{at}/charges/{charge}/bill");
        done(biller.try_send("POST", &bill, &[("if-match", "\"1\"")], None).await.expect("an answer"));
        let paid = json!({"kind": "payment", "amount": 8000, "day": day});
        done(biller.post(&format!("{at}/bookings"), paid).await);
        patients.push(patient);
        accounts.push(account);
    }
    let [patients, accounts] = [patients, accounts].map(|all| <[String; 2]>::try_from(all).expect("two"));
    Office { admin, officer, therapist, biller, therapist_id, patients, accounts }
}

/// Puts everything that happened on an account twelve years back, as time does. Nothing may be running.
async fn aged(practice: &Practice, account: &str) {
    let account: BillingAccountId = account.parse().expect("an id");
    let root = KeyFile(practice.path().join("root.key")).load().expect("the root");
    let stores = practice.path().join("stores");
    let pages = PageKeys::open(&stores.join("page-keys"), &root).expect("the page keys");
    let key = pages.key(Store::Billing).expect("a key");
    let db = Db::open(&stores.join("billing.db"), key.expose(), &EmbeddedOptions::default()).expect("opened");
    let (day, at): (Date, Timestamp) =
        ("2014-01-05".parse().expect("a day"), "2014-01-05T15:00:00Z".parse().expect("one"));
    let batch = Batch::new()
        .run("UPDATE billing_accounts SET opened_at = $1 WHERE account_id = $2", &[at.into(), account.into()])
        .expect(1)
        .run(
            "UPDATE charges SET day = $1, received_at = $2 WHERE account_id = $3",
            &[day.into(), at.into(), account.into()],
        )
        .expect(1)
        .run(
            "UPDATE bookings SET day = $1, booked_at = $2 WHERE account_id = $3",
            &[day.into(), at.into(), account.into()],
        )
        .expect(2);
    db.commit(batch).await.expect("aged");
}

/// What billing is told, by a server that is at `client`.
async fn is_gone(client: &Client, office: &Office) {
    let biller = client.with(office.biller.cookie());
    let [gone, here] = &office.accounts;
    for path in ["", "/statement.pdf", "/charges", "/bookings"] {
        let asked = async |account: &str| biller.get(&format!("/api/v1/billing/accounts/{account}{path}")).await.status;
        assert_eq!((asked(gone).await, asked(here).await), (410, 200), "{path}");
    }
    let listed = biller.whole("/api/v1/billing/accounts").await;
    let names: Vec<_> = listed.iter().map(|one| (id(one, "account_id"), id(one, "name"))).collect();
    assert_eq!(names, [(here.clone(), "Pat Here".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_billing_account_is_destroyed_by_a_plan_and_does_not_come_back_with_a_backup() {
    let scene = Scene::founded("");
    let practice = &scene.practice;
    let mut server = practice.start();
    let office = settled(practice, &server.client()).await;
    let [gone, here] = &office.accounts;
    server.stop_well();
    aged(practice, gone).await;
    let mut server = practice.start();
    let client = server.client();
    practice.done(&["backup", "create"]);

    let planned = practice.done(&["retention", "plan", "--billing"]);
    assert!(planned.contains(&format!("{gone} due ")) && planned.contains("2 looked at, 1 due"), "{planned}");
    assert!(!planned.contains(here) && !office.patients.iter().any(|one| planned.contains(one)), "{planned}");
    let plan = planned.strip_prefix("plan ").and_then(|rest| rest.split(',').next()).expect("its id");
    let run = ["retention", "run", "--plan", plan];
    let approve = format!("/api/v1/retention/plans/{plan}/approval");
    let (officer, admin) = (client.with(office.officer.cookie()), client.with(office.admin.cookie()));
    for (person, status) in [(&officer, 204), (&officer, 409), (&client.with(office.biller.cookie()), 404)] {
        let early = practice.command(&run);
        assert!(early.status == Some(1) && early.err.contains("not carried out"), "{}", early.err);
        let answer = person.post(&approve, json!({})).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    done(admin.post(&approve, json!({})).await);
    let said = practice.done(&run);
    assert!(said.contains("1 destroyed, 0 spared"), "{said}");
    assert!(practice.done(&run).contains("nothing to do"));
    is_gone(&client, &office).await;

    let listed = practice.done(&["retention", "list"]);
    assert!(listed.contains(plan) && listed.contains("billing") && listed.contains("done"), "{listed}");
    let listed = practice.done(&["retention", "list", "--plan", plan]);
    assert!(listed.contains(&format!("{gone} due ")) && listed.contains("certified"), "{listed}");
    let certificate = practice.done(&["retention", "certificate", "--account", gone]);
    let (note, sheet) = (practice.path().join("gone.note"), practice.path().join("gone.pdf"));
    fs::write(&note, &certificate).expect("written");
    let key = practice.done(&["retention", "key"]);
    let verify = crate::server::run(&["retention", "verify", "--key", key.trim(), note.to_str().expect("plain")]);
    assert_eq!(verify.status, Some(0), "{}", verify.err);
    assert!(verify.out.contains(&format!("genuine: billing account {gone} was destroyed")), "{}", verify.out);
    fs::write(&note, certificate.replacen(gone, here, 1)).expect("written");
    let verify = crate::server::run(&["retention", "verify", "--key", key.trim(), note.to_str().expect("plain")]);
    assert!(verify.status == Some(1) && verify.err.contains("not to be believed"), "{}", verify.err);
    practice.done(&["retention", "certificate", "--account", gone, "--pdf", sheet.to_str().expect("plain")]);
    assert!(fs::read(&sheet).expect("written").starts_with(b"%PDF"));
    let none = practice.command(&["retention", "certificate", "--account", here]);
    assert!(none.status == Some(1) && none.err.contains("no such certificate"), "{}", none.err);
    server.stop_well();

    // The disk is gone; the backup of the day before has the account, its key and its link.
    fs::rename(practice.path().join("stores"), practice.path().join("lost")).expect("moved");
    let [before] = <[String; 1]>::try_from(scene.backups()).expect("one backup");
    let said = scene.restore(&before, &[]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let mut server = practice.start();
    let client = server.client();
    is_gone(&client, &office).await;
    // The plan waits in the backup, approved by nobody; nothing is left for it.
    let again = practice.command(&run);
    assert!(again.status == Some(1) || again.out.contains("0 destroyed"), "{} {}", again.out, again.err);
    // Whoever was behind it comes back, and is charged on a new account.
    let therapist = client.with(office.therapist.cookie());
    charged(&therapist, &office.therapist_id, &office.patients[0], "2026-02-03").await;
    let [draft] = <[Value; 1]>::try_from(drafts(&client.with(office.biller.cookie())).await).expect("one draft");
    assert!(![gone, here].contains(&&id(&draft, "account_id")), "a new account");
    server.stop_well();
    practice.done(&["keys", "verify", "--deep"]);
    practice.done(&["audit", "verify"]);
}
