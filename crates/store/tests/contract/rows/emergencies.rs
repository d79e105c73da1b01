//! Records that were opened in an emergency.

use super::{ACCOUNT, PATIENT, PRACTICE, at, identity::peopled, merges::planned, sealed};
use crate::houses::House;
use domain::{AccountId, EmergencyFinding, EmergencyId, LoginSessionId, PatientId, PlanId, Role, Timestamp};
use identity::SessionRecord;
use phi::CareTeams as _;
use store::{
    Batch, CommitError, Db,
    rows::{
        emergencies::{self, EmergencyRow, SignedRow},
        keys::CareTeams,
        login_sessions,
        retention::{self, ItemStep},
    },
};

const CONFLICT: Result<(), CommitError> = Err(CommitError::Conflict { statement: 0 });
const SESSION: LoginSessionId = LoginSessionId::from_bytes([4; 16]);
const OTHER_PATIENT: PatientId = PatientId::from_bytes([8; 16]);
const OTHER: AccountId = AccountId::from_bytes([9; 16]);

const fn id(n: u8) -> EmergencyId {
    EmergencyId::from_bytes([n; 16])
}

fn opened(n: u8, opened_at: i64) -> EmergencyRow {
    EmergencyRow {
        practice_id: PRACTICE,
        emergency_id: id(n),
        patient_id: PATIENT,
        account_id: ACCOUNT,
        login_session_id: SESSION,
        reason: sealed([n; 16], "reason"),
        opened_at: at(opened_at),
        expires_at: at(opened_at + 3600),
        ended_at: None,
        sign_by: at(opened_at + 10_000),
        escalated_at: None,
        signed: None,
    }
}

fn session(id: LoginSessionId) -> SessionRecord {
    SessionRecord {
        id,
        token_hash: [id.as_bytes()[0]; 32],
        practice: PRACTICE,
        account: ACCOUNT,
        role: Role::Therapist,
        patient: None,
        created_at: at(0),
        factor: None,
        last_seen: at(0),
        mac: [9; 32],
        factor_asked_at: None,
    }
}

async fn store(db: &Db, rows: &[EmergencyRow]) {
    let batch = rows.iter().fold(Batch::new(), emergencies::insert);
    db.commit(login_sessions::insert(batch, &session(SESSION))).await.expect("stored");
}

pub(crate) async fn a_record_is_open_in_an_emergency_in_its_session_and_until_its_hour_is_over(house: &mut dyn House) {
    let db = peopled(house).await;
    store(&db, &[opened(5, 10)]).await;
    let teams = CareTeams::new(db.clone());
    let glass = async |account, session: Option<LoginSessionId>, patient, when: i64| {
        teams.ties(PRACTICE, account, session, patient, at(when)).await.expect("answers").glass
    };
    let here = async |when| glass(ACCOUNT, Some(SESSION), PATIENT, when).await;
    assert!(!here(9).await && here(10).await && here(3609).await && !here(3610).await, "not one second longer");
    assert!(glass(ACCOUNT, None, PATIENT, 10).await, "in one of the account's sessions");
    let elsewhere = LoginSessionId::from_bytes([6; 16]);
    assert!(!glass(ACCOUNT, Some(elsewhere), PATIENT, 10).await, "in no other session");
    assert!(!glass(OTHER, Some(SESSION), PATIENT, 10).await, "for nobody else");
    assert!(!glass(ACCOUNT, Some(SESSION), PatientId::from_bytes([8; 16]), 10).await, "of nobody else");

    let open = async |session, when: i64| emergencies::open_in(&db, PRACTICE, session, at(when)).await.expect("reads");
    assert_eq!(
        (open(SESSION, 3609).await.len(), open(SESSION, 3610).await.len(), open(elsewhere, 10).await.len()),
        (1, 0, 0)
    );

    let batch = login_sessions::rotate_out(Batch::new(), PRACTICE, ACCOUNT, SESSION, None);
    let batch = emergencies::move_on(login_sessions::insert(batch, &session(elsewhere)), PRACTICE, SESSION, elsewhere);
    db.commit(batch).await.expect("a factor was proven again");
    assert!(!here(10).await && glass(ACCOUNT, Some(elsewhere), PATIENT, 10).await, "it goes on with the session");

    let end = |by, when: i64| emergencies::end(Batch::new(), PRACTICE, id(5), by, at(when));
    assert_eq!(db.commit(end(OTHER, 20)).await, CONFLICT, "somebody else's");
    assert_eq!(db.commit(end(ACCOUNT, 20)).await, Ok(()));
    assert_eq!(db.commit(end(ACCOUNT, 21)).await, CONFLICT, "ended before");
    assert!(!glass(ACCOUNT, Some(elsewhere), PATIENT, 20).await);

    let again = |n, when| EmergencyRow { login_session_id: elsewhere, ..opened(n, when) };
    db.commit(emergencies::insert(Batch::new(), &again(7, 10))).await.expect("opened");
    assert_eq!(db.commit(emergencies::insert(Batch::new(), &again(8, 20))).await, CONFLICT, "once in a session");
    let longer = EmergencyRow { expires_at: at(7221), ..again(8, 3620) };
    assert!(db.commit(emergencies::insert(Batch::new(), &longer)).await.is_err(), "one second longer");
    let on = async |when: i64| emergencies::open_on(&db, PRACTICE, PATIENT, at(when)).await.expect("reads");
    assert_eq!((on(20).await, on(3610).await), (vec![(ACCOUNT, at(10), at(3610))], vec![]));
    assert!(glass(ACCOUNT, None, PATIENT, 20).await);
    db.commit(login_sessions::end(Batch::new(), PRACTICE, ACCOUNT, elsewhere)).await.expect("signed out");
    assert!(!glass(ACCOUNT, None, PATIENT, 20).await && !glass(ACCOUNT, Some(elsewhere), PATIENT, 20).await);
}

