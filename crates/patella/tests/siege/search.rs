//! Finds a text in bytes, however it was written down.

use data_encoding::{BASE64, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

/// Shortest piece that is looked for. Shorter ones turn up by chance.
const SHORTEST: usize = 8;

/// What is looked for, in every form.
pub(crate) struct Search {
    /// Whether any needle begins with these two bytes.
    begins: Vec<bool>,
    /// The needles by their first bytes, each with what it is.
    needles: HashMap<[u8; SHORTEST], Vec<(Vec<u8>, String)>>,
}

/// A text in every form in which it could lie somewhere.
pub(crate) fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("hex", HEXLOWER.encode(bytes).into_bytes()),
        ("HEX", HEXUPPER.encode(bytes).into_bytes()),
        ("UTF-16LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ];
    for shift in 0..3 {
        for (name, encoding) in [("base64", &BASE64), ("base64url", &BASE64URL_NOPAD)] {
            forms.push((name, inner(encoding, bytes, shift)));
        }
    }
    forms
}

/// What is the same in every base64 text that holds `bytes` after `shift` others.
fn inner(encoding: &Encoding, bytes: &[u8], shift: usize) -> Vec<u8> {
    let mut all = vec![0; shift];
    all.extend(bytes);
    let whole = all.len() / 3 * 4;
    let text = encoding.encode(&all).into_bytes();
    // The first characters also hold bits of what stands before, the last ones of what follows.
    text[if shift == 0 { 0 } else { 4 }..whole].to_vec()
}

impl Search {
    /// For these texts, each with the name under which it is reported.
    pub(crate) fn new(texts: &[(String, String)]) -> Self {
        let mut search = Self { begins: vec![false; 1 << 16], needles: HashMap::new() };
        for (name, text) in texts {
            assert!(text.len() >= SHORTEST, "{name} is too short to be a marker");
            for (form, needle) in forms(text) {
                let Some(first) = needle.first_chunk::<SHORTEST>() else { continue };
                search.begins[usize::from(u16::from_be_bytes([first[0], first[1]]))] = true;
                search.needles.entry(*first).or_default().push((needle.clone(), format!("{name} ({form})")));
            }
        }
        search
    }

    /// What of it is in `bytes`.
    pub(crate) fn found(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, first) in bytes.windows(SHORTEST).enumerate() {
            if !self.begins[usize::from(u16::from_be_bytes([first[0], first[1]]))] {
                continue;
            }
            for (needle, name) in self.needles.get(first).into_iter().flatten() {
                if bytes[at..].starts_with(needle) {
                    found.insert(name.clone());
                }
            }
        }
        found
    }

    /// What of it is in files below a folder: file and what is there. Also how many files there were.
    pub(crate) fn found_below(&self, folder: &Path) -> (usize, Vec<String>) {
        let (mut files, mut all) = (0, Vec::new());
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let kind = fs::symlink_metadata(&path).expect("there").file_type();
            if kind.is_dir() {
                let (below, found) = self.found_below(&path);
                files += below;
                all.extend(found);
            } else if kind.is_file() {
                files += 1;
                let found = self.found(&fs::read(&path).expect("read"));
                all.extend(found.into_iter().map(|what| format!("{}: {what}", path.display())));
            }
        }
        (files, all)
    }
}

#[test]
fn a_text_is_found_in_every_form_at_every_place() {
    let marker = ("marker".to_owned(), "zqmarker quillbottom".to_owned());
    let search = Search::new(std::slice::from_ref(&marker));
    for before in 0..4 {
        let plain = [&b"abc"[..before.min(3)], marker.1.as_bytes(), b"xy"].concat();
        assert_eq!(search.found(&plain).len(), 1);
        assert_eq!(search.found(BASE64.encode(&plain).as_bytes()).len(), 2, "both alphabets write these letters alike");
        assert_eq!(search.found(HEXUPPER.encode(&plain).as_bytes()).len(), 1);
    }
    assert!(search.found(b"zqmarker quillbotton").is_empty());
}
