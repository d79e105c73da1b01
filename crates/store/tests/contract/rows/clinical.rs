//! The clinical store.

use super::{ACCOUNT, BEGINNING, PATIENT, PRACTICE, at, bytes, sealed};
use crate::houses::{House, furnished};
use domain::{
    BodyRegion, Date, EntryId, Equipment, ExerciseId, ExerciseSource, ItemId, NoteId, PatientId, ProgramId, Timestamp,
    VisitId, VisitState,
};
use store::{
    Batch, CommitError, Db, Store,
    rows::{
        exercises::{self, ExerciseRow, PictureRow},
        idempotency_keys::{self, DoneRow},
        log_entries::{self, LogEntryRow},
        patients::{self, PatientIndexes, PatientRow},
        programs::{self, ProgramVersionRow},
        progress_notes::{self, NoteRow},
        visits::{self, VisitRow},
    },
};

pub(super) fn patient(id: u8, name: &str) -> PatientRow {
    PatientRow {
        practice_id: PRACTICE,
        patient_id: PatientId::from_bytes([id; 16]),
        given_name: sealed([id; 16], name),
        family_name: sealed([id; 16], "family"),
        birth_date: sealed([id; 16], "born"),
        email: Some(sealed([id; 16], "email")),
        phone: None,
        record_number: None,
        indexes: PatientIndexes { email: Some([id; 32]), phone: None, record_number: Some([id; 32]) },
        created_at: at(0),
        updated_at: at(1),
        version: 1,
    }
}

pub(crate) async fn patients_and_notes_come_back_as_they_were_stored(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    for id in [3, 4] {
        db.commit(patients::insert(Batch::new(), &patient(id, "Ana"))).await.expect("stored");
    }
    let same_number = PatientRow { indexes: patient(3, "").indexes, ..patient(5, "Eve") };
    let twice = db.commit(patients::insert(Batch::new(), &same_number)).await;
    assert_eq!(twice, Err(CommitError::Duplicate { statement: 0 }));
    let first = PatientId::from_bytes(BEGINNING);
    let ids = patients::ids(&db, PRACTICE, first, 10).await.expect("reads");
    assert_eq!(ids, [PATIENT, PatientId::from_bytes([4; 16])]);
    assert_eq!(patients::count(&db, PRACTICE).await, Ok(2));
    let changed = PatientRow { version: 2, updated_at: at(2), email: None, ..patient(3, "Anna") };
    assert_eq!(db.commit(patients::update(Batch::new(), &changed, 1)).await, Ok(()));
    let late = db.commit(patients::update(Batch::new(), &changed, 1)).await;
    assert_eq!(late, Err(CommitError::Conflict { statement: 0 }));
    let found = patients::by_id(&db, PRACTICE, PATIENT).await.expect("reads").expect("there");
    assert_eq!((found.given_name.as_bytes(), found.family_name.as_bytes()), (&b"Anna"[..], &b"family"[..]));
    assert_eq!((bytes(found.email.as_ref()), found.indexes), (None, patient(3, "").indexes));
    assert_eq!((found.created_at, found.updated_at, found.version), (at(0), at(2), 2));

    let note = |n: u8, corrects: Option<u8>| NoteRow {
        practice_id: PRACTICE,
        patient_id: PATIENT,
        note_id: NoteId::from_bytes([n; 16]),
        body: sealed([n; 16], "body"),
        written_by: ACCOUNT,
        written_at: at(n.into()),
        corrects: corrects.map(|n| NoteId::from_bytes([n; 16])),
        version: if corrects.is_some() { 2 } else { 1 },
        first_note_id: corrects.map(|n| NoteId::from_bytes([n; 16])),
        voided: None,
    };
    for note in [note(1, None), note(2, None), note(3, Some(1)), note(4, None)] {
        db.commit(progress_notes::insert(Batch::new(), &note)).await.expect("stored");
    }
    let ids = |notes: &[NoteRow]| notes.iter().map(|note| note.note_id.as_bytes()[0]).collect::<Vec<_>>();
    let last = note(4, None);
    let older = progress_notes::page(&db, PRACTICE, PATIENT, last.written_at, last.note_id, 10).await.expect("reads");
    assert_eq!(ids(&older), [2, 1], "an amendment has no place of its own");
    assert_eq!(older[0].body.as_bytes(), b"body");
    let amended = |first, last| progress_notes::amendments_between(&db, PRACTICE, PATIENT, at(first), at(last));
    assert_eq!(ids(&amended(1, 2).await.expect("reads")), [3]);
    assert!(amended(2, 4).await.expect("reads").is_empty());
    let first = note(1, None).note_id;
    let versions = progress_notes::versions(&db, PRACTICE, PATIENT, first).await.expect("reads");
    assert_eq!((ids(&versions), versions[1].corrects, versions[1].version), (vec![1, 3], Some(first), 2));
    let none = progress_notes::versions(&db, PRACTICE, PATIENT, note(3, None).note_id).await.expect("reads");
    assert!(none.is_empty(), "an amendment begins no note");
    let second = db.commit(progress_notes::insert(Batch::new(), &note(5, Some(1)))).await;
    assert_eq!(second, Err(CommitError::Duplicate { statement: 0 }), "a version is replaced once");
}

