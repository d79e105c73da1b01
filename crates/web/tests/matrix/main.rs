//! Who may do what, over every route there is, asked of the running server over TLS: the expectation is written here
//! by hand and knows nothing of the policy. A route without a row fails.

mod bad_input;
mod billing;
mod bodies;
mod chart;
mod expectation;
mod exports;
mod fail_closed;
mod forms;
mod links;
mod lists;
mod mine;
mod pages;
mod request;
mod reviews;
mod roles;
mod search;
mod sessions;
mod story;
mod tokens;
mod whom;
mod world;