pub(crate) async fn an_emergency_is_signed_for_once_and_by_somebody_else(house: &mut dyn House) {
    let db = peopled(house).await;
    let of = |n, when| EmergencyRow { patient_id: PatientId::from_bytes([n; 16]), ..opened(n, when) };
    store(&db, &[of(5, 10), of(6, 0), of(7, 20)]).await;
    let unsigned = async |after: (Timestamp, EmergencyId)| {
        let rows = emergencies::unsigned(&db, PRACTICE, after, 2).await.expect("reads");
        rows.iter().map(|row| row.emergency_id).collect::<Vec<_>>()
    };
    let first = (Timestamp::MIN, id(0));
    assert_eq!(unsigned(first).await, [id(6), id(5)], "what is due first stands first");
    assert_eq!(unsigned((at(10_010), id(5))).await, [id(7)]);

    let overdue = async |when: i64| {
        let rows = emergencies::overdue(&db, at(when)).await.expect("reads");
        rows.iter().map(|row| row.emergency_id).collect::<Vec<_>>()
    };
    assert_eq!((overdue(9_999).await, overdue(10_010).await), (vec![], vec![id(6), id(5)]));
    let take = |when| emergencies::take_in_hand(Batch::new(), PRACTICE, id(6), at(when));
    assert_eq!(db.commit(take(10_010)).await, Ok(()));
    assert_eq!(db.commit(take(10_069)).await, CONFLICT, "one server has it in hand");
    assert_eq!((overdue(10_069).await, overdue(10_070).await.len()), (vec![id(5), id(7)], 3), "for a minute");
    assert_eq!(db.commit(take(10_070)).await, Ok(()));
    db.commit(emergencies::escalate(Batch::new(), PRACTICE, id(6), at(10_010))).await.expect("told");
    assert_eq!((overdue(10_010).await, db.commit(take(20_000)).await), (vec![id(5)], CONFLICT));

    let signed =
        |by| SignedRow { by, at: at(30), finding: EmergencyFinding::Justified, words: sealed([5; 16], "words") };
    let sign = |by| emergencies::sign(Batch::new(), PRACTICE, id(5), &signed(by));
    assert_eq!(db.commit(sign(ACCOUNT)).await, CONFLICT, "whoever opened it");
    assert_eq!(db.commit(sign(OTHER)).await, Ok(()));
    assert_eq!(db.commit(sign(OTHER)).await, CONFLICT, "once");
    assert_eq!((overdue(10_010).await, unsigned(first).await), (vec![], vec![id(6), id(7)]));
    let listed = emergencies::signed(&db, PRACTICE, (Timestamp::MAX, id(0xff)), 9).await.expect("reads");
    let row = listed.into_iter().next().expect("there");
    let found = row.signed.expect("signed");
    assert_eq!((row.emergency_id, row.reason.as_bytes()), (id(5), &b"reason"[..]));
    assert_eq!((found.by, found.at, found.finding), (OTHER, at(30), EmergencyFinding::Justified));
    assert_eq!(found.words.as_bytes(), b"words");
    let row = emergencies::by_id(&db, PRACTICE, id(6)).await.expect("reads").expect("there");
    assert_eq!((row.escalated_at, row.ended_at, row.expires_at), (Some(at(10_010)), None, at(3600)));
}

pub(crate) async fn a_record_for_which_nobody_signed_is_not_destroyed_and_one_that_is_being_destroyed_is_not_opened(
    house: &mut dyn House,
) {
    let db = peopled(house).await;
    let plan = |patient: PatientId| PlanId::from_bytes(*patient.as_bytes());
    for patient in [PATIENT, OTHER_PATIENT] {
        planned(&db, plan(patient), patient, ItemStep::Planned).await;
    }
    store(&db, &[opened(5, 10)]).await;
    let waits = async |patient| {
        let of = emergencies::waits_for(&db, PRACTICE, OTHER, patient).await.expect("reads");
        assert!(!of, "nobody else's");
        let mine = emergencies::waits_for(&db, PRACTICE, ACCOUNT, patient).await.expect("reads");
        assert_eq!(emergencies::waits(&db, PRACTICE, patient).await.expect("reads"), mine);
        mine
    };
    assert_eq!((waits(PATIENT).await, waits(OTHER_PATIENT).await), (true, false));
    let condemned = async |patient| {
        let batch = retention::condemn(Batch::new(), (PRACTICE, plan(patient), patient), at(50), ("rule", None));
        db.commit(batch).await.expect("asked");
        retention::is_condemned(&db, PRACTICE, patient).await.expect("reads")
    };
    assert_eq!((condemned(PATIENT).await, condemned(OTHER_PATIENT).await), (false, true));
    let other = EmergencyRow { patient_id: OTHER_PATIENT, ..opened(6, 60) };
    assert_eq!(db.commit(emergencies::insert(Batch::new(), &other)).await, CONFLICT, "its destruction has begun");

    let words = sealed([5; 16], "words");
    let signed = SignedRow { by: OTHER, at: at(70), finding: EmergencyFinding::Justified, words };
    db.commit(emergencies::sign(Batch::new(), PRACTICE, id(5), &signed)).await.expect("signed");
    assert!(!waits(PATIENT).await && condemned(PATIENT).await);
}
