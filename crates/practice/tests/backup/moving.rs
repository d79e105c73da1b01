use super::{
    databases::Databases,
    scene::{Scene, blocking, files, log},
};
use domain::{SystemClock, Unobserved};
use practice::backup::{
    Ground, Part, TrailPlace,
    create::Contents,
    manifest::TableFacts,
    moving::{MoveError, carry},
};
use std::{fs, sync::Arc};
use store::{Db, Store};
use testkit::postgres::Server;

/// Every table and log that was carried.
pub(super) type Carried = Vec<(Part, TableFacts)>;

/// Carries a practice to PostgreSQL, twice: the second time everything is there already, and is the same.
pub(super) async fn there(scene: &Arc<Scene>, databases: &Arc<Databases>) -> Carried {
    let (scene, databases, branch) = (scene.clone(), databases.clone(), scene.branch().await);
    blocking(move || {
        let media = scene.folder.join("media-there");
        fs::create_dir_all(&media).expect("made");
        let ground = Ground {
            database: &|store| {
                let runtime = tokio::runtime::Handle::current();
                Ok(runtime.block_on(Db::connect(databases.owner(store)))?)
            },
            trail: TrailPlace::Postgres(databases.server(Store::Audit).clone()),
            media,
        };
        let first = carry(&scene.contents(), &ground, &branch, &SystemClock, &Unobserved).expect("carried");
        assert_eq!(carry(&scene.contents(), &ground, &branch, &SystemClock, &Unobserved).expect("again"), first);
        first
    })
    .await
}

/// Carries it back, as the server's roles may, into the folder `back`.
pub(super) async fn back(scene: &Arc<Scene>, databases: &Arc<Databases>) -> Carried {
    for store in super::scene::STORES {
        databases.grant(store).await;
    }
    let (scene, databases, branch) = (scene.clone(), databases.clone(), scene.branch().await);
    blocking(move || {
        let runtime = tokio::runtime::Handle::current();
        let open = |store| runtime.block_on(Db::connect(databases.server(store))).expect("connected");
        let contents = Contents {
            stores: practice::Stores {
                identity: open(Store::Identity),
                keys: open(Store::Keys),
                clinical: open(Store::Clinical),
                billing: open(Store::Billing),
            },
            trail: TrailPlace::Postgres(databases.server(Store::Audit).clone()),
            media: scene.folder.join("media-there"),
        };
        let to = scene.folder.join("back");
        fs::create_dir_all(to.join("media")).expect("made");
        let ground = Ground {
            database: &|store| scene.root.database(&to, store),
            trail: TrailPlace::Folders(vec![(log(), to.join("audit"))]),
            media: to.join("media"),
        };
        carry(&contents, &ground, &branch, &SystemClock, &Unobserved).expect("carried back")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_goes_to_postgresql_and_back_and_is_the_same() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let scene = Arc::new(Scene::new(4).await);
    let databases = Arc::new(Databases::new(server));
    databases.grant(Store::Audit).await;
    let before = files(&scene.data());

    let there = there(&scene, &databases).await;
    let patients = there.iter().find(|(part, table)| *part == Part::Clinical && table.table == "patients");
    assert_eq!(patients.expect("a table").1.rows, 4);
    assert!(there.iter().any(|(part, table)| *part == Part::Audit && table.rows >= 4));
    let back = back(&scene, &databases).await;
    assert_eq!(there, back, "the same hashes, there and back");
    let (house, ledger) = scene.house().await;
    drop(house);
    ledger.close();
    assert_eq!(scene.patients(&scene.folder.join("back")).await, scene.patients(&scene.data()).await);
    let unchanged = |name: &str| {
        let of = |all: &[(std::path::PathBuf, Vec<u8>)]| {
            all.iter().filter(|(path, _)| path.ends_with(name)).map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(&before), of(&files(&scene.data())), "{name} of the source");
    };
    ["keys.db", "clinical.db", "identity.db"].into_iter().for_each(unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_holds_other_rows_is_refused() {
    let (scene, other) = (Scene::new(2).await, Scene::new(2).await);
    let branch = scene.branch().await;
    let refused = blocking(move || {
        let to = other.data();
        let ground = Ground {
            database: &|store| other.root.database(&to, store),
            trail: TrailPlace::Folders(vec![(log(), to.join("audit"))]),
            media: to.join("media"),
        };
        carry(&scene.contents(), &ground, &branch, &SystemClock, &Unobserved)
    })
    .await;
    assert!(matches!(refused, Err(MoveError::Differs { part: "identity", .. })), "{refused:?}");
}
