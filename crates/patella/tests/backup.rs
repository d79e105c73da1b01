//! Backups, restores, drills and moves from outside.

mod backup {
    mod commands;
    mod practice;
    mod s3;
}
