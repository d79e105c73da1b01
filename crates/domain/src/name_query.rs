//! Finding a person by parts of their name, as people type them.

use crate::{BirthDate, Invalid, PersonName};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

/// Words to find a person by. Each must begin a word of one of their names, whatever its case and accents: "mül ana" finds
/// Ana Müller-Ruiz, and so does "muller".
pub struct NameQuery(Vec<Zeroizing<String>>);

impl NameQuery {
    /// What was typed: at most 100 characters of plain text, with a letter or a digit in it.
    pub fn new(typed: &str) -> Result<Self, Invalid> {
        let plain = plain(typed);
        let words: Vec<_> = words(&plain).map(|word| Zeroizing::new(word.to_owned())).collect();
        if words.is_empty() || typed.chars().count() > 100 || typed.chars().any(char::is_control) {
            return Err(Invalid::new("must be 1 to 100 characters of plain text with a letter in it"));
        }
        Ok(Self(words))
    }

    /// Whether somebody of these names is looked for.
    pub fn fits(&self, names: &[&PersonName]) -> bool {
        let names: Vec<_> = names.iter().map(|name| plain(name.as_str())).collect();
        self.0.iter().all(|word| names.iter().flat_map(|name| words(name)).any(|name| name.starts_with(word.as_str())))
    }
}

/// Somebody who is looked for by their whole name and the day they were born: who knows less finds nobody.
pub struct SoughtPerson {
    /// The given name, as it stands in the record but for case, accents and what parts its words.
    pub given_name: PersonName,
    /// The family name, likewise.
    pub family_name: PersonName,
    /// The day they were born.
    pub born: BirthDate,
}

impl SoughtPerson {
    /// Whether somebody of this name is looked for, the day aside.
    pub fn has_name(&self, given_name: &PersonName, family_name: &PersonName) -> bool {
        is_same(&self.given_name, given_name) && is_same(&self.family_name, family_name)
    }
}

fn is_same(one: &PersonName, other: &PersonName) -> bool {
    let (one, other) = (plain(one.as_str()), plain(other.as_str()));
    words(&one).eq(words(&other))
}

/// Lower case without accents. Letters that are no plain letter with an accent are spelled as travellers do.
fn plain(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len() * 2));
    for letter in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match letter {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'ı' => plain.push('i'),
            other => plain.push(other),
        }
    }
    plain
}

fn words(plain: &str) -> impl Iterator<Item = &str> {
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(typed: &str, given: &str, family: &str) -> bool {
        let (given, family) = (PersonName::new(given).expect("a name"), PersonName::new(family).expect("a name"));
        NameQuery::new(typed).expect("a query").fits(&[&given, &family])
    }

    #[test]
    fn each_word_begins_a_word_of_a_name_in_any_order() {
        assert!(finds("ruiz ANA", "Ana María", "Vega-Ruiz"));
        assert!(finds("ma veg", "Ana María", "Vega-Ruiz"));
        assert!(!finds("ana lind", "Ana", "Ruiz"));
        assert!(!finds("uiz", "Ana", "Ruiz"), "the end of a word does not begin it");
    }

    #[test]
    fn accents_need_not_be_typed_and_do_no_harm() {
        assert!(finds("muller", "Jürgen", "Müller") && finds("MÜLLER", "Jurgen", "Muller"));
        assert!(
            finds("strasse", "Ida", "Straße") && finds("łuka", "Lukasz", "Nowak") && finds("soren", "Søren", "Holm")
        );
        // Composed and decomposed.
        assert!(finds("Zoë", "Zoe\u{308}", "Ng"));
    }

    #[test]
    fn somebody_is_sought_by_a_whole_name() {
        let name = |text| PersonName::new(text).expect("a name");
        let born: BirthDate = serde_json::from_str("\"1980-02-03\"").expect("a day");
        let sought = SoughtPerson { given_name: name("ana maria"), family_name: name("VEGA RUIZ"), born };
        assert!(sought.has_name(&name("Ana María"), &name("Vega-Ruiz")));
        assert!(
            !sought.has_name(&name("Ana"), &name("Vega-Ruiz")) && !sought.has_name(&name("Ana María"), &name("Vega"))
        );
        assert!(!sought.has_name(&name("Vega-Ruiz"), &name("Ana María")));
    }

    #[test]
    fn nothing_that_could_begin_a_name_is_no_query() {
        for typed in ["", "  ", "-", "…", "an\u{0}a", &"a".repeat(101)] {
            assert!(NameQuery::new(typed).is_err(), "{typed}");
        }
    }
}
