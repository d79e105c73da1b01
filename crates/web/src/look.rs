//! How Patella looks: every part that a page is put together from, and nothing about where its data comes from.
//!
//! A page is [`page`]`(`[`Frame`]`, content)`: the frame brings the document, the landmarks, the navigation, the one
//! `h1` and sign-out. The content is put together from [`parts`], [`form`], [`table`], [`charts`], [`figure`] and
//! [`program`]; [`words`] says values of the domain in plain language.
//!
//! What is absent on purpose: no `style` attribute and no inline script (the content security policy refuses both), no
//! colour and no size outside the style sheets of `assets/`, nothing loaded from anyone else. Every part works without JavaScript;
//! the modules in `assets/` find what they make better by `data-` attributes.

pub mod charts;
pub mod figure;
pub mod form;
pub mod frame;
pub mod icon;
pub mod library;
pub mod parts;
pub mod passkey;
pub mod program;
pub mod services;
pub mod table;
pub mod units;
pub mod words;

pub use charts::{
    Bar, BarChart, DayDone, LineChart, Series, WeekLine, WeekValue, adherence_heatmap, bar_chart, line_chart,
    progress_ring, sparkline, week_picture,
};
pub use figure::{Figure, FigureSize, exercise_figure};
pub use form::{
    Field, FieldErrors, checkbox, checkbox_group, date_field, email_field, error_summary, hidden, number_field,
    password_field, radio_group, range_field, scale_field, select, submit, text_field, textarea, weekday_field,
};
pub use frame::{Frame, Head, Kind, NavItem, page};
pub use icon::Icon;
pub use library::{Library, LibraryEntry, first_button, library_picker};
pub use parts::{
    ButtonKind, RECORDED, RECORDED_ONLY, Tone, breadcrumbs, button, card, definitions, empty_state, link_button,
    notice, pagination, person_line, post_button, recorded_line, row, secret, stack, stat, tabs, tag, two_columns,
};
pub use passkey::{Ceremony, Passkey, passkey_form};
pub use program::{ItemForm, TimerPlan, item_row, item_template, timer};
pub use services::{modifiers, services};
pub use table::{Column, table};
pub use units::units;
