//! A program as it stands in the editor's form: text as typed, and what it says.

mod item;

pub(super) use item::wrong;

use crate::{
    look::{FieldErrors, Figure, ItemForm},
    routes::exercises::{PICKS, Pictures, Search},
};
use domain::{BodyRegion, Date, ExerciseId, ProgramTitle, Weekdays};
use practice::{
    exercises::ExerciseBrief,
    programs::{NewProgram, ProgramView},
};
use std::collections::HashMap;

/// The exercises of the form by id, with their pictures.
pub(super) type Shelf = HashMap<String, (ExerciseBrief, Pictures)>;

/// The exercises that a form names: its items, and the one that is to be added.
pub(super) fn named(pairs: &[(String, String)]) -> Vec<ExerciseId> {
    let item = |name: &str| place(name).is_some_and(|(_, part)| part == "exercise_id");
    let id = |(name, value): &(String, String)| match name.as_str() {
        "do" => value.strip_prefix("add:")?.parse().ok(),
        name if item(name) => value.trim().parse().ok(),
        _ => None,
    };
    pairs.iter().filter_map(id).collect()
}

/// What stands in the form.
#[derive(Default)]
pub(super) struct Draft<'a> {
    pub(super) title: String,
    pub(super) starts_on: String,
    pub(super) ends_on: String,
    /// The version that is changed; empty for the first one.
    pub(super) seen: String,
    pub(super) items: Vec<ItemForm<'a>>,
    /// What is searched for in the library.
    pub(super) search: Search,
}

/// A button of the form that changes the draft and signs nothing.
pub(super) enum Act {
    Add(String),
    /// Search the library, and show up to so many.
    Find(usize),
    Remove(usize),
    Up(usize),
    Down(usize),
}

impl Act {
    /// `find`, `find:MOST`, `add:EXERCISE_ID`, `remove:N`, `up:N`, `down:N`.
    fn read(text: &str) -> Option<Self> {
        let (what, which) = text.split_once(':').unwrap_or((text, ""));
        match what {
            "find" => Some(Self::Find(which.parse().unwrap_or(PICKS))),
            "add" => Some(Self::Add(which.to_owned())),
            "remove" => which.parse().ok().map(Self::Remove),
            "up" => which.parse().ok().map(Self::Up),
            "down" => which.parse().ok().map(Self::Down),
            _ => None,
        }
    }
}

/// Most items that are read from a form; one more than a program may have, so that it is refused and not cut.
const MOST: usize = 31;

impl<'a> Draft<'a> {
    /// The version in force, to be changed.
    pub(super) fn of(program: &ProgramView, shelf: &'a Shelf) -> Self {
        let item = |item: &practice::programs::ItemView| {
            let exercise = item.exercise_id.to_string();
            let (name, figure) = (item.exercise.name.clone(), figure_of(shelf, &exercise));
            ItemForm::of(item.item_id.to_string(), exercise, name, figure, &item.dose)
                .instruction(item.instruction.as_deref().unwrap_or_default())
        };
        Self {
            title: program.title.clone(),
            starts_on: program.starts_on.to_string(),
            ends_on: program.ends_on.map(|day| day.to_string()).unwrap_or_default(),
            seen: program.version.to_string(),
            items: program.items.iter().map(item).collect(),
            search: Search::default(),
        }
    }

    /// What was sent, and the button that sent it unless that was "sign".
    pub(super) fn read(pairs: &[(String, String)], shelf: &'a Shelf) -> (Self, Option<Act>) {
        let (mut draft, mut act) = (Self::default(), None);
        let mut days: Vec<Vec<u8>> = Vec::new();
        for (name, value) in pairs {
            match name.as_str() {
                "title" => draft.title.clone_from(value),
                "starts_on" => draft.starts_on.clone_from(value),
                "ends_on" => draft.ends_on.clone_from(value),
                "seen" => draft.seen.clone_from(value),
                "find" => draft.search.words.clone_from(value),
                "find_region" => draft.search.region.clone_from(value),
                "do" => act = Act::read(value),
                item => {
                    let Some((n, part)) = place(item) else { continue };
                    while draft.items.len() <= n {
                        draft.items.push(ItemForm::new(String::new(), String::new(), Figure::None));
                        days.push(Vec::new());
                    }
                    match part {
                        "dose.weekdays" => days[n].extend(value.parse::<u8>().ok()),
                        part => fill(&mut draft.items[n], part, value),
                    }
                }
            }
        }
        for (item, days) in draft.items.iter_mut().zip(days) {
            item.weekdays = Weekdays::new(&days).ok();
            if let Some((exercise, _)) = shelf.get(&item.exercise_id) {
                item.name.clone_from(&exercise.name);
            }
            item.figure = figure_of(shelf, &item.exercise_id);
        }
        (draft, act)
    }

    /// Does what a button says.
    pub(super) fn change(&mut self, act: Act, shelf: &'a Shelf) {
        let last = self.items.len();
        match act {
            Act::Add(id) => {
                if let (Some((exercise, _)), true) = (shelf.get(&id), last < MOST) {
                    let figure = figure_of(shelf, &id);
                    self.items.push(ItemForm::new(id, exercise.name.clone(), figure));
                }
            }
            Act::Find(most) => self.search.most = most,
            Act::Remove(n) if n < last => drop(self.items.remove(n)),
            Act::Up(n) if n > 0 && n < last => self.items.swap(n - 1, n),
            Act::Down(n) if n + 1 < last => self.items.swap(n, n + 1),
            Act::Remove(_) | Act::Up(_) | Act::Down(_) => {}
        }
    }

