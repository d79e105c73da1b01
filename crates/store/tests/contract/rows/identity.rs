//! The identity and key stores.

use super::{ACCOUNT, BEGINNING, PATIENT, PRACTICE, at, bytes, sealed};
use crate::houses::{House, furnished};
use crypto::RootId;
use domain::{
    AccountId, CareLinkId, InvitationId, LoginSessionId, PasskeyId, PatientId, PermissionName, PracticeId, RequestId,
    Role, Timestamp, TokenId,
};
use identity::{FactorKind, FactorUse, Failures, InvitationRecord, RecoveryCodeHash, Scopes, SessionRecord};
use phi::{CareTeams as _, KeyStore, WrappedKey};
use store::{
    Batch, CommitError, Db, Store,
    rows::{
        accounts::{self, AccountRow, AccountState},
        api_tokens::{self, ApiTokenRow},
        care_links::{self, CareKind, CareLinkRow},
        ceremonies::{self, CeremonyRow},
        invitations,
        keys::{CareTeams, Keys},
        login_sessions, passkeys,
        passkeys::PasskeyRow,
        practices::{self, PracticeRow},
        recovery_codes,
        throttle::{self, Refusals},
        totp_factors::{self, TotpRow},
    },
};

const CONFLICT: Result<(), CommitError> = Err(CommitError::Conflict { statement: 0 });

fn practice_row() -> PracticeRow {
    PracticeRow {
        practice_id: PRACTICE,
        name: "Knee & Hip".into(),
        timezone: "America/New_York".into(),
        created_at: at(0),
        bootstrap_open: true,
        demo: false,
    }
}

pub(super) fn account(id: AccountId, role: Role, patient: Option<PatientId>) -> AccountRow {
    AccountRow {
        practice_id: PRACTICE,
        account_id: id,
        role,
        state: AccountState::Invited,
        email_index: [id.as_bytes()[0]; 32],
        email: sealed(*id.as_bytes(), "email"),
        display_name: sealed(*id.as_bytes(), "name"),
        patient_id: patient,
        password: None,
        created_at: at(1),
        version: 1,
    }
}

/// A practice with a therapist.
pub(super) async fn peopled(house: &mut dyn House) -> Db {
    let db = furnished(house, Store::Identity).await;
    let batch = practices::insert(Batch::new(), &practice_row());
    db.commit(accounts::insert(batch, &account(ACCOUNT, Role::Therapist, None))).await.expect("stored");
    db
}

pub(crate) async fn people_come_back_as_they_were_stored(house: &mut dyn House) {
    let db = peopled(house).await;
    assert_eq!(practices::all(&db).await.expect("reads"), [practice_row()]);
    db.commit(practices::close_bootstrap(Batch::new(), PRACTICE)).await.expect("closed");
    let closed = practices::by_id(&db, PRACTICE).await.expect("reads").expect("there");
    assert_eq!(closed, PracticeRow { bootstrap_open: false, ..practice_row() });
    assert!(practices::by_id(&db, PracticeId::from_bytes([9; 16])).await.expect("reads").is_none());

    let of_patient = AccountId::from_bytes([4; 16]);
    db.commit(accounts::insert(Batch::new(), &account(of_patient, Role::Patient, Some(PATIENT))))
        .await
        .expect("stored");
    let found = accounts::by_email(&db, &[2; 32]).await.expect("reads").expect("there");
    assert_eq!((found.account_id, found.role, found.state), (ACCOUNT, Role::Therapist, AccountState::Invited));
    assert_eq!((found.email.as_bytes(), found.display_name.as_bytes()), (&b"email"[..], &b"name"[..]));
    assert_eq!((bytes(found.password.as_ref()), found.patient_id, found.created_at), (None, None, at(1)));
    let found = accounts::by_patient(&db, PRACTICE, PATIENT).await.expect("reads").expect("there");
    assert_eq!(found.account_id, of_patient);
    let staff = accounts::staff(&db, PRACTICE, AccountId::from_bytes(BEGINNING), 10).await.expect("reads");
    assert_eq!(staff.iter().map(|row| row.account_id).collect::<Vec<_>>(), [ACCOUNT]);

    let password = sealed([2; 16], "hash");
    let set = accounts::open(Batch::new(), PRACTICE, ACCOUNT, &password);
    db.commit(set).await.expect("stored");
    let found = accounts::by_id(&db, PRACTICE, ACCOUNT).await.expect("reads").expect("there");
    assert_eq!((bytes(found.password.as_ref()), found.version), (Some(&b"hash"[..]), 2));
    let change =
        |seen| accounts::set_role_and_state(Batch::new(), PRACTICE, ACCOUNT, Role::Admin, AccountState::Disabled, seen);
    assert_eq!(db.commit(change(1)).await, CONFLICT);
    assert_eq!(db.commit(change(2)).await, Ok(()));
    let claims = accounts::claims(&db, PRACTICE, ACCOUNT).await.expect("reads").expect("there");
    assert_eq!((claims.role, claims.active, claims.patient), (Role::Admin, false, None));
}

