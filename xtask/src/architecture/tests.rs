//! Each rule against a tree that breaks it, and one that keeps all of them.

use super::{Tree, Weight, check};

const MANIFEST: &str = "[package]\nname = \"x\"\n[lints]\nworkspace = true\n";

/// What the check says of `files`, as `path:line: what`, errors only.
fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let findings = check(&Tree::from_texts(files));
    let errors = findings.iter().filter(|finding| finding.weight == Weight::Error);
    errors.map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.what)).collect()
}

/// Whether exactly one error is found, at `place` (`path:line`) and saying `what`.
#[track_caller]
fn assert_finds(files: &[(&str, &str)], place: &str, what: &str) {
    let found = errors(files);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with(&format!("{place}: ")) && found[0].contains(what), "{found:#?}");
}

#[track_caller]
fn assert_content(files: &[(&str, &str)]) {
    let found = errors(files);
    assert!(found.is_empty(), "{found:#?}");
}

fn manifest(rest: &str) -> String {
    format!("{MANIFEST}{rest}")
}

mod arrows {
    use super::{assert_content, assert_finds, manifest};

    #[test]
    fn a_crate_may_use_those_below_it() {
        let text =
            manifest("[dependencies]\nphi.workspace = true\ncrypto.workspace = true\nrusqlite.workspace = true\n");
        assert_content(&[("crates/store/Cargo.toml", &text)]);
    }

    #[test]
    fn an_arrow_upwards_is_found_in_every_section() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let text = manifest(&format!("[{section}]\npractice.workspace = true\n"));
            assert_finds(&[("crates/phi/Cargo.toml", &text)], "crates/phi/Cargo.toml:0", "phi may not use practice");
        }
    }

    #[test]
    fn an_arrow_upwards_under_the_package_name_is_found() {
        let text = manifest("[dependencies]\npatella-web = { path = \"../web\" }\n");
        assert_finds(&[("crates/store/Cargo.toml", &text)], "crates/store/Cargo.toml:0", "store may not use web");
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let text = manifest("");
        assert_finds(&[("crates/extras/Cargo.toml", &text)], "crates/extras/Cargo.toml:0", "no place among the arrows");
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let wrong = manifest("[dependencies]\ntestkit.workspace = true\n");
        assert_finds(&[("crates/web/Cargo.toml", &wrong)], "crates/web/Cargo.toml:0", "testkit is for tests");
        let right = manifest("[dev-dependencies]\ntestkit.workspace = true\n");
        assert_content(&[("crates/web/Cargo.toml", &right)]);
    }

    #[test]
    fn a_crate_of_others_stays_in_the_room_made_for_it() {
        let wrong = manifest("[dependencies]\nrusqlite.workspace = true\n");
        assert_finds(
            &[("crates/practice/Cargo.toml", &wrong)],
            "crates/practice/Cargo.toml:0",
            "only store may use rusqlite",
        );
        let in_tests = manifest("[dev-dependencies]\nrusqlite.workspace = true\n");
        assert_content(&[("crates/practice/Cargo.toml", &in_tests)]);
    }

    #[test]
    fn a_crate_without_the_workspaces_lints_is_found() {
        let text = "[package]\nname = \"patella-store\"\n";
        assert_finds(&[("crates/store/Cargo.toml", text)], "crates/store/Cargo.toml:0", "lints from the workspace");
    }
}

mod dependencies {
    use super::{MANIFEST, assert_content, assert_finds};

    const WORKSPACE: &str = "[workspace.dependencies]\nbytes = \"1\"\ndomain = { path = \"crates/domain\" }\n";

    #[test]
    fn a_dependency_with_a_reason_is_fine() {
        let page = "| crate | reason |\n|---|---|\n| bytes | bodies as hyper hands them over |\n";
        assert_content(&[("Cargo.toml", WORKSPACE), ("docs/dependencies.md", page)]);
    }

    #[test]
    fn a_dependency_without_a_line_is_found() {
        let page = "| crate | reason |\n|---|---|\n";
        let files = [("Cargo.toml", WORKSPACE), ("docs/dependencies.md", page)];
        assert_finds(&files, "docs/dependencies.md:0", "bytes has no line");
    }

    #[test]
    fn a_line_without_a_reason_is_found() {
        let page = "| bytes | bytes |\n";
        let files = [("Cargo.toml", WORKSPACE), ("docs/dependencies.md", page)];
        assert_finds(&files, "docs/dependencies.md:1", "say the reason in a sentence");
    }

