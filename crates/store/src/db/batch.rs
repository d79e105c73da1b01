//! Writes as data.

use super::Param;
use std::borrow::Cow;

/// Statements that are stored together or not at all.
///
/// ```
/// # use store::Batch;
/// let batch = Batch::new()
///     .run("UPDATE patients SET version = version + 1 WHERE version = $1", &[7.into()]).expect(1)
///     .run("DELETE FROM ceremonies WHERE expires_at < $1", &[1_700_000_000_000_i64.into()]);
/// ```
#[must_use = "a batch does nothing until it is committed"]
#[derive(Default)]
pub struct Batch {
    pub(crate) steps: Vec<Step>,
}

/// One statement of a batch.
pub(crate) enum Step {
    Statement {
        sql: &'static str,
        params: Vec<Param<'static>>,
        expected: Option<u64>,
    },
    /// Many statements without parameters: a migration, or grants.
    Script(Cow<'static, str>),
}

impl Batch {
    /// A batch of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement that changes any number of rows.
    pub fn run(mut self, sql: &'static str, params: &[Param<'_>]) -> Self {
        let params = params.iter().map(Param::owned).collect();
        self.steps.push(Step::Statement { sql, params, expected: None });
        self
    }

    /// Says how many rows the statement added last must change; otherwise the whole batch is a conflict.
    pub fn expect(mut self, rows: u64) -> Self {
        if let Some(Step::Statement { expected, .. }) = self.steps.last_mut() {
            *expected = Some(rows);
        }
        self
    }

    /// Adds the statements of another batch behind its own.
    pub fn and(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self
    }

    /// How many statements there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a text of many statements.
    pub(crate) fn script(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.steps.push(Step::Script(text.into()));
        self
    }
}
