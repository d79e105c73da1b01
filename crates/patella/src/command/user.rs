//! `patella user`

use super::target::Target;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::{EmailAddress, PersonName, RequestId, Role};
use identity::Origin;
use ledger::{Outcome, Receipt, Resource, Word};
use practice::{Actor, Event, House, accounts};
use store::{
    Batch,
    rows::{
        accounts::{AccountRow, AccountState, by_email, set_role_and_state, staff},
        api_tokens, invitations, login_sessions,
    },
};

/// Add, list and disable accounts, and reset their factors.
#[derive(Debug, clap::Args)]
pub(crate) struct User {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add an account and print the link of its invitation.
    Add {
        #[command(flatten)]
        target: Target,
        /// admin, therapist, billing, front_desk, privacy_officer, operator or researcher.
        #[arg(long)]
        role: String,
        /// The name that others see.
        #[arg(long)]
        name: String,
        /// The address that signs in.
        #[arg(long)]
        email: String,
    },
    /// List the accounts of staff.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// End an account's sessions and tokens, and let it sign in no more.
    Disable {
        #[command(flatten)]
        target: Target,
        /// The address that signs in.
        #[arg(long)]
        email: String,
    },
    /// Take an account's password and factors away and print the link to new ones.
    ResetFactor {
        #[command(flatten)]
        target: Target,
        /// The address that signs in.
        #[arg(long)]
        email: String,
    },
}

impl User {
    /// Does it. Everything is recorded before it is done.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            match self.verb {
                Verb::Add { target, role, name, email } => add(&target, &role, &name, &email).await,
                Verb::List { target } => list(&target).await,
                Verb::Disable { target, email } => disable(&target, &email).await,
                Verb::ResetFactor { target, email } => reset_factor(&target, &email).await,
            }
        })
    }
}

async fn add(target: &Target, role: &str, name: &str, email: &str) -> Result<()> {
    let role: Role = role.parse().map_err(|why| anyhow::anyhow!("--role {why}"))?;
    if role == Role::Patient {
        bail!("--role patient: patients are invited from their chart, where it is said who they are");
    }
    let display_name = PersonName::new(name).map_err(|why| anyhow::anyhow!("--name {why}"))?;
    let email = EmailAddress::new(email).map_err(|why| anyhow::anyhow!("--email {why}"))?;
    let (opened, config) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    record(&opened.house, practice, Word::new("add_account"), Resource::whole(Word::new("account"))).await?;
    let new = accounts::NewAccount { role, email, display_name, patient: None };
    let (_, secret) = accounts::add(&opened.house, practice, &new).await?;
    opened.ledger.close();
    super::print(&link(&config, &secret.text()))
}

async fn list(target: &Target) -> Result<()> {
    let (opened, _) = target.open().await?;
    let house = &opened.house;
    let practice = target.practice(house).await?;
    let receipt = record(house, practice, Word::new("list_accounts"), Resource::whole(Word::new("account"))).await?;
    let mut after = domain::AccountId::from_bytes([0; 16]);
    loop {
        let rows = staff(&house.stores.identity, practice, after, 200).await?;
        let Some(last) = rows.last() else { break };
        after = last.account_id;
        for row in &rows {
            let name = house.vault.open_recorded(&receipt, practice, row.account_id, &row.display_name).await?;
            let email = house.vault.open_recorded(&receipt, practice, row.account_id, &row.email).await?;
            let (name, email) = (name.expose().as_str(), email.expose().as_str());
            super::print(&format!("{} {:16} {:9} {email:40} {name}\n", row.account_id, row.role, row.state.word()))?;
        }
    }
    opened.ledger.close();
    Ok(())
}

async fn disable(target: &Target, email: &str) -> Result<()> {
    let (opened, _) = target.open().await?;
    let house = &opened.house;
    let row = account(house, email).await?;
    let (practice, account) = (row.practice_id, row.account_id);
    let resource = Resource::new(Word::new("account"), account)?;
    record_about(house, practice, Word::new("disable_account"), resource, row.patient_id).await?;
    let batch = set_role_and_state(Batch::new(), practice, account, row.role, AccountState::Disabled, row.version);
    let batch = api_tokens::revoke_all(login_sessions::end_all(batch, practice, account), practice, account);
    let batch = invitations::withdraw(batch, practice, account);
    house.stores.identity.commit(batch).await.context("nothing was changed")?;
    opened.ledger.close();
    super::print("disabled; its sessions and tokens have ended\n")
}

async fn reset_factor(target: &Target, email: &str) -> Result<()> {
    let (opened, config) = target.open().await?;
    let house = &opened.house;
    let row = account(house, email).await?;
    if row.role == Role::Patient {
        bail!("a patient's account is reset by an administrator, and the front desk makes its link");
    }
    let resource = Resource::new(Word::new("account"), row.account_id)?;
    record(house, row.practice_id, Word::new("reset_factors"), resource).await?;
    let invited = accounts::invite(house, row.practice_id, row.account_id).await?;
    opened.ledger.close();
    super::print(&link(&config, &invited.secret.text()))
}

async fn account(house: &House, email: &str) -> Result<AccountRow> {
    let email = EmailAddress::new(email).map_err(|why| anyhow::anyhow!("--email {why}"))?;
    let index = house.indexes.account_email(&email);
    by_email(&house.stores.identity, &index).await?.context("there is no account with this address")
}

async fn record(house: &House, practice: domain::PracticeId, action: Word, resource: Resource) -> Result<Receipt> {
    record_about(house, practice, action, resource, None).await
}

/// Records under a patient, who sees it, what is done to their account.
async fn record_about(
    house: &House,
    practice: domain::PracticeId,
    action: Word,
    resource: Resource,
    patient: Option<domain::PatientId>,
) -> Result<Receipt> {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let event = Event { action, resource, patient, outcome: Outcome::Allowed, reason: Word::new("command-line") };
    house.record_as(actor, origin, event).await.context("it could not be recorded, so it was not done")
}

/// Records that exercises are about to be imported.
pub(super) async fn record_import(house: &House, practice: domain::PracticeId) -> Result<Receipt> {
    record(house, practice, Word::new("import_exercises"), Resource::whole(Word::new("exercise"))).await
}

fn link(config: &crate::config::Config, secret: &str) -> String {
    format!("{}/join/{secret}\nThe link works once, for {} days.\n", config.origin.as_str(), identity::INVITATION_DAYS)
}

/// The practice that a command is about, by id or because it is the only one.
pub(super) async fn practice(house: &House, wanted: Option<domain::PracticeId>) -> Result<domain::PracticeId> {
    let all = store::rows::practices::all(&house.stores.identity).await?;
    match (wanted, all.as_slice()) {
        (Some(id), _) if all.iter().any(|row| row.practice_id == id) => Ok(id),
        (Some(_), _) => bail!("there is no such practice"),
        (None, [only]) => Ok(only.practice_id),
        (None, []) => bail!("no practice was founded yet; run `patella init`"),
        (None, _) => bail!("there are several practices; say which with --practice-id"),
    }
}