pub(crate) async fn factors_are_stored_used_once_and_taken_away(house: &mut dyn House) {
    let db = peopled(house).await;
    let totp = TotpRow {
        practice_id: PRACTICE,
        account_id: ACCOUNT,
        secret: sealed([2; 16], "secret"),
        last_step: None,
        created_at: at(0),
        confirmed_at: None,
    };
    db.commit(totp_factors::replace(Batch::new(), &totp)).await.expect("stored");
    db.commit(totp_factors::replace(Batch::new(), &totp)).await.expect("stored in its place");
    let step = |step| totp_factors::use_step(Batch::new(), PRACTICE, ACCOUNT, step, at(5));
    assert_eq!(db.commit(step(58)).await, Ok(()));
    assert_eq!(db.commit(step(58)).await, CONFLICT, "a code works once");
    assert_eq!(db.commit(step(59)).await, Ok(()));
    let found = totp_factors::of_account(&db, PRACTICE, ACCOUNT).await.expect("reads").expect("there");
    assert_eq!((found.last_step, found.confirmed_at, found.secret.as_bytes()), (Some(59), Some(at(5)), &b"secret"[..]));
    db.commit(totp_factors::delete(Batch::new(), PRACTICE, ACCOUNT)).await.expect("removed");
    assert!(totp_factors::of_account(&db, PRACTICE, ACCOUNT).await.expect("reads").is_none());

    let codes = [[5; 32], [6; 32]].map(RecoveryCodeHash::from_bytes);
    db.commit(recovery_codes::replace_all(Batch::new(), PRACTICE, ACCOUNT, &codes)).await.expect("stored");
    let use_up = || recovery_codes::use_up(Batch::new(), PRACTICE, ACCOUNT, &codes[0], at(6));
    assert_eq!(db.commit(use_up()).await, Ok(()));
    assert_eq!(db.commit(use_up()).await, CONFLICT, "a code works once");
    let left = recovery_codes::unused(&db, PRACTICE, ACCOUNT).await.expect("reads");
    assert_eq!(left.iter().map(|code| *code.as_bytes()).collect::<Vec<_>>(), [[6; 32]]);
    db.commit(recovery_codes::delete_all(Batch::new(), PRACTICE, ACCOUNT)).await.expect("removed");
    assert!(recovery_codes::unused(&db, PRACTICE, ACCOUNT).await.expect("reads").is_empty());
    passkeys_of(&db).await;
    ceremonies_of(&db).await;
}

