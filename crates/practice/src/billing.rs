//! Getting a practice paid, apart from care: a therapist says what a visit is charged for, a courier carries it to the
//! billing store, billing staff price it and keep the books.

pub mod charging;
pub mod courier;

use ledger::Word;

pub(crate) const CHARGE: Word = Word::new("charge");
