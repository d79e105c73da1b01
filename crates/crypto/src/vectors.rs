//! Project Wycheproof's vectors against our own wrappers.

use crate::{
    Key,
    key::hkdf_sha256,
    mac::{hmac_sha256, same},
    sealed::{open_bytes, seal_with_nonce},
};
use wycheproof::TestResult;

#[test]
fn aes_256_gcm_agrees_with_wycheproof() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).expect("the set loads");
    let (mut accepted, mut refused) = (0, 0);
    let groups = set.test_groups.iter().filter(|g| g.key_size == 256 && g.nonce_size == 96 && g.tag_size == 128);
    for test in groups.flat_map(|group| &group.tests) {
        let key = Key::from_bytes(test.key[..].try_into().expect("256 bits"));
        let nonce: [u8; 12] = test.nonce[..].try_into().expect("96 bits");
        let sealed = [&nonce[..], &test.ct[..], &test.tag[..]].concat();
        let opened = open_bytes(&key, &test.aad, &sealed);
        if test.result == TestResult::Invalid {
            assert!(opened.is_err(), "vector {} must not open", test.tc_id);
            refused += 1;
        } else {
            assert_eq!(opened.expect("opens").as_slice(), &test.pt[..], "vector {}", test.tc_id);
            assert_eq!(seal_with_nonce(&key, nonce, &test.aad, &test.pt), sealed, "vector {}", test.tc_id);
            accepted += 1;
        }
    }
    assert!(accepted > 20 && refused > 20, "{accepted} accepted, {refused} refused: is the set complete?");
}

#[test]
fn hmac_sha256_agrees_with_wycheproof() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).expect("the set loads");
    let (mut accepted, mut refused) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let tag = hmac_sha256(&test.key, [&test.msg[..]]);
            // Some groups hold truncated tags: what we never make, but the bytes must agree.
            let matches = same(&tag[..group.tag_size / 8], &test.tag);
            assert_eq!(matches, test.result != TestResult::Invalid, "vector {}", test.tc_id);
            if matches { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted > 50 && refused > 50, "{accepted} accepted, {refused} refused: is the set complete?");
}

#[test]
fn hkdf_sha256_agrees_with_wycheproof() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).expect("the set loads");
    let (mut accepted, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut out = vec![0; test.size];
        let done = hkdf_sha256(&test.salt, &test.ikm, &test.info, &mut out);
        if test.result == TestResult::Invalid {
            assert!(done.is_err(), "vector {} must be refused", test.tc_id);
            refused += 1;
        } else {
            done.expect("derives");
            assert_eq!(out, &test.okm[..], "vector {}", test.tc_id);
            accepted += 1;
        }
    }
    assert!(accepted > 50 && refused > 0, "{accepted} accepted, {refused} refused: is the set complete?");
}
