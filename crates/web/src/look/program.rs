//! The program editor of the therapist, and the timer of the patient: markup that `program.js` and `timer.js` make
//! better, and that works without them.
//!
//! The fields of item `n` are named as the domain names its places (`items[2].dose.sets`), so an error of
//! [`domain::Items::new`] finds its field by itself. Buttons without JavaScript submit the form with
//! `do` = `add:EXERCISE_ID`, `remove:N`, `up:N` or `down:N`; the page then shows the form again, changed.

use super::{
    figure::{Figure, FigureSize, exercise_figure},
    form::{Field, FieldErrors, hidden, number_field, select, text_field, textarea, weekday_field},
    icon::Icon,
    words,
};
use domain::{Dose, LoadUnit, Side, Weekdays};
use maud::{Markup, html};

/// One item as it stands in the form: text as typed, so that what is wrong stays to be mended.
#[derive(Debug, Clone)]
pub struct ItemForm<'a> {
    /// Stays the same from version to version; empty for a new item.
    pub item_id: String,
    /// The exercise of the library.
    pub exercise_id: String,
    /// What it is called.
    pub name: String,
    /// Its picture.
    pub figure: Figure<'a>,
    /// Sets each time.
    pub sets: String,
    /// Repetitions a set.
    pub reps: String,
    /// Seconds held.
    pub hold_seconds: String,
    /// Weight, a decimal number.
    pub load: String,
    /// The word of its unit.
    pub load_unit: String,
    /// The word of the side.
    pub side: String,
    /// Seconds of rest between sets.
    pub rest_seconds: String,
    /// Seconds of the four phases, "3-1-2-0".
    pub tempo: String,
    /// How many times a day.
    pub times_a_day: String,
    /// On which days; none when none is ticked.
    pub weekdays: Option<Weekdays>,
    /// What to mind, in the therapist's words.
    pub instruction: String,
}

impl<'a> ItemForm<'a> {
    /// A new item: 3 sets of 10, once every day.
    pub fn new(exercise_id: String, name: String, figure: Figure<'a>) -> Self {
        Self {
            item_id: String::new(),
            exercise_id,
            name,
            figure,
            sets: "3".to_owned(),
            reps: "10".to_owned(),
            hold_seconds: String::new(),
            load: String::new(),
            load_unit: LoadUnit::Kilogram.word().to_owned(),
            side: Side::Both.word().to_owned(),
            rest_seconds: String::new(),
            tempo: String::new(),
            times_a_day: "1".to_owned(),
            weekdays: Some(Weekdays::DAILY),
            instruction: String::new(),
        }
    }
    /// An item of the program as it is.
    pub fn of(item_id: String, exercise_id: String, name: String, figure: Figure<'a>, dose: &Dose) -> Self {
        let plain = |n: Option<u16>| n.map(|n| n.to_string()).unwrap_or_default();
        Self {
            item_id,
            sets: dose.sets.to_string(),
            reps: plain(dose.reps),
            hold_seconds: plain(dose.hold_seconds),
            load: dose.load.map(words::load_number).unwrap_or_default(),
            load_unit: dose.load.map_or(LoadUnit::Kilogram, |load| load.unit).word().to_owned(),
            side: dose.side.word().to_owned(),
            rest_seconds: plain(dose.rest_seconds),
            tempo: dose.tempo.map(|t| format!("{}-{}-{}-{}", t.down, t.bottom, t.up, t.top)).unwrap_or_default(),
            times_a_day: dose.times_a_day.to_string(),
            weekdays: Some(dose.weekdays),
            ..Self::new(exercise_id, name, figure)
        }
    }
    /// The therapist's words.
    pub fn instruction(mut self, text: &str) -> Self {
        self.instruction = text.to_owned();
        self
    }
}

/// The row of item `n`, counted from 0. All rows stand in one `<ol class="items" data-items>`.
pub fn item_row(n: usize, item: &ItemForm<'_>, errors: &FieldErrors) -> Markup {
    row(&n.to_string(), item, errors)
}

