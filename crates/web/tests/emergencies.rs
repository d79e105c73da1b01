//! Breaking the glass, over the API and the pages: what it takes, what it opens, how it ends, who is told, who signs.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod emergencies {
    mod finding;
    mod looking_into;
    mod opening;
    mod opens;
    mod scene;
}
