//! `patella routes`

use anyhow::{Context, Result};

/// Print every route.
#[derive(Debug, clap::Args)]
pub(crate) struct Routes {
    /// As JSON: a list of objects.
    #[arg(long)]
    json: bool,
}

impl Routes {
    /// Prints the table that the server is made of, so it cannot differ from what is served.
    pub(crate) fn run(self) -> Result<()> {
        let routes = web::routes::table().routes();
        let text = if self.json {
            serde_json::to_string_pretty(&routes).context("the routes as JSON")? + "\n"
        } else {
            let word = |value: Result<serde_json::Value, serde_json::Error>| {
                value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_else(|| "-".to_owned())
            };
            let line = |route: &web::Route| {
                let permission = word(serde_json::to_value(route.permission));
                let audit = word(serde_json::to_value(route.audit));
                let level = word(serde_json::to_value(route.level));
                let method = route.method.word();
                format!("{method:6} {:52} {level:6} {permission:18} {audit:12} {}\n", route.path, route.summary)
            };
            routes.iter().map(line).collect()
        };
        super::print(&text)
    }
}
