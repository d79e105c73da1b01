//! Where the databases of a test stand.

use domain::{FixedClock, Timestamp};
use std::{future::Future, path::PathBuf, pin::Pin, time::Duration};
use store::{Db, EmbeddedOptions, PostgresOptions, Store};
use tempfile::TempDir;

/// The clock of the contract: one moment.
pub(crate) fn clock() -> FixedClock {
    FixedClock::new(Timestamp::from_millisecond(1_790_000_000_000).expect("a moment"))
}

/// A future of a trait's method.
pub(crate) type Later<'h, T> = Pin<Box<dyn Future<Output = T> + 'h>>;

/// A place that gives empty databases.
pub(crate) trait House {
    /// The database of a store, as whoever migrates it opens it. The same one each time.
    fn owner(&mut self, store: Store) -> Later<'_, Db>;
    /// The same database, as the server opens it: after the migrations and the grants.
    fn server(&mut self, store: Store) -> Later<'_, Db>;
}

/// Migrates a store and opens it as the server does.
pub(crate) async fn furnished(house: &mut dyn House, store: Store) -> Db {
    let owner = house.owner(store).await;
    store::migrate(&owner, store, &clock()).await.expect("migrated");
    house.server(store).await
}

pub(crate) struct Embedded(TempDir);

impl Embedded {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("folder"))
    }
    fn file(&self, store: Store) -> PathBuf {
        self.0.path().join(format!("{store}.db"))
    }
}

impl House for Embedded {
    fn owner(&mut self, store: Store) -> Later<'_, Db> {
        Box::pin(async move {
            let (file, options) = (self.file(store), EmbeddedOptions::default());
            let open = if file.exists() { Db::open } else { Db::create };
            open(&file, &[7; 32], &options).expect("opened")
        })
    }
    fn server(&mut self, store: Store) -> Later<'_, Db> {
        self.owner(store)
    }
}

/// Waits for a connection and an answer as long as a machine that is busy with other tests may take: how long to wait is
/// not part of the contract.
fn patient(options: PostgresOptions) -> PostgresOptions {
    let long = Duration::from_secs(60);
    PostgresOptions { connect_timeout: long, statement_timeout: long, ..options }
}

pub(crate) struct Postgres {
    server: &'static testkit::postgres::Server,
    databases: Vec<(Store, testkit::postgres::Database)>,
}

impl Postgres {
    /// None where PostgreSQL is not installed; a word about it is printed then.
    pub(crate) fn new() -> Option<Self> {
        let server = testkit::postgres::Server::shared().expect("PostgreSQL starts")?;
        Some(Self { server, databases: Vec::new() })
    }
    pub(crate) fn database(&mut self, store: Store) -> &testkit::postgres::Database {
        if !self.databases.iter().any(|(of, _)| *of == store) {
            self.databases.push((store, self.server.database(store.name()).expect("a database")));
        }
        &self.databases.iter().find(|(of, _)| *of == store).expect("just made").1
    }
}

impl House for Postgres {
    fn owner(&mut self, store: Store) -> Later<'_, Db> {
        let database = self.database(store);
        let options = PostgresOptions::new(&database.owner.url)
            .password_file(&database.owner.password_file)
            .ca_file(&database.ca_file);
        Box::pin(async move { Db::connect(&patient(options)).await.expect("connected") })
    }
    fn server(&mut self, store: Store) -> Later<'_, Db> {
        Box::pin(async move {
            let owner = self.owner(store).await;
            let database = self.database(store);
            store::grant_server(&owner, store, &database.server.role).await.expect("granted");
            let options = PostgresOptions::new(&database.server.url)
                .password_file(&database.server.password_file)
                .ca_file(&database.ca_file);
            Db::connect(&patient(options)).await.expect("connected")
        })
    }
}
