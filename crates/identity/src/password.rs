//! Passwords: how they are typed, chosen, hashed and verified.

mod hasher;
mod strength;

pub use hasher::{HashingLimits, PasswordError, PasswordHash, PasswordHasher, PasswordProof, Verified};
pub use strength::{MIN_PASSWORD_CHARS, NewPassword, WeakPassword};

use domain::Invalid;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest password. NIST SP 800-63B 5.1.1.2 asks for at least 64 characters to be let through.
pub const MAX_PASSWORD_CHARS: usize = 128;

/// A password as somebody typed it, in Unicode form NFKC (so that two keyboards write the same one; NIST SP 800-63B
/// 5.1.1.2). Wiped on drop; no `Debug`, `Clone` or `Serialize`.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed, spaces and all. Refused when empty or longer than [`MAX_PASSWORD_CHARS`].
    pub fn new(typed: String) -> Result<Self, Invalid> {
        let typed = Zeroizing::new(typed);
        // No character is longer than four bytes, so a body of megabytes is refused before it is normalized.
        if typed.is_empty() || typed.len() > 4 * MAX_PASSWORD_CHARS {
            return Err(Invalid::new("must be 1 to 128 characters"));
        }
        // Room for any growth, so that no unwiped copy is left behind by a reallocation: NFKC makes at most eighteen
        // characters out of one.
        let mut normal = Zeroizing::new(String::with_capacity(typed.len() * 18));
        normal.extend(typed.nfkc());
        if normal.chars().count() > MAX_PASSWORD_CHARS {
            return Err(Invalid::new("must be 1 to 128 characters"));
        }
        Ok(Self(normal))
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}