/// The row that `program.js` copies when an exercise is added. Its number and names are filled in by the script.
pub fn item_template() -> Markup {
    let empty = ItemForm::new(String::new(), String::new(), Figure::None);
    html! { template data-item-template { (row("N", &empty, &FieldErrors::none())) } }
}

fn row(n: &str, item: &ItemForm<'_>, errors: &FieldErrors) -> Markup {
    let name = |part: &str| format!("items[{n}].{part}");
    let show = |part: &str, label: &str, make: &dyn Fn(Field<'_>) -> Markup| {
        let name = name(part);
        make(Field::new(&name, label).error(errors.of(&name)))
    };
    let sides: Vec<(&str, &str)> = Side::ALL.iter().map(|side| (side.word(), words::side_choice(*side))).collect();
    let units: Vec<(&str, &str)> = LoadUnit::ALL.iter().map(|unit| (unit.word(), words::load_unit(*unit))).collect();
    html! {
        li class="item card" data-item {
            (hidden(&name("item_id"), &item.item_id))
            (hidden(&name("exercise_id"), &item.exercise_id))
            div class="row between item-head" {
                div class="row" {
                    (exercise_figure(item.figure, &item.name, FigureSize::Small))
                    h2 data-name { (item.name) }
                }
                div class="row item-tools" {
                    (tool("up", n, "Move up", Icon::Up, &item.name))
                    (tool("down", n, "Move down", Icon::Down, &item.name))
                    (tool("remove", n, "Remove", Icon::Cross, &item.name))
                }
            }
            div class="dose" {
                (show("dose.sets", "Sets", &|f| number_field(&f.required().between("1", "20").value(&item.sets))))
                (show("dose.reps", "Reps", &|f| number_field(&f.between("1", "200").value(&item.reps))))
                (show("dose.hold_seconds", "Hold", &|f| {
                    number_field(&f.between("1", "600").unit("s").value(&item.hold_seconds))
                }))
                (show("dose.times_a_day", "Times a day", &|f| {
                    number_field(&f.required().between("1", "10").value(&item.times_a_day))
                }))
                (show("dose.side", "Side", &|f| select(&f.required().value(&item.side), &sides)))
            }
            (show("dose.weekdays", "On these days", &|f| weekday_field(&f.required(), item.weekdays)))
            details class="more" open[has_more(item, errors, n)] {
                summary { "Load, rest, tempo, instruction" }
                div class="dose" {
                    (show("dose.load", "Load", &|f| number_field(&f.between("0", "500").step("0.1").value(&item.load))))
                    (show("dose.load_unit", "Unit", &|f| select(&f.required().value(&item.load_unit), &units)))
                    (show("dose.rest_seconds", "Rest", &|f| {
                        number_field(&f.between("0", "600").unit("s").value(&item.rest_seconds))
                    }))
                    (show("dose.tempo", "Tempo", &|f| {
                        text_field(&f.max_length(11).value(&item.tempo))
                    }))
                }
                p class="hint" { "Tempo is seconds down, pause, up, at the top: 3-1-2-0." }
                (show("instruction", "What to mind", &|f| {
                    textarea(&f.rows(2).max_length(500).value(&item.instruction))
                }))
            }
        }
    }
}

fn has_more(item: &ItemForm<'_>, errors: &FieldErrors, n: &str) -> bool {
    let wrong = ["dose.load", "dose.load_unit", "dose.rest_seconds", "dose.tempo", "instruction"];
    let given = [&item.load, &item.rest_seconds, &item.tempo, &item.instruction];
    given.iter().any(|text| !text.is_empty())
        || wrong.iter().any(|part| errors.of(&format!("items[{n}].{part}")).is_some())
}

fn tool(act: &str, n: &str, words: &str, icon: Icon, name: &str) -> Markup {
    html! {
        button type="submit" class="tool" name="do" value={ (act) ":" (n) } formnovalidate data-act=(act) title=(words) {
            (icon.draw()) span class="hidden" { (words) ": " span data-name { (name) } }
        }
    }
}

