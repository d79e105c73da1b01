//! Rust source taken apart just far enough for the rules: code, the text of literals and comments, each at its own
//! place, and without the items that only tests compile.

/// One Rust file in three layers. Each layer is as long as the file, byte for byte, with blanks where another layer
/// speaks, so that a place in a layer is a place in the file.
pub(crate) struct Layers {
    /// Code with empty literals.
    pub(crate) code: String,
    /// Code with its literals, without comments.
    pub(crate) code_and_literals: String,
    /// Comments alone.
    pub(crate) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Literal,
    Comment,
}

/// Takes `text` apart.
pub(crate) fn layers(text: &str) -> Layers {
    let kinds = kinds(text.as_bytes());
    let keep = |wanted: &[Kind]| -> String {
        let bytes = text.bytes().zip(&kinds).map(|(byte, kind)| match byte {
            b'\n' => b'\n',
            _ if wanted.contains(kind) => byte,
            _ => b' ',
        });
        // A literal or comment begins and ends at an ASCII byte, so no character is cut in two.
        String::from_utf8(bytes.collect()).expect("whole characters are kept or blanked")
    };
    Layers {
        code: keep(&[Kind::Code]),
        code_and_literals: keep(&[Kind::Code, Kind::Literal]),
        comments: keep(&[Kind::Comment]),
    }
}

/// What each byte belongs to.
fn kinds(text: &[u8]) -> Vec<Kind> {
    let mut kinds = vec![Kind::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let (end, kind) = match text[at] {
            b'/' if text[at..].starts_with(b"//") => (find(text, at, b"\n"), Kind::Comment),
            b'/' if text[at..].starts_with(b"/*") => (block_comment(text, at), Kind::Comment),
            b'"' => (quoted(text, at + 1, b'"'), Kind::Literal),
            b'r' if starts_word(text, at) && raw_hashes(text, at).is_some() => {
                (raw_string(text, at, raw_hashes(text, at).expect("just looked")), Kind::Literal)
            }
            b'\'' => (character(text, at), Kind::Literal),
            _ => (at + 1, Kind::Code),
        };
        kinds[at..end].fill(kind);
        at = end;
    }
    kinds
}

/// Where `needle` next stands after `from`, or the end.
fn find(text: &[u8], from: usize, needle: &[u8]) -> usize {
    text[from..].windows(needle.len()).position(|window| window == needle).map_or(text.len(), |at| from + at)
}

/// The end of a block comment, which may hold others.
fn block_comment(text: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The end of a literal with escapes, from after its opening quote.
fn quoted(text: &[u8], mut at: usize, quote: u8) -> usize {
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Whether `at` does not continue a word: `r` in `for` opens no raw string, `br"…"` does.
fn starts_word(text: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or(b' ', |place| text[place]);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !is_word(before(1)) || (matches!(before(1), b'b' | b'c') && !is_word(before(2)))
}

/// How many `#` open a raw string at `at`; none for a raw identifier (`r#type`).
fn raw_hashes(text: &[u8], at: usize) -> Option<usize> {
    let hashes = text[at + 1..].iter().take_while(|&&byte| byte == b'#').count();
    (text.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

/// The end of a raw string.
fn raw_string(text: &[u8], at: usize, hashes: usize) -> usize {
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    (find(text, at + hashes + 2, &closing) + closing.len()).min(text.len())
}

/// The end of a character literal; of the quote alone for a lifetime.
fn character(text: &[u8], at: usize) -> usize {
    match text.get(at + 1) {
        Some(b'\\') => quoted(text, at + 1, b'\''),
        // One character of up to four bytes, then the closing quote; anything else is a lifetime.
        Some(_) => (at + 2..=at + 5).find(|&end| text.get(end) == Some(&b'\'')).map_or(at + 1, |end| {
            let one = std::str::from_utf8(&text[at + 1..end]).is_ok_and(|inner| inner.chars().count() == 1);
            if one { end + 1 } else { at + 1 }
        }),
        None => text.len(),
    }
}

/// `layer` with every item under `#[cfg(test)]` blanked, judged by `code`, the layer without literals.
pub(crate) fn without_test_items(layer: &str, code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = layer.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        let end = item_end(code.as_bytes(), start + MARK.len());
        for byte in &mut kept[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        from = end;
    }
    String::from_utf8(kept).expect("an item begins and ends at ASCII bytes")
}

/// The end of the item that begins at or after `at`: its `;` or the brace that closes it.
fn item_end(code: &[u8], at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code[at..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + offset + 1;
                }
            }
            b';' if depth == 0 => return at + offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every place of `word` in `layer`, as a line number from 1. A word that begins or ends with a letter counts only where
/// no other letter, digit or underscore touches that end.
pub(crate) fn lines_with(layer: &str, word: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut lines = Vec::new();
    for (at, _) in layer.match_indices(word) {
        let before = layer[..at].chars().next_back();
        let after = layer[at + word.len()..].chars().next();
        let open = word.starts_with(is_word) && before.is_some_and(is_word);
        let close = word.ends_with(is_word) && after.is_some_and(is_word);
        if !open && !close {
            lines.push(line_of(layer, at));
        }
    }
    lines
}

/// The line, from 1, of a byte offset.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|&byte| byte == b'\n').count() + 1
}
