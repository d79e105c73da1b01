//! What a letter says in English and Spanish, in plain language: the template, and what was opened in everyday words.

use super::{Date, LetterLanguage, LetterView};
use crate::sheet::{Line, Mail};

/// The practice, and the days that are the same in every letter.
pub(super) struct Sender {
    pub(super) name: String,
    pub(super) today: Date,
    pub(super) discovered_on: Date,
}

/// What one letter tells: which classes could be opened, from which day to which.
pub(super) struct Told {
    pub(super) classes: Vec<String>,
    pub(super) first: Date,
    pub(super) last: Date,
}

/// The words of the template in one language.
struct Template {
    about: &'static str,
    greeting: &'static str,
    opening: &'static str,
    happened: &'static str,
    information: &'static str,
    could: &'static str,
    advice: &'static str,
    doing: &'static str,
    ask: &'static str,
    sorry: &'static str,
}

const ENGLISH: Template = Template {
    about: "About your health information",
    greeting: "Dear",
    opening: "We are writing to tell you about something that happened to information about you that we keep.",
    happened: "What happened",
    information: "What information it was",
    could: "Somebody saw, or could have seen:",
    advice: "What you can do to protect yourself",
    doing: "What we are doing",
    ask: "How to ask us",
    sorry: "We are sorry that this happened.",
};

const SPANISH: Template = Template {
    about: "Sobre su información de salud",
    greeting: "Estimado/a",
    opening: "Le escribimos para contarle algo que pasó con información sobre usted que nosotros guardamos.",
    happened: "Qué pasó",
    information: "Qué información era",
    could: "Alguien vio, o pudo haber visto:",
    advice: "Qué puede hacer usted para protegerse",
    doing: "Qué estamos haciendo nosotros",
    ask: "Cómo preguntarnos",
    sorry: "Lamentamos que esto haya pasado.",
};

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// A day as people of that language write it.
fn day(language: LetterLanguage, day: Date) -> String {
    match language {
        LetterLanguage::English => day.strftime("%B %-d, %Y").to_string(),
        LetterLanguage::Spanish => {
            let month = usize::try_from(day.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
            format!("{} de {month} de {}", day.day(), day.year())
        }
    }
}

/// The days of it, and the day on which it was discovered.
fn days(language: LetterLanguage, told: &Told, discovered_on: Date) -> String {
    let (first, last, known) = (day(language, told.first), day(language, told.last), day(language, discovered_on));
    match (language, told.first == told.last) {
        (LetterLanguage::English, true) => format!("This happened on {first}. We found out on {known}."),
        (LetterLanguage::English, false) => {
            format!("This happened between {first} and {last}. We found out on {known}.")
        }
        (LetterLanguage::Spanish, true) => format!("Esto pasó el {first}. Lo supimos el {known}."),
        (LetterLanguage::Spanish, false) => format!("Esto pasó entre el {first} y el {last}. Lo supimos el {known}."),
    }
}

/// What could be opened, in everyday words; where nothing of the record could be, that somebody is a patient here.
pub(super) fn information(language: LetterLanguage, classes: &[String]) -> Vec<&'static str> {
    let english = language == LetterLanguage::English;
    let word = |class: &String| match (class.as_str(), english) {
        ("contact", true) => "your name, e-mail address and telephone number",
        ("contact", false) => "su nombre, correo electrónico y número de teléfono",
        ("identifying", true) => "your date of birth and the number of your record",
        ("identifying", false) => "su fecha de nacimiento y el número de su expediente",
        ("exercise", true) => "your exercises, and what you wrote down about doing them",
        ("exercise", false) => "sus ejercicios y lo que usted anotó al hacerlos",
        ("note", true) => "notes of your therapist about your care",
        ("note", false) => "notas de su terapeuta sobre su atención",
        ("patient_words", true) => "what you wrote to us about your care or your record",
        ("patient_words", false) => "lo que usted nos escribió sobre su atención o su expediente",
        ("visit", true) => "when and where your visits are and were",
        ("visit", false) => "cuándo y dónde son y fueron sus citas",
        ("emergency", true) => "why your record was opened in an emergency",
        ("emergency", false) => "por qué se abrió su expediente en una emergencia",
        ("charge", true) => "what was charged for your visits",
        ("charge", false) => "lo que se cobró por sus citas",
        ("diagnosis", true) => "codes of your diagnosis on bills",
        ("diagnosis", false) => "códigos de su diagnóstico en las facturas",
        ("account", true) => "the name and e-mail address of your account with us",
        ("account", false) => "el nombre y correo electrónico de su cuenta con nosotros",
        (_, true) => "other information in your record",
        (_, false) => "otra información de su expediente",
    };
    if classes.is_empty() {
        return vec![if english { "that you are or were a patient here" } else { "que usted es o fue paciente aquí" }];
    }
    let mut words: Vec<&'static str> = classes.iter().map(word).collect();
    words.dedup();
    words
}

