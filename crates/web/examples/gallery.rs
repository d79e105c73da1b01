//! Writes the look as static pages, one file a page, to the folder given: for looking at it, and for axe-core, without
//! a server and without anybody's data.
//!
//! `cargo run -p patella-web --example gallery -- /tmp/gallery`

use domain::{BodyRegion, Date, Dose, Load, LoadUnit, Side, Weekdays};
use jiff::{ToSpan, civil::date};
use maud::{Markup, html};
use practice::library::NewExercise;
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

fn therapists_patient(shelf: &Shelf) -> Markup {
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

fn people() -> Markup {
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

fn today(shelf: &Shelf) -> Markup {
    let nav = patient_nav();
    let kind = Kind::Patient { nav: &nav, signed_in_as: "Ana Ruiz", signs_out_in_seconds: Some(872) };
    let head = Head {
        above: Some(html! { (words::day(date(2026, 5, 14))) }),
        heading: Some("Good morning, Ana"),
        below: None,
        beside: Some(progress_ring(2, 5)),
    };
    let program = program_of_ana(shelf);
    let (name, figure, dose) = &program[0];
    let content = html! {
        (notice(Tone::Info, "Mara changed your program", Some(html! { "Heel raises are now on one leg." })))
        article class="card exercise" {
            div { h2 { (name) } p class="soft" { (words::dose_today(dose)) } }
            (exercise_figure(*figure, name, FigureSize::Large))
            form method="post" class="stack" {
                (timer(TimerPlan::from(dose), Some("sets")))
                div class="dose" {
                    (number_field(&Field::new("sets", "Sets done").required().between("0", "20").value("3")))
                    (number_field(&Field::new("reps", "Reps").between("1", "200").value("10")))
                }
                (range_field(&Field::new("pain", "Pain").required().value("3"), &words::PAIN))
                (range_field(&Field::new("effort", "Effort").required(), &words::EFFORT))
                (textarea(&Field::new("comment", "Anything to say about it?").rows(2).max_length(2000)))
                (submit("Write it down", None))
            }
        }
        @for (name, figure, dose) in &program[1..3] {
            article class="card exercise-head" {
                (exercise_figure(*figure, name, FigureSize::Card))
                div { h2 { (name) } p class="soft small" { (words::dose_today(dose)) } }
                (link_button("#start", html! { "Start" span class="hidden" { " " (name) } }, ButtonKind::Quiet))
            }
        }
        article class="card exercise-head done" {
            (exercise_figure(Figure::None, "Straight leg raise", FigureSize::Card))
            div { h2 { "Straight leg raise" } p class="soft small" { "Done at " (words::time(7, 40)) " · pain 2" } }
            (tag("✓ Done", Tone::Success))
        }
    };
    page(Frame::new("Today", kind, &asset).demo(true).head(head).scripts(&["timer.js"]), content)
}

fn sign_in() -> Markup {
    let passkey = Passkey {
        ceremony: Ceremony::Prove,
        start: "/api/v1/session/passkey/start",
        finish: "/api/v1/session/passkey",
        next: "/",
        label: "Sign in with a passkey",
    };
    let content = html! {
        div class="card stack" {
            form method="post" class="stack" {
                (email_field(&Field::new("email", "E-mail").required().autocomplete("username").autofocus()))
                (password_field(&Field::new("password", "Password").required().autocomplete("current-password")))
                (submit("Sign in", None))
            }
            hr;
            (passkey_form(passkey, ButtonKind::Quiet, None))
        }
        p class="soft small" { "You are signed out after 15 minutes without use. " a href="#lost" { "I cannot sign in" } }
    };
    let head = Head { below: Some(html! { "Northside Physical Therapy" }), ..Head::default() };
    page(Frame::new("Sign in", Kind::Plain, &asset).demo(true).head(head).scripts(&["passkey.js"]), content)
}

fn second_factor() -> Markup {
    let content = html! {
        form method="post" class="card stack" {
            (error_summary(&[("code", "That code is not right, or was used already")]))
            (text_field(&Field::new("code", "Code").hint("Six digits from your authenticator app").required()
                .error(Some("That code is not right, or was used already"))
                .autocomplete("one-time-code").inputmode("numeric").max_length(6)))
            (submit("Go on", Some(link_button("#recovery", "Use a recovery code", ButtonKind::Bare))))
        }
    };
    page(Frame::new("One more step", Kind::Plain, &asset).demo(true), content)
}

fn form_with_errors() -> Markup {
    let nav = staff_nav(1);
    let mut errors = FieldErrors::none();
    errors.add("email", "Enter an e-mail address, like name@example.org");
    errors.add("birth_date", "The birth date must be a day of the last 130 years");
    errors.add("role", "Choose a role");
    let roles =
        [("therapist", "Therapist", Some("Sees the patients of their care team")), ("billing", "Billing", None)];
    let regions: Vec<_> = BodyRegion::ALL.iter().map(|region| (region.word(), words::region(*region))).collect();
    let content = html! {
        form method="post" class="card" {
            (errors.summary())
            (text_field(&Field::new("name", "Name").required().value("Ana Ruiz").autocomplete("off")))
            (email_field(&Field::new("email", "E-mail").required().value("ana@").error(errors.of("email"))))
            (date_field(&Field::new("birth_date", "Date of birth").value("1820-01-01").error(errors.of("birth_date"))))
            (select(&Field::new("region", "Part of the body").required().value("hip"), &regions))
            (radio_group(&Field::new("role", "Role").required().error(errors.of("role")), &roles))
            (checkbox_group(&Field::new("tell", "Tell them by"), &[("mail", "E-mail", true), ("paper", "Paper", false)]))
            (scale_field(&Field::new("pain", "Pain today").required().value("4"), &words::PAIN))
            (checkbox(&Field::new("agreed", "They agreed to be invited").required(), false))
            (submit("Send the invitation", Some(link_button("#back", "Cancel", ButtonKind::Quiet))))
        }
    };
    page(staff("Invite a patient", &nav), content)
}

fn audit() -> Markup {
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

fn program_editor(shelf: &Shelf) -> Markup {
    let nav = staff_nav(1);
    let mut errors = FieldErrors::none();
    errors.add("items[1].dose.sets", "Sets must be 1 to 20");
    let items = program_of_ana(shelf);
    let entries: Vec<LibraryEntry<'_>> = shelf
        .0
        .iter()
        .map(|(exercise, urls)| LibraryEntry {
            exercise_id: exercise.source_ref.clone(),
            name: &exercise.name,
            region: words::region(exercise.region),
            equipment: words::equipment(exercise.equipment),
            figure: Figure::Drawn(urls),
        })
        .collect();
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
            section class="card" aria-labelledby="library" { h2 id="library" { "Exercises" } (library_picker(&entries)) }
        }
    };
    page(staff("Change the program", &nav).head(head).scripts(&["program.js"]), content)
}

fn exercise(shelf: &Shelf) -> Markup {
    let nav = staff_nav(2);
    let Some((exercise, urls)) = shelf.0.iter().find(|(exercise, _)| exercise.source_ref == "mini-squat") else {
        return html! {};
    };
    let content = html! {
        (card("How to do it", Some(tag(words::region(exercise.region), Tone::Info)), html! {
            (exercise_figure(Figure::Drawn(urls), &exercise.name, FigureSize::Large))
            ol class="steps" { @for step in &exercise.steps { li { (step) } } }
            (notice(Tone::Warn, "Mind", Some(html! { ul { @for caution in &exercise.cautions { li { (caution) } } } })))
        }))
        (card("About it", None, definitions(&[
            ("For", html! { (words::region(exercise.region)) }),
            ("You need", html! { (words::equipment(exercise.equipment)) }),
            ("Usual dose", html! { (words::dose(&exercise.default_dose)) }),
        ])))
    };
    page(staff(&exercise.name, &nav), content)
}

fn all_parts() -> Markup {
    let nav = staff_nav(3);
    let empty = LineChart { id: "none", title: "Nothing", max: 10.0, series: &[Series { label: "Pain", values: &[] }] };
    let one = weekly(&[4.0]);
    let one = [Series { label: "Pain", values: &one }];
    let content = html! {
        (breadcrumbs(&[("#", "Practice"), ("#", "People")], "Parts"))
        @for tone in [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warn, Tone::Error] {
            (notice(tone, "A notice", Some(html! { "It says what happened, and what to do. " a href="#" { "A link" } })))
        }
        (row(html! {
            (button("Primary", ButtonKind::Primary)) (button("Quiet", ButtonKind::Quiet)) (button("Bare", ButtonKind::Bare))
            (post_button("#", "Remove", ButtonKind::Danger, Some("Remove this passkey? It can no longer sign in.")))
            @for tone in [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warn, Tone::Error] { (tag("A tag", tone)) }
        }))
        div class="stats" { (stat("84%", "done in 4 weeks")) (stat("2.6", "pain, weekly median")) (stat("5", "exercises today")) }
        (secret("Recovery code", "K7QF-9M2D-XX4P"))
        (empty_state("No notes yet", "What you write after a visit stands here.", Some(link_button("#", "Write a note", ButtonKind::Primary))))
        (two_columns(
            card("Few days", None, adherence_heatmap("few", &days()[..9])),
            card("One week", None, line_chart(LineChart { id: "one", title: "Pain", max: 10.0, series: &one })),
        ))
        (card("Nothing yet", None, html! { (adherence_heatmap("no-days", &[])) (line_chart(empty)) (sparkline("Volume", &[])) }))
        (row(html! { @for icon in Icon::ALL { (icon.draw()) } (progress_ring(0, 4)) (progress_ring(4, 4)) (progress_ring(0, 0)) }))
    };
    page(staff("Every part", &nav), content)
}

fn not_found() -> Markup {
    let content = html! {
        (empty_state("There is nothing here for you", "It may have moved, or never was.", Some(link_button("/", "To the start", ButtonKind::Primary))))
    };
    page(Frame::new("Not found", Kind::Plain, &asset), content)
}
