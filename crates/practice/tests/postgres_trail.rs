//! Reading the trail of a log in PostgreSQL from its end.

use crypto::{Key, Signer, SystemRng};
use domain::{FixedClock, RequestId, SystemClock, Timestamp};
use ledger::{Entry, Ledger, LogName, Outcome, Resource, Settings, Word};
use practice::trail::{PostgresTrail, Trail};
use std::{ops::ControlFlow, sync::Arc};
use store::{Db, PostgresBackend, PostgresOptions, Store};

fn entry(n: i64) -> Entry {
    Entry {
        at: Timestamp::from_second(n).expect("a moment"),
        practice: None,
        actor: None,
        role: None,
        login_session: None,
        permission: None,
        action: Word::new("sign_in"),
        purpose: None,
        resource: Resource::whole(Word::new("account")),
        patient: None,
        outcome: Outcome::Allowed,
        reason: Word::new("factor"),
        address: None,
        request: RequestId::random(&SystemRng),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_postgresql_is_walked_from_its_end_to_its_beginning() {
    // Where PostgreSQL is not installed a word about it is printed.
    let Some(server) = testkit::postgres::Server::shared().expect("PostgreSQL starts") else { return };
    let database = server.database("audit").expect("a database");
    let owner = PostgresOptions::new(&database.owner.url)
        .password_file(&database.owner.password_file)
        .ca_file(&database.ca_file);
    let owner = Db::connect(&owner).await.expect("connected");
    store::migrate(&owner, Store::Audit, &SystemClock).await.expect("migrated");
    store::grant_server(&owner, Store::Audit, &database.server.role).await.expect("granted");
    let options = PostgresOptions::new(&database.server.url)
        .password_file(&database.server.password_file)
        .ca_file(&database.ca_file);

    let (log, seal) = (LogName::new("node.example/audit").expect("a name"), Key::random(&SystemRng));
    let clock = Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH));
    let signer = Signer::from_seed(&Key::random(&SystemRng));
    let settings = Settings::new(log.clone(), Key::from_bytes(*seal.expose()), signer, clock, Arc::new(SystemRng));
    let backend = PostgresBackend::connect(&options, &log).expect("a log");
    let ledger = Ledger::open(backend, settings).expect("opened");
    ledger.handle().append((0..600).map(entry).collect()).await.expect("appended");

    let trail = PostgresTrail::new(options, log, seal);
    let mut seen = Vec::new();
    let mut visit = |seq, entry: Entry| {
        assert_eq!(entry.at.as_second(), i64::try_from(seq).expect("small"));
        seen.push(seq);
        ControlFlow::Continue(())
    };
    trail.walk(Some(300), &mut visit).expect("read");
    assert_eq!(seen, (0..300).rev().collect::<Vec<_>>());
    ledger.close();
}
