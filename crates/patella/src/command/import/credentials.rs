//! Who imports: asked at the terminal, or read from a file descriptor. Never an argument, which every process of the
//! machine can read, and never the environment.

use anyhow::{Context, Result, bail};
use crypto::Zeroizing;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
};

/// Longest input, in bytes.
const LONGEST: u64 = 4096;

/// Address, password and code of somebody who signs in.
pub(super) struct Credentials {
    pub(super) email: String,
    pub(super) password: Zeroizing<String>,
    pub(super) code: Zeroizing<String>,
}

impl Credentials {
    /// Asks at the terminal, or reads three lines from a file descriptor.
    pub(super) fn ask(descriptor: Option<u32>) -> Result<Self> {
        match descriptor {
            Some(number) => Self::from_descriptor(number),
            None => Self::from_terminal(),
        }
    }

    fn from_descriptor(number: u32) -> Result<Self> {
        let file = File::open(format!("/proc/self/fd/{number}"));
        let file = file.with_context(|| format!("file descriptor {number} cannot be read"))?;
        let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST)?));
        file.take(LONGEST).read_to_string(&mut text).with_context(|| format!("file descriptor {number} is no text"))?;
        let mut lines = text.lines();
        let (Some(email), Some(password), Some(code)) = (lines.next(), lines.next(), lines.next()) else {
            bail!(
                "file descriptor {number} must give three lines: e-mail address, password, code of the authenticator app"
            )
        };
        let wiped = |line: &str| Zeroizing::new(line.to_owned());
        Ok(Self { email: email.to_owned(), password: wiped(password), code: wiped(code) })
    }

    fn from_terminal() -> Result<Self> {
        let mut terminal = File::options()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .context("there is no terminal to sign in at; give the three lines with --credentials-fd")?;
        write!(terminal, "An import is done by an administrator of the practice, who signs in.\nE-mail address: ")?;
        let email = line(&terminal)?.trim().to_owned();
        write!(terminal, "Password: ")?;
        let password = {
            let _silent = Silent::new(&terminal)?;
            line(&terminal)?
        };
        write!(terminal, "\nCode of the authenticator app: ")?;
        let code = line(&terminal)?;
        Ok(Self { email, password, code: Zeroizing::new(code.trim().to_owned()) })
    }
}

fn line(terminal: &File) -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST)?));
    BufReader::with_capacity(1, terminal).take(LONGEST).read_line(&mut line).context("the terminal cannot be read")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silent<'t>(&'t File, Termios);

impl<'t> Silent<'t> {
    fn new(terminal: &'t File) -> Result<Self> {
        let before = tcgetattr(terminal).context("the terminal cannot be told to hide what is typed")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent)
            .context("the terminal cannot be told to hide what is typed")?;
        Ok(Self(terminal, before))
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        // The shell sets it right again, too.
        let _ = tcsetattr(self.0, OptionalActions::Flush, &self.1);
    }
}