async fn passkeys_of(db: &Db) {
    let key = |n: u8| PasskeyRow {
        practice_id: PRACTICE,
        account_id: ACCOUNT,
        passkey_id: PasskeyId::from_bytes([n; 16]),
        credential_index: [n; 32],
        credential: sealed([n; 16], "credential"),
        label: sealed([n; 16], "label"),
        created_at: at(n.into()),
        last_used_at: None,
    };
    db.commit(passkeys::insert(passkeys::insert(Batch::new(), &key(1)), &key(2))).await.expect("stored");
    let used = || passkeys::used(Batch::new(), &key(1), &sealed([1; 16], "counted"), at(9));
    assert_eq!(db.commit(used()).await, Ok(()));
    assert_eq!(db.commit(used()).await, CONFLICT, "of two uses with one counter one wins");
    let found = passkeys::of_account(db, PRACTICE, ACCOUNT).await.expect("reads");
    assert_eq!(found.iter().map(|row| row.credential.as_bytes()).collect::<Vec<_>>(), [&b"counted"[..], b"credential"]);
    assert_eq!((found[0].last_used_at, found[0].label.as_bytes()), (Some(at(9)), &b"label"[..]));
    let remove = |n| passkeys::delete_unless_last(Batch::new(), PRACTICE, ACCOUNT, key(n).passkey_id);
    let (one, other) = tokio::join!(db.commit(remove(1)), db.commit(remove(2)));
    assert!(one.is_ok() != other.is_ok(), "the last one stays: {one:?} {other:?}");
    let left = passkeys::of_account(db, PRACTICE, ACCOUNT).await.expect("reads")[0].passkey_id;
    db.commit(passkeys::delete(Batch::new(), PRACTICE, ACCOUNT, left)).await.expect("removed");
    db.commit(passkeys::insert(Batch::new(), &key(3))).await.expect("stored");
    db.commit(passkeys::delete_all(Batch::new(), PRACTICE, ACCOUNT)).await.expect("removed");
    assert!(passkeys::of_account(db, PRACTICE, ACCOUNT).await.expect("reads").is_empty());
}

async fn ceremonies_of(db: &Db) {
    let ceremony = |state: &str| CeremonyRow {
        ceremony_id: [7; 16],
        practice_id: PRACTICE,
        account_id: ACCOUNT,
        kind: "register".into(),
        state: sealed([7; 16], state),
        expires_at: at(60),
    };
    for state in ["first", "second"] {
        db.commit(ceremonies::begin(Batch::new(), &ceremony(state), at(0))).await.expect("begun");
    }
    assert!(ceremonies::current(db, [7; 16], at(60)).await.expect("reads").is_none());
    let found = ceremonies::current(db, [7; 16], at(59)).await.expect("reads").expect("there");
    assert_eq!((found.state.as_bytes(), found.kind.as_str()), (&b"second"[..], "register"));
    assert_eq!(db.commit(ceremonies::use_up(Batch::new(), [7; 16])).await, Ok(()));
    assert_eq!(db.commit(ceremonies::use_up(Batch::new(), [7; 16])).await, CONFLICT);
}

