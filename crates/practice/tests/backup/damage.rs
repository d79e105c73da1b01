use super::scene::{Scene, chain, files};
use std::{fs, path::Path};

/// How many places are changed.
const PLACES: u64 = 100;

/// Not random, but all over the files: the same in each run.
fn place(number: u64, of: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) % of
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_bit_anywhere_is_refused_and_its_file_named() {
    let scene = Scene::new(2).await;
    let name = scene.backup().await.manifest.name;
    let mut all = files(&scene.backups());
    all.retain(|(_, bytes)| !bytes.is_empty());
    let total: u64 = all.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let key = scene.branch().await.verifier(&super::scene::log());
    for number in 0..PLACES {
        // Every second one in the small files, which random places would hardly hit.
        let (path, bytes, at) = if number % 2 == 0 {
            let (path, bytes) = &all[(number / 2) as usize % all.len()];
            (path, bytes, place(number, bytes.len() as u64))
        } else {
            let mut at = place(number, total);
            let hit = all.iter().find(|(_, bytes)| match at.checked_sub(bytes.len() as u64) {
                Some(rest) => {
                    at = rest;
                    false
                }
                None => true,
            });
            let (path, bytes) = hit.expect("it is within");
            (path, bytes, at)
        };
        let mut changed = bytes.clone();
        changed[at as usize] ^= 1 << (number % 8);
        fs::write(path, &changed).expect("written");
        let file = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let part = path.strip_prefix(scene.backups()).expect("below").to_str().expect("text").to_owned();
        let target = scene.target();
        let checked = practice::backup::check::check_files(&*target, &name, &key);
        assert_named(&format!("{:?}", checked.map(drop).map_err(|e| chain(&e))), file, &part, at);
        let refused = scene.bring_back(&name, &scene.folder.join(format!("again-{number}"))).await;
        assert_named(&format!("{:?}", refused.map(drop).map_err(|e| chain(&e))), file, &part, at);
        fs::write(path, bytes).expect("written");
    }
    scene.bring_back(&name, &scene.folder.join("again")).await.expect("whole again");
}

fn assert_named(said: &str, file: &str, path: &str, at: u64) {
    assert!(said.starts_with("Err"), "byte {at} of {path} was changed, and nobody noticed");
    assert!(said.contains(file) || said.contains(path), "byte {at} of {path} was changed, but it was said: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_shortened_file_is_refused_and_named() {
    let scene = Scene::new(1).await;
    let name = scene.backup().await.manifest.name;
    let key = scene.branch().await.verifier(&super::scene::log());
    let path = scene.backups().join(&name).join("clinical.age");
    let whole = fs::read(&path).expect("read");
    let check = |what: &str| {
        let said = practice::backup::check::check_files(&*scene.target(), &name, &key).expect_err(what).to_string();
        assert!(said.contains("clinical.age"), "{said}");
    };
    fs::write(&path, &whole[..whole.len() - 1]).expect("written");
    check("shortened");
    fs::remove_file(&path).expect("removed");
    check("missing");
    assert!(!Path::new(&path).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_signed_by_somebody_else_is_refused() {
    let (scene, other) = (Scene::new(1).await, Scene::new(1).await);
    let name = other.backup().await.manifest.name;
    let key = scene.branch().await.verifier(&super::scene::log());
    let refused = practice::backup::check::check_files(&*other.target(), &name, &key).expect_err("refused");
    assert!(chain(&refused).contains("manifest"), "{}", chain(&refused));
}
