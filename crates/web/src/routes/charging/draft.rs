//! A charge as it stands in the form: text as typed, and what it says.

use crate::{FormKey, Problem, look::FieldErrors};
use domain::{
    Invalid,
    billing::{ChargeSheet, CptCode, Diagnoses, DiagnosisCode, Minutes, Modifier, Service},
};
use practice::billing::charging::NewCharge;

/// Services of an empty form.
pub(super) const BEGIN: usize = 2;

/// One service as typed.
#[derive(Default, Clone)]
pub(super) struct Typed {
    pub(super) code: String,
    pub(super) minutes: String,
    pub(super) modifiers: Vec<String>,
}

impl Typed {
    /// A line to be filled in; nearly all therapy is under a plan of care, so that modifier stands there.
    pub(super) fn empty() -> Self {
        Self { modifiers: vec![Modifier::Gp.word().to_owned()], ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.code.trim().is_empty() && self.minutes.trim().is_empty()
    }
}

/// What a button of the form does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Show how the minutes count.
    Check,
    /// One more line.
    More,
    /// Back to the form.
    Edit,
    /// To billing.
    Send,
    /// Nothing is to be charged.
    TakeBack,
}

/// What stands in the form.
#[derive(Default, Clone)]
pub(super) struct Draft {
    /// How often something had been sent for the visit when the form was opened.
    pub(super) seen: String,
    /// Makes a form that is sent twice charge once.
    pub(super) key: String,
    pub(super) services: Vec<Typed>,
    pub(super) diagnoses: String,
    /// Why the charge is taken back, where it is.
    pub(super) reason: String,
}

impl Draft {
    /// An empty form.
    pub(super) fn new(seen: u32, key: String) -> Self {
        Self { seen: seen.to_string(), key, services: vec![Typed::empty(); BEGIN], ..Self::default() }
    }

    /// What was sent, and by which button. A field that is none of the form's is refused.
    pub(super) fn read(pairs: Vec<(String, String)>) -> Result<(Self, Act), Problem> {
        let (mut draft, mut act) = (Self::default(), Act::Check);
        for (name, value) in pairs {
            match name.as_str() {
                "seen" => draft.seen = value,
                "key" => draft.key = value,
                "diagnoses" => draft.diagnoses = value,
                "reason" => draft.reason = value,
                "do" => {
                    act = match value.as_str() {
                        "more" => Act::More,
                        "edit" => Act::Edit,
                        "send" => Act::Send,
                        "take-back" => Act::TakeBack,
                        _ => Act::Check,
                    }
                }
                name => draft.fill(name, value).ok_or_else(|| {
                    Problem::invalid_fields().field("form", "holds a field that does not belong to it")
                })?,
            }
        }
        Ok((draft, act))
    }

    /// `services[2].code` is the code of the third service. None where there is no such field.
    fn fill(&mut self, name: &str, value: String) -> Option<()> {
        let (n, part) = name.strip_prefix("services[")?.split_once("].")?;
        let n: usize = n.parse().ok().filter(|n| *n < ChargeSheet::MAX)?;
        while self.services.len() <= n {
            self.services.push(Typed::default());
        }
        let service = self.services.get_mut(n)?;
        match part {
            "code" => service.code = value,
            "minutes" => service.minutes = value,
            "modifiers" => service.modifiers.push(value),
            _ => return None,
        }
        Some(())
    }

    /// The key of the form.
    pub(super) fn form_key(&self) -> Result<FormKey, Problem> {
        FormKey::try_from(self.key.clone()).map_err(|why| Problem::invalid("key", &why))
    }

    /// One more line, where there is room.
    pub(super) fn grow(&mut self) {
        if self.services.len() < ChargeSheet::MAX {
            self.services.push(Typed::empty());
        }
    }

    /// What it says; or what is wrong with which field.
    pub(super) fn charge(&self) -> Result<NewCharge, FieldErrors> {
        let mut errors = FieldErrors::none();
        let filled: Vec<(usize, &Typed)> =
            self.services.iter().enumerate().filter(|(_, typed)| !typed.is_empty()).collect();
        let services: Vec<Service> = filled.iter().filter_map(|(n, typed)| service(&mut errors, *n, typed)).collect();
        for (at, (n, _)) in filled.iter().enumerate().filter(|_| services.len() == filled.len()) {
            if services.iter().take(at).any(|earlier| Some(earlier.code) == services.get(at).map(|one| one.code)) {
                wrong(&mut errors, *n, "code", "the code", "stands above already: put its minutes together");
            }
        }
        if filled.is_empty() {
            errors.add("services[0].code", "Say at least one service");
        }
        let services = match errors.is_empty().then(|| ChargeSheet::new(services)) {
            Some(Ok(services)) => Some(services),
            Some(Err(why)) => {
                errors.add("services[0].minutes", format!("The services {}", why.what()));
                None
            }
            None => None,
        };
        let diagnoses = diagnoses(&self.diagnoses).map_err(|why| errors.add("diagnoses", why)).ok();
        match (services, diagnoses) {
            (Some(services), Some(diagnoses)) if errors.is_empty() => Ok(NewCharge { services, diagnoses }),
            _ => Err(errors),
        }
    }
}

