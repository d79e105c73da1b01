//! The patients of a plan.

use crate::{
    Batch, Db, Row, StoreError,
    rows::{emergencies::is_unsigned, merges::goes_on_as},
};
use domain::{Date, Invalid, PatientId, PlanId, PracticeId, Timestamp, retention::VerdictKind};

stored_words! {
    /// How far one patient of a plan has come. What is named is durable.
    ItemStep {
        /// In the plan, not begun.
        Planned = "planned",
        /// Judged again at the moment of execution and spared: under care, held, or kept by the rules after all.
        Spared = "spared",
        /// About to be listed: no hold covered them at that moment, and the plan still stood. From here on no hold is placed on
        /// them; whoever a run that was cut off left here and did not list goes back to the beginning.
        Condemned = "condemned",
        /// In the archive, where a rule asks for one, or nothing to be archived. As far as the way back goes, the same as condemned.
        Archived = "archived",
        /// In the destruction ledger: from here on there is no way back.
        Listed = "listed",
        /// The wrapped key is destroyed.
        KeyDestroyed = "key_destroyed",
        /// The rows of the clinical store are gone.
        ClinicalGone = "clinical_gone",
        /// Sessions, tokens, factors and the account are gone.
        IdentityGone = "identity_gone",
        /// What the databases had deleted is overwritten.
        Scrubbed = "scrubbed",
        /// The certificate is issued.
        Certified = "certified",
        /// Nothing to do: listed for a decision only.
        Listing = "listing",
    }
}

/// One patient of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The plan.
    pub plan_id: PlanId,
    /// The patient.
    pub patient_id: PatientId,
    /// What the rules said when the plan was made.
    pub verdict: VerdictKind,
    /// The last day of care.
    pub last_care: Option<Date>,
    /// The last day of keeping.
    pub kept_until: Option<Date>,
    /// The rule that kept it longest; empty for a hold or without a visit.
    pub rule: String,
    /// How many rows of which table would go, JSON.
    pub goes: String,
    /// How far it has come.
    pub step: ItemStep,
    /// When it last moved on.
    pub changed_at: Timestamp,
    /// The rule by which it was condemned: those in force may have changed since the plan was made.
    pub executed_rule: Option<String>,
    /// Until when it is archived, by the rules that held when it was condemned; none without an archive, and before.
    pub archive_until: Option<Date>,
    /// Whether billing knew the patient when the plan was made: then it keeps name and contact.
    pub billing_keeps: bool,
}

macro_rules! select_item {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, plan_id, patient_id, verdict, last_care, kept_until, rule, goes, step, changed_at, \
             executed_rule, archive_until, billing_keeps FROM retention_items ",
            $rest
        )
    };
}

