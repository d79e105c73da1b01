//! A small disk, to be filled.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A disk in memory that is unmounted when it is dropped.
pub struct Disk(PathBuf);

impl Disk {
    /// Mounts one of this size (`200k`, `64m`) at a folder. None, and a printed word, where mounting is not permitted.
    pub fn at(folder: &Path, size: &str) -> anyhow::Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        if mount(&["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"], folder) {
            return Ok(Some(Self(folder.to_owned())));
        }
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: mounting a small disk is not permitted here, so a full one is not tested");
        }
        Ok(None)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves not one byte.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = fs::File::create(self.filler())?;
        while file.write_all(&[0; 4096]).is_ok() {}
        Ok(())
    }

    /// Leaves so many bytes and a little.
    pub fn fill_but(&self, left: u64) -> anyhow::Result<()> {
        self.fill()?;
        let file = fs::OpenOptions::new().write(true).open(self.filler())?;
        let length = file.metadata()?.len().saturating_sub(left);
        Ok(file.set_len(length)?)
    }

    /// Gives back what was filled.
    pub fn free(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    /// Mounts it anew, `ro` or `rw`. No where that is not possible.
    pub fn remount(&self, how: &str) -> bool {
        mount(&["-o", &format!("remount,{how}")], &self.0)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let done = Command::new("mount").args(arguments).arg(at).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nothing to be done about a failure but leave a small disk mounted.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
