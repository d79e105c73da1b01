//! Law 2: what cannot be recorded is not done, on every route that is about a patient.

use crate::{
    expectation::{Whom, whom},
    request::{name, sent},
    world::{Relation, World},
};
use domain::Role;
use testkit::site::Answer;
use web::{Kind, routes};

/// How many rows each table that a route may write has.
pub(crate) async fn rows(world: &World) -> Vec<(&'static str, i64)> {
    let stores = &world.site.house.stores;
    let mut counts = Vec::new();
    for (db, sql) in [
        (&stores.clinical, "SELECT COUNT(*) FROM patients"),
        (&stores.clinical, "SELECT COUNT(*) FROM program_versions"),
        (&stores.clinical, "SELECT COUNT(*) FROM log_entries"),
        (&stores.clinical, "SELECT COUNT(*) FROM progress_notes"),
        (&stores.clinical, "SELECT COALESCE(SUM(version), 0) FROM visits"),
        (&stores.clinical, "SELECT COUNT(*) FROM exercises"),
        (&stores.clinical, "SELECT COUNT(*) FROM idempotency_keys"),
        (&stores.clinical, "SELECT COALESCE(SUM(version), 0) FROM patients"),
        (&stores.identity, "SELECT COUNT(*) FROM accounts"),
        (&stores.identity, "SELECT COALESCE(SUM(version), 0) FROM accounts"),
        (&stores.identity, "SELECT COUNT(*) FROM care_links"),
        (&stores.identity, "SELECT COUNT(*) FROM care_links WHERE ends_at IS NULL"),
        (&stores.identity, "SELECT COUNT(*) FROM invitations"),
        (&stores.identity, "SELECT COUNT(*) FROM api_tokens"),
        (&stores.identity, "SELECT COUNT(*) FROM passkeys"),
        (&stores.identity, "SELECT COUNT(*) FROM recovery_codes"),
        (&stores.keys, "SELECT COUNT(*) FROM patient_keys"),
    ] {
        counts.push((sql, db.one(sql, &[]).await.expect("counted").int(0).expect("a number")));
    }
    counts
}

fn role_of(whom: Whom) -> Option<Role> {
    use Whom::{
        All, Anyone, Audits, Books, Care, Clerk, Governs, GovernsAccount, GovernsPatient, Half, Known, Library, List,
        Myself, Patients, PatientsOwn, Registers, Treats,
    };
    match whom {
        All | Half | Anyone | Library => None,
        Care | Treats | Known | List => Some(Role::Therapist),
        Myself | Patients | PatientsOwn => Some(Role::Patient),
        Registers | Clerk | Books => Some(Role::FrontDesk),
        GovernsPatient | GovernsAccount | Governs | Audits => Some(Role::Admin),
    }
}

fn holds_plaintext(answer: &Answer) -> bool {
    let text = answer.text();
    ["Ada", "Own", "Slowly", "It went well", "Bends to ninety"].iter().any(|word| text.contains(word))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_can_be_recorded_nothing_is_read_or_written_and_then_it_goes_on() {
    let world = World::new().await;
    let mut requests = Vec::new();
    for route in routes::table().routes() {
        if let Some(role) = whom(&name(&route)).and_then(role_of) {
            requests.push((route, role, sent(&world, &route, Relation::Own).await));
        }
    }
    let (before, recorded) = (rows(&world).await, world.site.ledger.backend().size());
    world.site.ledger.backend().set_failing(true);
    let mut wrong = Vec::new();
    for (route, role, request) in &requests {
        let answer = world.site.send(request.with(route.method, &world.cookies[role])).await;
        let waits = answer.header("retry-after").is_some();
        if answer.status != 503 || !waits || holds_plaintext(&answer) {
            wrong.push(format!("{} as {role}: {}", name(route), answer.status));
        }
        let problem = answer.header("content-type").unwrap_or_default();
        if route.kind == Kind::Api && problem != "application/problem+json" {
            wrong.push(format!("{}: {problem}", name(route)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rows(&world).await, before);
    assert_eq!(world.site.ledger.backend().size(), recorded);

    world.site.ledger.backend().set_failing(false);
    for (route, role, request) in requests.iter().filter(|(route, ..)| route.method == web::Verb::Get) {
        let answer = world.site.send(request.with(route.method, &world.cookies[role])).await;
        assert_eq!(answer.status, 200, "{} as {role}: {}", name(route), answer.text());
    }
}
