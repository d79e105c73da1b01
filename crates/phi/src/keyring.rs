//! Keys: the root wraps practice keys, a practice key wraps its patients' keys, a patient key yields a key per class.

mod billing;
mod by_root;
mod renewal;

pub use billing::{as_subject, billing_branch, practice_of_branch};
pub use by_root::{rewrap_for_roots, roots_of};
pub use renewal::{ResealError, Resealer};

use crate::{
    class::ClassId,
    field::OpenFailure,
    relation::{Answer, Unavailable},
};
use by_root::Branches;
use crypto::{Aad, Key, RootId};
use domain::{PatientId, PracticeId, Rng, Timestamp};
use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

/// A key as the key store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Counts up from 1 at each rotation.
    pub version: u32,
    /// The version of the key that wraps it; 0 for a root.
    pub wrapped_by: u32,
    /// The wrapped bytes; of a practice's key, for each root that wraps it ([`roots_of`]).
    pub wrapped: Vec<u8>,
}

/// Where wrapped keys are kept. The server's own keys lie under [`SERVER`] and [`AUDIT`], which are no practices.
pub trait KeyStore: Send + Sync {
    /// All versions of a practice's key.
    fn practice_keys(&self, practice: PracticeId) -> Answer<'_, Vec<WrappedKey>>;
    /// The newest version of a practice's key; asked before something is sealed under it.
    fn newest_practice_key(&self, practice: PracticeId) -> Answer<'_, Option<u32>>;
    /// Adds a version, durably, if `root`, which wraps it, is the root in force (the first one is from now on); an error
    /// when the version is there already. Says whether it was added.
    fn add_practice_key(&self, practice: PracticeId, key: WrappedKey, root: RootId, at: Timestamp) -> Answer<'_, bool>;
    /// All versions of a patient's key; none when there is no such patient, or their key was destroyed.
    fn patient_keys(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, Vec<WrappedKey>>;
    /// The keys of all patients of a practice whose ids lie between two, both included.
    fn patient_keys_between(
        &self,
        practice: PracticeId,
        first: PatientId,
        last: PatientId,
    ) -> Answer<'_, Vec<(PatientId, WrappedKey)>>;
    /// Adds a version, durably; an error when it is there already.
    fn add_patient_key(
        &self,
        practice: PracticeId,
        patient: PatientId,
        key: WrappedKey,
        at: Timestamp,
    ) -> Answer<'_, ()>;
    /// Whether the patient's key was destroyed. A store that does not remember says no: the patient is then not there.
    fn destroyed(&self, _: PracticeId, _: PatientId) -> Answer<'_, bool> {
        Box::pin(async { Ok(false) })
    }
}

