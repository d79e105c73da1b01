//! Law 2: what cannot be recorded is not done, on every route that is about a patient.

use crate::{
    expectation::{Whom, whom},
    request::{name, sent},
    world::{Relation, World},
};
use domain::Role;
use phi::{Store, registry};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use testkit::site::Answer;
use web::{Kind, routes};

/// What may change although nothing was stored: somebody was signed in or tried to be, or began something.
const PASSING: [&str; 3] = ["login_sessions", "ceremonies", "throttles"];

/// How many rows each table has and, where rows have versions, the sum of these: from the registry of what is stored.
pub(crate) async fn rows(world: &World) -> BTreeMap<&'static str, i64> {
    static COUNTS: LazyLock<Vec<(Store, &'static str)>> = LazyLock::new(|| {
        let tables: BTreeSet<_> = registry().map(|column| (column.store.name(), column.table)).collect();
        let has = |table, name| registry().any(|column| (column.table, column.column) == (table, name));
        let counted = Store::ALL.into_iter().filter(|store| *store != Store::Audit);
        let counted = counted.flat_map(|store| {
            tables.iter().filter(move |(name, _)| *name == store.name()).map(move |(_, table)| (store, *table))
        });
        let mut counts = Vec::new();
        for (store, table) in counted.filter(|(_, table)| !PASSING.contains(table)) {
            let open = if has(table, "ends_at") { " + COUNT(ends_at)" } else { "" };
            let versions = if has(table, "version") { " + COALESCE(SUM(version), 0)" } else { "" };
            // A statement is a part of the program; here there is one for each table.
            counts.push((store, &*format!("SELECT COUNT(*){open}{versions} FROM {table}").leak()));
        }
        counts
    });
    let stores = &world.site.house.stores;
    let mut found = BTreeMap::new();
    for (store, sql) in COUNTS.iter() {
        let db = match store {
            Store::Identity => &stores.identity,
            Store::Keys => &stores.keys,
            Store::Clinical => &stores.clinical,
            Store::Billing => &stores.billing,
            Store::Audit | Store::AuditIndex => continue,
        };
        found.insert(*sql, db.one(sql, &[]).await.expect("counted").int(0).expect("a number"));
    }
    assert!(found.len() >= 14, "{found:?}");
    found
}

pub(crate) fn role_of(whom: Whom) -> Option<Role> {
    use Whom::{
        All, Anyone, Audits, AuditsAccount, AuditsPatient, Bills, BillsAccount, Books, BreakersForm, BreaksGlass, Care,
        Clerk, ClerksForm, Desk, GovernorsForm, Governs, GovernsAccount, GovernsPatient, Half, Known, Library, List,
        Myself, Patients, PatientsOwn, Registers, Roster, Shelf, Treats,
    };
    match whom {
        All | Half | Anyone | Library | Shelf | ClerksForm | GovernorsForm | BreakersForm => None,
        Care | Treats | Known | List | Roster | BreaksGlass => Some(Role::Therapist),
        Myself | Patients | PatientsOwn => Some(Role::Patient),
        Bills | BillsAccount => Some(Role::Billing),
        Registers | Clerk | Books | Desk => Some(Role::FrontDesk),
        GovernsPatient | GovernsAccount | Governs | Audits | AuditsPatient | AuditsAccount => Some(Role::Admin),
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