pub(crate) async fn the_library_is_brought_up_to_date_in_place(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    let exercise = |id: u8, source_ref: &str, name: &str| ExerciseRow {
        practice_id: PRACTICE,
        exercise_id: ExerciseId::from_bytes([id; 16]),
        source: ExerciseSource::Starter,
        source_ref: source_ref.into(),
        name: name.into(),
        region: BodyRegion::Knee,
        equipment: Equipment::None,
        steps: "[]".into(),
        cautions: "[]".into(),
        pictures: 0,
        created_at: at(id.into()),
        updated_at: at(id.into()),
    };
    for row in [exercise(1, "squat", "Squat"), exercise(2, "bridge", "Bridge"), exercise(3, "squat", "Wall squat")] {
        db.commit(exercises::upsert(Batch::new(), &row)).await.expect("stored");
    }
    let all = exercises::all_heads(&db, PRACTICE).await.expect("reads");
    let squat = ExerciseRow {
        created_at: at(1),
        exercise_id: ExerciseId::from_bytes([1; 16]),
        ..exercise(3, "squat", "Wall squat")
    };
    assert_eq!(all.iter().map(|head| head.name.as_str()).collect::<Vec<_>>(), ["Bridge", "Wall squat"]);
    assert_eq!(all[1].exercise_id, squat.exercise_id, "its id stays");
    let found = exercises::by_source(&db, PRACTICE, ExerciseSource::Starter, "squat").await.expect("reads");
    assert_eq!(found.as_ref(), Some(&squat));
    assert_eq!(exercises::by_id(&db, PRACTICE, squat.exercise_id).await.expect("reads"), Some(squat.clone()));
    // More than one query's worth, most of them not there.
    let ids: Vec<_> = (1..=19).map(|id| ExerciseId::from_bytes([id; 16])).collect();
    let mut heads = exercises::heads(&db, PRACTICE, &ids).await.expect("reads");
    heads.sort_by(|one, other| one.name.cmp(&other.name));
    let known: Vec<_> = heads.iter().map(|head| (head.exercise_id, head.name.as_str(), head.pictures)).collect();
    assert_eq!(known, [(ids[1], "Bridge", all[0].pictures), (ids[0], "Wall squat", squat.pictures)]);
    assert_eq!((heads[1].source, heads[1].region, heads[1].equipment), (squat.source, squat.region, squat.equipment));
    assert!(exercises::heads(&db, PRACTICE, &[]).await.expect("reads").is_empty());
    let picture = |position| PictureRow {
        position,
        digest: [position as u8; 32],
        media_type: "image/jpeg".into(),
        width: 640,
        height: 480,
    };
    for pictures in [vec![picture(0), picture(1)], vec![picture(0)]] {
        let replace = exercises::replace_pictures(Batch::new(), PRACTICE, squat.exercise_id, &pictures);
        db.commit(replace).await.expect("stored");
        assert_eq!(exercises::pictures(&db, PRACTICE, squat.exercise_id).await.expect("reads"), pictures);
    }
}

