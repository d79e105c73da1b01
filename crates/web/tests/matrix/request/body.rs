//! Bodies that fit each route, in JSON and as a form sends them.

use super::{name, voids};
use crate::{
    chart::Chart,
    world::{Relation, World, charge, entry, program, visit},
};
use crypto::SystemRng;
use domain::{AccountId, PatientId, VisitId};
use form_urlencoded::Serializer;
use serde_json::{Value, json};
use web::Route;

/// Another patient as whom a record goes on: one on whose care team nobody is who asks, for nobody who has a place on either
/// closes a record.
fn goes_on_as(world: &World, chart: &Chart) -> PatientId {
    let other = world.charts[&Relation::Other].patient;
    if chart.patient == other { world.charts[&Relation::Ended].patient } else { other }
}

fn address() -> String {
    format!("{}@example.org", AccountId::random(&SystemRng))
}

/// An incident that ends nobody's session and affects nobody.
pub(crate) fn incident() -> Value {
    json!({
        "subject": "address", "subject_id": "192.0.2.250", "from": "2026-05-13T00:00:00Z", "to": "2026-05-14T00:00:00Z",
        "discovered_on": "2026-05-14", "what": "Somebody sat at an open desk.",
    })
}

/// A course that is asked of therapists.
pub(crate) fn course() -> Value {
    json!({
        "title": "Privacy", "purpose": "What HIPAA asks.", "roles": ["therapist", "billing"], "renewal_months": 12,
        "due_days": 30,
    })
}

/// That a colleague was trained.
pub(crate) fn training(world: &World) -> Value {
    json!({ "account_id": world.colleague.account(), "trained_on": "2026-05-13", "how": "Read it with Sam" })
}