pub(crate) async fn sessions_and_tokens_are_found_by_their_secrets_and_end(house: &mut dyn House) {
    let db = peopled(house).await;
    let session = |n: u8| SessionRecord {
        id: LoginSessionId::from_bytes([n; 16]),
        token_hash: [n; 32],
        practice: PRACTICE,
        account: ACCOUNT,
        role: Role::Therapist,
        patient: None,
        created_at: at(n.into()),
        factor: (n == 1).then_some(FactorUse { kind: FactorKind::Totp, at: at(3) }),
        last_seen: at(4),
        mac: [9; 32],
        factor_asked_at: None,
    };
    for n in 1..=4 {
        db.commit(login_sessions::insert(Batch::new(), &session(n))).await.expect("stored");
    }
    let claims = accounts::claims(&db, PRACTICE, ACCOUNT).await.expect("reads").expect("there");
    let resumed = async |token: u8| login_sessions::with_account(&db, &[token; 32]).await.expect("reads");
    assert_eq!(resumed(1).await, Some((session(1), claims)));
    assert_eq!(resumed(9).await, None, "nobody's token");
    let later = SessionRecord { last_seen: at(70), mac: [8; 32], ..session(2) };
    db.commit(login_sessions::touch(Batch::new(), &later)).await.expect("stored");
    assert_eq!(resumed(2).await, Some((later, claims)));
    let id = |n: u8| session(n).id;
    let asked = SessionRecord { factor_asked_at: Some(at(80)), mac: [7; 32], ..session(1) };
    let ask = || login_sessions::ask_factor(Batch::new(), &session(1), &asked);
    assert_eq!(db.commit(ask()).await, Ok(()));
    assert_eq!(db.commit(ask()).await, CONFLICT, "it is not what it was any more");
    let seen = SessionRecord { last_seen: at(90), mac: [6; 32], ..session(1) };
    db.commit(login_sessions::touch(Batch::new(), &seen)).await.expect("nothing to do");
    assert_eq!(resumed(1).await, Some((asked.clone(), claims)), "who read it before does not take the question away");
    assert_eq!(login_sessions::by_id(&db, PRACTICE, ACCOUNT, id(1)).await, Ok(Some(asked)));
    let hold = |n| login_sessions::hold(Batch::new(), PRACTICE, ACCOUNT, id(n));
    assert_eq!((db.commit(hold(1)).await, db.commit(hold(3)).await), (CONFLICT, Ok(())));
    let before = login_sessions::rotate_out(Batch::new(), PRACTICE, ACCOUNT, id(1), None);
    assert_eq!(db.commit(before).await, CONFLICT, "a proof from before it was asked for");
    let rotate = || login_sessions::rotate_out(Batch::new(), PRACTICE, ACCOUNT, id(1), Some(at(80)));
    assert_eq!(db.commit(rotate()).await, Ok(()));
    assert_eq!(db.commit(rotate()).await, CONFLICT);
    db.commit(login_sessions::end(Batch::new(), PRACTICE, ACCOUNT, id(1))).await.expect("gone already");
    db.commit(login_sessions::end_others(Batch::new(), PRACTICE, ACCOUNT, id(3))).await.expect("ended");
    let left = login_sessions::of_account(&db, PRACTICE, ACCOUNT).await.expect("reads");
    assert_eq!(left, [session(3)]);
    db.commit(login_sessions::end_all(Batch::new(), PRACTICE, ACCOUNT)).await.expect("ended");
    assert!(login_sessions::of_account(&db, PRACTICE, ACCOUNT).await.expect("reads").is_empty());

    let token = |n: u8| ApiTokenRow {
        token_id: TokenId::from_bytes([n; 16]),
        secret_hash: [n; 32],
        practice_id: PRACTICE,
        account_id: ACCOUNT,
        role: Role::Therapist,
        patient_id: Some(PATIENT),
        scopes: Scopes::new(vec![PermissionName::ReadExercise]).expect("scopes"),
        label: sealed([n; 16], "label"),
        factor: FactorUse { kind: FactorKind::Passkey, at: at(1) },
        created_at: at(n.into()),
        expires_at: at(1000),
        mac: [9; 32],
    };
    db.commit(api_tokens::insert(api_tokens::insert(Batch::new(), &token(1)), &token(2))).await.expect("stored");
    let found = api_tokens::by_secret(&db, &[1; 32]).await.expect("reads").expect("there");
    assert_eq!(
        (found.token_id, found.scopes.text(), found.patient_id),
        (token(1).token_id, token(1).scopes.text(), Some(PATIENT))
    );
    assert_eq!((found.factor, found.expires_at, found.label.as_bytes()), (token(1).factor, at(1000), &b"label"[..]));
    let revoke = || api_tokens::revoke(Batch::new(), PRACTICE, ACCOUNT, token(1).token_id);
    assert_eq!(db.commit(revoke()).await, Ok(()));
    assert_eq!(db.commit(revoke()).await, CONFLICT);
    assert_eq!(api_tokens::of_account(&db, PRACTICE, ACCOUNT).await.expect("reads").len(), 1);
    db.commit(api_tokens::revoke_all(Batch::new(), PRACTICE, ACCOUNT)).await.expect("revoked");
    assert!(api_tokens::by_secret(&db, &[2; 32]).await.expect("reads").is_none());

    let invitation = |n: u8| InvitationRecord {
        id: InvitationId::from_bytes([n; 16]),
        secret_hash: [n; 32],
        practice: PRACTICE,
        account: ACCOUNT,
        created_at: at(n.into()),
        mac: [9; 32],
    };
    for n in [1, 2] {
        db.commit(invitations::replace(Batch::new(), &invitation(n))).await.expect("stored");
    }
    assert!(invitations::by_secret(&db, &[1; 32]).await.expect("reads").is_none(), "one at most");
    assert_eq!(invitations::by_secret(&db, &[2; 32]).await.expect("reads").expect("there").id, invitation(2).id);
    assert_eq!(db.commit(invitations::use_up(Batch::new(), PRACTICE, invitation(2).id)).await, Ok(()));
    assert_eq!(db.commit(invitations::use_up(Batch::new(), PRACTICE, invitation(2).id)).await, CONFLICT);
    db.commit(invitations::withdraw(Batch::new(), PRACTICE, ACCOUNT)).await.expect("none is fine");
}

