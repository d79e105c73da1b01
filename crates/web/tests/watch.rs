//! Every rule through real requests: one test that fires it, and beside it what does not.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod watch {
    mod answering;
    mod channels;
    mod looking;
    mod scene;
    mod signing_in;
    mod unreviewed;
    mod unwitnessed;
    mod volume;
    mod where_and_when;
}
