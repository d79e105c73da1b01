//! Law 10 over every page: nothing inline, nothing from elsewhere, and the headers that make browsers hold to it.

use crate::{
    expectation::{Whom, whom},
    request::{name, sent},
    world::{Relation, World},
};
use domain::Role;
use testkit::site::Answer;
use web::{Kind, Verb, routes};

/// What of a page's text would be run, styled or fetched although it must not be.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)) {
        let element = tag.split_whitespace().next().unwrap_or_default();
        if element == "style"
            || (element == "script" && !tag.contains(" src=\"/"))
            || element == "base"
            || element == "iframe"
        {
            faults.push(format!("<{tag}>"));
        }
        for attribute in attributes(tag) {
            let (key, value) = attribute;
            let runs = key == "style" || key.starts_with("on") || value.trim_start().starts_with("javascript:");
            let fetches = ["src", "href", "action", "formaction", "srcset", "poster", "data", "xlink:href"]
                .contains(&key.as_str());
            let elsewhere = value.contains("://") || value.starts_with("//") || value.starts_with("data:");
            if runs || (fetches && elsewhere) {
                faults.push(format!("{key}={value}"));
            }
        }
    }
    faults
}

/// The attributes of a tag, as maud writes them: `name="value"`.
pub(crate) fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let key = before.rsplit(char::is_whitespace).next().unwrap_or_default().to_ascii_lowercase();
        let Some((value, after)) = after.split_once('"') else { break };
        found.push((key, value.to_owned()));
        rest = after;
    }
    found
}

fn held(answer: &Answer) -> bool {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let strict = policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'");
    let closed = ["unsafe-", "http:", "https:", "data:", "*"].iter().all(|word| !policy.contains(word));
    strict
        && closed
        && answer.header("x-content-type-options") == Some("nosniff")
        && answer.header("strict-transport-security").is_some()
        && answer.header("x-frame-options") == Some("DENY")
}

#[test]
fn a_planted_fault_is_found() {
    for bad in [
        "<p style=\"color:red\">",
        "<button type=\"button\" onclick=\"go()\">",
        "<script>1</script>",
        "<style>p{}</style>",
        "<img src=\"https://cdn.example/x.png\">",
        "<a href=\"//elsewhere.example\">",
        "<a href=\"javascript:void\">",
    ] {
        assert_eq!(faults(bad).len(), 1, "{bad}");
    }
    assert_eq!(
        faults("<a href=\"/patients\" class=\"on\"><script src=\"/assets/1/form.js\" type=\"module\"></script>"),
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_every_role_holds_nothing_inline_and_nothing_from_elsewhere() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for route in
        routes::table().routes().into_iter().filter(|route| route.kind == Kind::Page && route.method == Verb::Get)
    {
        let whom = whom(&name(&route)).unwrap_or(Whom::All);
        let request = sent(&world, &route, Relation::Own).await;
        for role in Role::ALL {
            let cookie = match whom {
                Whom::All => String::new(),
                Whom::Half => world.site.half_signed_in(&world.people[role]).await,
                _ => world.cookies[role].clone(),
            };
            // Errors are pages too.
            let answer = world.site.send(request.with(route.method, &cookie)).await;
            let page = format!("{} as {role}: {}", name(&route), answer.status);
            if answer.header("content-type").unwrap_or_default().starts_with("text/html") {
                wrong.extend(faults(&answer.text()).into_iter().map(|fault| format!("{page}: {fault}")));
            }
            if !held(&answer) {
                wrong.push(format!("{page}: headers"));
            }
            if whom == Whom::All {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_of_the_api_carries_the_security_headers() {
    let world = World::new().await;
    for route in routes::table().routes().into_iter().filter(|route| route.kind != Kind::Page) {
        let request = sent(&world, &route, Relation::Own).await;
        for cookie in ["", world.cookies[&Role::Admin].as_str()] {
            let answer = world.site.send(request.with(route.method, cookie)).await;
            assert!(held(&answer), "{}: {}", name(&route), answer.status);
        }
    }
}
