//! Channels and agreements as those see and set them who watch over a practice.

use super::scene::Scene;
use axum::http::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_set_under_an_agreement_in_person_its_secret_is_shown_once_and_all_of_it_is_recorded() {
    let scene = Scene::new().await;
    let cookie = scene.officer().await;
    let page = scene.site.open("/alerts/channels", &cookie).await.text();
    assert!(page.contains("Nothing is sent anywhere") && page.contains("Put an agreement on file first"), "{page}");
    let unsigned = "integration=webhook&associate=Receiver+Inc.&kept_at=Folder+7";
    let refused = scene.site.submit("/agreements", &cookie, unsigned).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("The day of signing must be the day on which it was signed"));
    let signed = format!("{unsigned}&signed_on=2026-05-01&ends_on=2026-05-31");
    assert_eq!(scene.site.submit("/agreements", &cookie, &signed).await.status, 303);
    let page = scene.site.open("/agreements", &cookie).await.text();
    assert!(page.contains("Receiver Inc.") && page.contains("Folder 7") && page.contains("in force"), "{page}");
    let listed = scene.site.api(Method::GET, "/api/v1/agreements", &cookie, None).await.json();
    let agreement = listed["items"][0]["agreement_id"].as_str().expect("an id").to_owned();

    let form = |address: &str, kind: &str| format!("kind={kind}&address={address}&agreement_id={agreement}");
    let plain = scene.site.submit("/alerts/channels", &cookie, &form("http%3A%2F%2Fa.example", "webhook")).await;
    assert!(plain.status == 422 && plain.text().contains("The address must begin with https://"));
    let other = scene.site.submit("/alerts/channels", &cookie, &form("siem.example", "syslog")).await;
    assert!(other.status == 422 && other.text().contains("must be an agreement for this"), "{}", other.text());
    let set =
        scene.site.submit("/alerts/channels", &cookie, &form("https%3A%2F%2Fa.example%2Fhidden-path", "webhook")).await;
    assert_eq!(set.status, 200);
    let shown = set.text();
    let secret = shown.split("whsec_").nth(1).expect("a secret").split('<').next().expect("its end").to_owned();
    assert_eq!(secret.len(), 44, "32 bytes in base64");
    let page = scene.site.open("/alerts/channels", &cookie).await.text();
    assert!(page.contains("https://a.example/…") && page.contains("nothing sent yet"), "{page}");
    let listed = scene.site.api(Method::GET, "/api/v1/alerts/channels", &cookie, None).await;
    for text in [&page, &listed.text()] {
        assert!(!text.contains(&secret) && !text.contains("hidden-path"), "{text}");
    }
    let listed = listed.json();
    assert_eq!((&listed["items"][0]["state"], &listed["items"][0]["waiting"]), (&"new".into(), &0.into()));
    let channel = listed["items"][0]["channel_id"].as_str().expect("an id").to_owned();

    scene.site.clock.advance_seconds(6 * 60);
    let late = scene.site.submit(&format!("/alerts/channels/{channel}/end"), &cookie, "").await;
    assert_eq!(late.header("location"), Some("/account/confirm?next=/alerts/channels"));
    let body = json!({ "kind": "webhook", "address": "https://b.example", "agreement_id": agreement });
    let late = scene.site.api(Method::POST, "/api/v1/alerts/channels", &cookie, Some(body)).await;
    assert_eq!(late.status, 401, "a factor proven just now");
    let cookie = scene.officer().await;
    let ended = scene.site.submit(&format!("/agreements/{agreement}/end"), &cookie, "").await;
    assert_eq!(ended.header("location"), Some("/agreements"));
    let page = scene.site.open("/alerts/channels", &cookie).await.text();
    assert!(page.contains("agreement over") && page.contains("stopped"), "{page}");
    let path = format!("/api/v1/alerts/channels/{channel}");
    assert_eq!(scene.site.api(Method::DELETE, &path, &cookie, None).await.status, 204);
    assert_eq!(scene.site.api(Method::DELETE, &path, &cookie, None).await.status, 409);

    let entries = scene.site.ledger.entries();
    let about = |action: &str| entries.iter().filter(|entry| entry.action.as_str() == action).count();
    let all = ["add_agreement", "set_channel", "end_agreement", "end_channel"].map(about);
    assert_eq!(all, [1, 2, 1, 1], "of two tries to set one, one was refused");
    let text = format!("{entries:?}");
    assert!(!text.contains("a.example") && !text.contains("Receiver") && !text.contains(&secret));
}
