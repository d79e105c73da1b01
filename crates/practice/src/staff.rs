//! Who works in a practice.

use crate::{House, record::Person};
use domain::{AccountId, PracticeId, Role};
use identity::{Full, Session};
use phi::VaultError;
use store::{
    StoreError,
    rows::accounts::{self, AccountRow, AccountState},
};

/// The accounts of everybody who works in a practice, however many, former ones too.
pub(crate) async fn everybody(house: &House, practice: PracticeId) -> Result<Vec<AccountRow>, StoreError> {
    const PAGE: i64 = 200;
    let (mut rows, mut after) = (Vec::new(), AccountId::from_bytes([0; 16]));
    loop {
        let page = accounts::staff(&house.stores.identity, practice, after, PAGE).await?;
        let full = i64::try_from(page.len()).is_ok_and(|n| n == PAGE);
        after = page.last().map_or(after, |row| row.account_id);
        rows.extend(page);
        if !full {
            return Ok(rows);
        }
    }
}

/// Whether somebody with this role may treat patients.
pub(crate) const fn treats(role: Role) -> bool {
    matches!(role, Role::Therapist | Role::Admin)
}

/// Whether it is the account of somebody who may treat patients now.
pub(crate) fn treats_now(row: &AccountRow) -> bool {
    treats(row.role) && row.state == AccountState::Active
}

/// Whether it is the account of somebody who works here, opened or not; of nobody who left.
pub(crate) fn works_here(row: &AccountRow) -> bool {
    row.state != AccountState::Disabled
}

/// The staff of the session's practice whom `wanted` fits, by name.
pub(crate) async fn named<E>(
    house: &House,
    session: &Session<Full>,
    wanted: fn(&AccountRow) -> bool,
) -> Result<Vec<Person>, E>
where
    E: From<StoreError> + From<VaultError>,
{
    let mut people = Vec::new();
    for row in everybody(house, session.practice()).await? {
        if wanted(&row) {
            let name = house.vault.open_directory(session, row.account_id, &row.display_name).await?;
            people.push(Person { account_id: row.account_id, name: name.expose().as_str().to_owned() });
        }
    }
    people.sort_by_cached_key(|person| person.name.to_lowercase());
    Ok(people)
}
