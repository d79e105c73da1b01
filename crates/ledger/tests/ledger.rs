//! The ledger through its public face.

mod ledger {
    mod appending;
    mod crash;
    mod damage;
    mod destroyed;
    mod proofs;
    mod sample;
}
