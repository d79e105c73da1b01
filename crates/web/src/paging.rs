//! Lists in pages, by cursor.

mod cursor;

pub use cursor::Cursor;
pub(crate) use cursor::Place;

use domain::Invalid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many entries a page holds: 1 to 200, 50 when not said. A field `#[serde(default)] limit: Limit` of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u16")]
#[schemars(extend("minimum" = 1, "maximum" = 200, "default" = 50))]
pub struct Limit(u16);

impl Limit {
    /// Refused outside 1 to 200.
    pub fn new(limit: u16) -> Result<Self, Invalid> {
        if (1..=200).contains(&limit) { Ok(Self(limit)) } else { Err(Invalid::new("must be 1 to 200")) }
    }
    /// The number.
    pub fn entries(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u16> for Limit {
    type Error = Invalid;
    fn try_from(limit: u16) -> Result<Self, Invalid> {
        Self::new(limit)
    }
}

/// Which page of a list, and how much of it: the query of a list that asks for nothing else.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stretch {
    /// How many.
    #[serde(default)]
    pub(crate) limit: Limit,
    /// Where the page begins.
    #[serde(default)]
    pub(crate) cursor: Option<Cursor>,
}

/// Which page of a list: the query of a page that asks for nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// Where the page begins.
    #[serde(default)]
    pub(crate) cursor: Option<Cursor>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The entries, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page from up to one entry more than the limit: the surplus one only says that there is a next page, which
    /// begins after the last entry shown.
    pub fn from_surplus(mut items: Vec<T>, limit: Limit, cursor_after: impl FnOnce(&T) -> Cursor) -> Self {
        let more = items.len() > limit.entries();
        items.truncate(limit.entries());
        let next = if more { items.last().map(cursor_after) } else { None };
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::from_form;

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let text = String::from(Cursor::new(*b"\x00\xffid"));
        let asked: Stretch = from_form(format!("limit=200&cursor={text}").as_bytes()).expect("read");
        assert_eq!(asked.cursor.expect("cursor").bytes(), b"\x00\xffid");
        assert_eq!(asked.limit.entries(), 200);
        assert_eq!(from_form::<Stretch>(b"").expect("read").limit.entries(), 50);
    }

    #[test]
    fn a_limit_out_of_bounds_and_a_broken_cursor_are_refused_by_name() {
        for (query, field) in
            [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("cursor=!", "cursor")]
        {
            let problem = from_form::<Stretch>(query.as_bytes()).expect_err("refused");
            assert_eq!((problem.status().as_u16(), problem.errors()[0].field.as_str()), (422, field));
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let limit = Limit::new(2).expect("limit");
        let after = |n: &u8| Cursor::new([*n]);
        assert_eq!(Page::from_surplus(vec![1, 2, 3], limit, after).next, Some(Cursor::new([2])));
        assert_eq!(Page::from_surplus(vec![1, 2], limit, after).next, None);
    }
}