fn version(number: u32) -> ProgramVersionRow {
    let program_id = ProgramId::from_bytes([6; 16]);
    ProgramVersionRow {
        practice_id: PRACTICE,
        program_id,
        version: number,
        patient_id: PATIENT,
        title: sealed([6; 16], "title"),
        items: sealed([6; 16], "items"),
        starts_on: Date::constant(2026, 11, 23),
        ends_on: (number == 2).then_some(Date::constant(2027, 2, 14)),
        signed_by: ACCOUNT,
        signed_at: at(number.into()),
        end_reason: None,
        voided: None,
    }
}

fn entry(n: u8, corrects: Option<u8>) -> LogEntryRow {
    LogEntryRow {
        practice_id: PRACTICE,
        patient_id: PATIENT,
        entry_id: EntryId::from_bytes([n; 16]),
        program_id: version(1).program_id,
        program_version: 1,
        item_id: ItemId::from_bytes([7; 16]),
        performed_on: Date::constant(2026, 11, 20 + n as i8),
        performed_at: at(n.into()),
        performed: sealed([n; 16], "done"),
        pain: sealed([n; 16], "pain"),
        effort: sealed([n; 16], "effort"),
        comment: (n == 1).then(|| sealed([n; 16], "said")),
        recorded_by: ACCOUNT,
        recorded_at: at(n.into()),
        corrects: corrects.map(|n| EntryId::from_bytes([n; 16])),
        superseded_at: None,
        voided: None,
    }
}

fn ids(entries: &[LogEntryRow]) -> Vec<u8> {
    entries.iter().map(|entry| entry.entry_id.as_bytes()[0]).collect()
}

pub(crate) async fn programs_have_versions_and_log_entries_are_corrected(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    let batch = patients::insert(Batch::new(), &patient(3, "Ana"));
    db.commit(programs::insert(batch, &version(1))).await.expect("stored");
    assert_eq!(db.commit(programs::advance(Batch::new(), &version(2), 1)).await, Ok(()));
    let late = db.commit(programs::advance(Batch::new(), &version(3), 1)).await;
    assert_eq!(late, Err(CommitError::Conflict { statement: 0 }));
    let current = programs::current(&db, PRACTICE, PATIENT).await.expect("reads").expect("there");
    assert_eq!((current.version, current.ends_on, current.starts_on), (2, version(2).ends_on, version(2).starts_on));
    assert_eq!((current.title.as_bytes(), current.items.as_bytes()), (&b"title"[..], &b"items"[..]));
    let history = programs::history(&db, PRACTICE, PATIENT).await.expect("reads");
    assert_eq!(history.iter().map(|row| row.version).collect::<Vec<_>>(), [2, 1]);
    log_entries_of(&db).await;
}

async fn log_entries_of(db: &Db) {
    for entry in [entry(1, None), entry(2, None)] {
        db.commit(log_entries::insert(Batch::new(), &entry)).await.expect("stored");
    }
    let correct = |n: u8| {
        let old = entry(1, None).entry_id;
        let batch = log_entries::supersede(Batch::new(), PRACTICE, PATIENT, old, at(50));
        log_entries::insert(batch, &entry(n, Some(1)))
    };
    let (one, other) = tokio::join!(db.commit(correct(3)), db.commit(correct(4)));
    assert!(one.is_ok() != other.is_ok(), "an entry is corrected once: {one:?} {other:?}");
    let new = if one.is_ok() { 3 } else { 4 };
    let old = log_entries::by_id(db, PRACTICE, PATIENT, entry(1, None).entry_id).await.expect("reads").expect("kept");
    assert_eq!((old.superseded_at, bytes(old.comment.as_ref())), (Some(at(50)), Some(&b"said"[..])));
    assert_eq!(
        (old.performed.as_bytes(), old.pain.as_bytes(), old.effort.as_bytes()),
        (&b"done"[..], &b"pain"[..], &b"effort"[..])
    );
    let (first, last) = (Date::constant(2026, 11, 1), Date::constant(2026, 11, 30));
    let in_force = log_entries::between(db, PRACTICE, PATIENT, first, last).await.expect("reads");
    assert_eq!(ids(&in_force), [2, new]);
    assert_eq!(
        (in_force[1].corrects, in_force[0].performed_on),
        (Some(entry(1, None).entry_id), entry(2, None).performed_on)
    );
    let page = |before: LogEntryRow| log_entries::page(db, PRACTICE, PATIENT, before.performed_at, before.entry_id, 10);
    assert_eq!(ids(&page(entry(9, None)).await.expect("reads")), [new, 2, 1]);
    assert_eq!(ids(&page(entry(2, None)).await.expect("reads")), [1]);
}

