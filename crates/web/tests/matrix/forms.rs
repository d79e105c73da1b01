//! What the pages' own forms ask for: every field of every form gets what does not belong there.

use crate::{
    bad_input::{Door, doors},
    fail_closed::rows,
    pages::attributes,
    request::{Sent, name},
    world::World,
};
use form_urlencoded::Serializer;
use std::collections::BTreeMap;
use testkit::site::Answer;
use web::{Kind, Verb};

const MEDIA: &str = "application/x-www-form-urlencoded";

/// Forms that no page of a session in full shows: the first is behind a secret link, the other is of who is not signed in yet.
const NOT_SHOWN: [&str; 2] = ["POST /join/{secret}", "POST /sign-in/recovery"];

/// A field of a form: what kind it is, and what stands in it.
#[derive(Debug, Clone)]
struct Field {
    name: String,
    kind: String,
    value: String,
}

#[derive(Debug, Clone)]
struct Form {
    action: String,
    fields: Vec<Field>,
}

impl Form {
    /// As a browser sends it, with one field changed.
    fn with(&self, changed: &Field, value: &str) -> Vec<u8> {
        let mut body = Serializer::new(String::new());
        for field in &self.fields {
            let ticked = !matches!(field.kind.as_str(), "checkbox" | "radio") || !field.value.is_empty();
            if field.name == changed.name {
                body.append_pair(&field.name, value);
            } else if ticked {
                body.append_pair(&field.name, &field.value);
            }
        }
        body.finish().into_bytes()
    }
}

/// The forms of a page that are sent by POST.
fn forms(path: &str, page: &str) -> Vec<Form> {
    let mut found = Vec::new();
    for text in page.split("<form ").skip(1) {
        let text = text.split("</form>").next().unwrap_or_default();
        // What stands in a template, a browser does not send.
        let text: String =
            text.split("</template>").map(|part| part.split("<template").next().unwrap_or_default()).collect();
        let Some((opening, inside)) = text.split_once('>') else { continue };
        let opening: BTreeMap<String, String> = attributes(opening).into_iter().collect();
        if opening.get("method").map(String::as_str) != Some("post") {
            continue;
        }
        let action = opening.get("action").cloned().unwrap_or_else(|| path.to_owned());
        let mut fields: Vec<Field> = Vec::new();
        for tag in inside.split('<').filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)) {
            let element = tag.split_whitespace().next().unwrap_or_default();
            let said: BTreeMap<String, String> = attributes(tag).into_iter().collect();
            let value = said.get("value").map(|value| value.replace("&amp;", "&").replace("&quot;", "\""));
            match (element, said.get("name")) {
                ("input" | "select" | "textarea", Some(name)) => {
                    let kind = said.get("type").cloned().unwrap_or_else(|| element.to_owned());
                    let off = matches!(kind.as_str(), "checkbox" | "radio") && !tag.contains(" checked");
                    let value = if off { String::new() } else { value.unwrap_or_default() };
                    // Of a group of radio buttons a browser sends one value.
                    let group = fields.iter_mut().find(|field| kind == "radio" && field.name == *name);
                    match group {
                        Some(group) if group.value.is_empty() => group.value = value,
                        Some(_) => {}
                        None => fields.push(Field { name: name.clone(), kind, value }),
                    }
                }
                ("option", _) => {
                    if let (Some(field), Some(value)) = (fields.last_mut(), value)
                        && (field.value.is_empty() || tag.contains(" selected"))
                    {
                        field.value = value;
                    }
                }
                _ => {}
            }
        }
        found.push(Form { action, fields });
    }
    found
}

/// Whether a path is one of a route.
fn leads_to(path: &str, door: &Door) -> bool {
    let (given, wanted): (Vec<_>, Vec<_>) = (path.split('/').collect(), door.route.path.split('/').collect());
    given.len() == wanted.len()
        && given.iter().zip(wanted).all(|(given, wanted)| wanted.starts_with('{') || *given == wanted)
}

