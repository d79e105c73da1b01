//! Fields of forms: label, hint and error are bound to the control, and what was typed stands in it again.

mod errors;
mod scale;

pub use errors::{FieldErrors, error_summary};
pub use scale::{range_field, scale_field};

use super::{
    icon::Icon,
    parts::{ButtonKind, button},
    words,
};
use domain::Weekdays;
use maud::{Markup, Render, html};

/// One field. Made by [`Field::new`], then the optional parts are set, then shown by one of the functions below.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    value: &'a str,
    required: bool,
    autocomplete: Option<&'a str>,
    autofocus: bool,
    limits: Limits<'a>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Limits<'a> {
    min: Option<&'a str>,
    max: Option<&'a str>,
    step: Option<&'a str>,
    length: Option<u32>,
    rows: Option<u8>,
    inputmode: Option<&'a str>,
    unit: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// A field that may be left empty, with the name under which it is sent and the words beside it.
    pub fn new(name: &'a str, label: &'a str) -> Self {
        let (hint, error, autocomplete, limits) = (None, None, None, Limits::default());
        Self { name, label, hint, error, value: "", required: false, autocomplete, autofocus: false, limits }
    }
    /// What helps to fill it in.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }
    /// What is wrong with what was sent; takes [`FieldErrors::of`] as it is.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }
    /// What stands in it.
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }
    /// It must be filled in.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// The same, where it must be only under a condition.
    pub fn required_if(mut self, required: bool) -> Self {
        self.required = required;
        self
    }
    /// What browsers and password managers may put in ("username", "current-password", "one-time-code").
    pub fn autocomplete(mut self, token: &'a str) -> Self {
        self.autocomplete = Some(token);
        self
    }
    /// The cursor stands in it when the page opens. For a page that is one form, never for others.
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }
    /// The least and most of a number, or the first and last day of a date.
    pub fn between(mut self, min: &'a str, max: &'a str) -> Self {
        (self.limits.min, self.limits.max) = (Some(min), Some(max));
        self
    }
    /// The step of a number: "1", "0.5".
    pub fn step(mut self, step: &'a str) -> Self {
        self.limits.step = Some(step);
        self
    }
    /// The most characters of a text.
    pub fn max_length(mut self, characters: u32) -> Self {
        self.limits.length = Some(characters);
        self
    }
    /// The rows of a text area.
    pub fn rows(mut self, rows: u8) -> Self {
        self.limits.rows = Some(rows);
        self
    }
    /// Which keys a telephone offers ("numeric").
    pub fn inputmode(mut self, mode: &'a str) -> Self {
        self.limits.inputmode = Some(mode);
        self
    }
    /// The unit behind a number ("seconds").
    pub fn unit(mut self, unit: &'a str) -> Self {
        self.limits.unit = Some(unit);
        self
    }

    fn id(&self) -> String {
        id_of(self.name)
    }
    /// The ids of hint and error, for `aria-describedby`.
    fn described_by(&self) -> Option<String> {
        let id = self.id();
        let ids = [self.hint.map(|_| format!("{id}-hint")), self.error.map(|_| format!("{id}-error"))];
        let ids: Vec<String> = ids.into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
    fn invalid(&self) -> Option<&'static str> {
        self.error.map(|_| "true")
    }
    fn below_label(&self) -> Markup {
        let id = self.id();
        html! {
            @if let Some(hint) = self.hint { p class="hint" id={ (id) "-hint" } { (hint) } }
            @if let Some(error) = self.error {
                p class="error" id={ (id) "-error" } { (Icon::Stop.draw()) span class="hidden" { "Error: " } (error) }
            }
        }
    }
    fn optional(&self) -> Markup {
        html! { @if !self.required { span class="optional" { "optional" } } }
    }
    /// Label, hint, error, control, in that order.
    fn around(&self, control: Markup) -> Markup {
        html! {
            div class={ "field" @if self.error.is_some() { " wrong" } } {
                label for=(self.id()) { (self.label) (self.optional()) }
                (self.below_label())
                @if let Some(unit) = self.limits.unit {
                    div class="with-unit" { (control) span class="unit soft" { (unit) } }
                } @else { (control) }
            }
        }
    }
    fn input(&self, kind: &str) -> Markup {
        self.around(html! {
            input type=(kind) id=(self.id()) name=(self.name) value=(self.value) required[self.required]
                autocomplete=[self.autocomplete] autofocus[self.autofocus]
                min=[self.limits.min] max=[self.limits.max] step=[self.limits.step]
                maxlength=[self.limits.length] inputmode=[self.limits.inputmode]
                aria-describedby=[self.described_by()] aria-invalid=[self.invalid()];
        })
    }
    /// A group of controls under one legend.
    fn group(&self, class: &str, controls: Markup) -> Markup {
        html! {
            fieldset id=(self.id()) tabindex="-1" aria-describedby=[self.described_by()]
                class={ "field " (class) @if self.error.is_some() { " wrong" } } {
                legend { (self.label) (self.optional()) }
                (self.below_label())
                (controls)
            }
        }
    }
}

/// The id of the control of a field: letters, digits and dashes only, so that it can stand in a link.
fn id_of(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("f-{plain}")
}

/// One line of text.
pub fn text_field(field: &Field<'_>) -> Markup {
    field.input("text")
}

/// An e-mail address.
pub fn email_field(field: &Field<'_>) -> Markup {
    field.input("email")
}

/// A password. What was typed is never put back.
pub fn password_field(field: &Field<'_>) -> Markup {
    field.value("").input("password")
}

