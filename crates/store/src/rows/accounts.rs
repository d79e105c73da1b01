//! Accounts.

use super::{opt_bytes, opt_sealed, sealed};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PatientId, PracticeId, Role, Timestamp};
use identity::AccountClaims;
use phi::{RowId, Sealed, fields::accounts};

/// Where an account is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Invited; has no password yet.
    Invited,
    /// May sign in.
    Active,
    /// May not sign in any more.
    Disabled,
}

impl AccountState {
    /// The word under which it is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl std::str::FromStr for AccountState {
    type Err = domain::Invalid;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Invited, Self::Active, Self::Disabled]
            .into_iter()
            .find(|state| state.word() == text)
            .ok_or(domain::Invalid::new("is not a state of an account"))
    }
}

/// An account.
pub struct AccountRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The account.
    pub account_id: AccountId,
    /// What it is for.
    pub role: Role,
    /// Where it is in its life.
    pub state: AccountState,
    /// Blind index of the address; unique on the server.
    pub email_index: [u8; 32],
    /// The address that signs in.
    pub email: Sealed<accounts::Email>,
    /// The name that others see.
    pub display_name: Sealed<accounts::DisplayName>,
    /// The patient whose account it is, if any.
    pub patient_id: Option<PatientId>,
    /// The password's hash, once one was set.
    pub password: Option<Sealed<accounts::Password>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts up at each change of role, state or name.
    pub version: i64,
}

impl AccountRow {
    /// The row as associated data sees it.
    pub fn row_id(account: AccountId) -> RowId {
        RowId::new(*account.as_bytes())
    }
    /// What a session is checked against.
    pub fn claims(&self) -> AccountClaims {
        AccountClaims {
            practice: self.practice_id,
            account: self.account_id,
            role: self.role,
            patient: self.patient_id,
            active: self.state == AccountState::Active,
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, account_id, role, state, email_index, email, display_name, patient_id, password, \
             created_at, version FROM accounts ",
            $rest
        )
    };
}

/// The account with this address, in any practice.
pub async fn by_email(db: &Db, email_index: &[u8; 32]) -> Result<Option<AccountRow>, StoreError> {
    let row = db.optional(select!("WHERE email_index = $1"), &[email_index.into()]).await?;
    row.as_ref().map(read).transpose()
}

/// One account.
pub async fn by_id(db: &Db, practice: PracticeId, account: AccountId) -> Result<Option<AccountRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2");
    db.optional(sql, &[practice.into(), account.into()]).await?.as_ref().map(read).transpose()
}

/// What a session of this account is checked against; none when there is no such account.
pub async fn claims(db: &Db, practice: PracticeId, account: AccountId) -> Result<Option<AccountClaims>, StoreError> {
    const SQL: &str = "SELECT role, patient_id, state FROM accounts WHERE practice_id = $1 AND account_id = $2";
    let row = db.optional(SQL, &[practice.into(), account.into()]).await?;
    row.map(|row| claims_at(&row, 0, practice, account)).transpose()
}

/// The claims whose role, patient and state stand at `first` and the two columns after it.
pub(super) fn claims_at(
    row: &Row,
    first: usize,
    practice: PracticeId,
    account: AccountId,
) -> Result<AccountClaims, StoreError> {
    Ok(AccountClaims {
        practice,
        account,
        role: row.word(first)?,
        patient: row.opt_id(first + 1)?,
        active: row.word::<AccountState>(first + 2)? == AccountState::Active,
    })
}

