//! Letters that the fonts of every reader do not have: a font of our own, of which a document carries the letters that it uses.
//!
//! Names are of many languages, and whoever gets a sheet of paper is to read theirs on it.

use read_fonts::{FontRef, TableProvider, tables::cmap::Cmap};
use std::collections::BTreeMap;
use subsetter::{GlyphRemapper, subset};

/// Noto Mono 1.00: Latin with its accents (those of Vietnam too), Greek, Cyrillic. Its licence lies beside it.
const FONT: &[u8] = include_bytes!("../../fonts/NotoMono-Regular.ttf");
/// What a reader calls it: six letters of our choosing say that it is a part of the font.
pub(super) const NAME: &str = "PATELA+NotoMono";
/// How wide each letter is, in thousandths of its size: as Courier's.
pub(super) const WIDTH: u32 = 600;

/// The letters of a document that are taken from the font.
#[derive(Default)]
pub(super) struct Letters {
    /// Numbers the glyphs that are taken anew, in the order in which they are.
    glyphs: GlyphRemapper,
    /// Which letter each of those is.
    letters: BTreeMap<u16, char>,
}

impl Letters {
    /// Whether nothing was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// A line as a string of PDF in this font: the numbers of its glyphs. What the font does not have is a question mark.
    pub(super) fn take(&mut self, line: &str) -> String {
        let known = known();
        let mut hex = String::from("<");
        for c in line.chars() {
            let c = if known.map_codepoint(c).is_some() { c } else { '?' };
            let glyph = known.map_codepoint(c).expect("there is a question mark").to_u32();
            let glyph = self.glyphs.remap(u16::try_from(glyph).expect("a font has 65,536 of them at most"));
            self.letters.insert(glyph, c);
            hex.push_str(&format!("{glyph:04X}"));
        }
        hex.push('>');
        hex
    }

    /// Which letter each glyph is, so that text can be searched and copied.
    pub(super) fn to_unicode(&self) -> String {
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Letters def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let all: Vec<_> = self.letters.iter().collect();
        // At most a hundred stand together (Adobe technical note 5411).
        for some in all.chunks(100) {
            map.push_str(&format!("{} beginbfchar\n", some.len()));
            for (glyph, c) in some {
                map.push_str(&format!("<{glyph:04X}> <{:04X}>\n", u32::from(**c)));
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }

    /// The font with these letters alone.
    pub(super) fn font(&self) -> Vec<u8> {
        subset(FONT, 0, &self.glyphs).expect("the font is whole, and every glyph is one of its own")
    }
}

/// Which glyph each letter is.
fn known() -> Cmap<'static> {
    FontRef::new(FONT).and_then(|font| font.cmap()).expect("the font is whole")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_the_letters_of_many_languages_and_says_what_it_has_not() {
        for c in "Łukasz Nguyễn Đặng Þóra Šimůnková Iğdır Ελένη Юлія ’–€".chars() {
            assert!(known().map_codepoint(c).is_some(), "{c}");
        }
        for c in ['王', '🙂'] {
            assert_eq!(known().map_codepoint(c), None);
        }
    }

    #[test]
    fn a_part_of_the_font_draws_the_same_letters_and_is_small() {
        let mut letters = Letters::default();
        letters.take("Łukasz Nguyễn");
        let font = letters.font();
        assert!(font.len() < 60_000, "{}", font.len());
        let glyphs = FontRef::new(&font).and_then(|font| font.maxp()).expect("a font");
        let taken: std::collections::BTreeSet<char> = "Łukasz Nguyễn".chars().collect();
        let count = usize::from(glyphs.num_glyphs());
        assert!(count > taken.len() && count < 3 * taken.len(), "{count}: these, their accents, and what is missing");
        assert_eq!(letters.letters.values().copied().collect::<std::collections::BTreeSet<_>>(), taken);
    }
}
