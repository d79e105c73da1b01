//! What a therapist took back, as billing sees it.

use super::*;
use domain::billing::WithdrawalReason;
use practice::billing::charging::{Withdrawal, take_back};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_therapist_took_back_is_seen_with_who_and_why_until_its_booking_is_voided() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 30).await;
    let (account, charge) = (id(&draft, "account_id"), id(&draft, "charge_id"));
    let at = format!("/billing/accounts/{account}");
    let bill = format!("/accounts/{account}/charges/{charge}/bill");
    let booking = id(&office.with(Method::POST, &bill, &[("if-match", "\"1\"")], None).await.json(), "booking_id");
    let visits = format!("/api/v1/patients/{}/visits", office.patient);
    let visit = office.site.api(Method::GET, &visits, &office.cookie, None).await.json();
    let visit = id(&visit["items"][0], "visit_id").parse().expect("an id");
    let why = Withdrawal { reason: WithdrawalReason::ChargedTwice };
    let done = take_back(&office.site.house, &office.therapist, office.patient, visit, 1, why, None).await;
    assert_eq!(done.map(|done| done.sent).ok(), Some(2));

    let seen = office.done(Method::GET, "/dashboard", None, 200).await.json();
    assert_eq!((&seen["taken_back"], &seen["drafts"], &seen["unbilled"]), (&json!(1), &json!(0), &json!([])));
    assert!(office.page("/billing").await.contains("taken back and still in the books"));
    let line = office.done(Method::GET, "/drafts", None, 200).await.json()["items"][0].clone();
    assert_eq!((&line["taken_back"], &line["no_payer"]), (&json!(true), &json!(false)));
    let wrong = id(&line, "charge_id");
    let todo = office.page("/billing/charges").await;
    assert!(todo.contains("taken back") && !todo.contains("ready<"), "{todo}");
    let (one, link) = (format!("{at}/charges/{wrong}"), format!("charges/{wrong}\">visit of"));
    for place in [at.clone(), format!("{at}/statement")] {
        let page = office.page(&place).await;
        assert!(page.contains("took back charges that are in the books") && page.contains(&link), "{page}");
    }
    let sheet = async || office.site.open(&format!("{at}/statement.pdf"), &office.billing).await.text();
    let told = "Not owed: what was charged for the visit of 2026-05-04.";
    assert!(sheet().await.contains(told), "whoever is asked for money reads it too");
    let view = office.done(Method::GET, &format!("/accounts/{account}/charges/{wrong}"), None, 200).await.json();
    let taken = &view["takes_back"];
    assert_eq!((&taken["reason"], &taken["at"]), (&json!("charged_twice"), &json!(office.site.now())));
    assert_eq!(taken["by"]["account_id"], json!(office.therapist.account()));
    assert_eq!(
        (&view["in_the_books"], &view["services"], &view["diagnoses"]),
        (&json!(booking), &json!([]), &json!([]))
    );
    let page = office.page(&one).await;
    let void = format!("{at}/bookings/{booking}/void");
    for shown in
        ["took back a charge that is in the books", "Sam therapist", "It is charged as another visit too", &void]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for not in ["Ask nothing for it", "Bill it", "Diagnosis codes"] {
        assert!(!page.contains(not), "{not}: {page}");
    }
    let first = office.page(&format!("{at}/charges/{charge}")).await;
    assert!(first.contains("The therapist took this charge back") && first.contains(&void), "{first}");
    for refused in ["bill", "void", "ask"] {
        let answer = office.site.submit(&format!("{one}/{refused}"), &office.billing, "seen=1").await;
        assert_eq!(answer.status, 409, "{refused}: {}", answer.text());
    }

    assert_eq!(office.site.submit(&void, &office.billing, "key=0123456789abcdef").await.status, 303);
    let seen = office.done(Method::GET, "/dashboard", None, 200).await.json();
    assert_eq!((&seen["taken_back"], &seen["drafts"], &seen["aging"]["current"]), (&json!(0), &json!(0), &json!(0)));
    for place in ["/billing/charges".to_owned(), format!("{at}/statement")] {
        assert!(!office.page(&place).await.contains("took back"), "{place}");
    }
    assert!(!sheet().await.contains("Not owed"));
    let account = office.page(&at).await;
    assert!(account.contains("taken back") && account.contains("voided") && !account.contains("took back charges"));
    let page = office.page(&one).await;
    for not in ["Ask for it after all", "Void the booking", "Bill it", "Ask nothing for it"] {
        assert!(!page.contains(not), "{not}: {page}");
    }
    assert_eq!(office.site.submit(&format!("{one}/ask"), &office.billing, "seen=2").await.status, 409);
}
