//! What is wrong with a form, in one place at its top and at each field.

use super::id_of;
use crate::look::parts::{Tone, notice};
use domain::Invalid;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Every problem of a form in one place at its top; each leads to its field. Nothing when there is none.
pub fn error_summary(errors: &[(&str, &str)]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div class="error-summary" tabindex="-1" data-focus {
                (notice(Tone::Error, heading(errors.len()).as_str(), Some(html! {
                    ul { @for (name, message) in errors { li { a href={ "#" (id_of(name)) } { (message) } } } }
                })))
            }
        }
    }
}

fn heading(count: usize) -> String {
    if count == 1 { "Please mend one thing".to_owned() } else { format!("Please mend {count} things") }
}

/// What is wrong with which field, in the order in which it was found. Messages never hold what was typed.
#[derive(Debug, Clone, Default)]
pub struct FieldErrors {
    order: Vec<String>,
    messages: BTreeMap<String, String>,
}

impl FieldErrors {
    /// Nothing is wrong.
    pub fn none() -> Self {
        Self::default()
    }
    /// Notes a problem; the first one of a field stays.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let field = field.into();
        if !self.messages.contains_key(&field) {
            self.order.push(field.clone());
            self.messages.insert(field, message.into());
        }
    }
    /// What was typed as a value; where it is none, notes why, after what the field is called. The reason never holds what was
    /// typed.
    pub fn keep<T>(&mut self, field: &str, label: &str, value: Result<T, Invalid>) -> Option<T> {
        value.map_err(|why| self.add(field, format!("{label} {why}"))).ok()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
    /// What is wrong with one field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.messages.get(field).map(String::as_str)
    }
    /// The summary for the top of the form.
    pub fn summary(&self) -> Markup {
        let all: Vec<(&str, &str)> =
            self.order.iter().map(|field| (field.as_str(), self.messages[field].as_str())).collect();
        error_summary(&all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_errors_has_no_summary() {
        assert_eq!(FieldErrors::none().summary().into_string(), "");
    }

    #[test]
    fn the_first_problem_of_a_field_stays() {
        let mut errors = FieldErrors::none();
        errors.add("email", "Enter an e-mail address");
        errors.add("email", "Something else");
        assert_eq!(errors.of("email"), Some("Enter an e-mail address"));
    }
}
