//! A patient's own days: what is due, and what of it was done.

mod day;
mod week;

pub use day::{DoneOnce, DueItem, EndedProgram, OneItem, Today, item, today};
pub use week::{Week, WeekDay, WeekEntry, week};

use ledger::Word;

const TODAY: Word = Word::new("today");
const WEEK: Word = Word::new("week");
