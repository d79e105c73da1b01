//! Lists in pages, by cursor.

use data_encoding::BASE64URL_NOPAD;
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

/// Where the next page begins. Opaque to callers; inside are bytes of the list's own choosing. They stand in addresses,
/// so let them be ids, positions and moments, never a name. A field `#[serde(default)] cursor: Option<Cursor>` of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Cursor(Vec<u8>);

impl Cursor {
    /// Longest text of one.
    const LONGEST: usize = 200;

    /// A cursor with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
    /// The bytes. They come from the caller: check them like any input.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid::new("is not a cursor of this list");
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err(WRONG);
        }
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(|_| WRONG)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        BASE64URL_NOPAD.encode(&cursor.0)
    }
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

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(default)]
        limit: Limit,
        #[serde(default)]
        cursor: Option<Cursor>,
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let text = String::from(Cursor::new(*b"\x00\xffid"));
        let asked: Asked = from_form(format!("limit=200&cursor={text}").as_bytes()).expect("read");
        assert_eq!(asked.cursor.expect("cursor").bytes(), b"\x00\xffid");
        assert_eq!(asked.limit.entries(), 200);
        assert_eq!(from_form::<Asked>(b"").expect("read").limit.entries(), 50);
    }

    #[test]
    fn a_limit_out_of_bounds_and_a_broken_cursor_are_refused_by_name() {
        for (query, field) in
            [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("cursor=!", "cursor")]
        {
            let problem = from_form::<Asked>(query.as_bytes()).err().expect("refused");
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