/// Every form that leads somewhere and asks for something, filled in so that it fits where we know how.
async fn filled(world: &World) -> Vec<(Door, Form)> {
    let page = |route: &web::Route| route.kind == Kind::Page;
    let mut shown = Vec::new();
    for door in doors(world, |route| page(route) && route.method == Verb::Get).await {
        let answer = world.site.send(door.request.with(Verb::Get, &door.cookie)).await;
        shown.extend(forms(&door.request.path, &answer.text()));
    }
    let mut all = Vec::new();
    for door in doors(world, |route| page(route) && route.method == Verb::Post).await {
        if !door.request.body.is_empty() && !shown.iter().any(|form| leads_to(&form.action, &door)) {
            // What can be done only as some things of a kind stand is offered on their own page, one step above.
            let (above, _) = door.request.path.rsplit_once('/').expect("a path");
            shown.extend(forms(above, &world.site.open(above, &door.cookie).await.text()));
        }
        let Some(form) = shown.iter().find(|form| leads_to(&form.action, &door)) else {
            let asks_nothing = door.request.body.is_empty();
            assert!(
                asks_nothing || NOT_SHOWN.contains(&name(&door.route).as_str()),
                "no page shows {}",
                name(&door.route)
            );
            continue;
        };
        let mut form = form.clone();
        for (name, value) in form_urlencoded::parse(&door.request.body) {
            for field in form.fields.iter_mut().filter(|field| field.name == name) {
                field.value = value.clone().into_owned();
            }
        }
        if !form.fields.is_empty() {
            all.push((door, form));
        }
    }
    assert!(all.len() >= 10, "{} forms", all.len());
    all
}

async fn submit(world: &World, door: &Door, form: &Form, body: Vec<u8>) -> Answer {
    let sent = Sent { path: form.action.clone(), body, media: MEDIA, if_match: None };
    world.site.send(sent.with(Verb::Post, &door.cookie)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_numbers_and_choices_that_do_not_exist_come_back_with_the_form_and_nothing_is_stored() {
    let world = World::new().await;
    let all = filled(&world).await;
    let (before, mut wrong, mut asked) = (rows(&world).await, Vec::new(), 0);
    for (door, form) in &all {
        for field in &form.fields {
            let values: &[&str] = match field.kind.as_str() {
                "date" => &["2026-02-31", "2026-13-01", "31.02.2026"],
                "number" => &["99999999999999999999", "NaN", "-1", "2.5.1"],
                "select" | "radio" => &["marker-7f3a91"],
                _ => &[],
            };
            for value in values {
                asked += 1;
                let answer = submit(&world, door, form, form.with(field, value)).await;
                // A form that changed under the hands, or a choice that was never offered, may also be refused as such.
                let shows = answer.text().contains("aria-invalid=\"true\"") || answer.text().contains("class=\"field");
                if !answer.status.is_client_error() || (field.kind == "date" && (answer.status != 422 || !shows)) {
                    wrong.push(format!("{} {} = {value}: {}", name(&door.route), field.name, answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert!(asked > 40, "{asked} values");
    assert_eq!(rows(&world).await, before, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_typed_into_a_form_is_taken_or_refused_and_never_breaks_the_server() {
    let world = World::new().await;
    let long = "x".repeat(20_000);
    let mut wrong = Vec::new();
    for (door, form) in &filled(&world).await {
        for field in &form.fields {
            for value in [
                "",
                "a\u{0}b",
                "\u{202e}\u{feff}\n\t",
                "<script>1</script>",
                "' OR 1=1 --",
                "{}",
                "[]",
                "%00%ff",
                &long,
            ] {
                let answer = submit(&world, door, form, form.with(field, value)).await;
                let fits = answer.status.is_redirection() || answer.status.is_client_error() || answer.status == 200;
                if !fits || answer.text().contains("<script>1") {
                    let value: String = value.chars().take(20).collect();
                    wrong.push(format!("{} {} = {value:?}: {}", name(&door.route), field.name, answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
