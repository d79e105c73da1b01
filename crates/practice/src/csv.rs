//! Cells of tables for other programs (RFC 4180).

/// A text as a cell, quoted where it must be, and never a formula. A spreadsheet takes what begins with one of these for a
/// formula (OWASP, "CSV Injection"), and would do what it says: an apostrophe before it makes it a text. Numbers of ours need
/// none of it.
pub fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\t=1", "\r=1", "＝1"] {
            assert!(cell(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
        assert_eq!(cell("=HYPERLINK(\"https://x\",\"y\")"), "\"'=HYPERLINK(\"\"https://x\"\",\"\"y\"\")\"");
        for plain in ["Mara Lind", "2026-05-14T13:00:00Z", "", "a=b"] {
            assert_eq!(cell(plain), plain);
        }
    }

    #[test]
    fn a_cell_never_ends_early() {
        assert_eq!(cell("one\ntwo, three"), "\"one\ntwo, three\"");
        assert_eq!(cell("the \"good\" payer"), "\"the \"\"good\"\" payer\"");
    }
}