/// Owner of the server's own key: blind indexes and session proofs.
pub const SERVER: PracticeId = PracticeId::from_bytes([0; 16]);
/// Owner of the audit key, a branch of its own.
pub const AUDIT: PracticeId = PracticeId::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// A key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key store did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The root in memory is not the one in force, and its provider gives no other now. It is asked again the next time.
    #[error("the root key is another one than the one in force, which this program does not have")]
    OldRoot,
    /// A wrapped key did not unwrap: damage.
    #[error("a {0} key did not unwrap: the key store is damaged")]
    Unwrap(&'static str),
    /// There is no such key.
    #[error("there is no {0} key")]
    Missing(&'static str),
}

/// Loads the root that its provider holds now. Asked when the one in memory turns out not to be in force any more.
pub type RenewRoot = Arc<dyn Fn() -> Option<Key> + Send + Sync>;

/// Unwraps keys, and hands out no more of them than a permission covers.
pub struct Keyring {
    /// What grows from the root, derived once.
    branches: RwLock<Arc<Branches>>,
    renew: Option<RenewRoot>,
    /// Held by the one who asks the provider for the root again.
    renewing: Mutex<()>,
    store: Arc<dyn KeyStore>,
    rng: Arc<dyn Rng>,
    /// Practice keys stay unwrapped in memory; patient keys never do, so that a destroyed one is gone at once.
    practices: RwLock<HashMap<PracticeId, Arc<Versions>>>,
}

/// Versions of one key, unwrapped.
pub(crate) struct Versions(Vec<(u32, Key)>);

impl Versions {
    pub(crate) fn newest(&self) -> Option<&(u32, Key)> {
        self.0.iter().max_by_key(|(version, _)| *version)
    }
    pub(crate) fn version(&self, version: u32) -> Option<&Key> {
        self.0.iter().find(|(v, _)| *v == version).map(|(_, key)| key)
    }
}

impl Keyring {
    /// A keyring under a root. Opens nothing yet.
    pub fn new(root: &Key, store: Arc<dyn KeyStore>, rng: Arc<dyn Rng>) -> Self {
        Self {
            branches: RwLock::new(Arc::new(Branches::of(root))),
            renew: None,
            renewing: Mutex::new(()),
            store,
            rng,
            practices: RwLock::default(),
        }
    }

    /// The same, which asks for the root again when it is replaced while this program runs.
    #[must_use]
    pub fn renewing(mut self, renew: RenewRoot) -> Self {
        self.renew = Some(renew);
        self
    }

    /// Makes the first key of a practice (or of [`SERVER`], [`AUDIT`]).
    pub async fn create_practice_key(&self, practice: PracticeId, at: Timestamp) -> Result<(), KeyError> {
        let key = Key::random(&*self.rng);
        loop {
            let branches = self.branches();
            let wrapped = branches.wrap(practice, 1, &*self.rng, &key);
            let wrapped = WrappedKey { version: 1, wrapped_by: 0, wrapped };
            if self.store.add_practice_key(practice, wrapped, branches.id, at).await? {
                return Ok(());
            }
            if !self.renew_root(branches.id) {
                return Err(KeyError::OldRoot);
            }
        }
    }

    /// A key of the server's own, derived from [`SERVER`]'s or [`AUDIT`]'s newest for one use.
    pub async fn server_key(&self, owner: PracticeId, use_label: &'static str) -> Result<Key, KeyError> {
        let keys = self.practice(owner).await?;
        let (_, key) = keys.newest().ok_or(KeyError::Missing("server"))?;
        Ok(key.derive(use_label, &[]))
    }

    /// Makes and stores the first key of a new patient.
    pub(crate) async fn create_patient_key(
        &self,
        practice: PracticeId,
        patient: PatientId,
        at: Timestamp,
    ) -> Result<Vec<WrappedKey>, KeyError> {
        let keys = self.newest(practice).await?;
        let (by, kek) = keys.newest().ok_or(KeyError::Missing("practice"))?;
        let key = Key::random(&*self.rng);
        let wrapped = crypto::wrap(kek, &*self.rng, &patient_place(practice, patient, 1), &key);
        let wrapped = WrappedKey { version: 1, wrapped_by: *by, wrapped };
        self.store.add_patient_key(practice, patient, wrapped.clone(), at).await?;
        Ok(vec![wrapped])
    }

    pub(crate) async fn wrapped(&self, practice: PracticeId, patient: PatientId) -> Result<Vec<WrappedKey>, KeyError> {
        Ok(self.store.patient_keys(practice, patient).await?)
    }

    pub(crate) async fn destroyed(&self, practice: PracticeId, patient: PatientId) -> Result<bool, KeyError> {
        Ok(self.store.destroyed(practice, patient).await?)
    }

    pub(crate) async fn wrapped_between(
        &self,
        practice: PracticeId,
        first: PatientId,
        last: PatientId,
    ) -> Result<Vec<(PatientId, WrappedKey)>, KeyError> {
        Ok(self.store.patient_keys_between(practice, first, last).await?)
    }

    /// The class keys that a permission covers, and no others.
    pub(crate) async fn class_keys<P>(
        &self,
        practice: PracticeId,
        patient: PatientId,
        wrapped: &[WrappedKey],
        classes: &'static [ClassId],
    ) -> Result<ClassKeys<P>, KeyError> {
        let wrapped_by = wrapped.iter().map(|one| one.wrapped_by).max().unwrap_or(0);
        let practice_keys = self.with_version(practice, wrapped_by).await?;
        let mut keys = Vec::with_capacity(wrapped.len() * classes.len());
        for one in wrapped {
            let kek = practice_keys.version(one.wrapped_by).ok_or(KeyError::Missing("practice"))?;
            let key = crypto::unwrap_key(kek, &patient_place(practice, patient, one.version), &one.wrapped)
                .map_err(|_| KeyError::Unwrap("patient"))?;
            for class in classes {
                keys.push((*class, one.version, key.derive("patient class", &[class.name().as_bytes()])));
            }
        }
        Ok(ClassKeys { keys, permission: PhantomData })
    }

    /// A practice's key, all versions.
    pub(crate) async fn practice(&self, practice: PracticeId) -> Result<Arc<Versions>, KeyError> {
        if let Some(known) = self.practices.read().unwrap_or_else(PoisonError::into_inner).get(&practice) {
            return Ok(known.clone());
        }
        self.load(practice).await
    }

    /// The same, with the version that is newest now: asked before something is sealed, so that nothing is sealed under
    /// a version that is being retired.
    pub(crate) async fn newest(&self, practice: PracticeId) -> Result<Arc<Versions>, KeyError> {
        let newest = self.store.newest_practice_key(practice).await?.ok_or(KeyError::Missing("practice"))?;
        let known = self.practice(practice).await?;
        if known.newest().is_some_and(|(version, _)| *version == newest) {
            Ok(known)
        } else {
            self.load(practice).await
        }
    }

    /// The same, with this version: one that is not known was made by another process since.
    pub(crate) async fn with_version(&self, practice: PracticeId, version: u32) -> Result<Arc<Versions>, KeyError> {
        let known = self.practice(practice).await?;
        if known.version(version).is_some() { Ok(known) } else { self.load(practice).await }
    }

    /// Unwraps a practice's keys as they are stored now, under a new root where the one in memory is out of force.
    async fn load(&self, practice: PracticeId) -> Result<Arc<Versions>, KeyError> {
        let seen = self.root_id();
        match self.unwrapped(practice).await {
            Err(KeyError::OldRoot) if self.renew_root(seen) => self.unwrapped(practice).await,
            done => done,
        }
    }

    async fn unwrapped(&self, practice: PracticeId) -> Result<Arc<Versions>, KeyError> {
        let branches = self.branches();
        let mut versions = Vec::new();
        for one in self.store.practice_keys(practice).await? {
            versions.push((one.version, branches.unwrap(practice, &one)?));
        }
        if versions.is_empty() {
            return Err(KeyError::Missing("practice"));
        }
        let versions = Arc::new(Versions(versions));
        self.practices.write().unwrap_or_else(PoisonError::into_inner).insert(practice, versions.clone());
        Ok(versions)
    }

    fn branches(&self) -> Arc<Branches> {
        self.branches.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which root is in memory.
    pub fn root_id(&self) -> RootId {
        self.branches().id
    }

    /// Asks the provider for the root again, where the one that turned out to be out of force is still the one in memory.
    /// Says whether there is another one now. Of many who ask at once one goes to the provider, and all are told.
    pub fn renew_root(&self, out_of_force: RootId) -> bool {
        let _turn = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.root_id() != out_of_force {
            return true;
        }
        let Some(root) = self.renew.as_ref().and_then(|renew| renew()) else { return false };
        let renewed = Arc::new(Branches::of(&root));
        let another = renewed.id != out_of_force;
        *self.branches.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        another
    }
}

fn practice_place(practice: PracticeId, version: u32) -> Aad {
    Aad::new("practice key").with(practice.as_bytes()).with(&version.to_be_bytes())
}

fn patient_place(practice: PracticeId, patient: PatientId, version: u32) -> Aad {
    Aad::new("patient key").with(practice.as_bytes()).with(patient.as_bytes()).with(&version.to_be_bytes())
}

/// The class keys of one patient that permission `P` covers.
pub(crate) struct ClassKeys<P> {
    keys: Vec<(ClassId, u32, Key)>,
    permission: PhantomData<fn() -> P>,
}

impl<P> ClassKeys<P> {
    /// The key that opens what a version sealed. A version that is newer than all of these was made after they were read.
    pub(crate) fn version(&self, class: ClassId, version: u32) -> Result<&Key, OpenFailure> {
        let key = self.keys.iter().find(|(c, v, _)| *c == class && *v == version).map(|(_, _, key)| key);
        key.ok_or_else(|| match self.newest(class) {
            Some((newest, _)) if newest < version => OpenFailure::NewerKey,
            _ => OpenFailure::KeyVersion,
        })
    }
    pub(crate) fn newest(&self, class: ClassId) -> Option<(u32, &Key)> {
        self.keys.iter().filter(|(c, ..)| *c == class).max_by_key(|(_, v, _)| *v).map(|(_, v, key)| (*v, key))
    }
}