fn wrong(errors: &mut FieldErrors, n: usize, part: &str, what: &str, why: &str) {
    errors.add(format!("services[{n}].{part}"), format!("Service {}: {what} {why}", n + 1));
}

fn service(errors: &mut FieldErrors, n: usize, typed: &Typed) -> Option<Service> {
    let code = CptCode::new(typed.code.trim());
    let code = code.map_err(|why| wrong(errors, n, "code", "this", why.what())).ok();
    let minutes = match typed.minutes.trim() {
        "" => Some(None),
        text => {
            let number = text.parse::<u16>().map_err(|_| Invalid::new("must be a whole number"));
            let minutes = number.and_then(Minutes::new);
            minutes.map(Some).map_err(|why| wrong(errors, n, "minutes", "these", why.what())).ok()
        }
    };
    let modifiers: Result<Vec<Modifier>, Invalid> = typed.modifiers.iter().map(|word| word.parse()).collect();
    let modifiers = modifiers.map_err(|why| wrong(errors, n, "modifiers", "this", why.what())).ok();
    Some(Service { code: code?, minutes: minutes?, modifiers: modifiers? })
}

/// "M25.561, S83.511A".
fn diagnoses(typed: &str) -> Result<Diagnoses, String> {
    let words = typed.split([',', ';', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty());
    let mut codes = Vec::new();
    for (n, word) in words.enumerate() {
        codes.push(DiagnosisCode::new(word).map_err(|why| format!("Code {} {}", n + 1, why.what()))?);
    }
    Diagnoses::new(codes).map_err(|why| format!("These {}", why.what()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(more: &[(&str, &str)]) -> Draft {
        let pairs = [("services[0].code", "97110"), ("services[0].minutes", "33"), ("services[0].modifiers", "GP")];
        let pairs = pairs.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Draft::read(pairs.collect()).map_err(|problem| problem.status()).expect("read").0
    }

    fn refused(more: &[(&str, &str)]) -> FieldErrors {
        draft(more).charge().err().expect("refused")
    }

    #[test]
    fn a_form_says_what_is_charged_and_empty_lines_are_none() {
        let more = [
            ("services[1].code", ""),
            ("services[1].modifiers", "GP"),
            ("services[2].code", " 97140 "),
            ("diagnoses", "m25.561; S83511A"),
        ];
        let new = draft(&more).charge().map_err(|errors| format!("{errors:?}")).expect("a charge");
        let codes: Vec<String> = new.services.iter().map(|service| service.code.to_string()).collect();
        assert_eq!(codes, ["97110", "97140"]);
        let diagnoses: Vec<String> = new.diagnoses.iter().map(ToString::to_string).collect();
        assert_eq!(diagnoses, ["M25.561", "S83.511A"]);
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let known = ("diagnoses", "M25.561");
        let errors = refused(&[("services[1].code", "9714"), known]);
        assert_eq!(errors.of("services[1].code"), Some("Service 2: this must be a procedure code of five digits"));
        let errors = refused(&[("services[1].code", "97140"), ("services[1].minutes", "0"), known]);
        assert_eq!(errors.of("services[1].minutes"), Some("Service 2: these must be 1 to 1440 minutes"));
        let errors = refused(&[("services[1].minutes", "8"), known]);
        assert!(errors.of("services[1].code").is_some());
        let errors = refused(&[("services[1].code", "97110"), known]);
        assert!(errors.of("services[1].code").is_some_and(|words| words.contains("stands above")));
        let errors = refused(&[("services[0].modifiers", "XX"), known]);
        assert_eq!(errors.of("services[0].modifiers"), Some("Service 1: this is not a modifier"));
        let errors = refused(&[("services[1].code", "97140"), ("services[1].minutes", "1440"), known]);
        assert!(errors.of("services[0].minutes").is_some());
        assert_eq!(refused(&[]).of("diagnoses"), Some("These must be 1 to 12 diagnosis codes, none twice"));
        let errors = refused(&[("diagnoses", "M25.561, knee")]);
        assert_eq!(errors.of("diagnoses"), Some("Code 2 must be a diagnosis code like M25.561"));
        let nothing = Draft::new(0, String::new()).charge().err().expect("refused");
        assert!(nothing.of("services[0].code").is_some());
    }

    #[test]
    fn a_field_that_is_none_of_the_forms_is_refused() {
        for name in ["diagnosis", "services[12].code", "services[0].price", "services[x].code", "services[0]"] {
            assert!(Draft::read(vec![(name.to_owned(), String::new())]).is_err(), "{name}");
        }
    }
}