    /// What it says; or what is wrong with which field. Bounds that the domain knows are checked by the domain.
    pub(super) fn program(&self) -> Result<NewProgram, FieldErrors> {
        let mut errors = FieldErrors::none();
        let title = ProgramTitle::new(&self.title).map_err(|why| errors.add("title", format!("The title {why}"))).ok();
        let starts_on = date(&mut errors, "starts_on", "The first day", &self.starts_on);
        if self.starts_on.trim().is_empty() {
            errors.add("starts_on", "The first day is missing");
        }
        let ends_on = date(&mut errors, "ends_on", "The last day", &self.ends_on);
        let region = self.search.region.as_str();
        if !region.is_empty() && region.parse::<BodyRegion>().is_err() {
            errors.add("find_region", "There is no such part of the body");
        }
        let mut items = Vec::with_capacity(self.items.len());
        for (n, item) in self.items.iter().enumerate() {
            items.extend(item::read(&mut errors, n, item));
        }
        match (title, starts_on) {
            (Some(title), Some(starts_on)) if errors.is_empty() => Ok(NewProgram { title, starts_on, ends_on, items }),
            _ => Err(errors),
        }
    }
}

/// `items[2].dose.sets` is item 2 and `dose.sets`.
fn place(name: &str) -> Option<(usize, &str)> {
    let (n, part) = name.strip_prefix("items[")?.split_once("].")?;
    n.parse().ok().filter(|n| *n < MOST).map(|n| (n, part))
}

fn fill(item: &mut ItemForm<'_>, part: &str, value: &str) {
    let field = match part {
        "item_id" => &mut item.item_id,
        "exercise_id" => &mut item.exercise_id,
        "dose.sets" => &mut item.sets,
        "dose.reps" => &mut item.reps,
        "dose.hold_seconds" => &mut item.hold_seconds,
        "dose.load" => &mut item.load,
        "dose.load_unit" => &mut item.load_unit,
        "dose.side" => &mut item.side,
        "dose.rest_seconds" => &mut item.rest_seconds,
        "dose.tempo" => &mut item.tempo,
        "dose.times_a_day" => &mut item.times_a_day,
        "instruction" => &mut item.instruction,
        _ => return,
    };
    value.trim().clone_into(field);
}

fn figure_of<'a>(shelf: &'a Shelf, exercise: &str) -> Figure<'a> {
    shelf.get(exercise).map_or(Figure::None, |(_, pictures)| pictures.figure())
}

fn date(errors: &mut FieldErrors, field: &str, label: &str, typed: &str) -> Option<Date> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    typed.parse().map_err(|_| errors.add(field, format!("{label} must be a date"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUAT: &str = "11111111-1111-4111-8111-111111111111";

    fn pairs(more: &[(&str, &str)]) -> Vec<(String, String)> {
        let item = [
            ("title", "Knee"),
            ("starts_on", "2026-05-14"),
            ("items[0].exercise_id", SQUAT),
            ("items[0].dose.sets", "3"),
            ("items[0].dose.reps", "10"),
            ("items[0].dose.times_a_day", "1"),
            ("items[0].dose.side", "both"),
            ("items[0].dose.weekdays", "1"),
            ("items[0].dose.weekdays", "5"),
        ];
        item.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_says_a_program() {
        let shelf = Shelf::new();
        let more =
            [("items[0].dose.load", "2.5"), ("items[0].dose.load_unit", "kg"), ("items[0].dose.tempo", "3-1-2-0")];
        let (draft, act) = Draft::read(&pairs(&more), &shelf);
        assert!(act.is_none());
        let program = draft.program().map_err(|errors| format!("{errors:?}")).expect("a program");
        let dose = &program.items[0].dose;
        assert_eq!((dose.sets, dose.reps, dose.load.expect("a load").tenths), (3, Some(10), 25));
        assert!(dose.weekdays.contains(5) && !dose.weekdays.contains(2));
    }

    #[test]
    fn an_item_with_no_sets_names_its_place() {
        let shelf = Shelf::new();
        let (draft, _) = Draft::read(&pairs(&[("items[0].dose.sets", "0")]), &shelf);
        let errors = draft.program().err().expect("refused");
        assert_eq!(errors.of("items[0].dose.sets"), Some("Exercise 1: sets must be 1 to 20"));
    }

    #[test]
    fn only_the_exercises_that_a_form_names_are_looked_up() {
        let other = "22222222-2222-4222-8222-222222222222";
        let add = format!("add:{other}");
        let ids: Vec<String> = named(&pairs(&[("find", SQUAT), ("items[99].exercise_id", other), ("do", &add)]))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(ids, [SQUAT, other]);
    }

    #[test]
    fn a_search_is_kept_and_changes_nothing_else() {
        let shelf = Shelf::new();
        let sent = [("find", "wall"), ("find_region", "knee"), ("do", "find:48")];
        let (mut draft, act) = Draft::read(&pairs(&sent), &shelf);
        draft.change(act.expect("a button"), &shelf);
        let Search { words, region, most } = &draft.search;
        assert_eq!((words.as_str(), region.as_str(), *most, draft.items.len()), ("wall", "knee", 48, 1));
    }

    #[test]
    fn without_a_script_items_move_and_go() {
        let shelf = Shelf::new();
        let second = [("items[1].exercise_id", SQUAT), ("items[1].dose.sets", "5"), ("do", "up:1")];
        let (mut draft, act) = Draft::read(&pairs(&second), &shelf);
        draft.change(act.expect("a button"), &shelf);
        assert_eq!(draft.items[0].sets, "5");
        draft.change(Act::Remove(0), &shelf);
        assert_eq!((draft.items.len(), draft.items[0].sets.as_str()), (1, "3"));
        draft.change(Act::Down(0), &shelf);
        draft.change(Act::Remove(9), &shelf);
        assert_eq!(draft.items.len(), 1);
    }
}
