//! A root key that only a PKCS#11 token opens, against SoftHSM2.

use crypto::{LoadRootError, RootProvider, SystemRng, TokenError, TokenKey};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::Mechanism,
    object::Attribute,
    session::UserType,
    types::AuthPin,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("chmod");
}

fn key(folder: &Path, module: PathBuf) -> TokenKey {
    TokenKey {
        module,
        token: "patella".to_owned(),
        key: "patella root".to_owned(),
        pin_file: folder.join("pin"),
        file: folder.join("root.sealed"),
    }
}

/// What a module is told once for a process is told by its environment: so each test is a process of its own.
fn alone(test: &str, work: impl FnOnce(&Path, PathBuf)) {
    if let Some(folder) = std::env::var_os("PATELLA_TEST_TOKEN") {
        let module = MODULES.iter().map(PathBuf::from).find(|module| module.exists()).expect("SoftHSM2");
        return work(Path::new(&folder), module);
    }
    if !MODULES.iter().any(|module| Path::new(module).exists()) {
        #[expect(clippy::print_stderr, reason = "a test that skips says so")]
        {
            eprintln!("SKIPPED: SoftHSM2 is not installed (Debian: softhsm2); scripts/setup.sh installs it");
        }
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let conf = folder.path().join("softhsm2.conf");
    fs::write(&conf, format!("directories.tokendir = {}/tokens\n", folder.path().display())).expect("write");
    fs::create_dir(folder.path().join("tokens")).expect("folder");
    let util = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "patella", "--so-pin", "87654321", "--pin", "1234 5678"])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .expect("softhsm2-util runs");
    succeeded(&util);
    write_private(&folder.path().join("pin"), "1234 5678\n");
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env("PATELLA_TEST_TOKEN", folder.path())
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .expect("runs");
    succeeded(&child);
}

fn succeeded(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

fn refusal(provider: &TokenKey) -> TokenError {
    match provider.load() {
        Err(LoadRootError::Token(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was loaded"),
    }
}

#[test]
fn a_root_that_the_token_sealed_opens_with_it_and_neither_key_nor_root_is_in_a_file() {
    alone("a_root_that_the_token_sealed_opens_with_it_and_neither_key_nor_root_is_in_a_file", |folder, module| {
        let provider = key(folder, module);
        let made = provider.create(&SystemRng).expect("created");
        assert_eq!(provider.load().expect("loads").expose(), made.expose());
        assert_eq!(provider.file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        let hex = data_encoding::HEXLOWER.encode(made.expose());
        assert!(!fs::read_to_string(&provider.file).expect("text").contains(&hex));
        // A second root under the same key of the token: a rotation.
        let second = provider.with_file(folder.join("root.next"));
        let next = second.create(&SystemRng).expect("created");
        assert_ne!(next.expose(), made.expose());
        assert_eq!(second.load().expect("loads").expose(), next.expose());
    });
}

#[test]
fn a_file_of_another_token_key_or_with_a_changed_bit_does_not_open_and_stays_closed() {
    alone("a_file_of_another_token_key_or_with_a_changed_bit_does_not_open_and_stays_closed", |folder, module| {
        let provider = key(folder, module);
        provider.create(&SystemRng).expect("created");
        let other = TokenKey { key: "another".to_owned(), ..provider.clone() };
        assert!(matches!(refusal(&other), TokenError::Keys { found: 0, .. }));
        other.with_file(folder.join("another")).create(&SystemRng).expect("created");
        let refused = refusal(&other);
        assert!(matches!(refused, TokenError::WrongKey { .. }) && !refused.is_unreachable(), "{refused}");
        let text = fs::read_to_string(&provider.file).expect("text");
        fs::write(&provider.file, text.replacen("sealed ", "sealed 0", 1)).expect("write");
        assert!(matches!(provider.load(), Err(LoadRootError::Damaged { .. })));
    });
}

#[test]
fn a_wrong_pin_is_refused_once_and_not_taken_for_a_token_that_is_away() {
    alone("a_wrong_pin_is_refused_once_and_not_taken_for_a_token_that_is_away", |folder, module| {
        let provider = key(folder, module);
        provider.create(&SystemRng).expect("created");
        write_private(&provider.pin_file, "9999 9999\n");
        let refused = refusal(&provider);
        assert!(matches!(refused, TokenError::WrongPin { .. }) && !refused.is_unreachable(), "{refused}");
        assert!(!refused.to_string().contains("9999"));
        fs::remove_file(&provider.pin_file).expect("removed");
        let refused = refusal(&provider);
        assert!(matches!(refused, TokenError::PinMissing { .. }) && refused.is_unreachable(), "{refused}");
    });
}

#[test]
fn a_token_that_is_away_is_unreachable_and_opens_when_it_is_back() {
    alone("a_token_that_is_away_is_unreachable_and_opens_when_it_is_back", |folder, module| {
        let provider = key(folder, module);
        let made = provider.create(&SystemRng).expect("created");
        let (there, away) = (folder.join("tokens"), folder.join("unplugged"));
        let nowhere = TokenKey { module: folder.join("none.so"), ..provider.clone() };
        let refused = refusal(&nowhere);
        assert!(matches!(refused, TokenError::Module { .. }) && refused.is_unreachable(), "{refused}");
        let stranger = TokenKey { token: "another".to_owned(), ..provider.clone() };
        let refused = refusal(&stranger);
        assert!(matches!(refused, TokenError::NoToken { .. }) && refused.is_unreachable(), "{refused}");
        fs::rename(&there, &away).expect("unplugged");
        let refused = refusal(&provider);
        assert!(refused.is_unreachable(), "{refused}");
        fs::rename(&away, &there).expect("plugged in");
        assert_eq!(provider.load().expect("loads").expose(), made.expose());
    });
}

#[test]
fn a_key_that_could_be_read_out_of_the_token_is_refused() {
    alone("a_key_that_could_be_read_out_of_the_token_is_refused", |folder, module| {
        let provider = key(folder, module.clone());
        let context = Pkcs11::new(&module).expect("loads");
        context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).expect("initializes");
        let slot = context.get_slots_with_initialized_token().expect("slots")[0];
        let session = context.open_rw_session(slot).expect("a session");
        session.login(UserType::User, Some(&AuthPin::from("1234 5678"))).expect("logs in");
        let template = [
            Attribute::Token(true),
            Attribute::Extractable(true),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(32.into()),
            Attribute::Label(b"patella root".to_vec()),
        ];
        session.generate_key(&Mechanism::AesKeyGen, &template).expect("a key");
        drop(session);
        let refused = provider.create(&SystemRng).err().expect("refused");
        assert!(refused.to_string().contains("taken out"), "{refused}");
    });
}
