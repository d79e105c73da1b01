//! What patients ask to be amended (45 CFR 164.526): every step once, in time, sealed, kept with the record and gone with it.

use crate::{archived::with_archive, fixture::Office, meanwhile::set, on_both};
use domain::{AmendmentGround, AmendmentId, AmendmentStep, NoteId, PatientId, Role};
use identity::{Full, Session};
use phi::AccessError;
use practice::{
    amendments::{self, AmendmentAnswer, AmendmentError, AmendmentView, Disagreement, NewAmendment, NewAnswer, RIGHTS},
    merging::{self, MergeError, NewMerge},
    notes::{self, NewNote},
    record::RecordError,
};
use store::rows::accounts::AccountState;
use testkit::house::Person;

on_both! {
    what_is_denied_stays_with_the_record_with_what_the_patient_says_to_it
    what_is_accepted_names_the_note_in_which_it_stands
    an_answer_is_put_off_once_and_never_after_the_sixtieth_day
    nobody_but_the_patient_asks_and_nobody_but_who_treats_them_answers
    a_request_goes_into_the_archive_and_goes_with_the_record
    twenty_wait_at_most_and_no_record_is_closed_in_which_one_waits
}

/// A patient with an account and a therapist.
struct Scene {
    office: Office,
    patient: PatientId,
    own: Person,
    therapist: Person,
}

impl Scene {
    async fn of(office: Office) -> Self {
        let patient = office.patient("1970-01-01").await;
        let own = office.test.patient_account(office.practice, patient).await;
        let therapist = office.test.account(office.practice, Role::Therapist).await;
        office.test.care_link(&therapist, patient).await;
        Self { office, patient, own, therapist }
    }

    async fn ask(&self, words: &str, key: Option<&str>) -> Result<AmendmentId, AmendmentError> {
        let new = NewAmendment { words: words.parse().expect("fits") };
        let session = self.office.session(&self.own).await;
        amendments::ask(self.office.house(), &session, self.patient, &new, key).await
    }

    async fn answer(&self, to: AmendmentId, new: &NewAnswer) -> Result<(), AmendmentError> {
        let session = self.office.session(&self.therapist).await;
        amendments::answer(self.office.house(), &session, self.patient, to, new).await
    }

    async fn disagree(&self, with: AmendmentId) -> Result<(), AmendmentError> {
        let new = Disagreement { words: "I was there, and it was the left one".parse().expect("fits") };
        let session = self.office.session(&self.own).await;
        amendments::disagree(self.office.house(), &session, self.patient, with, &new).await
    }

    async fn seen_by(&self, person: &Person) -> Vec<AmendmentView> {
        let session = self.office.session(person).await;
        amendments::list(self.office.house(), &session, self.patient).await.expect("read")
    }

    async fn waiting(&self) -> Vec<(String, bool, bool)> {
        let session = self.office.session(&self.office.officer).await;
        let found = amendments::waiting(self.office.house(), &session).await.expect("read");
        assert!(!found.more);
        found.items.into_iter().map(|one| (one.due_on.to_string(), one.extended, one.late)).collect()
    }
}

fn said(answer: AmendmentAnswer) -> NewAnswer {
    let ground = (answer == AmendmentAnswer::Denied).then_some(AmendmentGround::Accurate);
    NewAnswer { answer, ground, words: "What we found".parse().expect("fits"), note_id: None }
}

fn steps(view: &AmendmentView) -> Vec<AmendmentStep> {
    view.steps.iter().map(|one| one.step).collect()
}

