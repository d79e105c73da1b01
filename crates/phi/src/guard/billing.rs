//! The door between care and billing. A patient's pseudonym leaves the kernel only towards the billing store, and a patient
//! is come to from an account only for their name and contact.
//!
//! The ledger never holds the two together, nor both sides of one step: what is done on an account is recorded without
//! naming it, what is opened of the patient behind it stands under the patient.

use super::{AccessError, Guard, Purpose};
use crate::{
    cipher::{self, Owner},
    class::{BillingClass, Class, ClassId},
    field::{Clear, Field, OpenError, OpenFailure, RowId, Sealed},
    keyring::{ClassKeys, KeyError, as_subject, billing_branch},
    permission::{BillingPermission, Bills, ChargeVisit, Permission, WriteBilling},
    policy::Ruling,
    registry::fields::{billing_links::Linked, billing_outbox::Crossed, charges},
    relation::StoredLink,
    vault::{VaultError, class_key},
};
use crypto::Key;
use domain::{
    AccountId, BillingAccountId, BillingLinkId, ChargeId, Date, OccasionId, PatientId, PracticeId, Rng, Timestamp,
    VisitId,
    billing::{AccountLink, ChargeSheet, Crossing, Diagnoses, TakenBack, WithdrawalReason},
};
use identity::{Full, Session};
use ledger::{Receipt, Word};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Leave to use permission `P` on one billing account, with the keys that it covers.
pub struct BillingGrant<'s, P> {
    session: &'s Session<Full>,
    account: BillingAccountId,
    receipt: Receipt,
    keys: ClassKeys<P>,
    rng: Arc<dyn Rng>,
}

impl<P> BillingGrant<'_, P> {
    /// Whose: the pseudonym.
    pub const fn account(&self) -> BillingAccountId {
        self.account
    }
    /// The practice's billing branch, as the billing store knows it.
    pub const fn branch(&self) -> PracticeId {
        billing_branch(self.session.practice())
    }
    /// Who was allowed.
    pub const fn by(&self) -> AccountId {
        self.session.account()
    }
    /// Where it stands in the ledger.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }
    const fn owner(&self) -> Owner {
        owner(self.session.practice(), self.account)
    }
}

impl<P: BillingPermission> BillingGrant<'_, P> {
    /// Opens a field of this account, lent for as long as the grant lives.
    pub fn open<F: Field>(&self, sealed: &Sealed<F>) -> Result<Clear<'_, F::Value>, OpenError>
    where
        F::Class: BillingClass,
        P: Bills<F::Class>,
    {
        let class = <F::Class as Class>::ID;
        cipher::open(self.owner(), sealed, |version| self.keys.version(class, version)).map(Clear::new)
    }

    /// Opens a field that may be empty.
    pub fn open_optional<F: Field>(&self, sealed: Option<&Sealed<F>>) -> Result<Option<Clear<'_, F::Value>>, OpenError>
    where
        F::Class: BillingClass,
        P: Bills<F::Class>,
    {
        sealed.map(|sealed| self.open(sealed)).transpose()
    }
}

impl BillingGrant<'_, WriteBilling> {
    /// Seals a charge's price. What the therapist wrote is sealed by the therapist alone.
    pub fn seal_price(&self, charge: ChargeId, price: &domain::billing::Price) -> Sealed<charges::Priced> {
        let key = self.keys.newest(ClassId::Charge).expect("a grant carries the keys of every class that it writes");
        cipher::seal(self.owner(), row_of(charge), key, &*self.rng, price)
    }
}

/// Leave to charge a patient's visits. Opens nothing, and makes no billing account by itself: whoever has one is known to
/// billing for good.
pub struct ChargingGrant<'s> {
    guard: &'s Guard,
    session: &'s Session<Full>,
    subject: PatientId,
}

impl<'s> ChargingGrant<'s> {
    /// Whose visits.
    pub const fn subject(&self) -> PatientId {
        self.subject
    }