    #[test]
    fn a_line_without_its_dependency_is_found() {
        let page = "| bytes | bodies as hyper hands them over |\n| nom | a parser that was once here |\n";
        let files = [("Cargo.toml", WORKSPACE), ("docs/dependencies.md", page)];
        assert_finds(&files, "docs/dependencies.md:2", "nom is no dependency any more");
    }

    #[test]
    fn a_line_out_of_its_place_is_found() {
        let workspace = "[workspace.dependencies]\nbytes = \"1\"\nhttp = \"1\"\n";
        let page = "| http | methods and headers as types |\n| bytes | bodies as hyper hands them over |\n";
        let files = [("Cargo.toml", workspace), ("docs/dependencies.md", page)];
        assert_finds(&files, "docs/dependencies.md:2", "alphabetical");
    }

    #[test]
    fn a_version_outside_the_workspace_is_found() {
        let text = format!("{MANIFEST}[dependencies]\nhex = {{ version = \"0.4\" }}\n");
        assert_finds(&[("crates/web/Cargo.toml", &text)], "crates/web/Cargo.toml:6", "versions are said once");
    }
}

mod files {
    use super::{Tree, Weight, assert_content, assert_finds, check};

    #[test]
    fn a_file_too_long_is_found_in_each_language() {
        let text = "\n".repeat(801);
        for path in ["crates/web/src/a.rs", "crates/web/assets/a.js", "crates/web/assets/a.css", "browser/a.mjs"] {
            assert_finds(&[(path, &text)], &format!("{path}:0"), "801 lines");
        }
        assert_content(&[("crates/web/src/a.rs", &"\n".repeat(800))]);
    }

    #[test]
    fn a_long_file_is_only_said() {
        let findings = check(&Tree::from_texts(&[("crates/web/src/a.rs", &"\n".repeat(401))]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].weight, Weight::Warning);
        assert!(check(&Tree::from_texts(&[("crates/web/src/a.rs", &"\n".repeat(400))])).is_empty());
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        for path in [
            "crates/web/src/utils.rs",
            "crates/web/src/helpers/date.rs",
            "crates/web/assets/common.js",
            "browser/manager.mjs",
        ] {
            assert_finds(&[(path, "")], &format!("{path}:0"), "says nothing");
        }
    }

    #[test]
    fn a_mod_rs_is_found() {
        assert_finds(&[("crates/web/src/routes/mod.rs", "")], "crates/web/src/routes/mod.rs:0", "beside its folder");
    }
}

mod words {
    use super::{assert_content, assert_finds};

    #[test]
    fn ambient_time_is_found_outside_the_clock() {
        let text = "fn f() {\n    let now = SystemTime::now();\n}\n";
        assert_finds(&[("crates/store/src/a.rs", text)], "crates/store/src/a.rs:2", "comes from a `Clock`");
        assert_content(&[("crates/domain/src/clock.rs", text)]);
    }

    #[test]
    fn a_stopwatch_runs_only_where_it_is_named() {
        let text = "let started = Instant::now();";
        assert_finds(&[("crates/web/src/gate.rs", text)], "crates/web/src/gate.rs:1", "comes from a `Clock`");
        assert_content(&[("crates/web/src/envelope.rs", text)]);
    }

    #[test]
    fn ambient_randomness_is_found_outside_the_one_source() {
        for line in ["let r = OsRng;", "let r = rand::thread_rng();", "Uuid::new_v4()", "getrandom::fill(&mut b)"] {
            assert_finds(&[("crates/web/src/a.rs", line)], "crates/web/src/a.rs:1", "comes from a `Rng`");
        }
        assert_content(&[("crates/crypto/src/random.rs", "let r = SystemRandom::new();")]);
    }

    #[test]
    fn words_in_comments_literals_longer_words_and_tests_do_not_count() {
        let text = r##"
//! Never SystemTime::now() here; /* nor OsRng */
/* SystemTime::now() /* nested */ OsRng */
fn f<'a>(x: &'a str) -> char {
    let _ = ("OsRng", r#"thread_rng " "#, b"OsRng \" OsRng", '"');
    let my_thread_rng = MyOsRng;
    '\''
}
#[cfg(test)]
mod tests {
    fn now() { if true { Instant::now(); } }
}
#[cfg(test)]
use rand::thread_rng;
"##;
        assert_content(&[("crates/web/src/a.rs", text), ("crates/web/tests/b.rs", "fn f() { Instant::now(); }")]);
    }

