//! An export may take as long as whoever reads it likes. Their right to read it may end before.

use domain::{PermissionName, Role};
use phi::AccessError;
use practice::{
    account::{end_session, issue_token, revoke_token},
    audit::{AuditError, Export},
    sign_in::resume_api_token,
    trail::TrailFilter,
};
use std::sync::Arc;
use store::{
    Batch,
    rows::accounts::{self, AccountState},
};
use testkit::house::TestHouse;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_goes_no_further_than_the_right_to_read_it() {
    let test = TestHouse::new().await;
    let practice = test.practice().await;
    let (house, officer) = (&test.house, test.account(practice, Role::PrivacyOfficer).await);
    let begun =
        async |session| Export::begin(house.clone(), Arc::new(session), TrailFilter::default()).await.expect("begun");
    let is_over = |next: Result<Option<_>, AuditError>| matches!(next, Err(AuditError::Access(AccessError::Denied)));
    let session = test.session(&officer).await;
    let scopes = vec![PermissionName::ReadAudit];
    let token = issue_token(house, &session, "reports", scopes, 7).await.expect("issued");
    let by_token = resume_api_token(house, &token.secret, test.origin()).await.expect("read");
    let by_token = by_token.expect("a session").full().expect("full");
    let (mut first, mut second) = (begun(by_token).await, begun(test.session(&officer).await).await);
    let leaving = test.session(&officer).await;
    let left = leaving.id();
    let mut third = begun(leaving).await;
    end_session(house, &session, left).await.expect("ended");
    assert!(is_over(third.next().await), "the session was ended");
    revoke_token(house, &session, token.token_id).await.expect("revoked");
    assert!(is_over(first.next().await), "the token is revoked");
    let row = accounts::by_id(&house.stores.identity, practice, officer.account()).await.expect("read").expect("there");
    let shut = accounts::set_role_and_state(
        Batch::new(),
        practice,
        officer.account(),
        row.role,
        AccountState::Disabled,
        row.version,
    );
    house.stores.identity.commit(shut).await.expect("shut");
    assert!(is_over(second.next().await), "the account is shut");
}
