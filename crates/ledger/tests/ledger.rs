//! The ledger through its public face.

mod ledger {
    mod appending;
    mod sample;
}
