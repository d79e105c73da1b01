//! Finding patients by parts of their name, or by something exact.

use super::{Exact, PATIENT, PatientLine, Whose, find, list::lines};
use crate::{
    House,
    record::{RecordError, through_record},
    sign_in::{Attempt, AttemptError},
};
use domain::{Invalid, NameQuery, PatientId};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{
    AccessError, Contact, Covers, Identifying, Permission, Purpose, ReadExercise, ReadIdentity, SealedName,
    SearchError as NamesError,
};
use std::collections::HashMap;
use store::rows::{
    care_links,
    patients::{self, PatientRow},
};

/// Most patients that a search shows.
pub const MOST_FOUND: usize = 50;
/// How many names are read from the store at once.
const PAGE: i64 = 500;
const NAMES: Word = Word::new("patient_names");
const SEARCH: Word = Word::new("search_patients");

/// Whom a search found.
pub struct Found {
    /// At most [`MOST_FOUND`], in the order of their ids.
    pub items: Vec<PatientLine>,
    /// Whether more fit.
    pub more: bool,
}

/// Why nothing was searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// What was typed is nothing to search for.
    #[error("what was typed {0}")]
    Query(Invalid),
    /// Too many searches in a short time.
    #[error(transparent)]
    Tried(#[from] AttemptError),
    /// Anything about the records themselves.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(SearchError);

impl From<NamesError> for SearchError {
    fn from(error: NamesError) -> Self {
        match error {
            NamesError::Access(error) => error.into(),
            NamesError::Open(error) => error.into(),
        }
    }
}

/// The patients who have exactly what was typed (an e-mail address, a telephone or record number), else those whose names
/// begin with its words: among all whom the caller may know. In the ledger stand the search, then how many names it
/// opened, and each patient who is shown, under that patient; never what was typed.
///
/// A search opens the names of a whole practice and fills the ledger, so each is counted before it is made, and an account
/// that makes many in a short time waits.
pub async fn search(house: &House, session: &Session<Full>, whose: Whose, typed: &str) -> Result<Found, SearchError> {
    let query = NameQuery::new(typed).map_err(SearchError::Query)?;
    Attempt::count_search(house, session, SEARCH, Resource::whole(NAMES)).await?;
    // Addresses and numbers are told from names by what no name has in it.
    let coded = typed.contains('@') || typed.chars().any(|c| c.is_ascii_digit());
    if coded {
        let items = exactly(house, session, typed).await?;
        if !items.is_empty() {
            return Ok(Found { items, more: false });
        }
    }
    let found = by_name(house, session, whose, &query).await?;
    if !coded && found.items.is_empty() {
        return Ok(Found { items: exactly(house, session, typed).await?, more: false });
    }
    Ok(found)
}

async fn exactly(house: &House, session: &Session<Full>, typed: &str) -> Result<Vec<PatientLine>, SearchError> {
    let Ok(exact) = Exact::new(typed) else { return Ok(Vec::new()) };
    match find(house, session, &exact).await {
        // Names may still be open to a token whose scopes do not reach here.
        Err(RecordError::Access(AccessError::Denied)) => Ok(Vec::new()),
        found => Ok(found?),
    }
}

async fn by_name(
    house: &House,
    session: &Session<Full>,
    whose: Whose,
    query: &NameQuery,
) -> Result<Found, SearchError> {
    if whose.by_identity(session) {
        let ids = fitting::<ReadIdentity>(house, session, query, Purpose::operations(Resource::whole(NAMES))).await?;
        shown::<ReadIdentity>(house, session, ids, Purpose::operations(Resource::whole(PATIENT))).await
    } else {
        let ids = fitting::<ReadExercise>(house, session, query, Purpose::treatment(Resource::whole(NAMES))).await?;
        shown::<ReadExercise>(house, session, ids, Purpose::treatment(Resource::whole(PATIENT))).await
    }
}

/// Those who fit, at most one more than are shown.
async fn fitting<P: Permission + Covers<Identifying> + Covers<Contact>>(
    house: &House,
    session: &Session<Full>,
    query: &NameQuery,
    purpose: Purpose,
) -> Result<Vec<PatientId>, SearchError> {
    let mut search = house.guard.search_names::<P>(session, purpose).await?;
    let mut after = PatientId::from_bytes([0; 16]);
    while search.found() <= MOST_FOUND {
        let (names, last) = names_after(house, session, search.is_of_everybody(), after).await?;
        search.compare(query, &names).await?;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    Ok(search.finish().await?)
}

/// A page of sealed names, and the last id of it when there may be more.
async fn names_after(
    house: &House,
    session: &Session<Full>,
    everybody: bool,
    after: PatientId,
) -> Result<(Vec<SealedName>, Option<PatientId>), SearchError> {
    let (clinical, practice) = (&house.stores.clinical, session.practice());
    if everybody {
        let names = patients::names(clinical, practice, after, PAGE).await?;
        let full = i64::try_from(names.len()).is_ok_and(|n| n == PAGE);
        let last = names.last().filter(|_| full).map(|name| name.patient);
        return Ok((names, last));
    }
    let (identity, now) = (&house.stores.identity, house.clock.now());
    let ids = care_links::patients_of(identity, practice, session.account(), now, after, PAGE).await?;
    let full = i64::try_from(ids.len()).is_ok_and(|n| n == PAGE);
    let last = ids.last().copied().filter(|_| full);
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        names.extend(patients::by_id(clinical, practice, id).await?.map(sealed_name));
    }
    Ok((names, last))
}

fn sealed_name(row: PatientRow) -> SealedName {
    SealedName { patient: row.patient_id, given_name: row.given_name, family_name: row.family_name }
}

async fn shown<P: Permission + Covers<Identifying> + Covers<Contact>>(
    house: &House,
    session: &Session<Full>,
    mut ids: Vec<PatientId>,
    purpose: Purpose,
) -> Result<Found, SearchError> {
    let more = ids.len() > MOST_FOUND;
    ids.truncate(MOST_FOUND);
    let grants = house.guard.authorize_each::<P>(session, &ids, purpose).await?;
    Ok(Found { items: lines(house, grants).await?, more })
}

/// The names of patients, for who may read who they are; each look is recorded, and who was denied is left out.
pub(crate) async fn names_of(
    house: &House,
    session: &Session<Full>,
    ids: &[PatientId],
) -> Result<HashMap<PatientId, String>, RecordError> {
    let purpose = Purpose::operations(Resource::whole(PATIENT));
    let grants = house.guard.authorize_each::<ReadIdentity>(session, ids, purpose).await?;
    Ok(lines(house, grants).await?.into_iter().map(|line| (line.patient_id, line.name())).collect())
}
