//! Pages of those who work in a practice.

use super::{Shelf, asset, days, program_of_ana, staff, staff_nav, weekly};
use jiff::{ToSpan, civil::date};
use maud::{Markup, html};
use web::look::*;

pub(crate) fn therapists_patient(shelf: &Shelf) -> Markup {
    let nav = staff_nav(1);
    let days = days();
    let pain = weekly(&[6.5, 6.0, 6.2, 5.4, 5.0, 4.6, 4.8, -1.0, 3.6, 3.2, 3.4, 2.6]);
    let effort = weekly(&[4.0, 4.5, 4.0, 5.0, 5.0, 5.5, 6.0, -1.0, 6.0, 5.5, 6.0, 6.0]);
    let series = [Series { label: "Pain", values: &pain }, Series { label: "Effort", values: &effort }];
    let percent = charts::adherence_percent(&days).unwrap_or_default();
    let rows = program_of_ana(shelf).into_iter().enumerate().map(|(n, (name, figure, dose))| {
        let volume: Vec<_> = (0..12).map(|day| Some(f64::from(day * (n as u32 + 1) % 7 + day))).collect();
        vec![
            html! {
                span class="row" {
                    (exercise_figure(figure, name, FigureSize::Small))
                    span { (name) @if n == 3 { " " (tag("falling behind", Tone::Warn)) } }
                }
            },
            html! { (words::dose_brief(&dose)) },
            html! { (92 - 7 * n) "%" },
            html! { (3 - n.min(3)) },
            sparkline("Volume", &volume),
        ]
    });
    let columns = ["Exercise", "Dose"].map(Column::text).into_iter();
    let columns: Vec<_> = columns.chain(["Done", "Pain"].map(Column::number)).chain([Column::text("Volume")]).collect();
    let head = Head {
        above: Some(html! { a href="#patients" { "My patients" } }),
        heading: Some("Ana Ruiz"),
        below: Some(html! { "67 years · right knee, week 5 of 12 · version 4, signed 11 May 2026" }),
        beside: Some(html! {
            (link_button("#note", "Write a note", ButtonKind::Quiet))
            (link_button("#program", "Change program", ButtonKind::Primary))
        }),
    };
    let content = html! {
        (tabs("Views of this patient", &[("#", "Overview", true), ("#log", "Log", false), ("#notes", "Notes", false)]))
        (two_columns(
            card(
                "Done of what was due",
                Some(tag(&format!("{percent}% in 12 weeks"), Tone::Info)),
                adherence_heatmap("done", &days),
            ),
            card(
                "Pain and effort",
                Some(html! { span class="soft small" { "0 to 10, weekly median" } }),
                line_chart(LineChart { id: "pain", title: "Pain and effort, weekly median", max: 10.0, series: &series }),
            ),
        ))
        (card(
            "Program",
            Some(html! { span class="soft small" { "last 14 days" } }),
            table("Program, last 14 days", &columns, rows),
        ))
        (card("In her words", None, html! {
            div {
                blockquote { "“Stairs are easier. A little stiff in the morning.” " span class="soft small" { "13 May, after step-down" } }
                blockquote { "“Could not do the leg raise with the weight, did it without.” " span class="soft small" { "12 May" } }
            }
        }))
        (recorded_line("You see this page as her therapist. Opening it was recorded, and she can see that."))
    };
    page(staff("Patient", &nav).head(head), content)
}

pub(crate) fn people() -> Markup {
    let nav = staff_nav(1);
    let names = ["Ana Ruiz", "Benjamin Adeyemi", "Chiara Lombardi-Steinbrecher", "Dinh Thu", "Emil Sørensen"];
    let rows = names.iter().enumerate().map(|(n, name)| {
        vec![
            html! { a href="#patient" { (person_line(name, Some(&format!("born {}", 1950 + 9 * n)))) } },
            html! { "Right knee, week " (n + 2) },
            html! { (91 - 11 * n) "%" },
            html! { (n + 1) },
            html! { @match n { 3 => (tag("pain is rising", Tone::Error)), 4 => (tag("falling behind", Tone::Warn)), _ => (tag("on track", Tone::Success)) } },
            html! { (words::how_long_ago(date(2026, 5, 14) - (n as i64).days(), date(2026, 5, 14))) },
        ]
    });
    let columns = [
        Column::text("Patient"),
        Column::text("Program"),
        Column::number("Done"),
        Column::number("Pain"),
        Column::text("How it goes"),
        Column::text("Last entry"),
    ];
    let head = Head { below: Some(html! { "5 people under your care" }), ..Head::default() };
    let content = html! {
        section class="card stack" aria-label="Patients" {
            form method="get" class="row wrap" role="search" {
                div class="field grow" { label for="f-q" { "Find by name" } input type="search" id="f-q" name="q"; }
            }
            (table("My patients", &columns, rows))
        }
        (pagination(None, Some("#2"), Some("1 to 5 of 23")))
        (recorded_line("This list shows names. Opening it was recorded."))
    };
    page(staff("My patients", &nav).head(head), content)
}

