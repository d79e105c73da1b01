//! Lists that are longer than a page.

use super::*;
use store::Batch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_and_accounts_come_in_pages() {
    let office = Office::new().await;
    for day in ["2026-05-04", "2026-05-05", "2026-05-06"] {
        office.charged(day, 30).await;
    }
    let (mut days, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = office.done(Method::GET, &format!("/drafts?limit=1{cursor}"), None, 200).await.json();
        days.extend(page["items"].as_array().expect("a list").iter().map(|line| id(line, "day")));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(days, ["2026-05-04", "2026-05-05", "2026-05-06"]);
    for rest in ["/drafts?cursor=AAAA", "/accounts?cursor=AAAA"] {
        let refused = office.done(Method::GET, rest, None, 422).await;
        assert_eq!(refused.json()["errors"][0]["field"], "cursor");
    }
    for rest in ["/drafts?diagnosis=x", "/accounts?q=Ana"] {
        office.done(Method::GET, rest, None, 422).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_much_on_it_shows_the_last_of_it_says_that_there_is_more_and_leads_there() {
    let office = Office::new().await;
    let mut account = String::new();
    for day in ["2026-05-04", "2026-05-05", "2026-05-06"] {
        account = id(&office.charged(day, 30).await, "account_id");
    }
    let (at, page) = (format!("/accounts/{account}"), format!("/billing/accounts/{account}"));
    let whole = async |what: &str| {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = office.done(Method::GET, &format!("{at}/{what}?limit=2{cursor}"), None, 200).await.json();
            all.extend(page["items"].as_array().expect("a list").clone());
            let Some(next) = page["next"].as_str() else { return all };
            cursor = format!("&cursor={next}");
        }
    };
    let days: Vec<String> = whole("charges").await.iter().map(|line| id(line, "day")).collect();
    assert_eq!(days, ["2026-05-06", "2026-05-05", "2026-05-04"]);
    assert!(office.page(&format!("{page}/charges")).await.contains("4 May 2026"));

    for cents in 1..=100 {
        let new = json!({ "kind": "payment", "amount": cents, "day": "2026-05-04" });
        office.done(Method::POST, &format!("{at}/bookings"), Some(new), 201).await;
    }
    let view = office.done(Method::GET, &at, None, 200).await.json();
    assert_eq!((&view["more_charges"], &view["more_bookings"]), (&json!(false), &json!(false)));
    let newest = view["charges"][0].clone();
    let bill = format!("{at}/charges/{}/bill", id(&newest, "charge_id"));
    office.site.clock.advance_seconds(60);
    assert_eq!(office.with(Method::POST, &bill, &[("if-match", "\"1\"")], None).await.status, 201);

    let view = office.done(Method::GET, &at, None, 200).await.json();
    let shown = view["bookings"].as_array().expect("a list");
    assert_eq!((shown.len(), &view["more_bookings"], &shown[99]["kind"]), (100, &json!(true), &json!("charge")));
    assert_eq!((&view["charges"][0]["amount"], &view["charges"][1]["amount"]), (&json!(8000), &Value::Null));
    assert_eq!(view["aging"]["current"], json!(8000 - 5050), "what is owed counts all of them");
    let bookings = whole("bookings").await;
    let mut amounts: Vec<i64> = bookings.iter().filter_map(|one| one["owed"].as_i64()).collect();
    assert_eq!((amounts.len(), amounts[0]), (101, 8000), "each once, the last one first");
    amounts.sort_unstable();
    assert_eq!(amounts[..100], (-100..=-1).collect::<Vec<i64>>());
    let account_page = office.page(&page).await;
    assert!(account_page.contains("There are earlier ones. "), "{account_page}");
    assert!(account_page.contains(&format!("{page}/bookings\">See all bookings")), "{account_page}");
    assert!(!account_page.contains("There are older ones"), "{account_page}");
    let listed = office.page(&format!("{page}/bookings")).await;
    assert!(listed.contains("rel=\"next\"") && listed.contains("$80.00"), "{listed}");
    let statement = office.page(&format!("{page}/statement")).await;
    assert_eq!(statement.matches("<div>Payment</div>").count(), 100, "a statement leaves nothing out");
    office.done(Method::GET, &format!("{at}/bookings?cursor=AAAA"), None, 422).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_damaged_holds_up_no_other_and_its_account_can_be_worked_on() {
    let office = Office::new().await;
    let account = id(&office.charged("2026-05-04", 30).await, "account_id");
    let bea = office.charged_of("Bea", "2026-05-05").await;
    let clinical = &office.site.house.stores.clinical;
    const READ: &str = "SELECT given_name FROM patients WHERE patient_id = $1";
    let row = clinical.one(READ, &[office.patient.into()]).await.expect("read");
    let mut spoilt = row.blob(0).expect("bytes").to_vec();
    *spoilt.last_mut().expect("bytes") ^= 1;
    const SPOIL: &str = "UPDATE patients SET given_name = $1 WHERE patient_id = $2";
    let batch = Batch::new().run(SPOIL, &[spoilt[..].into(), office.patient.into()]).expect(1);
    clinical.commit(batch).await.expect("spoilt");

    let listed = office.done(Method::GET, "/accounts", None, 200).await.json();
    let mut lines: Vec<_> = listed["items"].as_array().expect("a list").iter().collect();
    lines.sort_by_key(|line| line["name"].is_null());
    let said = |line: &Value| (id(line, "account_id"), line["name"].clone(), line["name_is_damaged"].clone());
    assert_eq!(said(lines[0]), (bea, json!("Bea Li"), json!(false)));
    assert_eq!(said(lines[1]), (account.clone(), Value::Null, json!(true)));
    let page = office.page("/billing/accounts").await;
    assert!(page.contains("A name that is damaged") && page.contains("Bea Li"), "{page}");
    let at = format!("/billing/accounts/{account}");
    for place in [at.clone(), format!("{at}/statement")] {
        let page = office.page(&place).await;
        assert!(
            page.contains("Name and contact of this account do not open") && page.contains("A name that is"),
            "{page}"
        );
    }
    let paid = office
        .site
        .submit(
            &format!("{at}/bookings"),
            &office.billing,
            "key=a-1&kind=payment&amount=5&day=2026-05-04&paid_by=patient",
        )
        .await;
    assert_eq!(paid.status, 303, "{}", paid.text());
}
