//! From a billing account to a name: that of the record, or, where the record was destroyed, the one that billing keeps.
//!
//! What billing keeps is sealed under the billing account's key, so that it goes with the account, and once more under the
//! practice's, so that whoever has billing's keys alone opens it as little as the link beside which it lies. It never leaves the
//! kernel in the open while it is kept: the record's ciphertext goes in, and is stored sealed anew.

use super::{
    AccessError, Grant, Guard, Purpose,
    billing::{belongs, link_place, owner},
    condemned::Opening,
};
use crate::{
    cipher::{self, Owner},
    class::{BilledContact, ClassId, Contact, private::Closed},
    field::{Clear, Field, OpenError, OpenFailure, RowId, Sealed},
    keyring::{ClassKeys, KeyError, as_subject, billing_branch},
    permission::{Permission, ReadContact, ReadIdentity},
    policy::Ruling,
    registry::fields::{
        billing_links::Kept,
        patients::{Email, FamilyName, GivenName, Phone},
    },
    relation::{Relation, StoredLink},
    vault::VaultError,
};
use domain::{
    AccountId, BillingAccountId, PatientId, PracticeId, PurposeKind,
    billing::{AccountLink, KeptContact, KeptForBilling},
};
use identity::{Full, Session};
use ledger::{Receipt, Word};

/// The inner of the two seals: no column of its own, but what [`KeptForBilling::contact`] holds.
enum UnderAccount {}
impl Closed for UnderAccount {}
impl Field for UnderAccount {
    type Class = BilledContact;
    type Value = KeptContact;
    const PLACE: &'static str = "Identity.billing_links.kept contact";
}

const KEEPS: &[ClassId] = &[ClassId::BilledContact];

/// What a billing account leads to.
pub enum Followed<'s> {
    /// The record is there: leave to read name and contact in it.
    Record(Grant<'s, ReadContact>),
    /// The record was destroyed: leave to read what billing keeps.
    Kept(KeptGrant<'s>),
}

impl Followed<'_> {
    /// Whose account it is, or was.
    pub const fn subject(&self) -> PatientId {
        match self {
            Self::Record(grant) => grant.subject,
            Self::Kept(grant) => grant.subject,
        }
    }
}

/// Leave to read name and contact of somebody whose record was destroyed, allowed and recorded like any other.
pub struct KeptGrant<'s> {
    session: &'s Session<Full>,
    subject: PatientId,
    account: BillingAccountId,
    sealed: Sealed<UnderAccount>,
    keys: ClassKeys<ReadContact>,
}

impl KeptGrant<'_> {
    /// Name and contact, lent for as long as the grant lives.
    pub fn open(&self) -> Result<Clear<'_, KeptContact>, OpenError> {
        let owner = owner(self.session.practice(), self.account);
        cipher::open(owner, &self.sealed, |version| self.keys.version(ClassId::BilledContact, version)).map(Clear::new)
    }
}

/// Name and contact as they lie in a record.
pub struct SealedContact<'r> {
    /// The given name.
    pub given_name: &'r Sealed<GivenName>,
    /// The family name.
    pub family_name: &'r Sealed<FamilyName>,
    /// Where to write.
    pub email: Option<&'r Sealed<Email>>,
    /// Where to call.
    pub phone: Option<&'r Sealed<Phone>>,
}

/// Why name and contact were not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The patient is not condemned, it could not be recorded, or a key or a store could not be had.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A field of the record does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<KeyError> for KeepError {
    fn from(error: KeyError) -> Self {
        Self::Access(error.into())
    }
}

/// How it stands with what billing keeps of a patient. Tells no account and no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKept {
    /// Billing does not know the patient, or does not any more.
    NotBilled,
    /// Billing knows the patient, and nothing that opens is kept.
    Missing,
    /// Name and contact are kept, and open.
    There,
}

