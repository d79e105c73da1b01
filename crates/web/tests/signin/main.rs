//! Signing in and one's own account, through the whole router over a whole house.

mod account;
mod doors;
mod every_route;
mod factors;
mod flood;
mod in_flight;
mod joining;
mod pages;
mod passkeys;
mod support;
mod throttling;
mod tokens;
