//! What was entered in error: kept, and said to be wrong.

use crate::{Invalid, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// Why something was entered in error.
    VoidReason: 1..=500, "must be 1 to 500 characters of plain text";
}
