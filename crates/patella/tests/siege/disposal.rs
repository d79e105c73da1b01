//! What left the practice is written down, signed, in the audit trail, and verifies with the public key alone.

use crate::server::{Practice, Said, free};
use ledger::{VerifierKey, open_text};
use practice::retention::DISPOSAL;

fn record(practice: &Practice, changed: (&str, &str)) -> Said {
    let mut command = vec!["dispose", "record"];
    for (name, value) in [
        ("--device", "SSD of the server"),
        ("--serial", "S4-1177"),
        ("--method", "destroy"),
        ("--by", "Sam Sample"),
        ("--witness", "Wilma Witness"),
        ("--on", "2026-05-14"),
    ] {
        command.extend([name, if name == changed.0 { changed.1 } else { value }]);
    }
    practice.command(&command)
}

#[test]
fn a_disposal_is_signed_recorded_and_listed_and_verifies_with_the_public_key_alone() {
    let practice = Practice::founded("", free());
    assert_eq!(practice.done(&["dispose", "list"]).trim(), "");
    let said = record(&practice, ("", ""));
    assert_eq!((said.status, said.err.as_str()), (Some(0), ""));
    let key: VerifierKey = practice.done(&["retention", "key"]).trim().parse().expect("a public key");
    let text = open_text(DISPOSAL, &said.out, &key).expect("signed by this practice");
    let disposal: serde_json::Value = serde_json::from_str(text).expect("JSON");
    for (name, value) in [
        ("device", "SSD of the server"),
        ("serial", "S4-1177"),
        ("method", "destroy"),
        ("by", "Sam Sample"),
        ("witness", "Wilma Witness"),
        ("on", "2026-05-14"),
    ] {
        assert_eq!(disposal[name], value, "{name}");
    }
    assert!(disposal["recorded_at"].is_string());
    let forged = said.out.replace("S4-1177", "S4-1178");
    assert!(open_text(DISPOSAL, &forged, &key).is_err(), "another serial number is not what was signed");

    let second = record(&practice, ("--method", "purge"));
    let listed = practice.done(&["dispose", "list"]);
    let (newer, older) =
        (listed.find("\"purge\"").expect("the second"), listed.find("\"destroy\"").expect("the first"));
    assert!(newer < older && listed.contains(second.out.trim()), "newest first: {listed}");
    let trail = practice.done(&["audit", "list"]);
    assert_eq!(trail.matches("dispose_device").count(), 2, "{trail}");
    assert!(!trail.contains("S4-1177") && !trail.contains("Wilma"), "the trail names an id and no more");
}

#[test]
fn a_disposal_that_does_not_hold_is_refused_on_one_line_and_leaves_nothing() {
    let practice = Practice::founded("", free());
    for (name, value, word) in [
        ("--witness", " sam sample ", "somebody else"),
        ("--method", "sell", "must be clear, purge or destroy"),
        ("--on", "2999-01-01", "future"),
        ("--on", "yesterday", "not a day"),
        ("--serial", "", "1 to 200 characters"),
        ("--device", "two\nlines", "on one line"),
    ] {
        let said = record(&practice, (name, value));
        assert_eq!((said.status, said.out.as_str()), (Some(1), ""), "{name} {value:?}");
        assert!(said.err.contains(word) && said.err.lines().count() == 1, "{}", said.err);
    }
    assert_eq!(practice.done(&["dispose", "list"]).trim(), "");
    assert!(!practice.done(&["audit", "list"]).contains("dispose_device"));
}
