//! Searching names in memory (design, section 4): names are compared inside the kernel, and only the ids of those who fit
//! come out, after it is recorded how many were opened. Whoever wants to read a name that fits asks for a grant like
//! anybody, with an entry of its own.

use super::{AccessError, Guard, Purpose, glass::supposed};
use crate::{
    cipher::{self, Owner},
    class::{Class, Contact, PatientClass},
    field::{Field, OpenError, Sealed},
    keyring::{ClassKeys, WrappedKey},
    permission::{BreakGlass, Covers, Permission},
    policy::Ruling,
    registry::fields::patients::{Born, FamilyName, GivenName},
    relation::Relation,
};
use crypto::Zeroizing;
use domain::{NameQuery, PatientId, SoughtPerson};
use identity::{Full, Session};
use ledger::{Resource, Word};
use std::{collections::HashMap, marker::PhantomData};

/// The sealed names of a patient, to be compared.
pub struct SealedName {
    /// Whose.
    pub patient: PatientId,
    /// Given name.
    pub given_name: Sealed<GivenName>,
    /// Family name.
    pub family_name: Sealed<FamilyName>,
}

/// What somebody is found by who is sought by whole name and birth date.
pub struct SealedPerson {
    /// Their names.
    pub name: SealedName,
    /// The day they were born.
    pub born: Sealed<Born>,
}

/// Leave to compare names under permission `P`: decided and recorded before the first name is opened. Opens nothing to
/// its holder, and gives even the ids of those who fit only in exchange for a second entry, which says how many names were
/// opened: whoever searches a practice opens all of them, and that must stand where it can be found.
pub struct NameSearch<'s, P> {
    guard: &'s Guard,
    session: &'s Session<Full>,
    purpose: Purpose,
    ruling: Ruling,
    /// Whether the policy allows `P` on a patient who is registered, whatever else the caller is to them, unless something
    /// about that patient forbids it: that they keep the caller away. It is asked for those who fit.
    everybody: bool,
    /// Whose names were opened so far.
    opened: u64,
    found: Vec<PatientId>,
    permission: PhantomData<fn() -> P>,
}

/// What the second entry of a search is about; its id is the number of patients of whom a name, or the day they were born, was opened.
const OPENED: Word = Word::new("names_opened");

/// Why names could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The facts of the policy or the keys could not be had.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A name did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Guard {
    /// Leave to search the names of patients on whom the caller has `P`. Nobody in particular is looked at, and no name
    /// leaves the kernel.
    pub async fn search_names<'s, P: Permission + Covers<Contact>>(
        &'s self,
        session: &'s Session<Full>,
        purpose: Purpose,
    ) -> Result<NameSearch<'s, P>, AccessError> {
        self.authorize_search::<P>(session, purpose.clone()).await?;
        let registered = supposed(P::NAME, Relation { registered: true, ..Relation::default() });
        Ok(NameSearch {
            guard: self,
            session,
            purpose,
            ruling: self.best_ruling(session, P::NAME),
            everybody: self.rule(session, P::NAME, Some(registered)).allowed,
            opened: 0,
            found: Vec::new(),
            permission: PhantomData,
        })
    }
}

