//! The ledger through its public face.

mod ledger {
    mod appending;
    mod crash;
    mod damage;
    mod proofs;
    mod sample;
}
