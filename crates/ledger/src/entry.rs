//! What one entry says, and how it is sealed.

use crate::LogName;
use crypto::{Aad, Key, OpenError, Zeroizing};
use domain::{
    AccountId, Invalid, LoginSessionId, PatientId, PermissionName, PracticeId, PurposeKind, RequestId, Rng, Role,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, net::IpAddr};

/// A lower-case word of the program's own vocabulary: `sign_in`, `care_team`, `program`. Never anything a person typed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Word(Cow<'static, str>);

impl Word {
    /// Most bytes that a word may have.
    pub const MAX_LEN: usize = 64;

    /// A word of the source code.
    ///
    /// # Panics
    /// When it is not 1 to 64 of `a-z`, `0-9`, `_`, `-` and `.`; at compile time where it stands in a constant.
    pub const fn new(word: &'static str) -> Self {
        assert!(is_word(word), "a word has 1 to 64 of a-z, 0-9, _, - and .");
        Self(Cow::Borrowed(word))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.') {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty() && bytes.len() <= Word::MAX_LEN
}

impl TryFrom<String> for Word {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        if is_word(&text) { Ok(Self(Cow::Owned(text))) } else { Err(Invalid::new("is not a word")) }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was touched: its kind and its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "ResourceParts")]
pub struct Resource {
    kind: Word,
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
}

#[derive(Deserialize)]
struct ResourceParts {
    kind: Word,
    #[serde(default)]
    id: String,
}

impl TryFrom<ResourceParts> for Resource {
    type Error = Invalid;
    fn try_from(parts: ResourceParts) -> Result<Self, Invalid> {
        Self::new(parts.kind, parts.id)
    }
}

impl Resource {
    /// Most bytes that an id may have.
    pub const MAX_ID: usize = 64;

    /// A resource with an id of up to 64 visible ASCII characters: an id of ours, never a name or an address.
    pub fn new(kind: Word, id: impl fmt::Display) -> Result<Self, Invalid> {
        let id = id.to_string();
        if id.len() > Self::MAX_ID || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new("must be an id of up to 64 visible ASCII characters"));
        }
        Ok(Self { kind, id })
    }

    /// A whole kind, without an id: a list, the server's own state.
    pub const fn whole(kind: Word) -> Self {
        Self { kind, id: String::new() }
    }

    /// The kind.
    pub const fn kind(&self) -> &Word {
        &self.kind
    }

    /// The id; empty for a whole kind.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was allowed.
    Allowed,
    /// It was refused.
    Denied,
    /// It was allowed but did not succeed.
    Failed,
}

/// Who did, or tried, what to which record. Holds ids and words, never a field's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// In which practice; none for what concerns the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practice: Option<PracticeId>,
    /// Who; none when nobody is known yet (a failed sign-in) or the server acts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// In which login session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_session: Option<LoginSessionId>,
    /// With which permission; none where none is asked for (sign-in, sign-out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<PermissionName>,
    /// What was done: `read_program`, `sign_in`.
    pub action: Word,
    /// Why, where a record was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeKind>,
    /// To what.
    pub resource: Resource,
    /// Whose record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// How it went.
    pub outcome: Outcome,
    /// Why it went so: `care_team`, `no_relationship`, `wrong_code`.
    pub reason: Word,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// In which request.
    pub request: RequestId,
}

impl Entry {
    /// The entry as compact JSON: what is sealed. At most about 900 bytes, since every part is bounded.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("an entry is plain data"))
    }
}

/// Seals an encoded entry to its place in its log.
pub(crate) fn seal_entry(key: &Key, rng: &dyn Rng, log: &LogName, seq: u64, encoded: &[u8]) -> Vec<u8> {
    crypto::seal(key, rng, &place(log, seq), encoded)
}

/// Opens the sealed entry at `seq` of `log`. Refuses one that was sealed elsewhere, or changed, or is no entry.
pub fn open_entry(key: &Key, log: &LogName, seq: u64, sealed: &[u8]) -> Result<Entry, OpenError> {
    let plain = crypto::open(key, &place(log, seq), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| OpenError)
}

fn place(log: &LogName, seq: u64) -> Aad {
    Aad::new("ledger entry").with(log.as_str().as_bytes()).with(&seq.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_of_the_programs_own_vocabulary() {
        for good in ["sign_in", "a", "note.comment", &"x".repeat(64)] {
            assert!(Word::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "Sign in", "ann@example.org", "é", &"x".repeat(65)] {
            assert!(Word::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_resource_id_is_short_and_visible() {
        const KIND: Word = Word::new("program");
        assert!(Resource::new(KIND, "2b1c").is_ok());
        assert!(Resource::new(KIND, "Ann Smith").is_err());
        assert!(Resource::new(KIND, "x".repeat(65)).is_err());
        assert!(serde_json::from_str::<Resource>(r#"{"kind":"program","id":"a b"}"#).is_err());
    }
}
