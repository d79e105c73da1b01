//! `patella data-dictionary`

use anyhow::Result;

/// Print what every stored column means and how it is protected.
#[derive(Debug, clap::Args)]
pub(crate) struct Dictionary {}

impl Dictionary {
    /// Prints the registry of the kernel as Markdown.
    pub(crate) fn run(self) -> Result<()> {
        super::print(&phi::data_dictionary())
    }
}
