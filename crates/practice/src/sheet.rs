//! Plain sheets of paper: a heading and lines of text, as PDF 1.4 with the fonts that every reader has.
//!
//! A certificate is text to be read and copied. For that a typesetting library and a font of our own would be much to carry.

/// Lines on an A4 page.
const LINES: usize = 66;
/// Characters on a line of 9 points in Courier between the margins of A4.
const WIDTH: usize = 92;

/// A document: a heading on the first page, then lines; those that are too long go on below.
pub(crate) fn document(heading: &str, lines: &[String]) -> Vec<u8> {
    let all: Vec<String> = lines.iter().flat_map(|line| broken(line)).collect();
    let pages: Vec<&[String]> = if all.is_empty() { vec![&[]] } else { all.chunks(LINES).collect() };
    let mut pdf = Pdf::new();
    // 1 catalog, 2 pages, 3 and 4 fonts, then two objects for each page.
    let kids: Vec<String> = (0..pages.len()).map(|n| format!("{} 0 R", 5 + 2 * n)).collect();
    pdf.object("<< /Type /Catalog /Pages 2 0 R /Lang (en) >>");
    pdf.object(&format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")));
    pdf.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>");
    pdf.object("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>");
    for (n, page) in pages.iter().enumerate() {
        let content = 6 + 2 * n;
        pdf.object(&format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R \
             /Resources << /Font << /H 3 0 R /C 4 0 R >> >> >>"
        ));
        let mut text = String::from("BT\n");
        if n == 0 {
            text.push_str(&format!("/H 16 Tf 48 790 Td ({}) Tj\n0 -28 Td\n", escaped(heading)));
        } else {
            text.push_str("48 790 Td\n");
        }
        text.push_str("/C 9 Tf 11 TL\n");
        for line in *page {
            text.push_str(&format!("({}) Tj T*\n", escaped(line)));
        }
        text.push_str("ET\n");
        pdf.object(&format!("<< /Length {} >>\nstream\n{text}endstream", text.len()));
    }
    pdf.finish()
}

/// Words on lines of at most so many characters.
pub(crate) fn wrapped(words: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn broken(line: &str) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars.chunks(WIDTH).map(|part| part.iter().collect()).collect()
}

/// A string of PDF: what has a meaning there is escaped. The letters of western Europe and the dash of signed notes are in
/// the encoding of the fonts; others become question marks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' | ')' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\u{2014}' => out.push_str("\\227"),
            ' '..='~' => out.push(c),
            // WinAnsiEncoding has these where Unicode has them (PDF 1.4 reference, appendix D).
            '\u{a1}'..='\u{ff}' => out.push_str(&format!("\\{:03o}", u32::from(c))),
            _ => out.push('?'),
        }
    }
    out
}

struct Pdf {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Pdf {
    fn new() -> Self {
        Self { bytes: b"%PDF-1.4\n".to_vec(), starts: Vec::new() }
    }

    fn object(&mut self, body: &str) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", self.starts.len()).as_bytes());
    }

    fn finish(mut self) -> Vec<u8> {
        let table = self.bytes.len();
        let count = self.starts.len() + 1;
        let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for start in &self.starts {
            end.push_str(&format!("{start:010} 00000 n \n"));
        }
        end.push_str(&format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_stands_where_the_table_says() {
        let lines: Vec<String> = (0..150).map(|n| format!("line {n} (of many) \\ — ü Ł")).collect();
        let pdf = document("A heading", &lines);
        let text = String::from_utf8(pdf).expect("ASCII");
        let table = text.split("startxref\n").nth(1).and_then(|end| end.lines().next()).expect("a place");
        let table: usize = table.parse().expect("a number");
        assert!(text[table..].starts_with("xref\n0 11\n"), "four objects and three pages of two");
        for (n, line) in text[table..].lines().skip(3).take(10).enumerate() {
            let start: usize = line[..10].parse().expect("a number");
            assert!(text[start..].starts_with(&format!("{} 0 obj", n + 1)));
        }
        assert!(text.contains("(line 149 \\(of many\\) \\\\ \\227 \\374 ?) Tj"));
    }
}