async fn what_is_denied_stays_with_the_record_with_what_the_patient_says_to_it(office: Office) {
    let scene = Scene::of(office).await;
    let asked = scene.ask("It was the left knee", Some("once")).await.expect("asked");
    assert_eq!(scene.ask("It was the left knee", Some("once")).await.expect("again"), asked, "sent twice, asked once");
    assert!(matches!(scene.ask("It was the hip", Some("once")).await, Err(AmendmentError::KeyUsed)));
    assert!(matches!(scene.disagree(asked).await, Err(AmendmentError::NotNow)), "nothing was denied yet");
    scene.answer(asked, &said(AmendmentAnswer::Denied)).await.expect("denied");
    for again in
        [AmendmentAnswer::Accepted, AmendmentAnswer::Denied, AmendmentAnswer::Extended, AmendmentAnswer::Rebutted]
    {
        assert!(matches!(scene.answer(asked, &said(again)).await, Err(AmendmentError::NotNow)), "{again:?}");
    }
    scene.disagree(asked).await.expect("filed");
    assert!(matches!(scene.disagree(asked).await, Err(AmendmentError::NotNow)), "one statement");
    scene.answer(asked, &said(AmendmentAnswer::Rebutted)).await.expect("replied");
    for person in [&scene.own, &scene.therapist] {
        let all = scene.seen_by(person).await;
        assert_eq!(all.len(), 1);
        let view = &all[0];
        use AmendmentStep::{Asked, Denied, Disagreed, Rebutted};
        assert_eq!((view.waits, steps(view)), (false, vec![Asked, Denied, Disagreed, Rebutted]));
        assert_eq!(view.rights.as_deref(), Some(RIGHTS));
        assert_eq!(view.steps[1].ground, Some(AmendmentGround::Accurate));
        let words: Vec<_> = view.steps.iter().map(|one| one.words.as_deref().expect("open to both")).collect();
        let statement = "I was there, and it was the left one";
        assert_eq!(words, ["It was the left knee", "What we found", statement, "What we found"]);
    }
    let entries = scene.office.test.ledger.entries();
    for action in ["ask_amendment", "deny_amendment", "disagree_amendment", "rebut_disagreement"] {
        let found: Vec<_> = entries.iter().filter(|entry| entry.action.as_str() == action).collect();
        assert_eq!((found.len(), found[0].patient), (1, Some(scene.patient)), "{action}");
    }
    assert_eq!(scene.waiting().await, []);
}

async fn what_is_accepted_names_the_note_in_which_it_stands(office: Office) {
    let scene = Scene::of(office).await;
    let note = async |person: &Person, patient: PatientId| -> NoteId {
        let session = scene.office.session(person).await;
        let new = NewNote { body: "Left knee".parse().expect("fits") };
        notes::write(scene.office.house(), &session, patient, &new, None).await.expect("written").note_id
    };
    let theirs = note(&scene.therapist, scene.patient).await;
    let other = scene.office.patient("1980-01-01").await;
    scene.office.test.care_link(&scene.therapist, other).await;
    let others = note(&scene.therapist, other).await;
    let asked = scene.ask("It was the left knee", None).await.expect("asked");
    let answer = |note_id| NewAnswer { note_id: Some(note_id), ..said(AmendmentAnswer::Accepted) };
    for wrong in [answer(others), NewAnswer { note_id: Some(theirs), ..said(AmendmentAnswer::Extended) }] {
        assert!(matches!(scene.answer(asked, &wrong).await, Err(AmendmentError::Note)));
    }
    for wrong in [
        NewAnswer { ground: None, ..said(AmendmentAnswer::Denied) },
        NewAnswer { ground: Some(AmendmentGround::NotOurs), ..said(AmendmentAnswer::Accepted) },
    ] {
        assert!(matches!(scene.answer(asked, &wrong).await, Err(AmendmentError::Ground)));
    }
    scene.answer(asked, &answer(theirs)).await.expect("accepted");
    let all = scene.seen_by(&scene.own).await;
    assert_eq!(steps(&all[0]), [AmendmentStep::Asked, AmendmentStep::Accepted]);
    assert_eq!((all[0].steps[1].note_id, all[0].rights.as_deref()), (Some(theirs), None));
    let session = scene.office.session(&scene.therapist).await;
    let one = notes::one(scene.office.house(), &session, scene.patient, theirs).await.expect("read").expect("there");
    assert_eq!((one.body.as_str(), one.version), ("Left knee", 1), "nothing was overwritten");
}

async fn an_answer_is_put_off_once_and_never_after_the_sixtieth_day(office: Office) {
    const DAY: i64 = 24 * 3600;
    let scene = Scene::of(office).await;
    let first = scene.ask("It was the left knee", None).await.expect("asked");
    let asked_on = scene.seen_by(&scene.therapist).await[0].asked_on;
    let due = |days: i32| domain::amendment_due(asked_on, days == 90).to_string();
    assert_eq!(scene.waiting().await, [(due(60), false, false)]);
    scene.office.test.clock.advance_seconds(60 * DAY);
    let second = scene.ask("And the right hip", None).await.expect("asked");
    assert_eq!(scene.waiting().await[0], (due(60), false, false), "its last day");
    scene.answer(first, &said(AmendmentAnswer::Extended)).await.expect("put off on the last day");
    assert!(matches!(scene.answer(first, &said(AmendmentAnswer::Extended)).await, Err(AmendmentError::NotNow)));
    assert_eq!(scene.waiting().await[0], (due(90), true, false));
    scene.office.test.clock.advance_seconds(61 * DAY);
    assert!(scene.waiting().await.iter().all(|(_, _, late)| *late), "both days are past");
    assert!(matches!(scene.answer(second, &said(AmendmentAnswer::Extended)).await, Err(AmendmentError::TooLate)));
    let session = scene.office.session(&scene.therapist).await;
    let (all, soonest) = amendments::waits(scene.office.house(), &session, scene.patient).await.expect("read");
    assert_eq!((all, soonest.map(|day| day.to_string())), (2, Some(due(90))));
    scene.answer(first, &said(AmendmentAnswer::Accepted)).await.expect("late is better than never");
    scene.answer(second, &said(AmendmentAnswer::Denied)).await.expect("late is better than never");
    assert_eq!(scene.waiting().await, []);
}

