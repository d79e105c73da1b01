//! Empty databases in PostgreSQL for all stores, which a child process can find again.

use domain::SystemClock;
use serde_json::{Value, json};
use std::{fs, path::Path};
use store::{Db, PostgresOptions, Store};
use testkit::postgres::{Login, Server};

const FILE: &str = "databases.json";

/// Databases for all stores.
pub(crate) struct Databases(Vec<One>);

struct One {
    store: Store,
    owner: PostgresOptions,
    server: PostgresOptions,
    role: String,
    said: Value,
}

impl Databases {
    pub(crate) fn new(server: &Server) -> Self {
        let one = |store: &Store| {
            let database = server.database(store.name()).expect("a database");
            let login = |login: &Login| json!({"url": login.url, "password": login.password_file});
            One::of(&json!({
                "store": store.name(), "role": database.server.role, "ca": database.ca_file,
                "owner": login(&database.owner), "server": login(&database.server),
            }))
        };
        Self(Store::ALL.iter().map(one).collect())
    }

    /// Says in a folder which they are.
    pub(crate) fn keep(&self, folder: &Path) {
        let said: Vec<&Value> = self.0.iter().map(|one| &one.said).collect();
        fs::write(folder.join(FILE), json!(said).to_string()).expect("written");
    }

    /// Those that a folder says.
    pub(crate) fn at(folder: &Path) -> Self {
        let said = fs::read(folder.join(FILE)).expect("kept");
        let said: Vec<Value> = serde_json::from_slice(&said).expect("json");
        Self(said.iter().map(One::of).collect())
    }

    fn one(&self, store: Store) -> &One {
        self.0.iter().find(|one| one.store == store).expect("all are there")
    }
    /// As the owner of the tables.
    pub(crate) fn owner(&self, store: Store) -> &PostgresOptions {
        &self.one(store).owner
    }
    /// As the server.
    pub(crate) fn server(&self, store: Store) -> &PostgresOptions {
        &self.one(store).server
    }
    /// Brings one up to the schema, and lets the server in.
    pub(crate) async fn grant(&self, store: Store) {
        let owner = Db::connect(self.owner(store)).await.expect("connected");
        store::migrate(&owner, store, &SystemClock).await.expect("migrated");
        store::grant_server(&owner, store, &self.one(store).role).await.expect("granted");
    }
}

impl One {
    fn of(said: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let options = |login: &Value| {
            PostgresOptions::new(text(&login["url"])).password_file(text(&login["password"])).ca_file(text(&said["ca"]))
        };
        Self {
            store: *Store::ALL.iter().find(|store| store.name() == text(&said["store"])).expect("a store"),
            owner: options(&said["owner"]),
            server: options(&said["server"]),
            role: text(&said["role"]),
            said: said.clone(),
        }
    }
}
