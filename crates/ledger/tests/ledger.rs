//! The ledger through its public face.

mod ledger {
    mod appending;
    mod crash;
    mod damage;
    mod destroyed;
    mod dropping;
    mod dropping_sample;
    mod following;
    mod proofs;
    mod sample;
}
