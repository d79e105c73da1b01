//! The schemas of the stores: numbered migrations, who may do what, and whether a database is as the program expects.

mod grants;
mod history;

pub use grants::{grant_server, grants};
pub use history::{
    MigrateError, Migration, SchemaError, check, latest, migrate, migrate_up_to, migrations, schema_digest,
};
