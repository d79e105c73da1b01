//! Whether a password may be chosen.

use super::Password;
use zeroize::Zeroizing;
use zxcvbn::Score;

/// The shortest password that may be chosen. NIST SP 800-63B 5.1.1.2 asks for 8; twelve keeps most of what was ever
/// leaked out before the estimate begins.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// The shortest part of a name or an address that is looked for in a password: shorter ones stand in many words.
const KNOWN_CHARS: usize = 4;

/// A password that was found strong enough to be chosen. Only [`NewPassword::new`] makes one, and only a `NewPassword`
/// can be hashed.
pub struct NewPassword(Password);

/// Why a password may not be chosen, in words that can be shown. Never holds any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`MIN_PASSWORD_CHARS`] characters.
    #[error("must be at least 12 characters")]
    TooShort,
    /// Too few guesses would find it.
    #[error("is too easy to guess{}", .warning.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Guessable {
        /// What makes it easy to guess, if there is one thing.
        warning: Option<String>,
        /// What would make it better.
        suggestions: Vec<String>,
    },
}

impl NewPassword {
    /// Holds a password against the rules: at least 12 characters, and a zxcvbn score of 3 or more ("safely
    /// unguessable": more than 10^8 guesses). `about` is what an attacker knows of the account (address, names): it
    /// adds nothing to a password, which must be as hard to guess without it. No rules of composition and no expiry:
    /// NIST SP 800-63B 5.1.1.2 advises against both. (To know recent years for what they are, zxcvbn looks at the
    /// machine's calendar itself.)
    pub fn new(password: Password, about: &[&str]) -> Result<Self, WeakPassword> {
        if password.as_str().chars().count() < MIN_PASSWORD_CHARS {
            return Err(WeakPassword::TooShort);
        }
        // The parts of an address or a full name count as well as the whole.
        let mut known: Vec<String> = vec!["patella".into()];
        for text in about {
            let text = text.to_lowercase();
            known.extend(text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
            known.push(text);
        }
        known.retain(|text| text.chars().count() >= KNOWN_CHARS);
        known.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let inputs: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut estimate = zxcvbn::zxcvbn(password.as_str(), &inputs);

        // zxcvbn takes three known words in a row for as good as unknown ones, so the rest is estimated alone too.
        let mut rest = Zeroizing::new(password.as_str().to_lowercase());
        let whole = rest.len();
        for text in &known {
            rest = Zeroizing::new(rest.replace(text.as_str(), ""));
        }
        if rest.len() < whole {
            let without = zxcvbn::zxcvbn(&rest, &[]);
            estimate = if without.score() < estimate.score() { without } else { estimate };
        }
        if estimate.score() >= Score::Three {
            return Ok(Self(password));
        }
        let feedback = estimate.feedback();
        Err(WeakPassword::Guessable {
            warning: feedback.and_then(|advice| advice.warning()).map(|warning| warning.to_string()),
            suggestions: feedback.map_or_else(Vec::new, |advice| {
                advice.suggestions().iter().map(|suggestion| suggestion.to_string()).collect()
            }),
        })
    }

    pub(super) fn into_password(self) -> Password {
        self.0
    }
}