pub(crate) fn audit() -> Markup {
    let nav = [
        NavItem { href: "#audit", label: "Audit trail", icon: Icon::Shield, current: true },
        NavItem { href: "#people", label: "People", icon: Icon::People, current: false },
    ];
    let entry = |n: usize| {
        let (tone, word) = if n == 2 { (Tone::Error, "denied") } else { (Tone::Success, "allowed") };
        vec![
            html! { time class="num" datetime="2026-05-14T09:00:00Z" { "14 May, " (words::time(9, 41 - n as i8)) } },
            html! { "Mara Lind" br; span class="soft small" { "Therapist" } },
            html! { (words::permission(domain::PermissionName::ReadExercise)) },
            html! { code { "patient 7f3a…" } },
            html! { "treatment" },
            tag(word, tone),
            html! { span class="num" { "10.0.0." (n + 4) } },
        ]
    };
    let columns = ["Time", "Who", "What", "Whose", "Why", "Outcome", "From"].map(Column::text);
    let kind = Kind::Staff {
        nav: &nav,
        signed_in_as: "Priya Nair",
        role_label: "Privacy officer",
        signs_out_in_seconds: Some(45 * 60),
    };
    let head = Head {
        below: Some(html! { "48,211 entries, checked whole today at 9:00" }),
        beside: Some(post_button("#verify", "Check it now", ButtonKind::Quiet, None)),
        ..Head::default()
    };
    let content = html! {
        section class="card stack" aria-label="Entries" { (table("Audit trail", &columns, (0..6).map(entry))) }
        (pagination(Some("#0"), Some("#2"), Some("51 to 100")))
    };
    page(Frame::new("Audit trail", kind, &asset).demo(true).head(head), content)
}

pub(crate) fn program_editor(shelf: &Shelf) -> Markup {
    let nav = staff_nav(1);
    let mut errors = FieldErrors::none();
    errors.add("items[1].dose.sets", "Sets must be 1 to 20");
    let items = program_of_ana(shelf);
    let entries: Vec<LibraryEntry<'_>> = shelf
        .0
        .iter()
        .take(24)
        .map(|(exercise, urls)| LibraryEntry {
            exercise_id: exercise.source_ref.clone(),
            name: &exercise.name,
            region: words::region(exercise.region),
            equipment: words::equipment(exercise.equipment),
            figure: Figure::Drawn(urls),
        })
        .collect();
    let in_all = shelf.0.len();
    let library = Library { words: "", region: "", fitting: in_all, in_all, more: Some(48) };
    let head = Head {
        above: Some(html! { a href="#patient" { "Ana Ruiz" } }),
        below: Some(html! { "Version 4 stays as it is. Signing makes version 5." }),
        ..Head::default()
    };
    let content = html! {
        (errors.summary())
        form method="post" class="editor" {
            div class="stack" {
                (text_field(&Field::new("title", "Title").required().value("Right knee, weeks 5 to 8").max_length(120)))
                ol class="items" data-items {
                    @for (n, (name, figure, dose)) in items.iter().take(3).enumerate() {
                        (item_row(n, &ItemForm::of(format!("i{n}"), format!("e{n}"), (*name).to_owned(), *figure, dose), &errors))
                    }
                }
                p class="hidden" role="status" data-items-said {}
                (item_template())
                (submit("Sign version 5", Some(link_button("#back", "Cancel", ButtonKind::Quiet))))
            }
            section class="card" aria-labelledby="library" { h2 id="library" { "Exercises" } (library_picker(&entries, &library)) }
        }
    };
    page(staff("Change the program", &nav).head(head).scripts(&["program.js"]), content)
}
