//! Incidents, as those handle them who watch over a practice.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod incidents {
    mod affected;
    mod freezing;
    mod handling;
    mod scene;
    mod telling;
}
