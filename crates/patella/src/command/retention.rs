//! `patella retention`

use super::target::Target;
use crate::{
    config::Config,
    opening::{self, AuditKeys, Log},
};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::{BillingAccountId, PatientId, PlanId, PracticeId, RequestId, TaskObserver};
use identity::Origin;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{DestructionLedger, Resource, VerifierKey, Word};
use phi::{as_subject, billing_branch};
use practice::{
    Actor, Event, House,
    access_reviews::{ACCESS_REVIEW, verify_review},
    incidents::{INCIDENT_FILE, verify_incident},
    retention::{
        ACCOUNT_CERTIFICATE, ARCHIVE_ENDED, Signing, archives, certificate_pdf, end_archives, plan_accounts_unattended,
        plan_unattended, purge, verify_account_certificate, verify_archive_end, verify_certificate, who_was_destroyed,
    },
};
use std::path::{Path, PathBuf};
use store::rows::{
    destroyed,
    retention::{
        ItemStep, PlanKind, PlanRow,
        accounts::{self, AccountStep},
        items, plan, plans,
    },
};

/// Plan the destruction of records whose time is over, carry it out, and show the certificates.
#[derive(Debug, clap::Args)]
pub(crate) struct Retention {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Look at every patient and list who is due, held, or without a visit. Destroys nothing.
    Plan {
        #[command(flatten)]
        target: Target,
        /// Look at every billing account instead, and list which are due.
        #[arg(long)]
        billing: bool,
    },
    /// List plans, newest first; with a plan, its patients or billing accounts, one a line.
    List {
        #[command(flatten)]
        target: Target,
        /// The plan.
        #[arg(long, value_name = "ID")]
        plan: Option<String>,
    },
    /// Carry out a plan that two people approved, or go on with one that was cut off.
    Run {
        #[command(flatten)]
        target: Target,
        /// The plan.
        #[arg(long, value_name = "ID")]
        plan: String,
    },
    /// Print the certificate of the destruction of a patient's record or of a billing account, or write it as PDF.
    Certificate {
        #[command(flatten)]
        target: Target,
        /// The patient.
        #[arg(long, value_name = "ID", required_unless_present = "account")]
        patient: Option<String>,
        /// The billing account.
        #[arg(long, value_name = "ID", conflicts_with = "patient")]
        account: Option<String>,
        /// Write a PDF here instead.
        #[arg(long, value_name = "FILE")]
        pdf: Option<PathBuf>,
    },
    /// Print the archives of destroyed records, those that end first first.
    Archives {
        #[command(flatten)]
        target: Target,
    },
    /// Destroy the archives whose last day is past. Those of whom a legal hold covers stay.
    EndArchives {
        #[command(flatten)]
        target: Target,
    },
    /// Print the public key with which certificates are verified.
    Key {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Verify a certificate, a record of a review or the file of an incident with the public key alone. Needs no settings and no server.
    Verify {
        /// The public key, as `patella retention key` prints it.
        #[arg(long, value_name = "KEY")]
        key: String,
        /// What is signed.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Retention {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            match self.verb {
                Verb::Plan { target, billing } => make(&target, billing).await,
                Verb::List { target, plan } => list(&target, plan.as_deref()).await,
                Verb::Run { target, plan } => carry_out(&target, &plan).await,
                Verb::Certificate { target, patient, account, pdf } => {
                    certificate(&target, patient.as_deref(), account.as_deref(), pdf.as_deref()).await
                }
                Verb::Archives { target } => list_archives(&target).await,
                Verb::EndArchives { target } => end(&target).await,
                Verb::Key { config } => key(&Config::load(&config)?).await,
                Verb::Verify { key, file } => verify(&key, &file),
            }
        })
    }
}

/// A bar of patients.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Result<Self> {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left")?);
        Ok(Self(bar))
    }
}