impl<P: Permission + Covers<Contact>> NameSearch<'_, P> {
    /// Whether any patient of the practice may be among those who fit. If not, only whom the caller treats, or
    /// themself: the others need not even be brought.
    pub const fn is_of_everybody(&self) -> bool {
        self.everybody
    }

    /// How many fitted so far.
    pub const fn found(&self) -> usize {
        self.found.len()
    }

    /// Compares the names of some patients: those on whom the policy allows `P`. A patient whose key was destroyed fits
    /// nothing, and one who keeps the caller away is not among those who fit: their name is compared, for to ask about
    /// everybody would be to ask the store once for each patient of the practice.
    pub async fn compare(&mut self, query: &NameQuery, names: &[SealedName]) -> Result<(), SearchError> {
        let mut keys = if self.everybody { self.keys_of_all(names).await? } else { self.keys_of_each(names).await? };
        for name in names {
            let Some(wrapped) = keys.remove(&name.patient).filter(|wrapped| !wrapped.is_empty()) else { continue };
            let keys =
                self.guard.keyring.class_keys::<P>(self.session.practice(), name.patient, &wrapped, P::CLASSES).await;
            let keys = keys.map_err(AccessError::from)?;
            self.opened += 1;
            let given = self.open(name.patient, &keys, &name.given_name)?;
            let family = self.open(name.patient, &keys, &name.family_name)?;
            if query.fits(&[&given, &family]) && self.may_find(name.patient).await? {
                self.found.push(name.patient);
            }
        }
        Ok(())
    }

    /// Records how many names were opened, and only then says who fits, in the order in which they were compared.
    pub async fn finish(self) -> Result<Vec<PatientId>, AccessError> {
        let resource = Resource::new(OPENED, self.opened).expect("a number is an id");
        let purpose = Purpose { resource, ..self.purpose };
        let entry = self.guard.entry(self.session, P::NAME, None, &purpose, &self.ruling);
        self.guard.append_one(entry).await?;
        Ok(self.found)
    }

    /// Whether the policy allows `P` on somebody who fits.
    async fn may_find(&self, patient: PatientId) -> Result<bool, AccessError> {
        // Of the others it was asked before their names were opened.
        Ok(!self.everybody || self.guard.facts::<P>(self.session, patient).await?.ruling.allowed)
    }

    /// One question to the key store for all of them.
    async fn keys_of_all(&self, names: &[SealedName]) -> Result<HashMap<PatientId, Vec<WrappedKey>>, AccessError> {
        self.keys_between(names.iter().map(|name| name.patient)).await
    }

    async fn keys_between(
        &self,
        ids: impl Iterator<Item = PatientId> + Clone,
    ) -> Result<HashMap<PatientId, Vec<WrappedKey>>, AccessError> {
        let (Some(first), Some(last)) = (ids.clone().min(), ids.max()) else { return Ok(HashMap::new()) };
        let mut keys: HashMap<PatientId, Vec<WrappedKey>> = HashMap::new();
        for (patient, key) in self.guard.keyring.wrapped_between(self.session.practice(), first, last).await? {
            keys.entry(patient).or_default().push(key);
        }
        Ok(keys)
    }

    /// The keys of those on whom the policy allows `P`, asked one by one.
    async fn keys_of_each(&self, names: &[SealedName]) -> Result<HashMap<PatientId, Vec<WrappedKey>>, AccessError> {
        let mut keys = HashMap::with_capacity(names.len());
        for name in names {
            let facts = self.guard.facts::<P>(self.session, name.patient).await?;
            if facts.ruling.allowed {
                keys.insert(name.patient, facts.wrapped);
            }
        }
        Ok(keys)
    }

    fn open<F: Field>(
        &self,
        patient: PatientId,
        keys: &ClassKeys<P>,
        sealed: &Sealed<F>,
    ) -> Result<Zeroizing<F::Value>, OpenError>
    where
        F::Class: PatientClass,
        P: Covers<F::Class>,
    {
        let owner = Owner { practice: self.session.practice(), subject: *patient.as_bytes() };
        cipher::open_of(<F::Class as Class>::ID, owner, sealed, |class, version| keys.version(class, version))
            .map(Zeroizing::new)
    }
}

impl NameSearch<'_, BreakGlass> {
    /// Compares whole names and birth dates. The day is opened of everybody, names only of those who were born on it. Whoever fits
    /// comes out, those too whose glass the caller may not break: [`Guard::would_break`] says of whom they may, and
    /// [`Guard::break_glass`] refuses and records the others.
    pub async fn compare_persons(
        &mut self,
        sought: &SoughtPerson,
        persons: &[SealedPerson],
    ) -> Result<(), SearchError> {
        let mut keys = self.keys_between(persons.iter().map(|person| person.name.patient)).await?;
        for SealedPerson { name, born } in persons {
            let Some(wrapped) = keys.remove(&name.patient).filter(|wrapped| !wrapped.is_empty()) else { continue };
            let (practice, patient) = (self.session.practice(), name.patient);
            let keys =
                self.guard.keyring.class_keys::<BreakGlass>(practice, patient, &wrapped, BreakGlass::CLASSES).await;
            let keys = keys.map_err(AccessError::from)?;
            self.opened += 1;
            if *self.open(patient, &keys, born)? == sought.born
                && sought.has_name(
                    &*self.open(patient, &keys, &name.given_name)?,
                    &*self.open(patient, &keys, &name.family_name)?,
                )
            {
                self.found.push(patient);
            }
        }
        Ok(())
    }
}