pub(crate) async fn care_teams_begin_and_end(house: &mut dyn House) {
    let db = peopled(house).await;
    let link = CareLinkRow {
        practice_id: PRACTICE,
        care_link_id: CareLinkId::from_bytes([5; 16]),
        patient_id: PATIENT,
        account_id: ACCOUNT,
        kind: CareKind::Covering,
        starts_at: at(10),
        ends_at: None,
        created_by: ACCOUNT,
        created_at: at(0),
    };
    db.commit(care_links::insert(Batch::new(), &link)).await.expect("stored");
    let teams = CareTeams::new(db.clone());
    let ties = async |when: i64| teams.ties(PRACTICE, ACCOUNT, None, PATIENT, at(when)).await.expect("answers");
    let member = async |when: i64| ties(when).await.member;
    assert!(!ties(15).await.assigned, "standing in");
    assert!(!member(9).await && member(10).await && member(99_999).await);
    let end = |when| care_links::end(Batch::new(), PRACTICE, PATIENT, link.care_link_id, at(when));
    assert_eq!(db.commit(end(20)).await, Ok(()));
    assert!(member(19).await && !member(20).await);
    assert_eq!(db.commit(end(20)).await, CONFLICT, "it has ended");
    let mine = async |when: i64| {
        let first = PatientId::from_bytes(BEGINNING);
        care_links::patients_of(&db, PRACTICE, ACCOUNT, at(when), first, 10).await.expect("reads")
    };
    assert_eq!((mine(15).await, mine(25).await), (vec![PATIENT], vec![]));
    let ended = CareLinkRow { ends_at: Some(at(20)), ..link };
    assert_eq!(care_links::of_patient(&db, PRACTICE, PATIENT).await.expect("reads"), [ended]);
}

pub(crate) async fn failures_are_counted_and_forgotten(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let count =
        |subject: u8, lasting, now, before| throttle::count(Batch::new(), &[subject; 32], lasting, at(now), at(before));
    for now in 1..=3 {
        db.commit(count(1, false, now, -100)).await.expect("counted");
    }
    let of = async |subject: u8| throttle::of(&db, &[subject; 32]).await.expect("reads");
    assert_eq!((of(1).await.count, of(1).await.last_at), (3, Some(at(3))));
    db.commit(throttle::take_back(Batch::new(), &[1; 32], 1)).await.expect("taken back");
    assert_eq!(of(1).await.count, 2);
    db.commit(count(2, true, 4, 10)).await.expect("counted");
    assert_eq!(of(1).await.count, Failures::default().count, "swept out");
    db.commit(count(3, false, 50, 20)).await.expect("counted");
    assert_eq!(of(2).await.count, 1, "lasting");
    db.commit(throttle::clear(Batch::new(), &[2; 32])).await.expect("cleared");
    assert_eq!(of(2).await.count, 0);
}

