//! Opening accounts and care teams to others is done in person.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use axum::http::Method;
use domain::{PatientId, Role, Timestamp};
use jiff::SignedDuration;
use ledger::Outcome;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::{
    house::{Person, code_of},
    site::{Answer, Site},
};

#[tokio::test]
async fn inviting_needs_a_factor_that_was_proven_just_now() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let cookie = site.signed_in(&admin).await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "display_name": "Nadia Petrova", "role": "therapist" });
        site.api(Method::POST, "/api/v1/invitations", &cookie, Some(body)).await
    };
    assert_eq!(invite("nadia@example.org").await.status, 201);
    site.clock.advance_seconds(6 * 60);
    assert_eq!(invite("nora@example.org").await.status, 401);
}

#[tokio::test]
async fn nobody_gives_themself_a_place_in_a_care_team() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let therapist = site.account(practice, Role::Therapist).await;
    let patient = site.patient(practice, "Ana", "Ruiz").await;
    let cookie = site.signed_in(&admin).await;
    let path = format!("/api/v1/patients/{patient}/care-team");
    let assign = async |account| {
        let body = json!({ "account_id": account, "kind": "assigned" });
        site.api(Method::POST, &path, &cookie, Some(body)).await
    };
    assert_eq!(assign(admin.account()).await.status, 409);
    assert_eq!(assign(therapist.account()).await.status, 201);
    let backdated =
        json!({ "account_id": therapist.account(), "kind": "covering", "starts_at": "2026-05-01T00:00:00Z" });
    let refused = site.api(Method::POST, &path, &cookie, Some(backdated)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (422, &json!("starts_at")));
}

#[tokio::test]
async fn a_place_that_is_given_twice_is_one_and_ended_once() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let (therapist, patient) =
        (site.account(practice, Role::Therapist).await, site.patient(practice, "Ana", "Ruiz").await);
    let (admin, theirs) = (site.signed_in(&admin).await, site.signed_in(&therapist).await);
    let (path, chart) = (format!("/api/v1/patients/{patient}/care-team"), format!("/api/v1/patients/{patient}"));
    let sees = async || site.api(Method::GET, &chart, &theirs, None).await.status;
    let give = async |kind: &str, ends_at: Option<Timestamp>| {
        let body = json!({ "account_id": therapist.account(), "kind": kind, "ends_at": ends_at });
        let given = site.api(Method::POST, &path, &admin, Some(body)).await;
        assert_eq!(given.status, 201, "{}", given.text());
        given.json()["care_link_id"].as_str().unwrap().to_owned()
    };
    let fields = format!("account_id={}&kind=assigned", therapist.account());
    let page = format!("/patients/{patient}/care-team");
    let clicked = futures::future::join(site.submit(&page, &admin, &fields), site.submit(&page, &admin, &fields)).await;
    assert_eq!((clicked.0.status.as_u16(), clicked.1.status.as_u16()), (303, 303));
    site.clock.advance_seconds(30);
    let place = give("assigned", None).await;
    let soon = site.now() + SignedDuration::from_hours(1);
    assert_eq!(give("assigned", Some(soon)).await, place, "what is open covers what ends");
    let team = async || {
        let team = site.api(Method::GET, &path, &admin, None).await.json();
        team["items"].as_array().unwrap().len()
    };
    assert_eq!((team().await, sees().await.as_u16()), (1, 200));

    let end = async |place: &str| site.api(Method::DELETE, &format!("{path}/{place}"), &admin, None).await.status;
    assert_eq!(end(&place).await, 204);
    assert_eq!(sees().await, 404);
    // What ended covers nothing, nor does another kind, nor what ends earlier.
    let short = give("assigned", Some(soon)).await;
    let places = BTreeSet::from([place, short, give("covering", None).await, give("assigned", None).await]);
    assert_eq!((places.len(), team().await), (4, 4));
}