async fn nobody_but_the_patient_asks_and_nobody_but_who_treats_them_answers(office: Office) {
    let scene = Scene::of(office).await;
    let asked = scene.ask("It was the left knee", None).await.expect("asked");
    let (house, patient) = (scene.office.house(), scene.patient);
    let denied = |result: Result<(), AmendmentError>| {
        matches!(result, Err(AmendmentError::Record(RecordError::Access(AccessError::Denied))))
    };
    let other = scene.office.patient("1980-01-01").await;
    let others = scene.office.test.patient_account(scene.office.practice, other).await;
    let colleague = scene.office.test.account(scene.office.practice, Role::Therapist).await;
    let new = NewAmendment { words: "Mine".parse().expect("fits") };
    let statement = Disagreement { words: "No".parse().expect("fits") };
    for person in
        [&others, &colleague, &scene.therapist, &scene.office.clerk, &scene.office.officer, &scene.office.admin]
    {
        let session: Session<Full> = scene.office.session(person).await;
        assert!(denied(amendments::ask(house, &session, patient, &new, None).await.map(drop)));
        assert!(denied(amendments::disagree(house, &session, patient, asked, &statement).await));
        if person.account() != scene.therapist.account() {
            assert!(denied(amendments::answer(house, &session, patient, asked, &said(AmendmentAnswer::Denied)).await));
            assert!(amendments::list(house, &session, patient).await.is_err());
        }
    }
    let own = scene.office.session(&scene.own).await;
    assert!(denied(amendments::answer(house, &own, patient, asked, &said(AmendmentAnswer::Accepted)).await));
    assert!(amendments::waiting(house, &own).await.is_err());
    // One of another patient is not there, whoever asks for it through a patient of theirs.
    scene.office.test.care_link(&colleague, other).await;
    let session = scene.office.session(&colleague).await;
    assert!(denied(amendments::answer(house, &session, other, asked, &said(AmendmentAnswer::Accepted)).await));
    let nothing = amendments::waits(house, &session, patient).await.expect("read");
    assert_eq!(nothing, (0, None), "not even that something waits");
    let session = scene.office.session(&scene.therapist).await;
    let waiting = amendments::waits(house, &session, patient).await.expect("read");
    assert!(waiting.1.is_some(), "nothing of it changed anything");
}

async fn twenty_wait_at_most_and_no_record_is_closed_in_which_one_waits(office: Office) {
    let scene = Scene::of(office).await;
    let first = scene.ask("The 0th", None).await.expect("asked");
    for n in 1..20 {
        scene.ask(&format!("The {n}th"), None).await.expect("asked");
    }
    assert!(matches!(scene.ask("One more", None).await, Err(AmendmentError::TooMany)));
    scene.answer(first, &said(AmendmentAnswer::Denied)).await.expect("denied");
    scene.ask("One more", None).await.expect("asked");

    let (house, other) = (scene.office.house(), scene.office.patient("1970-01-01").await);
    let session = scene.office.session(&scene.office.officer).await;
    let refused = merging::merge(house, &session, scene.patient, &NewMerge { into: other }).await;
    assert!(matches!(refused, Err(MergeError::HasAccount)), "{refused:?}");
    set(&scene.office, &scene.own, AccountState::Disabled).await.expect("disabled");
    let refused = merging::merge(house, &session, scene.patient, &NewMerge { into: other }).await;
    assert!(matches!(refused, Err(MergeError::Amendment)), "{refused:?}");
}

async fn a_request_goes_into_the_archive_and_goes_with_the_record(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let own = archive.office.test.patient_account(archive.office.practice, patient).await;
    let session = archive.office.session(&own).await;
    let new = NewAmendment { words: "It was the left knee".parse().expect("fits") };
    amendments::ask(archive.office.house(), &session, patient, &new, None).await.expect("asked");
    archive.purged().await;
    assert_eq!(archive.office.traces(patient).await, (0, false), "no row and no key is left");
    let record = archive.opened();
    let asked = &record["amendments_asked_for"][0];
    assert_eq!((&asked["step"], &asked["words"]), (&"asked".into(), &"It was the left knee".into()));
    let by = asked["by"].as_str().expect("an id");
    assert!(record["people"].get(by).is_some(), "who asked has a name, or an account that is gone");
}