fn part(lines: &mut Vec<Line>, heading: &str, text: &str) {
    lines.extend([Line::Gap, Line::heading(heading)]);
    lines.extend(text.lines().map(Line::text));
}

/// One letter.
pub(super) fn letter(sender: &Sender, says: &LetterView, told: &Told, name: &str) -> Mail {
    let language = says.language;
    let words = match language {
        LetterLanguage::English => &ENGLISH,
        LetterLanguage::Spanish => &SPANISH,
    };
    let mut lines = vec![
        Line::heading(words.about),
        Line::Gap,
        Line::text(&format!("{} {name}:", words.greeting)),
        Line::text(words.opening),
    ];
    part(&mut lines, words.happened, &says.happened);
    lines.push(Line::text(&days(language, told, sender.discovered_on)));
    part(&mut lines, words.information, words.could);
    lines.extend(information(language, &told.classes).iter().map(|one| Line::text(&format!("- {one}"))));
    part(&mut lines, words.advice, &says.advice);
    part(&mut lines, words.doing, &says.doing);
    part(&mut lines, words.ask, &says.ask);
    lines.extend([Line::Gap, Line::text(words.sorry), Line::text(&sender.name)]);
    Mail { from: sender.name.clone(), day: day(language, sender.today), to: name.to_owned(), lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn told(classes: &[&str], first: Date, last: Date) -> Told {
        Told { classes: classes.iter().map(|class| (*class).to_owned()).collect(), first, last }
    }

    #[test]
    fn days_are_written_as_people_of_the_language_write_them() {
        let (first, last) = (date(2026, 5, 2), date(2026, 5, 14));
        let one = told(&[], first, first);
        assert_eq!(
            days(LetterLanguage::English, &one, last),
            "This happened on May 2, 2026. We found out on May 14, 2026."
        );
        let several = told(&[], first, last);
        assert_eq!(
            days(LetterLanguage::Spanish, &several, last),
            "Esto pasó entre el 2 de mayo de 2026 y el 14 de mayo de 2026. Lo supimos el 14 de mayo de 2026."
        );
    }

    #[test]
    fn every_class_of_data_has_everyday_words_in_both_languages() {
        let other: Vec<_> = LetterLanguage::ALL.iter().map(|one| information(*one, &["shoe_box".to_owned()])).collect();
        for class in phi::registry().filter_map(|column| match column.protection {
            phi::Protection::Sealed(class) => Some(class),
            _ => None,
        }) {
            // What belongs to accounts and billing's links is of no patient's record.
            if ["credential", "link", "billed_contact", "outbox"].contains(&class.name()) {
                continue;
            }
            for (language, other) in LetterLanguage::ALL.iter().zip(&other) {
                assert_ne!(&information(*language, &[class.name().to_owned()]), other, "{}", class.name());
            }
        }
        assert_eq!(information(LetterLanguage::English, &[]), ["that you are or were a patient here"]);
    }
}
