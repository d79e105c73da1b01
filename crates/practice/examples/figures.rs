//! Draws the starter exercises' figures into a folder, with a contact sheet to look them over.
//!
//! `cargo run -p patella-practice --example figures -- crates/practice/data/figures.toml FOLDER`

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(source), Some(folder)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        return Err("usage: figures FIGURES.toml FOLDER".into());
    };
    let figures = practice::library::Figures::read(&fs::read_to_string(source)?)?;
    fs::create_dir_all(&folder)?;
    let mut sheet = String::from("<!doctype html><meta charset=utf-8><title>Figures</title><body>");
    for name in figures.names() {
        let Some(pair) = figures.pair(name) else { continue };
        sheet.push_str(&format!("<figure><figcaption>{name}</figcaption>"));
        for (n, svg) in pair.iter().enumerate() {
            let file = format!("{name}-{n}.svg");
            fs::write(folder.join(&file), svg)?;
            sheet.push_str(&format!("<img src=\"{file}\" alt=\"\">"));
        }
        sheet.push_str("</figure>");
    }
    fs::write(folder.join("index.html"), sheet)?;
    Ok(())
}
