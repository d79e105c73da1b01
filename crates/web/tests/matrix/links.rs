//! What a page offers, it keeps: no link of any page leads to a refusal.

use crate::world::World;
use domain::Role;
use std::collections::{BTreeSet, VecDeque};

/// Where the links of a page lead.
fn links(page: &str) -> BTreeSet<String> {
    let hrefs = page.split("<a ").skip(1).filter_map(|rest| {
        let tag = rest.split_once('>')?.0;
        tag.split_once("href=\"")?.1.split_once('"').map(|(href, _)| href.to_owned())
    });
    hrefs.filter(|href| href.starts_with('/')).map(|href| href.replace("&amp;", "&")).collect()
}

/// What of an address is like what was seen before: one exercise of the library is like another, and so is one page of a
/// list; a list that is asked differently is another one, with other links.
fn kind(to: &str) -> String {
    let (path, query) = to.split('#').next().and_then(|to| to.split_once('?')).unwrap_or((to, ""));
    let path = if path.starts_with("/exercises/") { "/exercises/…" } else { path };
    let mut asked: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    asked.sort_unstable();
    format!("{path}?{}", asked.join("&"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_of_any_page_leads_whoever_sees_it_to_a_refusal() {
    let world = World::new().await;
    let mut refused = Vec::new();
    for role in Role::ALL {
        let cookie = &world.cookies[role];
        let mut waiting = VecDeque::from([("the beginning".to_owned(), "/account".to_owned())]);
        let home = world.site.open("/", cookie).await;
        waiting.push_back(("/".to_owned(), home.header("location").expect("leads on").to_owned()));
        let mut seen = BTreeSet::new();
        while let Some((from, to)) = waiting.pop_front() {
            if !seen.insert(kind(&to)) {
                continue;
            }
            let answer = world.site.open(&to, cookie).await;
            if !answer.status.is_success() && !answer.status.is_redirection() {
                refused.push(format!("{role}: {from} leads to {to}: {}", answer.status));
            }
            if answer.header("content-type").unwrap_or_default().starts_with("text/html") {
                waiting.extend(links(&answer.text()).into_iter().map(|next| (to.clone(), next)));
            }
        }
        assert!(seen.len() > 2, "{role} saw {seen:?}");
    }
    assert!(refused.is_empty(), "{refused:#?}");
}
