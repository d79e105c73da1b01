//! How it goes: what was due and done, how it felt, what the patient said.

mod chart;
mod compute;

pub use chart::{Chart, CommentView, chart, item_names};
pub use compute::{ItemProgress, Progress, progress};

use ledger::Word;

pub(crate) const PROGRESS: Word = Word::new("progress");
