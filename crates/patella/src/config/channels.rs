//! How receivers of alerts and of the audit trail are reached.

use anyhow::{Context, Result};
use domain::Network;
use figment::value::magic::RelativePathBuf;
use practice::channels::Outside;
use serde::Deserialize;

/// How receivers are reached; which there are, each practice sets on its pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Channels {
    /// The file (PEM) with the certificates from which receivers' come; those that the system trusts when not set.
    #[serde(default)]
    ca_file: Option<RelativePathBuf>,
    /// Internal networks in which receivers may be; none when not set.
    #[serde(default)]
    internal: Vec<Network>,
}

impl Channels {
    /// The same from the pages of this server.
    pub(crate) fn outside(&self, origin: &str) -> Result<Outside> {
        let file = self.ca_file.as_ref().map(RelativePathBuf::relative);
        Outside::new(origin, file.as_deref(), self.internal.clone())
            .context("receivers cannot be reached: is channels.ca_file right?")
    }
}