    /// Finds the patient's billing account, or makes it where there is none. For when it is known that there is something to
    /// charge. [`AccessError::Ending`] while the patient's earlier account is being destroyed; once it is, there is another.
    pub async fn open_account(self) -> Result<ChargingAccount<'s>, AccessError> {
        let Self { guard, session, subject } = self;
        let practice = session.practice();
        let account = guard.account_of(practice, subject).await?;
        // Asked after the account is there: either it was when a destruction looked whom billing knows, or that had begun and
        // nothing more is charged.
        if guard.teams.is_condemned(practice, subject).await?
            || guard.keyring.wrapped(practice, subject).await?.is_empty()
        {
            return Err(AccessError::Denied);
        }
        if !guard.links.claim(practice, account).await? {
            return Err(AccessError::Ending);
        }
        let wrapped = guard.keyring.account_keys(practice, account, guard.clock.now()).await?;
        const SEALS: &[ClassId] = &[ClassId::Charge, ClassId::Diagnosis];
        let keys = guard.class_keys(billing_branch(practice), as_subject(account), &wrapped, SEALS).await?;
        let link_key = guard.newest_link_key(practice).await?;
        Ok(ChargingAccount { session, account, keys, link_key, rng: guard.rng.clone() })
    }
}

/// What is said to billing about a visit.
#[derive(Clone, Copy)]
pub enum Claim<'c> {
    /// This is charged.
    Of(&'c ChargeSheet, &'c Diagnoses),
    /// Nothing is: what was charged before is taken back at this moment, for this reason, by who has leave to charge.
    Nothing(Timestamp, WithdrawalReason),
}

/// The billing account of a patient, to seal for: what is to be charged can be sealed with it, and nothing can be opened. It
/// does not show which account it is.
pub struct ChargingAccount<'s> {
    session: &'s Session<Full>,
    account: BillingAccountId,
    keys: ClassKeys<ChargeVisit>,
    link_key: (u32, Key),
    rng: Arc<dyn Rng>,
}

impl ChargingAccount<'_> {
    /// Seals what is to be charged for a visit, to be stored with the visit until it is in the billing store. `number` counts
    /// what is sent for the visit: 0 for the first charge, then each correction.
    pub fn cross(
        &self,
        (visit, number): (VisitId, u32),
        day: Date,
        therapist: AccountId,
        claim: Claim<'_>,
    ) -> Sealed<Crossed> {
        let (sheet, diagnoses, taken_back) = match claim {
            Claim::Of(sheet, diagnoses) => (Some(sheet.clone()), Some(diagnoses.clone()), None),
            Claim::Nothing(at, because) => (None, None, Some(TakenBack { by: self.session.account(), at, because })),
        };
        let (sheet, diagnoses) = (Zeroizing::new(sheet), Zeroizing::new(diagnoses));
        let charge = ChargeId::random(&*self.rng);
        let (owner_, row) = (owner(self.session.practice(), self.account), row_of(charge));
        let key = |class| self.keys.newest(class).expect("a charging grant carries the keys that it seals with");
        let sheet: Sealed<charges::Sheet> = cipher::seal(owner_, row, key(ClassId::Charge), &*self.rng, &*sheet);
        let diagnoses: Sealed<charges::Diagnoses> =
            cipher::seal(owner_, row, key(ClassId::Diagnosis), &*self.rng, &*diagnoses);
        let crossing = Crossing {
            account: self.account,
            charge,
            day,
            therapist,
            sheet: sheet.as_bytes().to_vec(),
            diagnoses: diagnoses.as_bytes().to_vec(),
            taken_back,
        };
        let place = Owner { practice: self.session.practice(), subject: *visit.as_bytes() };
        let (version, key) = &self.link_key;
        let row = RowId::versioned(*visit.as_bytes(), number.into());
        cipher::seal(place, row, (*version, key), &*self.rng, &crossing)
    }
}

/// A charge that has crossed: as the billing store keeps it.
pub struct Draft {
    /// The practice's billing branch.
    pub branch: PracticeId,
    /// The billing account.
    pub account: BillingAccountId,
    /// The charge.
    pub charge: ChargeId,
    /// The visit, under a pseudonym that only this kernel makes.
    pub occasion: OccasionId,
    /// Which of the visit's charges it is: 0 for the first, then each correction. The highest is the one that counts.
    pub number: u64,
    /// The day of the visit.
    pub day: Date,
    /// Who treated.
    pub therapist: AccountId,
    /// The services.
    pub sheet: Sealed<charges::Sheet>,
    /// The diagnosis codes.
    pub diagnoses: Sealed<charges::Diagnoses>,
    /// Who takes back with it what was charged before, when and why. Then it charges nothing.
    pub taken_back: Option<TakenBack>,
}