#[tokio::test]
async fn a_disabled_account_is_not_opened_again_by_the_link_that_it_was_sent() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let cookie = site.signed_in(&admin).await;
    let body = json!({ "email": "nadia@example.org", "display_name": "Nadia Petrova", "role": "therapist" });
    let invited = site.api(Method::POST, "/api/v1/invitations", &cookie, Some(body)).await.json();
    let account = invited["account_id"].as_str().unwrap().to_owned();
    let link = invited["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let opened = format!("/api/v1/invitations/{link}");
    assert_eq!(site.api(Method::GET, &opened, "", None).await.status, 200);
    let page = site.submit(&format!("/people/{account}"), &cookie, "role=therapist&state=disabled&version=1").await;
    assert_eq!(page.status, 303);
    assert_eq!(site.api(Method::GET, &opened, "", None).await.status, 404);
}

/// A practice with an administrator, a front desk, and a patient whose account is open.
struct Practice {
    site: Site,
    admin: String,
    desk: String,
    patient: PatientId,
    account: Person,
}

impl Practice {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let admin = site.signed_in(&site.account(practice, Role::Admin).await).await;
        let desk = site.signed_in(&site.account(practice, Role::FrontDesk).await).await;
        let patient = site.patient(practice, "Ana", "Ruiz").await;
        let account = site.patient_account(practice, patient).await;
        Self { site, admin, desk, patient, account }
    }
    /// What an administrator does to an account whose owner lost everything.
    async fn reset(&self) -> Answer {
        let path = format!("/api/v1/accounts/{}/invitation", self.account.account());
        self.site.api(Method::POST, &path, &self.admin, None).await
    }
    /// What the front desk does to let the patient in.
    async fn invite(&self, cookie: &str) -> Answer {
        let path = format!("/api/v1/patients/{}/invitation", self.patient);
        self.site.api(Method::POST, &path, cookie, None).await
    }
}

#[tokio::test]
async fn an_administrator_alone_comes_to_no_patients_link() {
    let home = Practice::new().await;
    let reset = home.reset().await;
    assert_eq!(reset.status, 201, "{}", reset.text());
    assert!(!reset.text().contains("/join/") && !reset.text().contains("link\":\""), "{}", reset.text());
    let page = home.site.submit(&format!("/people/{}/invitation", home.account.account()), &home.admin, "").await;
    assert!(!page.text().contains("/join/"), "{}", page.text());
    assert_eq!(home.invite(&home.admin).await.status, 404);
    let denied = home.site.ledger.entries().pop().expect("recorded");
    assert_eq!((denied.patient, denied.outcome), (Some(home.patient), Outcome::Denied));
    let page = home.site.submit(&format!("/patients/{}/invitation", home.patient), &home.admin, "").await;
    assert_eq!(page.status, 404);

    // Nor by inviting somebody as a patient, to an address of one's choice.
    let other = home.site.patient(home.account.practice(), "Bo", "Lind").await;
    for patient in [home.patient, other] {
        let body =
            json!({ "email": "mine@example.org", "display_name": "Bo Lind", "role": "patient", "patient_id": patient });
        assert_eq!(home.site.api(Method::POST, "/api/v1/invitations", &home.admin, Some(body)).await.status, 422);
        let body = json!({ "email": "mine@example.org", "display_name": "Bo Lind", "role": "patient" });
        assert_eq!(home.site.api(Method::POST, "/api/v1/invitations", &home.admin, Some(body)).await.status, 422);
        let form = format!("display_name=Bo+Lind&email=mine%40example.org&role=patient&patient_id={patient}");
        let page = home.site.submit("/people/invite", &home.admin, &form).await;
        assert!(page.status == 422 && !page.text().contains("/join/"), "{}", page.text());
    }
}

#[tokio::test]
async fn the_front_desk_alone_does_not_open_an_account_that_is_open() {
    let home = Practice::new().await;
    let patient = home.site.signed_in(&home.account).await;
    let answer = home.invite(&home.desk).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(home.site.api(Method::GET, "/api/v1/me", &patient, None).await.status, 200, "it is as it was");
    // And nobody does it with a factor of yesterday.
    home.reset().await;
    home.site.clock.advance_seconds(6 * 60);
    assert_eq!(home.invite(&home.desk).await.status, 401);
}