/// A body that fits the route.
pub(crate) fn json_body(world: &World, route: &Route, chart: &Chart) -> Value {
    match name(route).as_str() {
        "POST /api/v1/patients" | "PUT /api/v1/patients/{patient_id}" => {
            let email = format!("{}@example.org", chart.patient);
            json!({ "given_name": "Ada", "family_name": "Changed", "birth_date": "1984-03-02", "email": email })
        }
        "PUT /api/v1/patients/{patient_id}/program" => {
            let mut program = program(&world.exercise);
            // The same item in the next version, so that what is about it still is.
            program["items"][0]["item_id"] = chart.item.clone().into();
            program
        }
        "POST /api/v1/patients/find" => json!({ "q": "Ada", "everybody": true }),
        "POST /api/v1/patients/{patient_id}/notes" | "POST /api/v1/patients/{patient_id}/notes/{note_id}/amendment" => {
            json!({ "body": "Stairs are easier now." })
        }
        // Far ahead, so that what is about the program still is.
        "POST /api/v1/patients/{patient_id}/program/end" => json!({ "last_day": "2030-01-01", "reason": "Well done." }),
        "POST /api/v1/patients/{patient_id}/log" | "POST /api/v1/patients/{patient_id}/log/{entry_id}/correction" => {
            entry(&chart.item)
        }
        "POST /api/v1/patients/{patient_id}/visits" | "PUT /api/v1/patients/{patient_id}/visits/{visit_id}" => {
            visit(world.colleague.account(), world.site.now())
        }
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge"
        | "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/correction" => charge(),
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/withdrawal" => json!({ "reason": "not_held" }),
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/units" => {
            json!({ "services": charge()["services"] })
        }
        "POST /api/v1/patients/{patient_id}/care-team" => {
            json!({ "account_id": world.colleague.account(), "kind": "covering" })
        }
        "POST /api/v1/billing/accounts/{billing_account_id}/bookings" => {
            json!({ "kind": "payment", "amount": 1250, "day": "2026-05-14" })
        }
        "PUT /api/v1/billing/accounts/{billing_account_id}/payer" => json!({ "payer_id": chart.billed.payer }),
        "POST /api/v1/billing/payers" => json!({ "name": address(), "unit_rule": "cms" }),
        "POST /api/v1/billing/fees" => {
            json!({ "code": "97140", "valid_from": "2026-05-01", "fee": 3800, "words": "Manual therapy" })
        }
        "POST /api/v1/training/courses" | "PUT /api/v1/training/courses/{course_id}" => course(),
        "PUT /api/v1/training/settings" => json!({ "enforced": false, "warn_days": 21 }),
        "POST /api/v1/training/courses/{course_id}/records" => training(world),
        "POST /api/v1/training/records/{training_id}/correction" => {
            json!({ "trained_on": "2026-05-12", "how": "It was the day before" })
        }
        "POST /api/v1/incidents" => incident(),
        "POST /api/v1/incidents/{incident_id}/assessment" => {
            json!({
                "nature": "care", "nature_words": "Charts.", "recipient": "known", "recipient_words": "A colleague.",
                "acquired": "viewed", "acquired_words": "The entries show it.", "mitigated": "partly",
                "mitigated_words": "They said so.", "conclusion": "breach",
            })
        }
        "POST /api/v1/incidents/{incident_id}/states" => json!({ "state": "TX", "people": 3 }),
        "POST /api/v1/incidents/{incident_id}/notices" => json!({ "notice": "individuals", "given_on": "2026-05-14" }),
        "POST /api/v1/incidents/{incident_id}/letters" => {
            json!({
                "language": "en", "happened": "Charts were opened.", "advice": "Look at who looked.",
                "doing": "We ask sooner.", "ask": "Call 800 555 0100.",
            })
        }
        "POST /api/v1/incidents/{incident_id}/closing" => json!({ "lessons": "Ask sooner." }),
        "POST /api/v1/audit/reviews" => json!({ "until": "2026-05-14T12:45:00Z" }),
        "POST /api/v1/alerts/{alert_id}/review" => json!({ "words": "Asked her: it was a review of charts." }),
        "POST /api/v1/emergencies" => {
            json!({ "patient_id": chart.patient, "reason": "Fell in the waiting room" })
        }
        "POST /api/v1/emergencies/{emergency_id}/signature" => {
            json!({ "finding": "justified", "words": "Asked the front desk: it was so." })
        }
        "PUT /api/v1/alerts/settings/{setting}" => json!({ "value": "7" }),
        "POST /api/v1/alerts/channels" => {
            json!({ "kind": "webhook", "address": "https://receiver.example/alerts", "agreement_id": chart.agreements[2] })
        }
        "PUT /api/v1/alerts/channels/{channel_id}/agreement" => json!({ "agreement_id": chart.agreements[3] }),
        "POST /api/v1/agreements" => crate::world::agreement(),
        "PUT /api/v1/access-reviews/settings" => json!({ "due_days": 21, "unused_days": 45 }),
        "POST /api/v1/access-reviews/{review_id}/items/{access_item_id}" => json!({ "decision": "keep" }),
        _ if voids(route) => json!({ "reason": "Another patient's" }),
        "POST /api/v1/patients/{patient_id}/merge" => {
            json!({ "into": goes_on_as(world, chart) })
        }
        "POST /api/v1/patients/{patient_id}/amendments"
        | "POST /api/v1/patients/{patient_id}/amendments/{amendment_id}/disagreement" => {
            json!({ "words": "It was the left knee." })
        }
        "POST /api/v1/patients/{patient_id}/amendments/{amendment_id}/answer" => {
            json!({ "answer": "accepted", "words": "It says left now." })
        }
        // Declined, so that everything about this patient still is as expected.
        "POST /api/v1/patients/{patient_id}/restrictions" => json!({ "what": "notes", "answer": "declined" }),
        "POST /api/v1/retention/holds" => json!({ "reason": "A claim is open" }),
        "POST /api/v1/invitations" => json!({ "email": address(), "display_name": "New", "role": "therapist" }),
        "PUT /api/v1/accounts/{account_id}" => json!({ "role": "billing", "state": "disabled" }),
        "POST /api/v1/session" => json!({ "email": "somebody@example.org", "password": "not the password" }),
        "PUT /api/v1/me/password" => {
            json!({ "current_password": "not the password", "new_password": "gravel mirror 88" })
        }
        "POST /api/v1/me/tokens" => json!({ "label": "Nightly report", "scopes": ["read_exercise"], "days": 30 }),
        "POST /api/v1/me/passkeys/finish" => json!({ "label": "Desk key", "credential": {} }),
        "POST /api/v1/session/passkey/finish" | "POST /api/v1/session/step-up/passkey/finish" => {
            json!({ "credential": {} })
        }
        "POST /api/v1/session/totp"
        | "POST /api/v1/session/recovery"
        | "POST /api/v1/session/step-up/totp"
        | "POST /api/v1/me/totp/confirm" => json!({ "code": "000000" }),
        "POST /api/v1/invitations/{secret}/accept" => json!({ "password": "gravel mirror 88", "code": "000000" }),
        "POST /api/v1/invitations/{secret}/passkey/finish" => {
            json!({ "password": "gravel mirror 88", "credential": {} })
        }
        _ => json!({}),
    }
}

/// Whose form carries a key, so that it is done once when it is sent twice.
const WITH_KEY: [&str; 10] = [
    "POST /amendments",
    "POST /patients/{patient_id}/notes",
    "POST /patients/{patient_id}/visits",
    "POST /patients/{patient_id}/visits/{visit_id}/charge",
    "POST /patients/{patient_id}/restrictions",
    "POST /billing/accounts/{billing_account_id}/bookings",
    "POST /billing/accounts/{billing_account_id}/bookings/{booking_id}/void",
    "POST /billing/payers",
    "POST /today/{item_id}",
    "POST /log/{entry_id}/correct",
];

