//! Coming from elsewhere: what comes in, what does not, who may, and that nothing is left half done.

mod bringing;
mod full_disk;
mod killed;
mod pgcrypto;
mod python;
mod refusing;
mod scene;