pub(crate) async fn what_was_done_under_an_idempotency_key_is_remembered(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    let done = |now| DoneRow { body_mac: [1; 32], resource_id: [2; 16], status: 201, at: at(now) };
    let remember = |key: u8, now, before| {
        idempotency_keys::remember(Batch::new(), PRACTICE, ACCOUNT, &[key; 32], &done(now), at(before))
    };
    db.commit(remember(1, 0, -100)).await.expect("stored");
    assert_eq!(db.commit(remember(1, 1, -100)).await, Err(CommitError::Duplicate { statement: 1 }));
    let of = async |key: u8| idempotency_keys::done(&db, PRACTICE, ACCOUNT, &[key; 32]).await.expect("reads");
    assert_eq!((of(1).await, of(2).await), (Some(done(0)), None));
    db.commit(remember(2, 100, 50)).await.expect("stored");
    assert_eq!((of(1).await, of(2).await), (None, Some(done(100))), "old ones are swept out");
}

pub(crate) async fn visits_come_back_by_time_and_change_where_they_were_seen(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    db.commit(patients::insert(Batch::new(), &patient(3, "Ana"))).await.expect("stored");
    let visit = |n: u8, at: Timestamp, state: VisitState| VisitRow {
        practice_id: PRACTICE,
        patient_id: PATIENT,
        visit_id: VisitId::from_bytes([n; 16]),
        therapist_id: ACCOUNT,
        starts_at: at,
        state,
        minutes: sealed([n; 16], "minutes"),
        clinic: Some(sealed([n; 16], "clinic")),
        remark: None,
        recorded_by: ACCOUNT,
        recorded_at: at,
        changed_at: at,
        version: 1,
        voided: None,
    };
    for (n, seconds, state) in [(1, 10, VisitState::Held), (2, 10, VisitState::Held), (3, 20, VisitState::Cancelled)] {
        db.commit(visits::insert(Batch::new(), &visit(n, at(seconds), state))).await.expect("stored");
    }
    let last = VisitId::from_bytes([0xff; 16]);
    let page = visits::page(&db, PRACTICE, PATIENT, at(30), last, 10).await.expect("reads");
    assert_eq!(page.iter().map(|row| row.visit_id.as_bytes()[0]).collect::<Vec<_>>(), [3, 2, 1]);
    let page = visits::page(&db, PRACTICE, PATIENT, at(10), VisitId::from_bytes([2; 16]), 10).await.expect("reads");
    assert_eq!((page.len(), page[0].minutes.as_bytes(), page[0].remark.is_none()), (1, &b"minutes"[..], true));
    let changed = VisitRow { version: 2, changed_at: at(40), ..visit(3, at(25), VisitState::Held) };
    assert_eq!(db.commit(visits::update(Batch::new(), &changed, 1)).await, Ok(()));
    let late = db.commit(visits::update(Batch::new(), &changed, 1)).await;
    assert_eq!(late, Err(CommitError::Conflict { statement: 0 }));
    let row = visits::by_id(&db, PRACTICE, PATIENT, changed.visit_id).await.expect("reads").expect("there");
    assert_eq!((row.state, row.starts_at, row.changed_at, row.version), (VisitState::Held, at(25), at(40), 2));
}