#[tokio::test]
async fn two_people_help_a_patient_who_lost_everything_and_the_patient_sees_it() {
    let home = Practice::new().await;
    let old = home.site.signed_in(&home.account).await;
    home.reset().await;
    assert_eq!(home.site.api(Method::GET, "/api/v1/me", &old, None).await.status, 401);
    let invited = home.invite(&home.desk).await;
    assert_eq!(invited.status, 201, "{}", invited.text());
    let link = invited.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    // A second link takes the place of the first.
    let again = home.invite(&home.desk).await.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(home.site.api(Method::GET, &format!("/api/v1/invitations/{link}"), "", None).await.status, 404);

    let path = format!("/api/v1/invitations/{again}");
    let begun = home.site.api(Method::POST, &format!("{path}/totp"), "", Some(json!({}))).await.json();
    let address = format!("{}@example.org", home.patient);
    assert_eq!(begun["email"], address, "the address in the record signs in from now on");
    let now = home.site.now();
    let code = code_of(begun["secret"].as_str().unwrap(), now);
    let accept = json!({ "password": "gravel mirror 88 slowly", "code": code });
    assert_eq!(home.site.api(Method::POST, &format!("{path}/accept"), "", Some(accept)).await.status, 201);
    home.site.clock.advance_seconds(60);
    let typed = json!({ "email": address, "password": "gravel mirror 88 slowly" });
    let half = home.site.api(Method::POST, "/api/v1/session", "", Some(typed)).await.cookie().unwrap();
    let code = json!({ "code": code_of(begun["secret"].as_str().unwrap(), home.site.now()) });
    let full = home.site.api(Method::POST, "/api/v1/session/totp", &half, Some(code)).await.cookie().unwrap();

    let path = format!("/api/v1/patients/{}/access-log", home.patient);
    let log = home.site.api(Method::GET, &path, &full, None).await.json();
    let looks = log["items"].as_array().unwrap();
    let by = |role: &str, part: &str| {
        looks.iter().any(|look| look["role"] == role && look["part"] == part && look["allowed"] == true)
    };
    assert!(by("admin", "account") && by("front_desk", "invitation"), "{log:#}");
    let page = home.site.open("/who-looked", &full).await.text();
    assert!(page.contains("made a link that opens your account"), "{page}");
    assert!(page.contains("took your password and second factor away"), "{page}");
}

#[tokio::test]
async fn a_patient_without_an_account_is_invited_to_the_address_in_their_record_or_not_at_all() {
    let home = Practice::new().await;
    let new = async |email: Option<&str>| {
        let body = json!({ "given_name": "Cy", "family_name": "Moss", "birth_date": "1990-01-02", "email": email });
        let made = home.site.api(Method::POST, "/api/v1/patients", &home.desk, Some(body)).await.json();
        let path = format!("/api/v1/patients/{}/invitation", made["patient_id"].as_str().unwrap());
        home.site.api(Method::POST, &path, &home.desk, None).await
    };
    assert_eq!(new(None).await.status, 409, "nobody knows where to write");
    assert_eq!(new(Some(&home.account.email)).await.status, 409, "the address opens another account");
    let invited = new(Some("cy@example.org")).await;
    assert_eq!(invited.status, 201, "{}", invited.text());
    assert!(invited.json()["link"].as_str().unwrap().contains("/join/"));
}

#[tokio::test]
async fn trying_out_which_addresses_are_in_use_is_recorded_and_gets_slow() {
    let home = Practice::new().await;
    let elsewhere = home.site.practice().await;
    let mut statuses = Vec::new();
    for _ in 0..25 {
        let known = home.site.account(elsewhere, Role::Therapist).await;
        let body = json!({ "email": known.email, "display_name": "Nadia Petrova", "role": "therapist" });
        let answer = home.site.api(Method::POST, "/api/v1/invitations", &home.admin, Some(body)).await;
        statuses.push(answer.status.as_u16());
    }
    let told = statuses.iter().filter(|status| **status == 422).count();
    assert!((1..=20).contains(&told), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let taken = home.site.ledger.entries().into_iter().filter(|entry| entry.reason.as_str() == "address-taken");
    assert_eq!(taken.count(), told);
}
