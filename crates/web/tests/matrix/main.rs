//! Who may do what, over every route there is, asked through the router: the expectation is written here by hand and
//! knows nothing of the policy. A route without a row fails.

mod bad_input;
mod expectation;
mod fail_closed;
mod lists;
mod pages;
mod request;
mod roles;
mod sessions;
mod story;
mod world;
