//! Writes the look as static pages, one file a page, to the folder given: for looking at it, and for axe-core, without
//! a server and without anybody's data.
//!
//! `cargo run -p patella-web --example gallery -- /tmp/gallery`

mod other_pages;
mod staff_pages;

use domain::{Date, Dose, Load, LoadUnit, Side, Weekdays};
use jiff::{ToSpan, civil::date};
use maud::Markup;
use other_pages::{all_parts, exercise, form_with_errors, not_found, second_factor, sign_in, today};
use practice::library::NewExercise;
use staff_pages::{audit, people, program_editor, therapists_patient};
use std::{env, fs, io, path::Path};
use web::look::*;

/// Exercises of the starter set, with the URLs of their figures.
struct Shelf(Vec<(NewExercise, Vec<String>)>);

impl Shelf {
    fn figure(&self, stable_name: &str) -> Figure<'_> {
        let found = self.0.iter().find(|(exercise, _)| exercise.source_ref == stable_name);
        found.map_or(Figure::None, |(_, urls)| Figure::Drawn(urls))
    }
}

fn main() -> io::Result<()> {
    let Some(folder) = env::args().nth(1) else { return Err(io::Error::other("usage: gallery FOLDER")) };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets"))? {
        let path = entry?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, folder.join(name))?;
        }
    }
    let starter = practice::library::starter().map_err(io::Error::other)?;
    let mut shelf = Vec::new();
    for exercise in starter {
        let name = |n| format!("{}-{n}.svg", exercise.source_ref);
        for (n, picture) in exercise.pictures.iter().enumerate() {
            fs::write(folder.join(name(n)), &picture.bytes)?;
        }
        shelf.push((exercise.clone(), (0..exercise.pictures.len()).map(name).collect()));
    }
    for (name, page) in pages(&Shelf(shelf)) {
        fs::write(folder.join(name).with_extension("html"), page.into_string())?;
    }
    Ok(())
}

fn pages(shelf: &Shelf) -> Vec<(&'static str, Markup)> {
    vec![
        ("patient", therapists_patient(shelf)),
        ("people", people()),
        ("today", today(shelf)),
        ("sign-in", sign_in()),
        ("second-factor", second_factor()),
        ("errors", form_with_errors()),
        ("audit", audit()),
        ("program", program_editor(shelf)),
        ("exercise", exercise(shelf)),
        ("parts", all_parts()),
        ("not-found", not_found()),
    ]
}

fn asset(name: &str) -> String {
    name.to_owned()
}

fn staff<'a>(title: &'a str, nav: &'a [NavItem<'a>]) -> Frame<'a> {
    let (signed_in_as, role_label) = ("Mara Lind", "Therapist");
    let kind = Kind::Staff { nav, signed_in_as, role_label, signs_out_in_seconds: Some(872) };
    Frame::new(title, kind, &asset).demo(true)
}

fn staff_nav(current: usize) -> [NavItem<'static>; 4] {
    let item = |n, href, label, icon| NavItem { href, label, icon, current: n == current };
    [
        item(0, "#today", "Today", Icon::Today),
        item(1, "#patients", "My patients", Icon::People),
        item(2, "#exercises", "Exercises", Icon::Exercise),
        item(3, "#account", "My account", Icon::Key),
    ]
}

fn patient_nav() -> [NavItem<'static>; 5] {
    let item = |current, href, label, icon| NavItem { href, label, icon, current };
    [
        item(true, "#today", "Today", Icon::Today),
        item(false, "#week", "My week", Icon::Week),
        item(false, "#progress", "Progress", Icon::Progress),
        item(false, "#looked", "Who looked", Icon::Eye),
        item(false, "#account", "Account", Icon::Settings),
    ]
}

fn a_dose() -> Dose {
    Dose {
        sets: 3,
        reps: Some(10),
        hold_seconds: Some(2),
        load: None,
        side: Side::Right,
        rest_seconds: Some(45),
        tempo: None,
        times_a_day: 1,
        weekdays: Weekdays::DAILY,
    }
}

fn program_of_ana(shelf: &Shelf) -> Vec<(&'static str, Figure<'_>, Dose)> {
    let some_days = Weekdays::new(&[1, 2, 3, 5, 6]).expect("numbers of days");
    let load = Some(Load { tenths: 20, unit: LoadUnit::Kilogram });
    let plain = Dose { hold_seconds: None, side: Side::Both, rest_seconds: None, ..a_dose() };
    vec![
        ("Step-down", shelf.figure("step-down"), a_dose()),
        ("Heel raise, one leg", shelf.figure("one-leg-heel-raise"), Dose { sets: 2, reps: Some(12), ..plain.clone() }),
        ("Bridge", shelf.figure("bridge"), Dose { reps: Some(15), weekdays: some_days, ..plain.clone() }),
        ("Straight leg raise", Figure::None, Dose { reps: Some(12), load, ..plain }),
    ]
}

fn monday(week: i32) -> Date {
    date(2026, 2, 23) + (7 * week).days()
}

fn days() -> Vec<DayDone> {
    // Any fixed pattern will do.
    (0..84u32)
        .filter(|n| *n < 81)
        .map(|n| {
            let due = if n % 7 == 6 { 0 } else { 3 + n % 2 };
            let done = (n * 7 + n / 5 * 3 + n / 20) % 6;
            DayDone { day: monday(0) + i64::from(n).days(), due, done: done.min(due) }
        })
        .collect()
}

fn weekly(values: &[f64]) -> Vec<WeekValue> {
    let week =
        |(n, value): (usize, &f64)| WeekValue { week: monday(n as i32), value: (*value >= 0.0).then_some(*value) };
    values.iter().enumerate().map(week).collect()
}
