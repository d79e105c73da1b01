//! The destruction ledger: what was written stays, in every copy, and nothing else is believed.

use crypto::{Key, Signer};
use domain::{PatientId, PracticeId, Timestamp};
use ledger::{Destroyed, DestroyedError, DestructionLedger, LogName, VerifierKey, read_destroyed};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

fn signer() -> (LogName, Signer, VerifierKey) {
    let name = LogName::new("practice.example/audit").expect("a name");
    let signer = Signer::from_seed(&Key::from_bytes([3; 32]));
    let key = VerifierKey::new(name.clone(), signer.public());
    (name, signer, key)
}

fn patient(n: u8) -> Destroyed {
    Destroyed {
        practice: PracticeId::from_bytes([1; 16]),
        patient: PatientId::from_bytes([n; 16]),
        at: Timestamp::from_second(1_790_000_000 + i64::from(n)).expect("a moment"),
        entry: u64::from(n),
    }
}

fn two(folder: &TempDir) -> Vec<PathBuf> {
    vec![folder.path().join("a.destroyed"), folder.path().join("b.destroyed")]
}

fn open(paths: &[PathBuf]) -> Result<DestructionLedger, DestroyedError> {
    let (name, signer, _) = signer();
    DestructionLedger::open(paths.to_vec(), &name, signer, &[])
}

#[test]
fn who_was_written_down_is_read_back_from_every_copy_and_once_only() {
    let folder = TempDir::new().expect("a folder");
    let paths = two(&folder);
    let mut ledger = open(&paths).expect("new");
    ledger.add(&[patient(1), patient(2), patient(1)]).expect("written");
    ledger.add(&[patient(2), patient(3)]).expect("written");
    let expected = [patient(1), patient(2), patient(3)];
    assert_eq!(ledger.entries(), expected);
    assert_eq!(ledger.find(patient(3).practice, patient(3).patient), Some(&patient(3)));
    for path in &paths {
        let read = read_destroyed(std::slice::from_ref(path), &[signer().2]).expect("reads");
        assert_eq!(read.expect("a copy"), expected);
    }
    assert_eq!(open(&paths).expect("opens").entries(), expected);
}

#[test]
fn a_copy_that_lost_its_end_is_brought_up_to_the_others() {
    let folder = TempDir::new().expect("a folder");
    let paths = two(&folder);
    open(&paths).expect("new").add(&[patient(1), patient(2)]).expect("written");
    let whole = fs::read(&paths[0]).expect("reads");
    // Cut in the middle of the last line, as by a crash.
    fs::write(&paths[1], &whole[..whole.len() - 10]).expect("cut");
    assert_eq!(read_destroyed(&paths, &[signer().2]).expect("reads").expect("a copy"), [patient(1), patient(2)]);
    let mut ledger = open(&paths).expect("opens");
    assert_eq!(fs::read(&paths[1]).expect("reads"), whole);
    ledger.add(&[patient(3)]).expect("written");
    assert_eq!(fs::read(&paths[0]).expect("reads"), fs::read(&paths[1]).expect("reads"));
    fs::remove_file(&paths[1]).expect("gone");
    assert_eq!(open(&paths).expect("opens").entries().len(), 3);
    assert_eq!(fs::read(&paths[0]).expect("reads"), fs::read(&paths[1]).expect("reads"));
}

#[test]
fn a_line_that_was_changed_taken_out_or_signed_by_another_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let paths = two(&folder);
    open(&paths).expect("new").add(&[patient(1), patient(2), patient(3)]).expect("written");
    let whole = fs::read_to_string(&paths[0]).expect("reads");
    let lines: Vec<&str> = whole.lines().collect();
    let refused = |text: String| {
        fs::write(&paths[0], text).expect("written");
        matches!(read_destroyed(&paths[..1], &[signer().2]), Err(DestroyedError::Forged { .. }))
    };
    assert!(refused(whole.replacen("\"entry\":1", "\"entry\":9", 1)), "changed");
    assert!(refused(format!("{}\n{}\n", lines[0], lines[2])), "taken out of the middle");
    assert!(refused(format!("{}\n", lines[1])), "taken off the beginning");
    fs::write(&paths[0], &whole).expect("written");
    let (name, ..) = signer();
    let stranger = VerifierKey::new(name, Signer::from_seed(&Key::from_bytes([4; 32])).public());
    assert!(matches!(read_destroyed(&paths[..1], &[stranger]), Err(DestroyedError::Forged { line: 1, .. })));
}

#[test]
fn copies_that_tell_different_stories_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let paths = two(&folder);
    open(&paths[..1]).expect("new").add(&[patient(1)]).expect("written");
    open(&paths[1..]).expect("new").add(&[patient(2)]).expect("written");
    assert!(matches!(open(&paths), Err(DestroyedError::Different { .. })));
    assert!(matches!(read_destroyed(&paths, &[signer().2]), Err(DestroyedError::Different { .. })));
    assert!(matches!(open(&[]), Err(DestroyedError::NoPlace)));
}
