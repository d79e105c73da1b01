//! Recovery codes: ten single-use codes on paper.

use crate::{FactorKind, FactorProof};
use crypto::Key;
use domain::{AccountId, Rng, Timestamp};
use zeroize::Zeroizing;

/// How many codes an account gets at a time.
pub const RECOVERY_CODES: usize = 10;
/// Characters of a code: 12 of 5 bits each, 60 bits. NIST SP 800-63B 5.1.2 asks for 20, and for throttled tries below
/// 64.
const CHARS: usize = 12;
/// Characters between two dashes.
const GROUP: usize = 4;
/// Douglas Crockford's base 32: no i, l, o or u, so that a handwritten code can be read back.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What is stored of one code: an HMAC that needs the server's key, and names the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecoveryCodeHash([u8; 32]);

impl RecoveryCodeHash {
    /// From the stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The code is not one of the account's unused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recovery code is wrong or was used before")]
pub struct WrongRecoveryCode;

/// Makes and verifies recovery codes.
pub struct RecoveryCodes {
    key: Key,
}

impl RecoveryCodes {
    /// `key` must outlive the codes (a rotation of the root must carry it over).
    pub fn new(key: &Key) -> Self {
        Self { key: key.derive("recovery code", &[]) }
    }

    /// Ten new codes like `7kq2-m0xd-c9fp`, to show once, and what to store in place of all earlier ones.
    pub fn generate(&self, account: AccountId, rng: &dyn Rng) -> Vec<(Zeroizing<String>, RecoveryCodeHash)> {
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        while codes.len() < RECOVERY_CODES {
            let mut bytes = Zeroizing::new([0; CHARS]);
            rng.fill(bytes.as_mut());
            // 256 is a multiple of 32: every character is equally likely.
            let plain: Zeroizing<Vec<u8>> =
                Zeroizing::new(bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)]).collect());
            let mut shown = Zeroizing::new(String::with_capacity(CHARS + CHARS / GROUP));
            for (n, character) in plain.iter().enumerate() {
                if n > 0 && n % GROUP == 0 {
                    shown.push('-');
                }
                shown.push(char::from(*character));
            }
            let hash = self.hash(account, &plain);
            codes.push((shown, hash));
        }
        codes
    }

    /// Verifies a code against the account's unused ones, and says which it was: the caller deletes that one in the
    /// same write that uses the proof. Case, spaces and dashes do not matter; `o` is read as 0, `i` and `l` as 1.
    pub fn verify(
        &self,
        account: AccountId,
        typed: &str,
        unused: &[RecoveryCodeHash],
        now: Timestamp,
    ) -> Result<(FactorProof, RecoveryCodeHash), WrongRecoveryCode> {
        let plain = normalized(typed).ok_or(WrongRecoveryCode)?;
        let hash = self.hash(account, &plain);
        let mut found = None;
        // All are compared, so that the time does not tell which one it was.
        for stored in unused {
            if crypto::same(&stored.0, &hash.0) {
                found = Some(*stored);
            }
        }
        let used = found.ok_or(WrongRecoveryCode)?;
        Ok((FactorProof::new(account, FactorKind::RecoveryCode, now), used))
    }

    fn hash(&self, account: AccountId, plain: &[u8]) -> RecoveryCodeHash {
        RecoveryCodeHash(crypto::mac(&self.key, &[b"recovery code 1", account.as_bytes(), plain]))
    }
}

/// The twelve characters behind what was typed; none when there are more, fewer or foreign ones.
fn normalized(typed: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(CHARS));
    for character in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let read = match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let byte = u8::try_from(read).ok().filter(|byte| ALPHABET.contains(byte))?;
        if plain.len() == CHARS {
            return None;
        }
        plain.push(byte);
    }
    (plain.len() == CHARS).then_some(plain)
}
