//! An authenticator and the browser around it, in software: just enough of WebAuthn level 3 to be right, and to be
//! wrong on purpose.

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// One key, with what it says about itself.
pub struct Authenticator {
    key: EcdsaKeyPair,
    /// Its id of the credential.
    pub credential: Vec<u8>,
    /// How often it says it was used.
    pub counter: u32,
    /// Whether it says that it verified the person.
    pub verifies: bool,
    /// The page that it believes to be on.
    pub origin: &'static str,
    /// What it believes its site to be.
    pub rp_id: &'static str,
    /// Whose it says it is.
    pub user_handle: Option<Vec<u8>>,
}

impl Authenticator {
    /// A new key of a site: `rp_id` is its host, `origin` the address of its pages.
    pub fn new(name: u8, rp_id: &'static str, origin: &'static str) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"),
            credential: vec![name; 32],
            counter: 0,
            verifies: true,
            origin,
            rp_id,
            user_handle: None,
        }
    }

    /// Answers `navigator.credentials.create()`.
    pub fn create(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.create", &options["publicKey"]["challenge"]);
        let mut data = self.data(HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential.len()).expect("short").to_be_bytes());
        data.extend(&self.credential);
        data.extend(self.cose_key());
        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).expect("under 256 bytes"));
        object.extend(data);
        json!({
            "id": BASE64URL_NOPAD.encode(&self.credential), "rawId": BASE64URL_NOPAD.encode(&self.credential),
            "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": BASE64URL_NOPAD.encode(&client),
                          "attestationObject": BASE64URL_NOPAD.encode(&object) },
        })
    }

    /// Answers `navigator.credentials.get()`.
    pub fn get(&mut self, options: &Value) -> Value {
        let client = self.client_data("webauthn.get", &options["publicKey"]["challenge"]);
        let data = self.data(0);
        let signed = [&data, digest::digest(&digest::SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signed");
        json!({
            "id": BASE64URL_NOPAD.encode(&self.credential), "rawId": BASE64URL_NOPAD.encode(&self.credential),
            "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": BASE64URL_NOPAD.encode(&client),
                          "authenticatorData": BASE64URL_NOPAD.encode(&data),
                          "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
                          "userHandle": self.user_handle.as_ref().map(|handle| BASE64URL_NOPAD.encode(handle)) },
        })
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let mut data = digest::digest(&digest::SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(PRESENT | more | if self.verifies { VERIFIED } else { 0 });
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(&point[1..33]);
        key.extend([0x22, 0x58, 0x20]);
        key.extend(&point[33..65]);
        key
    }
}
