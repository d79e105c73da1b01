//! Progress notes: what a therapist writes about a patient.

mod list;
mod write;

pub use list::{NoteView, Notes, list};
pub use write::{NewNote, WriteNoteError, write};

use ledger::Word;

pub(crate) const NOTE: Word = Word::new("progress_note");
