//! What a patient asks to be amended, over the router: asked on a page, answered on another, shown with the record.

use super::*;

/// What a browser sends for this text.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn a_patient_asks_is_denied_disagrees_and_all_of_it_stands_with_the_record() {
    let clinic = Clinic::new().await;
    let own = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let cookie = clinic.site.signed_in(&own).await;
    let officer = clinic.site.account(clinic.practice, Role::PrivacyOfficer).await;
    let officer = clinic.site.signed_in(&officer).await;
    let empty = clinic.site.open("/amendments", &cookie).await.text();
    let key = empty.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key");
    let nothing = clinic.site.submit("/amendments", &cookie, &format!("key={key}&words=+")).await;
    assert!(nothing.status == 422 && nothing.text().contains("1 to 4000 characters"), "{}", nothing.text());
    let form = format!("key={key}&words={}", encoded("It was the <left> knee"));
    for _ in 0..2 {
        assert_eq!(clinic.site.submit("/amendments", &cookie, &form).await.status, 303);
    }
    let asked = clinic.read(&clinic.at("/amendments")).await.json();
    assert_eq!((asked["items"].as_array().expect("a list").len(), &asked["items"][0]["waits"]), (1, &json!(true)));
    assert_eq!(asked["items"][0]["due_on"], "2026-07-13", "sixty days from the day");
    let id = asked["items"][0]["amendment_id"].as_str().expect("an id").to_owned();
    let notes = clinic.page("/notes").await.text();
    assert!(notes.contains("/amendments") && notes.contains("13 July 2026"), "{notes}");
    let due = clinic.site.open("/policy/amendments", &officer).await.text();
    assert!(due.contains("13 July 2026") && due.contains(&clinic.patient.to_string()), "{due}");
    assert!(!due.contains("knee"), "what was asked is not for the officer");
    assert_eq!(clinic.site.open(&format!("/patients/{}/amendments", clinic.patient), &officer).await.status, 404);

    let place = format!("/amendments/{id}");
    let page = clinic.page(&place).await.text();
    assert!(page.contains("It was the &lt;left&gt; knee") && page.contains("was recorded"), "{page}");
    let words = encoded("The picture shows the right knee. Complaints: Lee Karim, 555 0100");
    for wrong in
        ["answer=denied&ground=&note_id=", "answer=accepted&ground=accurate&note_id=", "answer=&ground=&note_id="]
    {
        let refused = clinic.submit(&place, &format!("{wrong}&words={words}")).await;
        assert!(refused.status == 422 && refused.text().contains("Lee Karim"), "{wrong}: {}", refused.text());
    }
    let denied = format!("answer=denied&ground=accurate&note_id=&words={words}");
    assert_eq!(clinic.submit(&place, &denied).await.status, 303);
    assert_eq!(clinic.submit(&place, &denied).await.status, 409);

    let told = clinic.site.open("/amendments", &cookie).await.text();
    for shown in
        ["accurate and complete", "Lee Karim", "write a statement saying why you disagree", "hhs.gov", "Disagree"]
    {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    let statement = format!("words={}", encoded("I know my knees"));
    assert_eq!(clinic.site.submit(&place, &cookie, &statement).await.status, 303);
    assert_eq!(clinic.site.submit(&place, &cookie, &statement).await.status, 409);
    let seen = clinic.page("/amendments").await.text();
    for shown in ["It was the &lt;left&gt; knee", "Lee Karim", "I know my knees", "Answer"] {
        assert!(seen.contains(shown), "{shown}: {seen}");
    }
    let reply = clinic.submit(&place, &format!("answer=rebutted&words={}", encoded("So do we"))).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert!(clinic.site.open(&place, &cookie).await.text().contains("So do we"));
    let looked = clinic.site.open("/who-looked?own=true", &cookie).await.text();
    for said in
        ["asked that the record be amended", "denied an amendment of the record", "disagreed with a denied amendment"]
    {
        assert!(looked.contains(said), "{said}: {looked}");
    }
    assert!(!clinic.site.open("/policy/amendments", &officer).await.text().contains("13 July 2026"), "it was answered");
}

#[tokio::test]
async fn from_whom_notes_are_withheld_what_was_said_is_withheld_too() {
    let clinic = Clinic::new().await;
    let own = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let cookie = clinic.site.signed_in(&own).await;
    let body = Some(json!({ "words": "It was the left knee" }));
    let asked = clinic.site.api(Method::POST, &clinic.at("/amendments"), &cookie, body).await;
    assert_eq!(asked.status, 201, "{}", asked.text());
    let billing = clinic.site.account(clinic.practice, Role::Billing).await;
    let covering = clinic.site.account(clinic.practice, Role::Therapist).await;
    let admin = clinic.site.account(clinic.practice, Role::Admin).await;
    let admin = clinic.site.signed_in(&admin).await;
    let place = json!({ "account_id": covering.account(), "kind": "covering" });
    let put = clinic.site.api(Method::POST, &clinic.at("/care-team"), &admin, Some(place)).await;
    assert_eq!(put.status, 201, "{}", put.text());
    let kept = json!({ "what": "notes", "answer": "agreed" });
    let kept = clinic.site.api(Method::POST, &clinic.at("/restrictions"), &admin, Some(kept)).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let covering = clinic.site.signed_in(&covering).await;
    let seen = clinic.site.api(Method::GET, &clinic.at("/amendments"), &covering, None).await;
    assert_eq!(
        (seen.status.as_u16(), seen.json()["items"][0]["steps"][0].get("words")),
        (200, None),
        "{}",
        seen.text()
    );
    let page = clinic.site.open(&format!("/patients/{}/amendments", clinic.patient), &covering).await.text();
    assert!(page.contains("not open to you") && !page.contains("left knee") && !page.contains(">Answer<"), "{page}");
    let billing = clinic.site.signed_in(&billing).await;
    assert_eq!(clinic.site.api(Method::GET, &clinic.at("/amendments"), &billing, None).await.status, 404);
}
