//! The shell from outside: a real server over TLS on the loopback, a sample table of routes, real sessions.

mod answers;
mod house;
mod input;
mod levels;
mod lifetime;
mod sample;
mod sessions;
mod tls;