impl Guard {
    /// From a billing account to the name and contact of the patient behind it, recorded under the patient.
    pub async fn follow_link<'s>(
        &self,
        session: &'s Session<Full>,
        account: BillingAccountId,
        purpose: Purpose,
    ) -> Result<Followed<'s>, AccessError> {
        let practice = session.practice();
        let index = self.link_index(practice, "account", account.as_bytes()).await?;
        let link = self.links.of_account(practice, index).await?;
        // The policy is asked before the link is opened, so that whoever may not learns nothing, not even from the trail.
        let billed = Relation { registered: true, billed: true, ..Relation::default() };
        let may = self.rule(session, ReadContact::NAME, Some(billed));
        let Some(link) = link.filter(|_| may.allowed) else {
            let rule = if may.allowed { Word::new("no-policy") } else { may.rule };
            let ruling = Ruling { allowed: false, rule };
            self.append_one(self.entry(session, ReadContact::NAME, None, &purpose, &ruling)).await?;
            return Err(AccessError::Denied);
        };
        let linked = self.open_link(practice, &link).await?;
        let subject = belongs(linked.account == account, linked.patient)?;
        let wrapped = self.keyring.wrapped(practice, subject).await?;
        // As long as the record is there, it is what counts. Where it is not, the outer seal says who is kept away; the name stays
        // sealed until it was decided and recorded.
        let kept = if wrapped.is_empty() { self.what_is_kept(practice, &link).await? } else { None };
        let of_account = match &kept {
            Some(_) => self.keyring.wrapped(billing_branch(practice), as_subject(account)).await?,
            None => Vec::new(),
        };
        let kept = kept.filter(|_| !of_account.is_empty());
        let registered = !wrapped.is_empty() || kept.is_some();
        let ties = self.teams.ties(practice, session.account(), Some(session.id()), subject, self.clock.now()).await?;
        let kept_away = ties.kept_away || kept.as_ref().is_some_and(|kept| is_kept_away(kept, session.account()));
        let relation = Relation { registered, billed: registered, kept_away, ..Relation::default() };
        let ruling = self.rule(session, ReadContact::NAME, Some(relation));
        let entry = self.entry(session, ReadContact::NAME, Some(subject), &purpose, &ruling);
        let receipt = self.append_one(entry).await?;
        if !ruling.allowed {
            return Err(AccessError::Denied);
        }
        let Some(kept) = kept else {
            return self.grant(session, subject, receipt, &wrapped).await.map(Followed::Record);
        };
        let keys = self.class_keys(billing_branch(practice), as_subject(account), &of_account, KEEPS).await?;
        let sealed = under_account(&link, &kept);
        Ok(Followed::Kept(KeptGrant { session, subject, account, sealed, keys }))
    }

    /// Keeps name and contact of somebody whose record is about to be destroyed, where billing knows them: only of whoever
    /// stands condemned ([`crate::CareTeams::is_condemned`]), which the guard asks itself, and recorded under the patient first, yes or
    /// no. Says whether billing knows them. Doing it again keeps what the record says now.
    pub async fn keep_contact(
        &self,
        practice: PracticeId,
        subject: PatientId,
        rule: Word,
        contact: SealedContact<'_>,
    ) -> Result<bool, KeepError> {
        let Some((link, linked)) = self.link_of(practice, subject).await? else { return Ok(false) };
        let branch = billing_branch(practice);
        let of_account = self.keyring.wrapped(branch, as_subject(linked.account)).await?;
        if of_account.is_empty() {
            return Ok(false);
        }
        let opening = Opening {
            permission: ReadContact::NAME,
            action: Word::new("keep_contact"),
            purpose: PurposeKind::Payment,
            rule,
        };
        let (_, wrapped) = self.open_condemned(practice, subject, opening).await?;
        // Names that were sealed before contact was a class of its own open with the other of the two.
        let keys: ClassKeys<ReadIdentity> = self.class_keys(practice, subject, &wrapped, ReadIdentity::CLASSES).await?;
        let record = Record { owner: Owner { practice, subject: *subject.as_bytes() }, keys };
        let contact = Clear::new(KeptContact {
            given_name: record.open(contact.given_name)?,
            family_name: record.open(contact.family_name)?,
            email: contact.email.map(|email| record.open(email)).transpose()?,
            phone: contact.phone.map(|phone| record.open(phone)).transpose()?,
        });
        let keys: ClassKeys<ReadContact> =
            self.class_keys(branch, as_subject(linked.account), &of_account, KEEPS).await?;
        let key = keys.newest(ClassId::BilledContact).ok_or(KeyError::Missing("account"))?;
        let (_, row) = link_place(practice, link.link);
        let inner: Sealed<UnderAccount> =
            cipher::seal(owner(practice, linked.account), row, key, &*self.rng, contact.expose());
        let kept_away = self.teams.kept_away(practice, subject).await.map_err(AccessError::from)?;
        let kept = self.seal_kept(&link, &KeptForBilling { kept_away, contact: inner.as_bytes().to_vec() }).await?;
        Ok(self.links.keep(practice, link.link, Some(kept)).await.map_err(AccessError::from)?)
    }

    /// Forgets what was kept of somebody who was not destroyed after all. `recorded` is the proof that the plan's carrying out was.
    pub async fn forget_contact(
        &self,
        _recorded: &Receipt,
        practice: PracticeId,
        subject: PatientId,
    ) -> Result<(), AccessError> {
        let index = self.link_index(practice, "patient", subject.as_bytes()).await?;
        if let Some(link) = self.links.of_patient(practice, index).await?.filter(|link| link.kept.is_some()) {
            self.links.keep(practice, link.link, None).await?;
        }
        Ok(())
    }

    /// How it stands with what billing keeps of a patient: looked at before their key is destroyed, and before it is certified.
    pub async fn contact_kept(
        &self,
        recorded: &Receipt,
        practice: PracticeId,
        subject: PatientId,
    ) -> Result<ContactKept, AccessError> {
        let Some((link, linked)) = self.link_of(practice, subject).await? else { return Ok(ContactKept::NotBilled) };
        if self.keyring.wrapped(billing_branch(practice), as_subject(linked.account)).await?.is_empty() {
            return Ok(ContactKept::NotBilled);
        }
        match self.check_kept(recorded, &link, true).await {
            Ok(Some(_)) => Ok(ContactKept::There),
            Ok(None) | Err(VaultError::Open(_)) => Ok(ContactKept::Missing),
            Err(VaultError::Key(error)) => Err(error.into()),
        }
    }

    /// What is kept with a link, sealed anew under the newest key of its account, to be stored in the place of the old; none
    /// where it is already, where there is none, where the account's key was destroyed, or where it is of another account than
    /// the one that is asked for. The practice's own key is left to its own rotation.
    pub async fn renew_kept(
        &self,
        recorded: &Receipt,
        link: &StoredLink,
        of: Option<BillingAccountId>,
    ) -> Result<Option<Sealed<Kept>>, VaultError> {
        let Some(opened) = self.opened_kept(recorded, link).await? else { return Ok(None) };
        let Some((newest, key)) = opened.keys.newest(ClassId::BilledContact) else { return Ok(None) };
        if of.is_some_and(|of| of != opened.account) || opened.version == newest {
            return Ok(None);
        }
        let contact = opened.contact(link)?;
        let (_, row) = link_place(link.practice, link.link);
        let inner: Sealed<UnderAccount> =
            cipher::seal(owner(link.practice, opened.account), row, (newest, key), &*self.rng, contact.expose());
        let KeptForBilling { kept_away, .. } = &opened.kept;
        let kept = KeptForBilling { kept_away: kept_away.clone(), contact: inner.as_bytes().to_vec() };
        Ok(Some(self.seal_kept(link, &kept).await?))
    }

    /// Under which version of its account's key the contact is that is kept with a link; none where there is none. With `deep` it
    /// is opened, too, and shown to nobody.
    pub async fn check_kept(
        &self,
        recorded: &Receipt,
        link: &StoredLink,
        deep: bool,
    ) -> Result<Option<u32>, VaultError> {
        let Some(opened) = self.opened_kept(recorded, link).await? else { return Ok(None) };
        if deep {
            opened.contact(link)?;
        } else {
            opened
                .keys
                .version(ClassId::BilledContact, opened.version)
                .map_err(|why| OpenError { place: UnderAccount::PLACE, why })?;
        }
        Ok(Some(opened.version))
    }

    /// Whether billing keeps a contact of somebody whose record was destroyed, and if so whether from this account.
    pub(super) async fn kept_from(
        &self,
        practice: PracticeId,
        subject: PatientId,
        account: AccountId,
    ) -> Result<Option<bool>, AccessError> {
        let index = self.link_index(practice, "patient", subject.as_bytes()).await?;
        let Some(link) = self.links.of_patient(practice, index).await? else { return Ok(None) };
        Ok(self.what_is_kept(practice, &link).await?.map(|kept| is_kept_away(&kept, account)))
    }

    async fn link_of(
        &self,
        practice: PracticeId,
        subject: PatientId,
    ) -> Result<Option<(StoredLink, AccountLink)>, AccessError> {
        let index = self.link_index(practice, "patient", subject.as_bytes()).await?;
        let Some(link) = self.links.of_patient(practice, index).await? else { return Ok(None) };
        let linked = self.open_link(practice, &link).await?;
        let linked = belongs(linked.patient == subject, linked)?;
        Ok(Some((link, linked)))
    }

    /// The outer seal is opened: who is kept away, and a contact that is sealed still.
    async fn what_is_kept(
        &self,
        practice: PracticeId,
        link: &StoredLink,
    ) -> Result<Option<KeptForBilling>, AccessError> {
        let Some(sealed) = &link.kept else { return Ok(None) };
        let (place, _) = link_place(practice, link.link);
        self.open_linking(practice, place, sealed).await.map(Some).map_err(|error| match error {
            VaultError::Key(error) => error.into(),
            VaultError::Open(_) => AccessError::Key(KeyError::Unwrap("link")),
        })
    }

    async fn seal_kept(&self, link: &StoredLink, kept: &KeptForBilling) -> Result<Sealed<Kept>, KeyError> {
        let (version, key) = self.newest_linking_key::<Kept>(link.practice).await?;
        let (place, row) = link_place(link.practice, link.link);
        Ok(cipher::seal(place, row, (version, &key), &*self.rng, kept))
    }

    async fn opened_kept(&self, _recorded: &Receipt, link: &StoredLink) -> Result<Option<Opened>, VaultError> {
        let Some(sealed) = &link.kept else { return Ok(None) };
        let (place, _) = link_place(link.practice, link.link);
        let AccountLink { account, .. } = self.open_linking(link.practice, place, &link.sealed).await?;
        let kept: KeptForBilling = self.open_linking(link.practice, place, sealed).await?;
        let failed = |why| OpenError { place: UnderAccount::PLACE, why };
        let version = cipher::version_of(&kept.contact).ok_or(failed(OpenFailure::Format))?;
        let (branch, subject) = (billing_branch(link.practice), as_subject(account));
        let wrapped = self.keyring.wrapped(branch, subject).await?;
        let keys = self.keyring.class_keys(branch, subject, &wrapped, KEEPS).await?;
        Ok(Some(Opened { account, kept, version, keys }))
    }
}

