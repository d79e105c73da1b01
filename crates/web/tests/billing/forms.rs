//! What people type, and the words beside it.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_does_not_fit_comes_back_with_what_was_typed() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 30).await;
    let at = format!("/billing/accounts/{}/bookings", id(&draft, "account_id"));
    for (typed, said) in [
        ("key=a-1&kind=payment&amount=12.5&day=2026-05-04&paid_by=patient", "Amount must be dollars and cents"),
        ("key=a-1&kind=payment&amount=-1.00&day=2026-05-04&paid_by=patient", "Amount must be dollars and cents"),
        ("key=a-1&kind=payment&amount=0&day=2026-05-04&paid_by=patient", "Amount must be more than zero"),
        (
            "key=a-1&kind=void&amount=1&day=2026-05-04&paid_by=patient",
            "What it is must be payment, adjustment or refund",
        ),
        ("key=a-1&kind=payment&amount=7.77&day=2026-05-20&paid_by=patient", "Day must not be ahead"),
        ("key=a-1&kind=payment&amount=7.77&day=2026-05-04&paid_by=", "From or to must be chosen from the list"),
    ] {
        let answer = office.site.submit(&at, &office.billing, typed).await;
        assert_eq!(answer.status, 422, "{typed}");
        assert!(answer.text().contains(said) && answer.text().contains("aria-invalid=\"true\""), "{typed}");
    }
    let back = office
        .site
        .submit(&at, &office.billing, "key=a-1&kind=refund&amount=7.777&day=2026-05-04&paid_by=patient")
        .await
        .text();
    assert!(back.contains("value=\"7.777\"") && back.contains("value=\"refund\" selected"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_earns_no_unit_says_what_can_be_done_in_the_words_of_the_buttons() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 5).await;
    assert_eq!(draft["no_unit"], json!(true));
    let (account, charge) = (id(&draft, "account_id"), id(&draft, "charge_id"));
    let page = office.page(&format!("/billing/accounts/{account}/charges/{charge}")).await;
    let bill = format!("/accounts/{account}/charges/{charge}/bill");
    let refused = office.with(Method::POST, &bill, &[("if-match", "\"1\"")], None).await;
    assert_eq!(refused.status, 409);
    for text in [page.replace("data-ask", ""), office.page("/billing/charges").await, refused.text()] {
        assert!(text.to_lowercase().contains("ask nothing for it, or tell the therapist"), "{text}");
        assert!(!text.contains("void it") && !text.contains("Void it"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_is_called_the_same_above_it_and_where_it_is_wrong() {
    let office = Office::new().await;
    let account = id(&office.charged("2026-05-04", 30).await, "account_id");
    let at = format!("/billing/accounts/{account}");
    for (path, typed, labels) in [
        ("/billing/fees".to_owned(), "", &["Code", "What you call it", "First day", "Fee for one unit"][..]),
        ("/billing/payers".to_owned(), "key=a-1", &["Name", "How it counts units of timed codes"]),
        (format!("{at}/bookings"), "key=a-1", &["What it is", "Amount", "Day", "From or to"]),
        (format!("{at}/payer"), "seen=1&payer=nobody", &["Who pays first"]),
    ] {
        let answer = office.site.submit(&path, &office.billing, typed).await;
        assert_eq!(answer.status, 422, "{path}");
        for label in labels {
            let (above, wrong) = (format!(">{label}<"), format!("{label} must be"));
            assert!(
                answer.text().contains(&above) && answer.text().contains(&wrong),
                "{path}: {label} {}",
                answer.text()
            );
        }
    }
}