/// What the timer of an exercise counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerPlan {
    /// Sets.
    pub sets: u8,
    /// Repetitions a set.
    pub reps: Option<u16>,
    /// Seconds held in each repetition.
    pub hold_seconds: Option<u16>,
    /// Seconds between sets.
    pub rest_seconds: Option<u16>,
}

impl From<&Dose> for TimerPlan {
    fn from(dose: &Dose) -> Self {
        Self { sets: dose.sets, reps: dose.reps, hold_seconds: dose.hold_seconds, rest_seconds: dose.rest_seconds }
    }
}

/// Guides through sets, holds and rests. Shown only with JavaScript: without it nothing is lost but the counting.
/// `fills` is the name of the field of the same form into which the sets done are written.
pub fn timer(plan: TimerPlan, fills: Option<&str>) -> Markup {
    html! {
        div class="timer" hidden data-timer data-sets=(plan.sets) data-reps=[plan.reps] data-hold=[plan.hold_seconds]
            data-rest=[plan.rest_seconds] data-fills=[fills] {
            div class="row between" {
                div {
                    p class="clock num" data-clock aria-hidden="true" { "0:00" }
                    p class="soft small" data-step { "Set 1 of " (plan.sets) }
                }
                button type="button" class="button primary large" data-go { "Start" }
            }
            div class="row wrap timer-less" {
                button type="button" class="button bare" data-skip hidden { "Skip" }
                button type="button" class="button bare" data-reset hidden { "Start again" }
            }
            p class="hidden" role="status" data-said {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_item() -> ItemForm<'static> {
        ItemForm::new("e1".to_owned(), "Bridge <b>".to_owned(), Figure::None)
    }

    #[test]
    fn the_fields_of_an_item_are_named_as_the_domain_names_its_places() {
        let mut errors = FieldErrors::none();
        errors.add("items[2].dose.tempo", "Tempo must be at most 30 seconds a phase");
        let html = item_row(2, &an_item(), &errors).into_string();
        for part in ["item_id", "exercise_id", "dose.sets", "dose.weekdays", "dose.load_unit", "instruction"] {
            assert!(html.contains(&format!("name=\"items[2].{part}\"")), "{part}");
        }
        assert!(html.contains("at most 30 seconds") && html.contains("<details class=\"more\" open>"));
        assert!(html.contains("Bridge &lt;b&gt;"));
    }

    #[test]
    fn an_item_can_be_moved_and_removed_without_javascript() {
        let html = item_row(1, &an_item(), &FieldErrors::none()).into_string();
        for act in ["up:1", "down:1", "remove:1"] {
            assert!(html.contains(&format!("type=\"submit\" class=\"tool\" name=\"do\" value=\"{act}\"")));
        }
    }

    #[test]
    fn a_dose_stands_in_the_form_as_it_is() {
        let dose = Dose {
            sets: 2,
            reps: None,
            hold_seconds: Some(30),
            load: Some(domain::Load { tenths: 25, unit: LoadUnit::Pound }),
            side: Side::Left,
            rest_seconds: Some(0),
            tempo: Some(domain::Tempo { down: 3, bottom: 1, up: 2, top: 0 }),
            times_a_day: 3,
            weekdays: Weekdays::DAILY,
        };
        let item = ItemForm::of("i".into(), "e".into(), "Bridge".into(), Figure::None, &dose);
        assert_eq!((item.reps.as_str(), item.hold_seconds.as_str(), item.load.as_str()), ("", "30", "2.5"));
        assert_eq!((item.load_unit.as_str(), item.side.as_str(), item.tempo.as_str()), ("lb", "left", "3-1-2-0"));
    }

    #[test]
    fn the_timer_takes_no_room_where_no_script_runs() {
        let plan = TimerPlan { sets: 3, reps: Some(10), hold_seconds: None, rest_seconds: Some(45) };
        assert!(timer(plan, None).into_string().contains("class=\"timer\" hidden"));
    }
}