/// What is kept with a link, after the outer seal was opened.
struct Opened {
    account: BillingAccountId,
    kept: KeptForBilling,
    version: u32,
    keys: ClassKeys<ReadContact>,
}

impl Opened {
    fn contact(&self, link: &StoredLink) -> Result<Clear<'_, KeptContact>, OpenError> {
        let sealed = under_account(link, &self.kept);
        let key = |version| self.keys.version(ClassId::BilledContact, version);
        cipher::open(owner(link.practice, self.account), &sealed, key).map(Clear::new)
    }
}

/// A record whose name and contact are opened to be kept.
struct Record {
    owner: Owner,
    keys: ClassKeys<ReadIdentity>,
}

impl Record {
    fn open<F: Field<Class = Contact>>(&self, sealed: &Sealed<F>) -> Result<F::Value, OpenError> {
        cipher::open_of(ClassId::Contact, self.owner, sealed, |class, version| self.keys.version(class, version))
    }
}

fn under_account(link: &StoredLink, kept: &KeptForBilling) -> Sealed<UnderAccount> {
    Sealed::stored(RowId::new(*link.link.as_bytes()), kept.contact.clone())
}

fn is_kept_away(kept: &KeptForBilling, account: AccountId) -> bool {
    kept.kept_away.contains(&account)
}
