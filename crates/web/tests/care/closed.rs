//! A record that was made twice: whoever treats the patient reads it, and is offered nothing that writes in it.

use super::*;
use domain::AccountId;
use store::rows::merges::{self, MergeRow};

impl Clinic {
    /// Closes the patient's record in favour of another of hers, which the therapist treats.
    async fn close(&self) -> PatientId {
        let other = self.site.patient(self.practice, "Ana", "Ruiz").await;
        self.site.care_link(&self.therapist, other).await;
        let row = MergeRow {
            practice_id: self.practice,
            patient_id: self.patient,
            number: 1,
            into: Some(other),
            decided_by: AccountId::random(&SystemRng),
            decided_at: self.site.now(),
        };
        self.site.house.stores.identity.commit(merges::insert(Batch::new(), &row)).await.expect("stored");
        other
    }
}

/// What a page lets whoever sees it write about this patient: links to forms, and forms that are sent.
fn offers(page: &str, patient: PatientId) -> Vec<String> {
    let own = format!("/patients/{patient}");
    let of = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!(" {name}=\"{own}"))?.1;
        rest.split_once('"').map(|(rest, _)| rest.to_owned())
    };
    let tags = page.split('<').filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
    let writes =
        |place: &String| ["/edit", "/end", "/void", "/amend", "/charge"].iter().any(|end| place.ends_with(end));
    tags.filter_map(|tag| match tag.split_whitespace().next() {
        Some("a") => of(tag, "href").filter(writes),
        Some("form") if tag.contains("method=\"post\"") => of(tag, "action"),
        _ => None,
    })
    .collect()
}

const PAGES: [&str; 5] = ["", "/program", "/log", "/notes", "/visits"];

#[tokio::test]
async fn a_closed_record_offers_nothing_that_writes_in_it() {
    let clinic = Clinic::new().await;
    let prescribe = async |seen: Option<&str>| {
        let program = clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3) }]));
        clinic.prescribe(&program, seen).await.json()
    };
    let program = prescribe(None).await;
    prescribe(Some("\"1\"")).await;
    let own = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let id = |of: &Value| of.as_str().expect("an id").to_owned();
    let item = id(&program["items"][0]["item_id"]).parse().expect("an id");
    clinic.log(&own, item, id(&program["program_id"]).parse().expect("an id"), 2).await;
    let note = clinic.change(Method::POST, "/notes", &json!({ "body": "Swollen" }), None).await;
    assert_eq!(note.status, 201, "{}", note.text());
    for state in ["planned", "held"] {
        let visit = json!({ "therapist_id": clinic.therapist.account(), "starts_at": clinic.site.now(), "minutes": 30,
            "state": state });
        assert_eq!(clinic.change(Method::POST, "/visits", &visit, None).await.status, 201);
    }
    // While it is open, each page offers something.
    for place in PAGES {
        let page = clinic.page(place).await;
        assert_eq!(page.status, 200, "{place}");
        assert!(!offers(&page.text(), clinic.patient).is_empty(), "{place}: {}", page.text());
    }

    let other = clinic.close().await;
    for place in PAGES {
        let page = clinic.page(place).await;
        assert_eq!(page.status, 200, "{place}");
        assert_eq!(offers(&page.text(), clinic.patient), [""; 0], "{place}");
        assert!(!page.text().contains("Write a note"), "{place}");
    }
    assert!(clinic.page("").await.text().contains(&format!("/patients/{other}")), "it says where the record goes on");
}

#[tokio::test]
async fn whoever_registers_patients_gives_places_and_answers_them_is_offered_none_of_it_on_a_closed_record() {
    let clinic = Clinic::new().await;
    let mut seen = Vec::new();
    let pages = [
        (Role::Admin, "", "/edit"),
        (Role::FrontDesk, "", "/edit"),
        (Role::Admin, "/care-team", "/care-team"),
        (Role::PrivacyOfficer, "/restrictions", "/restrictions"),
    ];
    for (role, place, offer) in pages {
        let person = clinic.site.account(clinic.practice, role).await;
        let (path, offer) =
            (format!("/patients/{}{place}", clinic.patient), format!("/patients/{}{offer}\"", clinic.patient));
        let cookie = clinic.site.signed_in(&person).await;
        seen.push((path, format!("href=\"{offer}"), format!("action=\"{offer}"), cookie));
    }
    let offered = async |(path, link, form, cookie): &(String, String, String, String)| {
        let page = clinic.site.open(path, cookie).await;
        assert_eq!(page.status, 200, "{path}");
        let page = page.text();
        page.contains(link.as_str()) || page.contains(form.as_str())
    };
    for page in &seen {
        assert!(offered(page).await, "{}", page.0);
    }
    clinic.close().await;
    for page in &seen {
        assert!(!offered(page).await, "{}", page.0);
    }
}