    #[test]
    fn code_after_a_test_item_and_a_lifetime_still_counts() {
        let text = "#[cfg(test)]\nmod tests { fn a() { let b = '}'; } }\nfn f<'a>(c: &'a str) {}\nfn g() { Instant::now(); }\n";
        assert_finds(&[("crates/web/src/a.rs", text)], "crates/web/src/a.rs:4", "Instant::now");
    }

    #[test]
    fn a_library_does_not_print_read_the_environment_or_exit() {
        for line in ["println!(\"x\")", "std::env::var(\"X\")", "std::process::exit(1)"] {
            assert_finds(&[("crates/practice/src/a.rs", line)], "crates/practice/src/a.rs:1", "the binary");
            assert_content(&[("crates/patella/src/a.rs", line), ("crates/practice/build.rs", line)]);
        }
    }

    #[test]
    fn a_getter_is_found() {
        assert_finds(&[("crates/web/src/a.rs", "\npub fn get_name() {}")], "crates/web/src/a.rs:2", "without `get_`");
    }

    #[test]
    fn work_left_undone_is_found_in_every_kind_of_file() {
        for (path, text) in [
            ("crates/web/src/a.rs", "// TODO: later"),
            ("crates/web/assets/a.js", "// FIXME"),
            ("docs/a.md", "TODO"),
            ("Makefile", "# XXX"),
        ] {
            assert_finds(&[(path, text)], &format!("{path}:1"), "finish it");
        }
        assert_content(&[("crates/web/src/a.rs", "let text = \"TODO\"; // the XXXL size")]);
    }

    #[test]
    fn a_folder_of_one_machine_is_found() {
        let text = concat!("cp /ro", "ot/x .");
        assert_finds(&[("scripts/a.sh", text)], "scripts/a.sh:1", "one machine");
    }
}

mod pages {
    use super::{assert_content, assert_finds};

    #[test]
    fn an_origin_of_others_is_found_in_each_kind_of_file() {
        for (path, text) in [
            ("crates/web/src/a.rs", "let a = \"https://cdn.test/a.js\";"),
            ("crates/web/assets/a.js", "import \"https://cdn.test/a.js\";"),
            ("crates/web/assets/a.css", "src: url(//fonts.test/a.woff2);"),
            ("crates/web/assets/a.js", "new WebSocket(\"wss://other.test\")"),
        ] {
            assert_finds(&[(path, text)], &format!("{path}:1"), "nothing from anyone else");
        }
    }

    #[test]
    fn names_comments_tests_and_our_own_address_are_no_origins() {
        let text = "//! See https://example.com.\nconst SVG: &str = \"http://www.w3.org/2000/svg\";\n\
                    const ME: &str = \"https://localhost:8443 or https://practice.example\";\nformat!(\"https://{host}\")\n\
                    #[cfg(test)]\nmod tests { const A: &str = \"https://evil.test\"; }\n";
        assert_content(&[("crates/web/src/a.rs", text), ("crates/practice/src/a.rs", "\"https://example.com\"")]);
    }

    #[test]
    fn an_inline_style_is_found() {
        for text in
            ["html! { p style=\"color: red\" { } }", "html! { p style=(css) { } }", "html! { style { \"p {}\" } }"]
        {
            assert_finds(&[("crates/web/src/a.rs", text)], "crates/web/src/a.rs:1", "inline");
        }
        assert_content(&[("crates/web/src/a.rs", "pub(crate) mod style { }\nlet style = \"x\";")]);
    }

    #[test]
    fn an_inline_script_or_handler_is_found() {
        for text in [
            "html! { button onclick=\"go()\" { } }",
            "html! { form onsubmit=(go) { } }",
            "html! { script { \"go()\" } }",
            "let a = \"<script>go()</script>\";",
            "html! { a href=\"javascript:go()\" { } }",
        ] {
            assert_finds(&[("crates/web/src/a.rs", text)], "crates/web/src/a.rs:1", "no inline");
        }
        assert_content(&[("crates/web/src/a.rs", "html! { script type=\"module\" src=\"/assets/a.js\" {} }")]);
    }

    #[test]
    fn text_does_not_become_markup_in_a_script() {
        assert_finds(&[("crates/web/assets/a.js", "node.innerHTML = text")], "crates/web/assets/a.js:1", "build nodes");
    }
}

#[test]
fn a_finding_names_its_file_and_line() {
    let findings = check(&Tree::from_texts(&[("docs/a.md", "\nTODO")]));
    assert_eq!(findings[0].to_string(), "error: docs/a.md:2: `TODO`: finish it, or file an issue");
}