pub(super) async fn form_body(world: &World, route: &Route, chart: &Chart, account: AccountId) -> String {
    let mut form = Serializer::new(String::new());
    if WITH_KEY.contains(&name(route).as_str()) {
        form.append_pair("key", &VisitId::random(&SystemRng).to_string());
    }
    match name(route).as_str() {
        "POST /patients" => {
            form.append_pair("q", "Ada");
        }
        "POST /patients/new" => {
            form.extend_pairs([("given_name", "Eve"), ("family_name", "New"), ("birth_date", "1984-03-02")]);
            form.append_pair("seen", &VisitId::random(&SystemRng).to_string());
        }
        "POST /patients/{patient_id}/edit" => {
            form.extend_pairs([("given_name", "Ada"), ("family_name", "Typed"), ("birth_date", "1984-03-02")]);
            form.append_pair("email", &format!("{}@example.org", chart.patient));
            form.append_pair("seen", &world.patient_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/program/edit" => {
            form.extend_pairs([("title", "Knee"), ("starts_on", "2026-05-04"), ("items[0].dose.sets", "3")]);
            form.extend_pairs([("items[0].dose.reps", "12"), ("items[0].dose.times_a_day", "1")]);
            form.extend_pairs([("items[0].dose.side", "both"), ("items[0].dose.weekdays", "1")]);
            form.append_pair("items[0].item_id", &chart.item);
            form.append_pair("items[0].exercise_id", &world.exercise);
            form.append_pair("seen", &world.program_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/notes/{note_id}/amend" => {
            form.append_pair("body", "Stairs are easier now.");
            form.append_pair("seen", &world.note_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/program/end" => {
            form.extend_pairs([("when", "after"), ("last_day", "2030-01-01"), ("reason", "Well done.")]);
            form.append_pair("seen", &world.program_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/notes" => {
            form.append_pair("body", "Stairs are easier now.");
        }
        "POST /patients/{patient_id}/visits" => {
            form.append_pair("therapist_id", &world.colleague.account().to_string());
            form.extend_pairs([("day", "2026-06-01"), ("time", "09:30"), ("minutes", "30")]);
        }
        "POST /patients/{patient_id}/visits/{visit_id}" => {
            form.append_pair("state", "held");
            form.append_pair("seen", &world.visit_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/visits/{visit_id}/charge" => {
            form.append_pair("seen", &world.sent_for(chart, 1).await.to_string());
            form.extend_pairs([("services[0].code", "97110"), ("services[0].minutes", "33")]);
            form.extend_pairs([("services[0].modifiers", "GP"), ("diagnoses", "M25.561"), ("do", "send")]);
        }
        "POST /patients/{patient_id}/care-team" => {
            form.append_pair("account_id", &world.colleague.account().to_string());
            form.append_pair("kind", "covering");
        }
        "POST /today/{item_id}" | "POST /log/{entry_id}/correct" => {
            form.extend_pairs([("sets", "3"), ("reps", "10"), ("pain", "2"), ("effort", "4")]);
        }
        "POST /billing/accounts/{billing_account_id}/bookings" => {
            form.extend_pairs([
                ("kind", "payment"),
                ("amount", "12.50"),
                ("day", "2026-05-14"),
                ("paid_by", "patient"),
            ]);
        }
        "POST /billing/accounts/{billing_account_id}/payer" => {
            form.append_pair("payer", &chart.billed.payer.to_string());
            form.append_pair("seen", &world.billing_version(chart).await.to_string());
        }
        "POST /billing/accounts/{billing_account_id}/charges/{charge_id}/bill"
        | "POST /billing/accounts/{billing_account_id}/charges/{charge_id}/void"
        | "POST /billing/accounts/{billing_account_id}/charges/{charge_id}/ask" => {
            form.append_pair("seen", &world.charge_version(chart, chart.billed.charge(route)).await.to_string());
        }
        "POST /billing/payers" => {
            form.extend_pairs([("name", address().as_str()), ("unit_rule", "ama")]);
        }
        "POST /billing/fees" => {
            form.extend_pairs([
                ("code", "97530"),
                ("words", "Activities"),
                ("valid_from", "2026-05-01"),
                ("fee", "41.00"),
            ]);
        }
        "POST /training/new" | "POST /training/courses/{course_id}" => {
            form.extend_pairs([("title", "Privacy"), ("purpose", "What HIPAA asks."), ("roles", "therapist")]);
            form.extend_pairs([("roles", "billing"), ("renewal_months", "12"), ("due_days", "30")]);
            if name(route).contains("{course_id}") {
                form.append_pair("seen", &world.course_version(&chart.courses[1]).await.to_string());
            }
        }
        "POST /training/settings" => {
            form.append_pair("warn_days", "21");
        }
        "POST /training/courses/{course_id}/end" => {
            form.append_pair("seen", &world.course_version(&chart.courses[3]).await.to_string());
        }
        "POST /training/courses/{course_id}/records" => {
            form.append_pair("account_id", &world.colleague.account().to_string());
            form.extend_pairs([("trained_on", "2026-05-13"), ("how", "Read it with Sam")]);
        }
        "POST /training/records/{training_id}" => {
            form.extend_pairs([("trained_on", "2026-05-12"), ("how", "It was the day before")]);
        }
        "POST /incidents/new" => {
            form.extend_pairs([
                ("address", "192.0.2.250"),
                ("from", "2026-05-13"),
                ("to", "2026-05-13"),
                ("discovered_on", "2026-05-14"),
                ("what", "Somebody sat at an open desk."),
            ]);
        }
        "POST /incidents/{incident_id}/assessment" => {
            form.extend_pairs([
                ("nature", "care"),
                ("nature_words", "Charts."),
                ("recipient", "known"),
                ("recipient_words", "A colleague."),
                ("acquired", "viewed"),
                ("acquired_words", "The entries show it."),
                ("mitigated", "partly"),
                ("mitigated_words", "They said so."),
                ("conclusion", "breach"),
            ]);
        }
        "POST /incidents/{incident_id}/states" => {
            form.extend_pairs([("state", "TX"), ("people", "3")]);
        }
        "POST /incidents/{incident_id}/notices" => {
            form.extend_pairs([("notice", "individuals"), ("given_on", "2026-05-14")]);
        }
        "POST /incidents/{incident_id}/letters" => {
            form.extend_pairs([("language", "es"), ("happened", "Charts."), ("advice", "Look.")]);
            form.extend_pairs([("doing", "Ask sooner."), ("ask", "Call 800 555 0100.")]);
        }
        "POST /incidents/{incident_id}/letters/pdf" | "POST /incidents/{incident_id}/letters/csv" => {
            form.append_pair("language", "");
        }
        "POST /incidents/{incident_id}/closing" => {
            form.append_pair("lessons", "Ask sooner.");
        }
        "POST /audit/week" => {
            form.append_pair("until", "2026-05-14T12:30:00Z");
        }
        "POST /alerts/{alert_id}" => {
            form.append_pair("words", "Asked her: it was a review of charts.");
        }
        "POST /alerts/channels" => {
            form.extend_pairs([("kind", "webhook"), ("address", "https://receiver.example/alerts")]);
            form.append_pair("agreement_id", &chart.agreements[2]);
        }
        "POST /alerts/channels/{channel_id}/agreement" => {
            form.append_pair("other", &chart.agreements[3]);
        }
        "POST /agreements" => {
            form.extend_pairs([("integration", "webhook"), ("associate", "Receiver Inc."), ("kept_at", "Folder 7")]);
            form.extend_pairs([("signed_on", "2026-05-01"), ("ends_on", "2030-01-01")]);
        }
        "POST /reviews/settings" => {
            form.extend_pairs([("due_days", "21"), ("unused_days", "45")]);
        }
        "POST /emergencies/open" => {
            form.append_pair("patient_id", &chart.patient.to_string());
            form.append_pair("reason", "Fell in the waiting room");
        }
        "POST /emergencies/{emergency_id}" => {
            form.extend_pairs([("finding", "justified"), ("words", "Asked the front desk: it was so.")]);
        }
        "POST /alerts/settings" => {
            form.extend_pairs([("name", "denials_count"), ("value", "7")]);
        }
        _ if voids(route) => {
            form.append_pair("reason", "Another patient's");
        }
        "POST /patients/{patient_id}/merge" => {
            form.append_pair("into", &goes_on_as(world, chart).to_string());
        }
        "POST /patients/{patient_id}/restrictions" => {
            form.extend_pairs([("from", "notes"), ("asked_on", "2026-05-01"), ("answer", "declined")]);
        }
        "POST /amendments" | "POST /amendments/{amendment_id}" => {
            form.append_pair("words", "It was the left knee.");
        }
        "POST /patients/{patient_id}/amendments/{amendment_id}" => {
            form.extend_pairs([("answer", "denied"), ("ground", "accurate"), ("words", "It was the right one.")]);
        }
        "POST /retention/holds" => {
            form.append_pair("reason", "A claim is open");
        }
        "POST /people/invite" => {
            form.extend_pairs([("display_name", "New"), ("email", &address()), ("role", "therapist")]);
        }
        "POST /people/{account_id}" => {
            form.extend_pairs([("role", "billing"), ("state", "disabled")]);
            form.append_pair("version", &world.account_version(account).await.to_string());
        }
        _ => {}
    }
    form.finish()
}