impl TaskObserver for Bar {
    fn reached(&self, step: &'static str) {
        tracing::debug!(step, "a transition is durable");
    }
    fn progress(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

async fn record(house: &House, practice: PracticeId, action: Word) -> Result<()> {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let event = Event {
        reason: Word::new("command-line"),
        ..Event::done(action, Resource::whole(Word::new("retention_plan")))
    };
    house.record_as(actor, origin, event).await.context("it could not be recorded, so it was not done")?;
    Ok(())
}

fn id(text: &str) -> Result<PlanId> {
    text.parse().map_err(|why| anyhow::anyhow!("--plan {why}"))
}

async fn make(target: &Target, billing: bool) -> Result<()> {
    let (opened, _) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    let bar = Bar::new()?;
    let made = if billing {
        plan_accounts_unattended(&opened.house, practice, &bar).await?
    } else {
        plan_unattended(&opened.house, practice, &bar).await?
    };
    bar.0.finish_and_clear();
    show(&opened.house, practice, made).await?;
    opened.ledger.close();
    super::print(
        "Nothing was destroyed. Two different people approve it on the page Retention; then: patella retention run\n",
    )
}

async fn list(target: &Target, wanted: Option<&str>) -> Result<()> {
    let (opened, _) = target.open().await?;
    let house = &opened.house;
    let practice = target.practice(house).await?;
    record(house, practice, Word::new("list_retention_plans")).await?;
    match wanted {
        Some(text) => show(house, practice, id(text)?).await?,
        None => {
            for row in plans(&house.stores.identity, practice).await? {
                let (plan, made, state, kind) = (row.plan_id, row.made_at, row.state.word(), row.kind.word());
                super::print(&format!("{plan} {made} {kind:8} {state:9} {} looked at\n", row.looked_at))?;
            }
        }
    }
    opened.ledger.close();
    Ok(())
}

/// Patients that are read at once.
const AT_ONCE: i64 = 1000;

async fn show(house: &House, practice: PracticeId, plan_id: PlanId) -> Result<()> {
    let identity = &house.stores.identity;
    let row = plan(identity, practice, plan_id).await?.context("there is no such plan")?;
    super::print(&format!("plan {plan_id}, {}, judged for {}\n", row.state.word(), row.today))?;
    if row.kind == PlanKind::Billing {
        return show_accounts(house, &row).await;
    }
    let mut after = PatientId::from_bytes([0; 16]);
    let (mut due, mut other) = (0_u64, 0_u64);
    loop {
        let rows = items(identity, practice, plan_id, None, after, AT_ONCE).await?;
        let Some(last) = rows.last() else { break };
        after = last.patient_id;
        for item in &rows {
            let day = |day: Option<domain::Date>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
            let (care, until) = (day(item.last_care), day(item.kept_until));
            let (verdict, step) = (item.verdict.word(), item.step.word());
            let rule = if item.rule.is_empty() { "-" } else { &item.rule };
            let stays = if item.billing_keeps { " (name and contact stay with billing)" } else { "" };
            super::print(&format!(
                "{} {verdict:8} last care {care:10} kept until {until:10} by {rule} {step} {}{stays}\n",
                item.patient_id, item.goes
            ))?;
            if item.step == ItemStep::Listing { other += 1 } else { due += 1 }
        }
    }
    super::print(&format!("{} looked at, {due} due, {other} held or without a visit\n", row.looked_at))
}

async fn show_accounts(house: &House, row: &PlanRow) -> Result<()> {
    let mut after = BillingAccountId::from_bytes([0; 16]);
    let (mut due, mut other) = (0_u64, 0_u64);
    loop {
        let place = (row.practice_id, row.plan_id, after);
        let items = accounts::items(&house.stores.identity, place, None, AT_ONCE).await?;
        let Some(last) = items.last() else { break };
        after = last.account_id;
        for item in &items {
            let (account, verdict, rule) = (item.account_id, item.verdict.word(), &item.rule);
            let (active, until, step) = (item.last_activity, item.kept_until, item.step.word());
            super::print(&format!(
                "{account} {verdict:8} last activity {active} kept until {until} by {rule} {step} {}\n",
                item.goes
            ))?;
            if item.step == AccountStep::Listing { other += 1 } else { due += 1 }
        }
    }
    super::print(&format!(
        "{} looked at, {due} due, {other} not balanced or with a charge to bill. Held ones are not listed\n",
        row.looked_at
    ))
}

async fn carry_out(target: &Target, text: &str) -> Result<()> {
    let plan_id = id(text)?;
    let (opened, config) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    let keys = async || commands_keys(&config, &opened.house).await;
    let places = config.destruction_ledger();
    let audit = keys().await?;
    // A ledger that was lost, or a volume that is not there, must not be taken for a new one.
    who_was_destroyed(&places, &audit.verifier(), &opened.house.stores.keys, true).await?;
    let AuditKeys { log, signer, .. } = audit;
    let mut destroyed = DestructionLedger::open(places, &log, signer, &[])?;
    let AuditKeys { log, signer, .. } = keys().await?;
    let bar = Bar::new()?;
    let done = purge(&opened.house, practice, plan_id, &Signing { log, signer }, &mut destroyed, &bar).await;
    bar.0.finish_and_clear();
    opened.ledger.close();
    let done = done.context("the plan was not carried out to its end; run it again when this is mended")?;
    if !done.did_something {
        return super::print("It was carried out before: nothing to do.\n");
    }
    super::print(&format!("{} destroyed, {} spared\n", done.destroyed, done.spared))
}

async fn list_archives(target: &Target) -> Result<()> {
    let (opened, _) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    record(&opened.house, practice, Word::new("list_archives")).await?;
    for row in archives(&opened.house, practice).await? {
        let state = match (row.ended_at, &row.certificate) {
            (None, _) => "kept".to_owned(),
            (Some(at), Some(_)) => format!("destroyed at {at}"),
            (Some(at), None) => format!("taken back at {at}, with its record not destroyed"),
        };
        super::print(&format!("{} until {} {state}\n", row.patient_id, row.ends_on))?;
        if let Some(note) = &row.certificate {
            super::print(note)?;
        }
    }
    opened.ledger.close();
    Ok(())
}

async fn end(target: &Target) -> Result<()> {
    let (opened, config) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    let AuditKeys { log, signer, .. } = commands_keys(&config, &opened.house).await?;
    let bar = Bar::new()?;
    let done = end_archives(&opened.house, practice, &Signing { log, signer }, &bar).await;
    bar.0.finish_and_clear();
    opened.ledger.close();
    let done = done.context("not every archive whose time is over was destroyed; run it again when this is mended")?;
    super::print(&format!("{} destroyed, {} held\n", done.ended, done.held))?;
    if done.missing > 0 {
        bail!(
            "{} archives whose time is over are not in the folder as they were written, so nothing was done with them: is it the \
             right folder, and mounted? The log names them",
            done.missing
        );
    }
    Ok(())
}

/// The keys of the command line's log, which records and signs destruction.
pub(super) async fn commands_keys(config: &Config, house: &House) -> Result<AuditKeys> {
    let root = opening::root(config)?;
    opening::audit_keys(config, &root, &house.stores.keys, Log::Commands).await
}

async fn certificate(target: &Target, patient: Option<&str>, account: Option<&str>, pdf: Option<&Path>) -> Result<()> {
    let patient: Option<PatientId> =
        patient.map(str::parse).transpose().map_err(|why| anyhow::anyhow!("--patient {why}"))?;
    let account: Option<BillingAccountId> =
        account.map(str::parse).transpose().map_err(|why| anyhow::anyhow!("--account {why}"))?;
    let (opened, _) = target.open().await?;
    let house = &opened.house;
    let practice = target.practice(house).await?;
    record(house, practice, Word::new("read_certificate")).await?;
    let (owner, subject) = match (patient, account) {
        (Some(patient), _) => (practice, patient),
        (None, Some(account)) => (billing_branch(practice), as_subject(account)),
        (None, None) => bail!("say whose: --patient or --account"),
    };
    let row = destroyed::certificate(&house.stores.keys, owner, subject).await?;
    opened.ledger.close();
    let note = row.context("there is no such certificate")?.certificate;
    match pdf {
        Some(path) => {
            std::fs::write(path, certificate_pdf(&note)?).with_context(|| format!("cannot write {}", path.display()))
        }
        None => super::print(&note),
    }
}

async fn key(config: &Config) -> Result<()> {
    let root = opening::root(config)?;
    let stores = opening::open_stores(config, &root).await?;
    let keys = opening::audit_keys(config, &root, &stores.keys, Log::Commands).await?;
    super::print(&format!("{}\n", keys.verifier()))
}

fn verify(key: &str, file: &Path) -> Result<()> {
    let key: VerifierKey = key.parse().map_err(|why| anyhow::anyhow!("--key {why}"))?;
    let note = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    if note.starts_with(ARCHIVE_ENDED) {
        let said = verify_archive_end(&note, &key).context("the certificate is not to be believed")?;
        if said.audit.is_none() {
            bail!("the signature is right, but the certificate carries no proof from the audit trail");
        }
        return super::print(&format!("genuine: archive {} was destroyed at {}\n", said.patient, said.destroyed_at));
    }
    if note.starts_with(ACCOUNT_CERTIFICATE) {
        let said = verify_account_certificate(&note, &key).context("the certificate is not to be believed")?;
        if said.audit.is_none() {
            bail!("the signature is right, but the certificate carries no proof from the audit trail");
        }
        let (account, at) = (said.billing_account, said.destroyed_at);
        return super::print(&format!("genuine: billing account {account} was destroyed at {at}\n"));
    }
    if note.starts_with(ACCESS_REVIEW) {
        let said = verify_review(&note, &key).context("the record is not to be believed")?;
        if said.audit.is_none() {
            bail!("the signature is right, but the record carries no proof from the audit trail");
        }
        let (quarter, at) = (said.quarter, said.closed_at);
        return super::print(&format!("genuine: the review of access of {quarter} was closed at {at}\n"));
    }
    if note.starts_with(INCIDENT_FILE) {
        let said = verify_incident(&note, &key).context("the file is not to be believed")?;
        if said.audit.is_none() {
            bail!("the signature is right, but the file carries no proof from the audit trail");
        }
        let (incident, at) = (said.incident, said.made_at);
        return super::print(&format!("genuine: the file of incident {incident} was made at {at}\n"));
    }
    let said = verify_certificate(&note, &key).context("the certificate is not to be believed")?;
    if said.audit.is_none() {
        bail!("the signature is right, but the certificate carries no proof from the audit trail");
    }
    super::print(&format!("genuine: record {} was destroyed at {}\n", said.patient, said.destroyed_at))
}
