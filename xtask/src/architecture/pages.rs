//! What the browser gets: nothing from anyone else, no inline script, no inline style.

use super::rust::{layers, line_of, lines_with, without_test_items};
use super::tree::File;
use super::{Finding, Tree};

/// Addresses that name something and are never fetched.
const NAMES_NOT_PLACES: [&str; 2] = ["http://www.w3.org/", "https://www.rfc-editor.org/"];

/// The top-level domain that stands for nobody (RFC 2606), for examples in messages.
const NOBODY: &str = ".example";

/// Our own machine, which the demo and the tests speak of.
const OUR_OWN: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Looks at everything in `crates/web` that is not a test.
pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files().filter(|file| file.crate_name() == Some("web") && !file.is_test()) {
        match file.extension() {
            "rs" => {
                let layers = layers(&file.text);
                let text = without_test_items(&layers.code_and_literals, &layers.code);
                check_origins(file, &text, findings);
                check_inline(file, &text, findings);
            }
            "js" | "mjs" | "css" | "html" | "svg" => {
                check_origins(file, &file.text, findings);
                check_inline(file, &file.text, findings);
            }
            _ => {}
        }
    }
}

/// Any `scheme://host` that is not ours.
fn check_origins(file: &File, text: &str, findings: &mut Vec<Finding>) {
    for scheme in ["http://", "https://", "ws://", "wss://"] {
        for (at, _) in text.match_indices(scheme) {
            let (address, host) = (&text[at..], &text[at + scheme.len()..]);
            let begins_word = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let names_a_host = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
            let allowed = NAMES_NOT_PLACES.iter().any(|name| address.starts_with(name))
                || OUR_OWN.iter().any(|name| host.starts_with(name))
                || host_name(host).ends_with(NOBODY);
            if !begins_word && names_a_host && !allowed {
                let line = line_of(text, at);
                findings.push(Finding::error(&file.path, line, "the browser loads nothing from anyone else"));
            }
        }
    }
    let protocol_relative = ["src=\"//", "href=\"//", "url(//", "url(\"//"];
    for line in protocol_relative.iter().flat_map(|word| lines_with(text, word)) {
        findings.push(Finding::error(&file.path, line, "the browser loads nothing from anyone else"));
    }
}

/// The host that an address goes on with.
fn host_name(rest: &str) -> &str {
    rest.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))).next().unwrap_or_default()
}

/// Style and script in the page itself, which the content security policy would refuse anyway.
fn check_inline(file: &File, text: &str, findings: &mut Vec<Finding>) {
    const STYLE: [&str; 4] = ["style=\"", "style=(", "style={", "setAttribute(\"style\""];
    for line in STYLE.iter().flat_map(|word| lines_with(text, word)) {
        findings.push(Finding::error(&file.path, line, "no inline style: give it a class"));
    }
    const SCRIPT: [&str; 5] = ["<script>", "<script ", "javascript:", "eval(", "new Function("];
    for line in SCRIPT.iter().flat_map(|word| lines_with(text, word)) {
        findings.push(Finding::error(&file.path, line, "no inline script: put it in a module"));
    }
    // In maud an inline script is an element without attributes before its brace.
    if file.extension() == "rs" {
        for word in ["script {", "style {"] {
            for line in lines_with(text, word) {
                let before = text.lines().nth(line - 1).unwrap_or_default();
                let is_rust = ["struct ", "enum ", "mod ", "impl ", "fn ", "union ", "trait "];
                if !is_rust.iter().any(|keyword| before.contains(keyword)) {
                    findings.push(Finding::error(&file.path, line, "no inline script or style: link to a file"));
                }
            }
        }
    } else {
        for line in lines_with(text, "innerHTML").into_iter().chain(lines_with(text, "document.write")) {
            findings.push(Finding::error(&file.path, line, "build nodes; text never becomes markup"));
        }
    }
    for (at, _) in text.match_indices(" on") {
        let rest = &text[at + 3..];
        let name = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        if name > 2 && (rest[name..].starts_with("=\"") || rest[name..].starts_with("=(")) {
            findings.push(Finding::error(&file.path, line_of(text, at), "no inline handler: listen in a module"));
        }
    }
}