pub(crate) async fn refusals_are_counted_until_they_are_settled(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let (one, two) = (RequestId::from_bytes([1; 16]), RequestId::from_bytes([2; 16]));
    let first = |subject: u8, now, request| throttle::refuse_first(Batch::new(), &[subject; 32], at(now), request);
    let again = |subject: u8| throttle::refuse_again(Batch::new(), &[subject; 32]);
    db.commit(throttle::count(Batch::new(), &[1; 32], true, at(0), at(-1))).await.expect("counted");
    assert_eq!(db.commit(again(1)).await, CONFLICT, "there was no first");
    db.commit(first(1, 1, one)).await.expect("counted");
    assert_eq!(db.commit(first(1, 2, two)).await, CONFLICT, "there is one first");
    db.commit(again(1)).await.expect("counted");
    db.commit(first(2, 5, two)).await.expect("counted");

    let open = async |until, subject: u8| {
        throttle::unsettled(&db, at(until), [&[subject; 32], &[9; 32]]).await.expect("reads")
    };
    let seen = Refusals { subject_index: [1; 32], count: 2, since: at(1), first: one };
    assert_eq!(open(4, 9).await, [seen]);
    assert_eq!(open(0, 1).await, [seen]);
    assert_eq!(open(5, 9).await.len(), 2);

    // What was refused outlives the failures, and the sweep.
    db.commit(throttle::clear(Batch::new(), &[1; 32])).await.expect("cleared");
    db.commit(throttle::take_back(Batch::new(), &[2; 32], 1)).await.expect("nothing to take");
    db.commit(throttle::count(Batch::new(), &[3; 32], false, at(90), at(80))).await.expect("counted");
    assert_eq!(open(5, 9).await.len(), 2);

    db.commit(again(1)).await.expect("counted");
    assert_eq!(db.commit(throttle::settle(Batch::new(), &seen)).await, CONFLICT, "one more came");
    let seen = Refusals { count: 3, ..seen };
    db.commit(throttle::settle(Batch::new(), &seen)).await.expect("settled");
    assert_eq!(db.commit(throttle::settle(Batch::new(), &seen)).await, CONFLICT, "settled once");
    db.commit(throttle::unsettle(Batch::new(), &seen)).await.expect("put back");
    assert_eq!(open(4, 9).await, [seen]);
}

pub(crate) async fn keys_are_kept_by_version(house: &mut dyn House) {
    let keys = Keys::new(furnished(house, Store::Keys).await);
    let key = |version, wrapped_by| WrappedKey { version, wrapped_by, wrapped: vec![version as u8; 60] };
    let now: Timestamp = at(0);
    let (root, former) = (RootId::from_bytes([1; 16]), RootId::from_bytes([2; 16]));
    assert_eq!(keys.newest_practice_key(PRACTICE).await.expect("reads"), None);
    assert!(keys.add_practice_key(PRACTICE, key(1, 0), root, now).await.expect("stored"), "the first root is in force");
    keys.add_practice_key(PRACTICE, key(1, 0), root, now).await.expect_err("not twice");
    assert!(!keys.add_practice_key(PRACTICE, key(2, 0), former, now).await.expect("asked"), "not in force");
    assert!(keys.add_practice_key(PRACTICE, key(2, 0), root, now).await.expect("stored"));
    assert_eq!(keys.newest_practice_key(PRACTICE).await.expect("reads"), Some(2));
    keys.add_patient_key(PRACTICE, PATIENT, key(1, 2), now).await.expect("stored");
    keys.add_patient_key(PRACTICE, PATIENT, key(2, 7), now).await.expect_err("no such practice key");
    assert_eq!(keys.practice_keys(PRACTICE).await.expect("reads"), [key(1, 0), key(2, 0)]);
    assert_eq!(keys.patient_keys(PRACTICE, PATIENT).await.expect("reads"), [key(1, 2)]);
    assert!(keys.patient_keys(PRACTICE, PatientId::from_bytes([8; 16])).await.expect("reads").is_empty());
}
