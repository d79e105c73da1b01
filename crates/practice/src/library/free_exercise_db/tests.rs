use super::*;
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

fn sound(id: &str) -> Value {
    json!({
        "id": id, "name": "Calf Raise", "force": "push", "level": "beginner", "mechanic": null,
        "equipment": "body only", "primaryMuscles": ["calves"], "secondaryMuscles": [],
        "instructions": ["Stand tall.", "  ", "Lift your\nheels."], "category": "strength", "images": []
    })
}

fn with(id: &str, field: &str, value: Value) -> Value {
    let mut entry = sound(id);
    entry[field] = value;
    entry
}

fn folder(list: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    fs::create_dir(folder.path().join("exercises")).expect("folder of pictures");
    fs::write(folder.path().join("exercises.json"), list).expect("written");
    folder
}

fn read(entries: &[Value]) -> Vec<Result<Accepted, Rejected>> {
    let folder = folder(&serde_json::to_string(entries).expect("json"));
    open(folder.path()).expect("opened").collect()
}

fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).encode_image(&RgbImage::from_pixel(20, 10, Rgb([9, 99, 9]))).expect("encoded");
    bytes
}

#[test]
fn an_entry_becomes_an_exercise() {
    let [Ok(accepted)] = &read(&[sound("Calf_Raise")])[..] else { panic!("one accepted") };
    let exercise = &accepted.exercise;
    assert_eq!(exercise.source_ref, "Calf_Raise");
    assert_eq!((exercise.region.word(), exercise.equipment.word()), ("ankle", "none"));
    assert_eq!(exercise.steps, ["Stand tall.", "Lift your heels."], "blank steps are left out");
    assert_eq!(exercise.default_dose.reps, Some(10));
}

#[test]
fn each_rejected_entry_is_named_with_its_reason_and_the_others_are_taken() {
    let long = "x".repeat(2000);
    let cases = [
        (with("a", "name", json!(" ")), "a: name is empty"),
        (with("b", "name", json!(7)), "b: name is of the wrong type"),
        (with("c", "instructions", json!(["", " "])), "c: instructions is empty"),
        (with("d", "equipment", json!("anvil")), "d: equipment holds an unknown word"),
        (with("e", "category", json!("dance")), "e: category holds an unknown word"),
        (with("f", "level", json!("wizard")), "f: level holds an unknown word"),
        (with("g", "primaryMuscles", json!(["wings"])), "g: primaryMuscles holds an unknown word"),
        (with("h", "images", json!(["../../etc/passwd"])), "h: images leads out of the folder"),
        (with("i", "images", json!(["/etc/passwd"])), "i: images leads out of the folder"),
        (with("j", "images", json!(["a\\..\\b.jpg"])), "j: images leads out of the folder"),
        (with("k", "name", json!(long)), "k: name must be 1 to 120 characters of plain text"),
        (with("l", "instructions", json!([long])), "l: steps[0] must be 1 to 1000 characters of plain text"),
        (with("../m", "name", json!("x")), "entry 13: id must be 1 to 100 of the characters A-Z a-z 0-9 - _"),
        (sound("kept"), "kept: id stands twice"),
        (json!("text"), "entry 15: is not an object"),
        (json!({"id": "n"}), "n: name is missing"),
        (with("o", "images", json!(vec!["x.jpg"; 9])), "o: images must be at most 8"),
        (with("p", "name", json!("bell\u{7}")), "p: name must be 1 to 120 characters of plain text"),
    ];
    let mut entries: Vec<Value> = cases.iter().map(|(entry, _)| entry.clone()).collect();
    entries.insert(0, sound("kept"));
    entries.push(sound("last"));
    let read = read(&entries);
    assert_eq!(read.len(), cases.len() + 2);
    assert!(read[0].is_ok() && read[cases.len() + 1].is_ok());
    for (rejected, (_, reason)) in read[1..].iter().zip(&cases) {
        let said = rejected.as_ref().expect_err("rejected").to_string();
        // The numbers of nameless entries count the first one too.
        assert_eq!(said, reason.replace("entry 13", "entry 14").replace("entry 15", "entry 16"));
    }
}

