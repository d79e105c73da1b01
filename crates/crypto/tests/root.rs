//! The root key's files: made once, loaded only when whole, private and opened with the right passphrase.

use crypto::{CreateRootError, KeyFile, LoadRootError, PassphraseFile, RootProvider, SystemRng};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("chmod");
}

fn key_file() -> (TempDir, KeyFile, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("root.key");
    (folder, KeyFile(path.clone()), path)
}

fn passphrase() -> (TempDir, PassphraseFile, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let (file, words) = (folder.path().join("root.sealed"), folder.path().join("passphrase"));
    write_private(&words, "correct horse battery staple\n");
    (folder, PassphraseFile { file: file.clone(), passphrase_file: words.clone() }, file, words)
}

#[test]
fn a_key_file_gives_back_the_key_it_was_made_with_and_is_private() {
    let (folder, provider, path) = key_file();
    let made = provider.create(&SystemRng).expect("created");
    assert_eq!(provider.load().expect("loads").expose(), made.expose());
    assert_eq!(path.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 1, "no draft is left behind");
}

#[test]
fn a_root_key_is_never_overwritten() {
    let (_folder, provider, path) = key_file();
    provider.create(&SystemRng).expect("created");
    let before = fs::read(&path).expect("read");
    assert!(matches!(provider.create(&SystemRng), Err(CreateRootError::Exists { .. })));
    assert_eq!(fs::read(&path).expect("read"), before);
}

#[test]
fn a_root_key_in_a_missing_folder_says_that_it_cannot_be_written() {
    let provider = KeyFile("/nonexistent/folder/root.key".into());
    assert!(matches!(provider.create(&SystemRng), Err(CreateRootError::Write { .. })));
}

#[test]
fn a_missing_key_file_says_so() {
    let (_folder, provider, _) = key_file();
    assert!(matches!(provider.load(), Err(LoadRootError::Missing { .. })));
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let (_folder, provider, path) = key_file();
    provider.create(&SystemRng).expect("created");
    for mode in [0o640, 0o604, 0o644, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
        assert!(matches!(provider.load(), Err(LoadRootError::TooOpen { mode: found, .. }) if found == mode));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("chmod");
    provider.load().expect("0400 is private");
}

#[test]
fn a_key_file_with_any_byte_changed_or_its_end_cut_is_damaged() {
    let (_folder, provider, path) = key_file();
    provider.create(&SystemRng).expect("created");
    let text = fs::read(&path).expect("read");
    for i in 0..text.len() - 1 {
        let mut changed = text.clone();
        changed[i] ^= 1;
        fs::write(&path, &changed).expect("write");
        assert!(matches!(provider.load(), Err(LoadRootError::Damaged { .. })), "byte {i}");
        fs::write(&path, &text[..i]).expect("write");
        assert!(matches!(provider.load(), Err(LoadRootError::Damaged { .. })), "cut at {i}");
    }
}

#[test]
fn a_sealed_key_opens_with_its_passphrase_and_with_no_other() {
    let (_folder, provider, _, words) = passphrase();
    let made = provider.create(&SystemRng).expect("created");
    assert_eq!(provider.load().expect("loads").expose(), made.expose());
    write_private(&words, "correct horse battery staple");
    provider.load().expect("the line break at the end does not count");
    write_private(&words, "correct horse battery stable\n");
    assert!(matches!(provider.load(), Err(LoadRootError::WrongPassphrase { .. })));
}

#[test]
fn a_damaged_sealed_file_is_told_apart_from_a_wrong_passphrase() {
    let (_folder, provider, file, _) = passphrase();
    provider.create(&SystemRng).expect("created");
    let text = fs::read_to_string(&file).expect("read");
    for (from, to) in [("argon2id 65536", "argon2id 65537"), ("\nsalt ", "\nsalt 0"), ("\nsealed ", "\nsealed 0")] {
        write_private(&file, &text.replacen(from, to, 1));
        assert!(matches!(provider.load(), Err(LoadRootError::Damaged { .. })));
    }
}

#[test]
fn argon2_parameters_out_of_bounds_are_refused_before_they_are_used() {
    let (_folder, provider, file, _) = passphrase();
    provider.create(&SystemRng).expect("created");
    let text = fs::read_to_string(&file).expect("read");
    let body = &text[..text.rfind("sum ").expect("a sum")];
    for parameters in ["4294967295 3 1", "8 3 1", "65536 1 1", "65536 4000000 1", "65536 3 0", "65536 3", "65536 3 1 1"]
    {
        let forged = body.replace("65536 3 1", parameters);
        let sum = data_encoding::HEXLOWER.encode(&crypto::sha256(forged.as_bytes()));
        write_private(&file, &format!("{forged}sum {sum}\n"));
        let error = provider.load().err().expect("refused").to_string();
        assert!(error.contains("parameters"), "{parameters}: {error}");
    }
}

#[test]
fn a_missing_open_or_short_passphrase_says_so() {
    let (_folder, provider, _, words) = passphrase();
    write_private(&words, "short\n");
    assert!(matches!(provider.create(&SystemRng), Err(CreateRootError::PassphraseTooShort { .. })));
    write_private(&words, "long enough to be used\n");
    fs::set_permissions(&words, fs::Permissions::from_mode(0o644)).expect("chmod");
    assert!(matches!(provider.create(&SystemRng), Err(CreateRootError::TooOpen { .. })));
    fs::set_permissions(&words, fs::Permissions::from_mode(0o600)).expect("chmod");
    provider.create(&SystemRng).expect("created");
    fs::remove_file(&words).expect("remove");
    assert!(matches!(provider.load(), Err(LoadRootError::PassphraseMissing { .. })));
}

#[test]
fn each_kind_of_file_names_itself_when_taken_for_the_other() {
    let (_folder, sealed, file, words) = passphrase();
    sealed.create(&SystemRng).expect("created");
    let error = KeyFile(file.clone()).load().err().expect("refused").to_string();
    assert!(error.contains("sealed with a passphrase"));
    let (_other, plain, path) = key_file();
    plain.create(&SystemRng).expect("created");
    let error = PassphraseFile { file: path, passphrase_file: words }.load().err().expect("refused");
    assert!(error.to_string().contains("not sealed"));
}