/// Adds a patient to a plan.
pub fn insert_item(batch: Batch, row: &ItemRow) -> Batch {
    const SQL: &str = "INSERT INTO retention_items (practice_id, plan_id, patient_id, verdict, last_care, kept_until, \
                       rule, goes, step, changed_at, billing_keeps) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let params = &[
        row.practice_id.into(),
        row.plan_id.into(),
        row.patient_id.into(),
        row.verdict.word().into(),
        row.last_care.into(),
        row.kept_until.into(),
        (&row.rule).into(),
        (&row.goes).into(),
        row.step.word().into(),
        row.changed_at.into(),
        i64::from(row.billing_keeps).into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Up to `limit` patients of a plan after `after`, in the order of their ids; all, or those at one step.
pub async fn items(
    db: &Db,
    practice: PracticeId,
    plan: PlanId,
    step: Option<ItemStep>,
    after: PatientId,
    limit: i64,
) -> Result<Vec<ItemRow>, StoreError> {
    let all = select_item!("WHERE practice_id = $1 AND plan_id = $2 AND patient_id > $3 ORDER BY patient_id LIMIT $4");
    let at = select_item!(
        "WHERE practice_id = $1 AND plan_id = $2 AND step = $3 AND patient_id > $4 ORDER BY patient_id LIMIT $5"
    );
    let rows = match step {
        None => db.rows(all, &[practice.into(), plan.into(), after.into(), limit.into()]).await?,
        Some(step) => {
            let params = &[practice.into(), plan.into(), step.word().into(), after.into(), limit.into()];
            db.rows(at, params).await?
        }
    };
    rows.iter().map(read_item).collect()
}

/// A patient of a plan who stands at a step; none who stands at another, or is not in the plan.
pub async fn item(
    db: &Db,
    (practice, plan, patient): (PracticeId, PlanId, PatientId),
    step: ItemStep,
) -> Result<Option<ItemRow>, StoreError> {
    let sql = select_item!("WHERE practice_id = $1 AND plan_id = $2 AND patient_id = $3 AND step = $4");
    let params = &[practice.into(), plan.into(), patient.into(), step.word().into()];
    db.optional(sql, params).await?.as_ref().map(read_item).transpose()
}

/// How many patients of a plan stand at each step, of each verdict.
pub async fn counts(
    db: &Db,
    practice: PracticeId,
    plan: PlanId,
) -> Result<Vec<(VerdictKind, ItemStep, i64)>, StoreError> {
    const SQL: &str = "SELECT verdict, step, COUNT(*) FROM retention_items WHERE practice_id = $1 AND plan_id = $2 \
                       GROUP BY verdict, step ORDER BY verdict, step";
    let rows = db.rows(SQL, &[practice.into(), plan.into()]).await?;
    rows.iter().map(|row| Ok((row.word(0)?, row.word(1)?, row.int(2)?))).collect()
}

/// Moves a patient on from one step to another. A conflict when they do not stand there.
pub fn step(
    batch: Batch,
    (practice, plan, patient): (PracticeId, PlanId, PatientId),
    from: ItemStep,
    to: ItemStep,
    at: Timestamp,
) -> Batch {
    const SQL: &str = "UPDATE retention_items SET step = $1, changed_at = $2 \
                       WHERE practice_id = $3 AND plan_id = $4 AND patient_id = $5 AND step = $6";
    let params = &[to.word().into(), at.into(), practice.into(), plan.into(), patient.into(), from.word().into()];
    batch.run(SQL, params).expect(1)
}

/// Condemns a patient who waits in a plan that still stands, unless a hold covers them, or another record of the same person
/// (`goes_on_as!` of `merges`), or nobody has signed yet for its opening in an emergency. Nothing happens otherwise. With the rule that it is done by, and until when it is archived.
pub fn condemn(
    batch: Batch,
    (practice, plan, patient): (PracticeId, PlanId, PatientId),
    at: Timestamp,
    (rule, archive_until): (&str, Option<Date>),
) -> Batch {
    const SQL: &str = concat!(
        "UPDATE retention_items SET step = 'condemned', changed_at = $1, executed_rule = $5, archive_until = $6 \
         WHERE practice_id = $2 AND plan_id = $3 AND patient_id = $4 AND step = 'planned' \
         AND EXISTS (SELECT 1 FROM retention_plans p WHERE p.practice_id = $2 AND p.plan_id = $3 \
         AND p.state = 'approved') \
         AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.practice_id = $2 AND h.lifted_at IS NULL \
         AND (h.patient_id IS NULL OR ",
        goes_on_as!("$2", "h.patient_id"),
        " = ",
        goes_on_as!("$2", "$4"),
        ")) AND NOT ",
        is_unsigned!("$2", "$4"),
    );
    let params = &[at.into(), practice.into(), plan.into(), patient.into(), rule.into(), archive_until.into()];
    batch.run(SQL, params)
}

/// Whether a patient is condemned, by whatever plan, and their key not destroyed: who may be opened for the archive.
pub async fn is_condemned(db: &Db, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM retention_items WHERE practice_id = $1 AND patient_id = $2 \
                       AND step IN ('condemned', 'archived', 'listed') LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), patient.into()]).await?.is_empty())
}

fn read_item(row: &Row) -> Result<ItemRow, StoreError> {
    Ok(ItemRow {
        practice_id: row.id(0)?,
        plan_id: row.id(1)?,
        patient_id: row.id(2)?,
        verdict: row.word(3)?,
        last_care: row.opt_date(4)?,
        kept_until: row.opt_date(5)?,
        rule: row.text(6)?.to_owned(),
        goes: row.text(7)?.to_owned(),
        step: row.word(8)?,
        changed_at: row.timestamp(9)?,
        executed_rule: row.opt_text(10)?.map(str::to_owned),
        archive_until: row.opt_date(11)?,
        billing_keeps: row.flag(12)?,
    })
}
