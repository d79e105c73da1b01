//! The gate: from a cookie or an API token to a session, over the house.

use crate::{
    answer,
    gate::{Gate, GateClosed, Presented},
};
use futures::{
    FutureExt,
    future::{BoxFuture, TryFutureExt},
};
use identity::{Origin, Resumed};
use practice::{House, sign_in};

impl Gate for House {
    fn resume<'a>(
        &'a self,
        presented: &'a Presented,
        origin: Origin,
    ) -> BoxFuture<'a, Result<Option<Resumed>, GateClosed>> {
        let resumed = async move {
            match presented {
                Presented::Cookie(token) => sign_in::resume_cookie(self, token, origin).await,
                Presented::Bearer(token) => sign_in::resume_api_token(self, token, origin).await,
            }
        };
        resumed
            .map_err(|error| {
                // Only the log learns which store it was.
                let _ = answer::later(&error);
                GateClosed
            })
            .boxed()
    }
}