/// A day.
pub fn date_field(field: &Field<'_>) -> Markup {
    field.input("date")
}

/// A number.
pub fn number_field(field: &Field<'_>) -> Markup {
    let decimal = field.limits.step.is_some_and(|step| step.contains('.'));
    let mode = field.limits.inputmode.unwrap_or(if decimal { "decimal" } else { "numeric" });
    field.inputmode(mode).input("number")
}

/// Several lines of text.
pub fn textarea(field: &Field<'_>) -> Markup {
    field.around(html! {
        textarea id=(field.id()) name=(field.name) rows=(field.limits.rows.unwrap_or(4)) required[field.required]
            maxlength=[field.limits.length] autocomplete=[field.autocomplete] autofocus[field.autofocus]
            aria-describedby=[field.described_by()] aria-invalid=[field.invalid()] { (field.value) }
    })
}

/// One of several, from a list that opens: (value, words). The field's value is the chosen one.
pub fn select(field: &Field<'_>, options: &[(&str, &str)]) -> Markup {
    field.around(html! {
        select id=(field.id()) name=(field.name) required[field.required]
            aria-describedby=[field.described_by()] aria-invalid=[field.invalid()] {
            @for (value, words) in options { option value=(value) selected[*value == field.value] { (words) } }
        }
    })
}

/// One of several, all in sight: (value, words, a line below).
pub fn radio_group(field: &Field<'_>, options: &[(&str, &str, Option<&str>)]) -> Markup {
    field.group(
        "choices",
        html! {
            @for (value, words, below) in options {
                label class="choice" {
                    input type="radio" name=(field.name) value=(value) required[field.required]
                        checked[*value == field.value];
                    span { (words) @if let Some(below) = below { span class="soft small" { (below) } } }
                }
            }
        },
    )
}

/// Any of several: (value, words, whether it is ticked). Each ticked one is sent under the field's name.
pub fn checkbox_group(field: &Field<'_>, options: &[(&str, &str, bool)]) -> Markup {
    field.group("choices", checks(field.name, options))
}

fn checks(name: &str, options: &[(&str, &str, bool)]) -> Markup {
    html! {
        @for (value, words, ticked) in options {
            label class="choice" { input type="checkbox" name=(name) value=(value) checked[*ticked]; span { (words) } }
        }
    }
}

/// Days of the week as seven tiles; each ticked one is sent as its number, 1 (Monday) to 7.
pub fn weekday_field(field: &Field<'_>, ticked: Option<Weekdays>) -> Markup {
    field.group(
        "weekdays",
        html! {
            div class="tiles" {
                @for day in 1..=7u8 {
                    label class="tile" {
                        input type="checkbox" name=(field.name) value=(day)
                            checked[ticked.is_some_and(|days| days.contains(day))];
                        span { (words::weekday_short(day)) span class="hidden" { (words::weekday_rest(day)) } }
                    }
                }
            }
        },
    )
}

/// One box to tick, sent as `yes`.
pub fn checkbox(field: &Field<'_>, ticked: bool) -> Markup {
    html! {
        div class={ "field" @if field.error.is_some() { " wrong" } } {
            label class="choice" {
                input type="checkbox" id=(field.id()) name=(field.name) value="yes" required[field.required]
                    checked[ticked] aria-describedby=[field.described_by()] aria-invalid=[field.invalid()];
                span { (field.label) }
            }
            (field.below_label())
        }
    }
}

/// A value that is sent along unseen. Nothing secret, and nothing that the server would believe.
pub fn hidden(name: &str, value: impl Render) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// The row of buttons at the end of a form; `beside` is a way out, such as a link back.
pub fn submit(label: &str, beside: Option<Markup>) -> Markup {
    html! {
        div class="row wrap form-end" {
            (button(label, ButtonKind::Primary))
            @if let Some(beside) = beside { (beside) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_bound_to_its_field_and_led_to_from_the_summary() {
        let mut errors = FieldErrors::none();
        errors.add("items[2].dose.sets", "Sets must be 1 to 20");
        let field = Field::new("items[2].dose.sets", "Sets").hint("A day").error(errors.of("items[2].dose.sets"));
        let html = number_field(&field).into_string();
        assert!(html.contains("aria-describedby=\"f-items-2--dose-sets-hint f-items-2--dose-sets-error\""));
        assert!(html.contains("aria-invalid=\"true\"") && html.contains("id=\"f-items-2--dose-sets-error\""));
        assert!(errors.summary().into_string().contains("href=\"#f-items-2--dose-sets\""));
    }

    #[test]
    fn a_password_is_never_put_back() {
        let html = password_field(&Field::new("password", "Password").value("hunter2")).into_string();
        assert!(!html.contains("hunter2"));
    }

    #[test]
    fn what_was_typed_is_escaped() {
        let bad = "\"><script>alert(1)</script>";
        let field = Field::new("comment", "Comment").value(bad).error(Some(bad)).hint(bad);
        for html in [text_field(&field), textarea(&field), range_field(&field, &words::PAIN)] {
            assert!(!html.into_string().contains("<script"));
        }
    }

    #[test]
    fn a_weekday_tile_says_the_whole_day_to_a_screen_reader() {
        let days = Weekdays::new(&[1, 3]).expect("valid");
        let html = weekday_field(&Field::new("weekdays", "Days"), Some(days)).into_string();
        assert!(html.contains("Mon<span class=\"hidden\">day</span>"));
        assert_eq!(html.matches(" checked").count(), 2);
    }
}
