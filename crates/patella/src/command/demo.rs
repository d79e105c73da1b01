//! `patella demo`

use super::{init, serve};
use crate::{
    config::Config,
    logging,
    opening::{self, Log},
    tls,
};
use anyhow::{Context, Result};
use domain::{Clock, SeededRng, SystemClock, Timezone, Unobserved};
use indicatif::{ProgressBar, ProgressStyle};
use practice::{
    demo::{DemoOptions, DemoPerson, DemoPlan, seed},
    practices::NewPractice,
    retention::plan_unattended,
};
use serde::Serialize;
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Make a practice of made-up people and serve it.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where its data goes. A demo that is there already is served again.
    #[arg(long, value_name = "FOLDER", default_value = "DATA")]
    data: PathBuf,
    /// Where it listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// How many patients.
    #[arg(long, value_name = "COUNT", default_value_t = 60)]
    patients: u32,
    /// The same seed gives the same people.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Make it, and do not serve.
    #[arg(long)]
    prepare: bool,
}

/// `DATA/demo.json`: what outside tools rely on.
#[derive(Serialize)]
struct Card<'a> {
    url: String,
    ca: PathBuf,
    people: Vec<Person<'a>>,
}

#[derive(Serialize)]
struct Person<'a> {
    role: &'a str,
    name: &'a str,
    email: &'a str,
    password: &'a str,
    totp_secret: &'a str,
}

impl Demo {
    /// Makes what is not there yet, says who can sign in, and serves.
    pub(crate) fn run(self) -> Result<()> {
        opening::private_folder(&self.data)?;
        let data = self.data.canonicalize().context("the data folder cannot be used")?;
        let certificate = tls::local(&data.join("tls"), &SystemClock)?;
        let config = settings(&data, self.listen, &certificate)?;
        logging::start(config.log);
        let card = data.join("demo.json");
        if !card.is_file() {
            super::block_on(self.make(&config, &card, &certificate.authority))?;
        }
        readdress(&card, config.origin.as_str())?;
        super::print(&fs::read_to_string(data.join("people.txt")).context("the list of people is gone")?)?;
        if self.prepare { Ok(()) } else { serve::run(&config) }
    }

    async fn make(&self, config: &Config, card: &Path, authority: &Path) -> Result<()> {
        let timezone = Timezone::new("America/New_York").map_err(|why| anyhow::anyhow!("the time zone {why}"))?;
        let today = timezone.day_of(SystemClock.now());
        let plan = DemoPlan::new(DemoOptions {
            patients: self.patients,
            ..DemoOptions::new(self.seed, today, timezone.clone())
        })?;
        init::foundations(config).await?;
        let opened = opening::open(config, Log::Commands).await?;
        let new = NewPractice { name: plan.practice_name().to_owned(), timezone, demo: true };
        let practice = init::found(&opened.house, &new).await?;
        let bar = ProgressBar::new(self.patients.into())
            .with_style(ProgressStyle::with_template("{wide_bar} {pos} of {len} patients  {eta} left")?);
        let people = seed(&opened.house, practice, &plan, &SeededRng::new(self.seed), || bar.inc(1)).await?;
        bar.finish_and_clear();
        plan_unattended(&opened.house, practice, &Unobserved).await.context("no plan of destruction was made")?;
        opened.ledger.close();
        write(&card.with_file_name("people.txt"), &list(config, &people))?;
        let people = people.iter().map(|person| Person {
            role: person.role.word(),
            name: &person.name,
            email: &person.email,
            password: &person.password,
            totp_secret: &person.totp_secret,
        });
        let text = Card { url: config.origin.as_str().to_owned(), ca: authority.to_owned(), people: people.collect() };
        write(card, &serde_json::to_string_pretty(&text)?)
    }
}

/// The settings of the demo, written down beside its data so that other commands can use them.
fn settings(data: &Path, listen: SocketAddr, certificate: &tls::LocalTls) -> Result<Config> {
    let text = format!(
        "# The settings of this demo. Everything in it is made up, its secrets too.\n\
         demo = true\n\
         listen = \"{listen}\"\n\
         origin = \"https://localhost:{port}\"\n\
         data = {data:?}\n\
         tls = {{ certificate = {certificate:?}, key = {key:?} }}\n\
         root = {{ key_file = {root:?} }}\n\
         ledger = {{ second_paths = [{second:?}] }}\n",
        port = listen.port(),
        data = data.join("stores"),
        certificate = certificate.certificate,
        key = certificate.key,
        root = data.join("root.key"),
        second = data.join("checkpoint-elsewhere"),
    );
    let file = data.join("patella.toml");
    write(&file, &text)?;
    Config::load(&file)
}

/// A demo that was made before may be served at another address now.
fn readdress(card: &Path, url: &str) -> Result<()> {
    let text = fs::read_to_string(card).context("demo.json cannot be read")?;
    let mut value: serde_json::Value = serde_json::from_str(&text).context("demo.json is damaged")?;
    if value["url"] == url {
        return Ok(());
    }
    value["url"] = url.into();
    write(card, &serde_json::to_string_pretty(&value)?)
}

fn list(config: &Config, people: &[DemoPerson]) -> String {
    let mut text = format!("This is a demo: nobody in it exists.\n\nOpen {}\n\n", config.origin.as_str());
    text.push_str(&format!("{:16} {:28} {:52} {:30} {}\n", "role", "name", "e-mail", "password", "code secret (TOTP)"));
    for person in people {
        let line = format!(
            "{:16} {:28} {:52} {:30} {}\n",
            person.role, person.name, person.email, person.password, person.totp_secret
        );
        text.push_str(&line);
    }
    text
}

fn write(file: &Path, text: &str) -> Result<()> {
    let said = || format!("cannot write {}", file.display());
    let mut options = fs::OpenOptions::new();
    let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(file).with_context(said)?;
    open.write_all(text.as_bytes()).and_then(|()| open.sync_all()).with_context(said)
}
