//! Somebody who signs in where no browser is: at the terminal of the server.

use super::ImportError;
use crate::{
    House,
    sign_in::{self, Proving, SignInError},
};
use domain::RequestId;
use identity::{Full, Origin, Password, Session, SessionToken};

/// A full session that is not a browser's. It is read back for each piece of the work, as for each request: somebody who was
/// signed out, disabled or given another role meanwhile goes on no longer.
pub struct SignedIn {
    token: SessionToken,
}

impl SignedIn {
    /// Signs in: address and password, then the code of the authenticator app. The same tries are counted and the same is
    /// recorded as for a browser.
    pub async fn new(house: &House, email: &str, password: Password, code: &str) -> Result<Self, ImportError> {
        let started = sign_in::start(house, email, password, origin(house)).await?;
        let resumed = sign_in::resume_cookie(house, &started.token.text(), origin(house)).await?;
        let half = resumed.and_then(|resumed| resumed.half()).ok_or(SignInError::Over)?;
        let promoted = sign_in::with_totp(house, Proving::SigningIn(half), code).await?;
        Ok(Self { token: promoted.token })
    }

    /// Takes over a session that was signed in elsewhere in this process.
    pub const fn of_token(token: SessionToken) -> Self {
        Self { token }
    }

    /// The session as it is now.
    pub async fn session(&self, house: &House) -> Result<Session<Full>, ImportError> {
        let resumed = sign_in::resume_cookie(house, &self.token.text(), origin(house)).await?;
        resumed.and_then(|resumed| resumed.full()).ok_or(ImportError::SignedOut)
    }

    /// Signs out.
    pub async fn leave(self, house: &House) -> Result<(), ImportError> {
        let session = self.session(house).await?;
        let whose = (session.practice(), session.account(), session.role());
        let left = crate::account::sign_out(house, whose, session.id(), session.origin()).await;
        // What is not ended here ends by itself when it was idle for long enough.
        left.map_err(|_| ImportError::SignedOut)
    }
}

fn origin(house: &House) -> Origin {
    Origin { address: None, request: RequestId::random(&*house.rng) }
}