/// The account of a patient, if they have one.
pub async fn by_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<AccountRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2");
    db.optional(sql, &[practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` accounts of staff (everyone but patients) after `after`, in the order of their ids.
pub async fn staff(db: &Db, practice: PracticeId, after: AccountId, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id > $2 AND role <> 'patient' ORDER BY account_id LIMIT $3");
    db.rows(sql, &[practice.into(), after.into(), limit.into()]).await?.iter().map(read).collect()
}

/// Adds an account.
pub fn insert(batch: Batch, row: &AccountRow) -> Batch {
    const SQL: &str = "INSERT INTO accounts (practice_id, account_id, role, state, email_index, email, display_name, \
                       patient_id, password, created_at, version) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let params = &[
        row.practice_id.into(),
        row.account_id.into(),
        row.role.word().into(),
        row.state.word().into(),
        (&row.email_index).into(),
        row.email.as_bytes().into(),
        row.display_name.as_bytes().into(),
        row.patient_id.into(),
        opt_bytes(row.password.as_ref()).into(),
        row.created_at.into(),
        row.version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Makes a batch a conflict where the patient has an account that is not disabled.
pub fn none_open(batch: Batch, practice: PracticeId, patient: PatientId) -> Batch {
    // Must find nothing, and so changes nothing.
    const SQL: &str = "UPDATE accounts SET version = version \
                       WHERE practice_id = $1 AND patient_id = $2 AND state <> 'disabled'";
    batch.run(SQL, &[practice.into(), patient.into()]).expect(0)
}

/// Makes a batch a conflict when the account was disabled, invited anew or changed since `seen_version` was read.
pub fn hold(batch: Batch, practice: PracticeId, account: AccountId, seen_version: i64) -> Batch {
    const SQL: &str = "UPDATE accounts SET version = version \
                       WHERE practice_id = $1 AND account_id = $2 AND version = $3 AND state = 'active'";
    batch.run(SQL, &[practice.into(), account.into(), seen_version.into()]).expect(1)
}

/// Makes a batch a conflict when the account was changed since `seen_version` was read, whatever its state.
pub fn unchanged(batch: Batch, practice: PracticeId, account: AccountId, seen_version: i64) -> Batch {
    const SQL: &str = "UPDATE accounts SET version = version \
                       WHERE practice_id = $1 AND account_id = $2 AND version = $3";
    batch.run(SQL, &[practice.into(), account.into(), seen_version.into()]).expect(1)
}

/// Sets the password of an account that is active and still has `seen_version`: one that was disabled, invited anew or
/// changed meanwhile keeps what it has then.
pub fn set_password(
    batch: Batch,
    practice: PracticeId,
    account: AccountId,
    password: &Sealed<accounts::Password>,
    seen_version: i64,
) -> Batch {
    const SQL: &str = "UPDATE accounts SET password = $1, version = version + 1 \
                       WHERE practice_id = $2 AND account_id = $3 AND version = $4 AND state = 'active'";
    batch.run(SQL, &[password.as_bytes().into(), practice.into(), account.into(), seen_version.into()]).expect(1)
}

/// Sets the first password and opens the account, unless it was disabled meanwhile.
pub fn open(batch: Batch, practice: PracticeId, account: AccountId, password: &Sealed<accounts::Password>) -> Batch {
    const SQL: &str = "UPDATE accounts SET password = $1, state = 'active', version = version + 1 \
                       WHERE practice_id = $2 AND account_id = $3 AND state <> 'disabled'";
    batch.run(SQL, &[password.as_bytes().into(), practice.into(), account.into()]).expect(1)
}

/// Gives an account that waits for its invitation to be accepted another address to sign in with, where it still has
/// `seen_version`. A duplicate when the address opens another account.
pub fn readdress(
    batch: Batch,
    practice: PracticeId,
    account: AccountId,
    (email_index, email): (&[u8; 32], &Sealed<accounts::Email>),
    seen_version: i64,
) -> Batch {
    const SQL: &str = "UPDATE accounts SET email_index = $1, email = $2, version = version + 1 \
                       WHERE practice_id = $3 AND account_id = $4 AND version = $5 AND state = 'invited'";
    let params = &[email_index.into(), email.as_bytes().into(), practice.into(), account.into(), seen_version.into()];
    batch.run(SQL, params).expect(1)
}

/// Sets role and state where the version still is what the caller saw.
pub fn set_role_and_state(
    batch: Batch,
    practice: PracticeId,
    account: AccountId,
    role: Role,
    state: AccountState,
    seen_version: i64,
) -> Batch {
    const SQL: &str = "UPDATE accounts SET role = $1, state = $2, version = version + 1 \
                       WHERE practice_id = $3 AND account_id = $4 AND version = $5";
    let params = &[role.word().into(), state.word().into(), practice.into(), account.into(), seen_version.into()];
    batch.run(SQL, params).expect(1)
}

/// An account gets another role from this moment on.
pub fn role_since(batch: Batch, practice: PracticeId, account: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE accounts SET role_since = $1 WHERE practice_id = $2 AND account_id = $3";
    batch.run(SQL, &[at.into(), practice.into(), account.into()]).expect(1)
}

fn read(row: &Row) -> Result<AccountRow, StoreError> {
    let account_id = row.id(1)?;
    let id = AccountRow::row_id(account_id);
    Ok(AccountRow {
        practice_id: row.id(0)?,
        account_id,
        role: row.word(2)?,
        state: row.word(3)?,
        email_index: row.array(4)?,
        email: sealed(row, 5, id)?,
        display_name: sealed(row, 6, id)?,
        patient_id: row.opt_id(7)?,
        password: opt_sealed(row, 8, id)?,
        created_at: row.timestamp(9)?,
        version: row.int(10)?,
    })
}
