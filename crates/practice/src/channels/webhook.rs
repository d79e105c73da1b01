//! Alerts to an address of the web: signed as the Standard Webhooks specification has it, without a word of health.

use super::{
    outside::{Outside, leads_inside},
    sender::Failure,
    target::Target,
};
use data_encoding::BASE64;
use domain::{AlertAnswer, AlertId, AlertRule, Timestamp};
use reqwest::{Url, header::CONTENT_TYPE};
use serde::Serialize;
use store::rows::alerts::AlertRow;

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Alert<'a>,
}

/// What a receiver learns: which rule, when, and where to look. Not whom: that is behind the link.
#[derive(Serialize)]
struct Alert<'a> {
    alert_id: AlertId,
    rule: AlertRule,
    answer: AlertAnswer,
    happened_at: Timestamp,
    found_at: Timestamp,
    link: &'a str,
}

/// Sends one alert. It has arrived when the receiver answers 2xx.
pub(super) async fn send(outside: &Outside, target: &Target, alert: &AlertRow, now: Timestamp) -> Result<(), Failure> {
    let url = Url::parse(&target.address).map_err(|_| Failure::new("target-unreadable"))?;
    let key = target.signing_key().ok_or(Failure::new("target-unreadable"))?;
    if !url.host_str().is_some_and(|host| outside.may_reach(host)) {
        return Err(Failure::new("internal-address"));
    }
    let link = outside.page(&format!("/alerts/{}", alert.alert_id));
    let data = Alert {
        alert_id: alert.alert_id,
        rule: alert.rule,
        answer: alert.answer,
        happened_at: alert.happened_at,
        found_at: alert.found_at,
        link: &link,
    };
    let message = Message { r#type: "alert", timestamp: alert.happened_at, data };
    let body = serde_json::to_vec(&message).expect("plain data");
    // The id stays the same however often it is tried: by it a receiver knows what it has already.
    let (id, at) = (alert.alert_id.to_string(), now.as_second().to_string());
    let signature = crypto::hmac_sha256(&key, [id.as_bytes(), b".", at.as_bytes(), b".", &body]);
    let answer = outside
        .client()
        .post(url)
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", format!("v1,{}", BASE64.encode(&signature)))
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .send()
        .await;
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) if answer.status().is_redirection() => Err(Failure::new("redirected")),
        Ok(answer) => Err(Failure::status(answer.status().as_u16())),
        Err(error) if leads_inside(&error) => Err(Failure::new("internal-address")),
        Err(error) if error.is_timeout() => Err(Failure::new("no-answer")),
        Err(_) => Err(Failure::new("unreachable")),
    }
}