#[test]
fn a_missing_picture_is_counted_and_a_bad_one_is_named() {
    let list = json!([
        with("a", "images", json!(["a/0.jpg", "a/1.jpg"])),
        with("b", "images", json!(["b/0.jpg"])),
        sound("c")
    ]);
    let folder = folder(&list.to_string());
    let pictures = folder.path().join("exercises");
    fs::create_dir(pictures.join("a")).expect("folder");
    fs::create_dir(pictures.join("b")).expect("folder");
    fs::write(pictures.join("a/0.jpg"), picture()).expect("written");
    fs::write(pictures.join("b/0.jpg"), b"no picture").expect("written");
    let mut counts = Counts::default();
    let mut refused = Vec::new();
    for entry in open(folder.path()).expect("opened") {
        counts.add(&entry);
        refused.extend(entry.expect("accepted").refused_pictures);
    }
    let expected =
        Counts { accepted: 3, rejected: 0, with_pictures: 1, pictures: 1, pictures_missing: 1, pictures_refused: 1 };
    assert_eq!(counts, expected);
    assert_eq!(refused[0].0, "b/0.jpg");
    assert_eq!(refused[0].1.to_string(), "is neither JPEG, PNG nor WebP");
}

#[test]
fn a_link_that_leads_out_of_the_folder_is_not_followed() {
    let outside = tempfile::tempdir().expect("folder");
    fs::write(outside.path().join("secret.jpg"), picture()).expect("written");
    let folder = folder(&json!([with("a", "images", json!(["0.jpg"]))]).to_string());
    std::os::unix::fs::symlink(outside.path().join("secret.jpg"), folder.path().join("exercises/0.jpg"))
        .expect("linked");
    let [Err(rejected)] = &open(folder.path()).expect("opened").collect::<Vec<_>>()[..] else { panic!("rejected") };
    assert_eq!(rejected.reason, Reason::PictureOutside);
}

#[test]
fn a_damaged_list_keeps_what_came_before_and_says_where_it_broke() {
    let text = format!("[{},\n{{\"id\": \"cut", sound("a"));
    let folder = folder(&text);
    let read: Vec<_> = open(folder.path()).expect("opened").collect();
    assert_eq!(read.len(), 2);
    assert!(read[0].is_ok());
    let byte = text.find("{\"id\": \"cut").expect("there");
    let Err(rejected) = &read[1] else { panic!("rejected") };
    assert!(matches!(rejected.reason, Reason::Damaged { byte: at } if at.abs_diff(byte) <= 1), "{rejected}");
}

#[test]
fn a_folder_without_a_list_is_refused() {
    let empty = tempfile::tempdir().expect("folder");
    assert!(matches!(open(empty.path()), Err(OpenError::File { .. })));
    assert!(matches!(open(folder("{}").path()), Err(OpenError::NotAList)));
    assert_eq!(open(folder(" [ ] ").path()).expect("opened").count(), 0);
}

#[test]
fn the_progress_runs_from_nothing_to_the_end() {
    let folder = folder(&json!([sound("a"), sound("b")]).to_string());
    let mut entries = open(folder.path()).expect("opened");
    let mut before = entries.progress().0;
    while entries.next().is_some() {
        let (now, all) = entries.progress();
        assert!(now > before && now <= all);
        before = now;
    }
    let (at, all) = entries.progress();
    assert_eq!(at + 1, all, "only the closing bracket is left");
}

/// Said aloud: a test that could not look must not seem to have looked.
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// The real data lies beside the workspace on some machines; where it does not, this says so and passes. The whole list
/// is read, with the pictures of its first dozen entries that have any: decoding all takes minutes without optimization.
#[test]
fn the_public_data_set_is_read_but_for_the_entries_without_instructions() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut places = above.map(|folder| folder.join("shared/data/free-exercise-db"));
    let Some(data) = places.find(|folder| folder.join("exercises.json").exists()) else {
        return skipped("no folder shared/data/free-exercise-db beside the workspace");
    };
    let folder = folder(&fs::read_to_string(data.join("exercises.json")).expect("read"));
    let mut named: Vec<_> = fs::read_dir(data.join("exercises")).expect("pictures").flatten().collect();
    named.sort_by_key(fs::DirEntry::file_name);
    for entry in named.iter().take(12) {
        let to = folder.path().join("exercises").join(entry.file_name());
        fs::create_dir(&to).expect("folder");
        for file in fs::read_dir(entry.path()).expect("folder").flatten() {
            fs::copy(file.path(), to.join(file.file_name())).expect("copied");
        }
    }
    let mut counts = Counts::default();
    let mut rejected = Vec::new();
    for entry in open(folder.path()).expect("opened") {
        counts.add(&entry);
        rejected.extend(entry.err().map(|rejected| rejected.to_string()));
    }
    assert_eq!(rejected.len(), 5, "{rejected:?}");
    assert!(rejected.iter().all(|said| said.ends_with("instructions is empty")), "{rejected:?}");
    assert_eq!((counts.accepted, counts.with_pictures, counts.pictures_refused), (868, 12, 0), "{counts:?}");
}
