//! Keys over their life: the epochs that end what old backups can open.

pub mod epoch;