impl Guard {
    /// Leave to charge a patient's visits.
    pub async fn charge<'s>(
        &'s self,
        session: &'s Session<Full>,
        subject: PatientId,
        purpose: Purpose,
    ) -> Result<ChargingGrant<'s>, AccessError> {
        let facts = self.facts::<ChargeVisit>(session, subject).await?;
        self.append_one(self.entry(session, ChargeVisit::NAME, Some(subject), &purpose, &facts.ruling)).await?;
        if facts.gone {
            return Err(AccessError::Gone);
        }
        if !facts.ruling.allowed || facts.wrapped.is_empty() {
            return Err(AccessError::Denied);
        }
        Ok(ChargingGrant { guard: self, session, subject })
    }

    /// Leave to use a permission on a billing account, decided and recorded like any other. The entry names no account.
    pub async fn authorize_account<'s, P: BillingPermission>(
        &self,
        session: &'s Session<Full>,
        account: BillingAccountId,
        purpose: Purpose,
    ) -> Result<BillingGrant<'s, P>, AccessError> {
        let (branch, subject) = (billing_branch(session.practice()), as_subject(account));
        let wrapped = self.keyring.wrapped(branch, subject).await?;
        let destroyed = wrapped.is_empty() && self.keyring.destroyed(branch, subject).await?;
        let mut ruling = if session.in_scope(P::NAME) {
            self.policy.on_billing_account(session.role(), P::NAME, !wrapped.is_empty() || destroyed)
        } else {
            Ruling { allowed: false, rule: Word::new("token-scope") }
        };
        let gone = destroyed && ruling.allowed;
        if gone {
            ruling = Ruling { allowed: false, rule: Word::new("destroyed") };
        }
        let receipt = self.append_one(self.entry(session, P::NAME, None, &purpose, &ruling)).await?;
        if gone {
            return Err(AccessError::Gone);
        }
        if !ruling.allowed || wrapped.is_empty() {
            return Err(AccessError::Denied);
        }
        let keys = self.class_keys(branch, subject, &wrapped, P::CLASSES).await?;
        Ok(BillingGrant { session, account, receipt, keys, rng: self.rng.clone() })
    }

    /// Whether billing knows a patient whose retention is judged, against the proof that this was recorded. It tells no account.
    pub async fn is_billed(
        &self,
        _recorded: &Receipt,
        practice: PracticeId,
        patient: PatientId,
    ) -> Result<bool, AccessError> {
        self.has_account(practice, patient).await
    }

    /// What crosses to the billing store, as that store keeps it. Opens nothing of what it says: that stays sealed.
    pub async fn unpack(
        &self,
        practice: PracticeId,
        visit: VisitId,
        crossed: &Sealed<Crossed>,
    ) -> Result<Draft, VaultError> {
        let place = Owner { practice, subject: *visit.as_bytes() };
        let crossing: Crossing = self.open_linking(practice, place, crossed).await?;
        let row = row_of(crossing.charge);
        Ok(Draft {
            branch: billing_branch(practice),
            account: crossing.account,
            charge: crossing.charge,
            occasion: self.occasion(practice, visit).await?,
            // What was sealed for another number does not open, so the database cannot say which is the last.
            number: crossed.row().version(),
            day: crossing.day,
            therapist: crossing.therapist,
            sheet: Sealed::stored(row, crossing.sheet),
            diagnoses: Sealed::stored(row, crossing.diagnoses),
            taken_back: crossing.taken_back,
        })
    }

    /// Whether a patient has a billing account, from which billing comes to their name and contact.
    pub(super) async fn has_account(&self, practice: PracticeId, patient: PatientId) -> Result<bool, AccessError> {
        let index = self.link_index(practice, "patient", patient.as_bytes()).await?;
        Ok(self.links.of_patient(practice, index).await?.is_some())
    }

    /// The billing account of a patient; made where there is none.
    async fn account_of(&self, practice: PracticeId, patient: PatientId) -> Result<BillingAccountId, AccessError> {
        let patient_index = self.link_index(practice, "patient", patient.as_bytes()).await?;
        if let Some(link) = self.links.of_patient(practice, patient_index).await? {
            let linked = self.open_link(practice, &link).await?;
            return belongs(linked.patient == patient, linked.account);
        }
        let account = BillingAccountId::random(&*self.rng);
        let link = BillingLinkId::random(&*self.rng);
        let (version, key) = self.newest_link_key(practice).await?;
        let (place, row) = link_place(practice, link);
        let sealed = cipher::seal(place, row, (version, &key), &*self.rng, &AccountLink { account, patient });
        let account_index = self.link_index(practice, "account", account.as_bytes()).await?;
        let created_at = self.clock.now();
        let made = StoredLink { practice, link, patient_index, account_index, sealed, created_at, kept: None };
        if self.links.add(made).await? {
            return Ok(account);
        }
        // Somebody else charged the same patient for the first time, at the same moment.
        let theirs = self.links.of_patient(practice, patient_index).await?.ok_or(AccessError::Denied)?;
        let linked = self.open_link(practice, &theirs).await?;
        belongs(linked.patient == patient, linked.account)
    }

    pub(super) async fn open_link(&self, practice: PracticeId, link: &StoredLink) -> Result<AccountLink, AccessError> {
        let (place, _) = link_place(practice, link.link);
        self.open_linking(practice, place, &link.sealed).await.map_err(|error| match error {
            VaultError::Key(error) => error.into(),
            VaultError::Open(_) => AccessError::Key(KeyError::Unwrap("link")),
        })
    }

    pub(super) async fn open_linking<F: Field>(
        &self,
        practice: PracticeId,
        place: Owner,
        sealed: &Sealed<F>,
    ) -> Result<F::Value, VaultError> {
        let version = cipher::key_version(sealed).ok_or(OpenError { place: F::PLACE, why: OpenFailure::Format })?;
        let keys = self.keyring.with_version(practice, version).await?;
        let key = keys.version(version).map(class_key::<F>);
        Ok(cipher::open(place, sealed, |_| key.as_ref().ok_or(OpenFailure::KeyVersion))?)
    }

    async fn newest_link_key(&self, practice: PracticeId) -> Result<(u32, Key), KeyError> {
        self.newest_linking_key::<Linked>(practice).await
    }

    pub(super) async fn newest_linking_key<F: Field>(&self, practice: PracticeId) -> Result<(u32, Key), KeyError> {
        let keys = self.keyring.newest(practice).await?;
        let (version, key) = keys.newest().ok_or(KeyError::Missing("practice"))?;
        Ok((*version, class_key::<F>(key)))
    }

    /// What the billing store calls a visit: the same for all of its charges, and nothing to whoever has no key of the
    /// server's.
    async fn occasion(&self, practice: PracticeId, visit: VisitId) -> Result<OccasionId, KeyError> {
        let print = self.link_index(practice, "occasion", visit.as_bytes()).await?;
        let (first, _) = print.split_first_chunk().expect("a fingerprint is longer than an id");
        Ok(OccasionId::from_bytes(*first))
    }

    pub(super) async fn link_index(
        &self,
        practice: PracticeId,
        side: &str,
        id: &[u8; 16],
    ) -> Result<[u8; 32], KeyError> {
        self.keyring.link_index(practice, side, id).await
    }
}

/// The other end of a link, if the end from which it was come to is its own. The fingerprints by which a link is found lie
/// beside it in the open: whoever can write to the store could exchange those of two patients, and have the one charged for
/// the other.
pub(super) fn belongs<T>(own: bool, other_end: T) -> Result<T, AccessError> {
    if own { Ok(other_end) } else { Err(AccessError::Key(KeyError::Unwrap("link"))) }
}

/// Everything of a billing account is sealed for the branch and the account.
pub(super) const fn owner(practice: PracticeId, account: BillingAccountId) -> Owner {
    Owner { practice: billing_branch(practice), subject: *account.as_bytes() }
}

const fn row_of(charge: ChargeId) -> RowId {
    RowId::new(*charge.as_bytes())
}

pub(super) const fn link_place(practice: PracticeId, link: BillingLinkId) -> (Owner, RowId) {
    (Owner { practice, subject: *link.as_bytes() }, RowId::new(*link.as_bytes()))
}
