//! Who signs in, and what they ask for.

use crate::{
    load::{Length, Shot},
    wire::{Place, Wire, request},
};
use anyhow::{Context, Result, bail, ensure};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How long a code of the generator is good.
const CODE_SECONDS: u64 = 30;

/// Somebody of `demo.json`.
pub(crate) struct Person {
    pub(crate) role: String,
    email: String,
    password: String,
    totp_secret: String,
}

/// Everybody who can sign in.
pub(crate) fn card(data: &Path) -> Result<Vec<Person>> {
    let card: Value = serde_json::from_str(&fs::read_to_string(data.join("demo.json"))?)?;
    let people = card["people"].as_array().context("demo.json names no people")?;
    let text = |person: &Value, key: &str| person[key].as_str().map(str::to_owned).context("a person without it");
    people
        .iter()
        .map(|person| {
            Ok(Person {
                role: text(person, "role")?,
                email: text(person, "email")?,
                password: text(person, "password")?,
                totp_secret: text(person, "totp_secret")?,
            })
        })
        .collect()
}

/// A patient's program as the API gave it.
pub(crate) struct Program {
    /// Where it is.
    pub(crate) path: String,
    /// The cookie of a therapist who treats the patient.
    cookie: String,
    /// The JSON.
    pub(crate) body: String,
}

/// Signs in with password and code; gives the cookie.
pub(crate) async fn sign_in(wire: &mut Wire, person: &Person) -> Result<String> {
    let body = json!({ "email": person.email, "password": person.password }).to_string();
    let answer = wire.ask(&request("POST", "/api/v1/session", &[], Some(&body))).await?;
    ensure!(answer.status == 201, "signing in gave {}", answer.status);
    let half = cookie(answer.header("set-cookie"))?;
    // A code that was used a moment ago is refused: then the next one, which is good already.
    for ahead in [0, CODE_SECONDS] {
        let body = json!({ "code": code(&person.totp_secret, ahead)? }).to_string();
        let answer = wire.ask(&request("POST", "/api/v1/session/totp", &[("cookie", &half)], Some(&body))).await?;
        if answer.status == 200 {
            return cookie(answer.header("set-cookie"));
        }
    }
    bail!("the codes of {} were refused", person.role)
}

fn cookie(set: Option<&str>) -> Result<String> {
    let pair = set.and_then(|set| set.split(';').next());
    pair.map(str::to_owned).context("no cookie came")
}

fn code(base32: &str, ahead: u64) -> Result<String> {
    let secret = BASE32_NOPAD.decode(base32.as_bytes()).context("a secret that is not base32")?;
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::new(secret.into_boxed_slice())).build();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_secs(ahead);
    Ok(totp.map_err(|error| anyhow::anyhow!("{error}"))?.generate(now.as_secs()).to_string())
}

/// The programs of all patients whom one of these therapists treats.
pub(crate) async fn programs(place: &Place, therapists: &[&Person]) -> Result<Vec<Program>> {
    let (mut wire, mut seen, mut programs) = (place.connect().await?, HashSet::new(), Vec::new());
    for therapist in therapists {
        let cookie = sign_in(&mut wire, therapist).await?;
        let mut next = Some(String::new());
        while let Some(cursor) = next {
            let page = read(&mut wire, &format!("/api/v1/patients?limit=100{cursor}"), &cookie).await?;
            let page: Value = serde_json::from_str(&page)?;
            for patient in page["items"].as_array().context("no list of patients")? {
                let id = patient["patient_id"].as_str().context("a patient without an id")?;
                if seen.insert(id.to_owned()) {
                    let path = format!("/api/v1/patients/{id}/program");
                    let body = read(&mut wire, &path, &cookie).await?;
                    programs.push(Program { path, cookie: cookie.clone(), body });
                }
            }
            next = page["next"].as_str().map(|cursor| format!("&cursor={cursor}"));
        }
    }
    ensure!(!programs.is_empty(), "nobody has a program");
    Ok(programs)
}

/// Every patient who can sign in writes the first exercise of their program down.
pub(crate) async fn log_writes(place: &Place, patients: &[&Person]) -> Result<Vec<Shot>> {
    let (mut wire, mut shots) = (place.connect().await?, Vec::new());
    for patient in patients {
        let cookie = sign_in(&mut wire, patient).await?;
        let me: Value = serde_json::from_str(&read(&mut wire, "/api/v1/me", &cookie).await?)?;
        let id = me["patient_id"].as_str().context("a patient without a record")?;
        let program = read(&mut wire, &format!("/api/v1/patients/{id}/program"), &cookie).await?;
        let program: Value = serde_json::from_str(&program)?;
        let item = program["items"][0]["item_id"].as_str().context("a program without exercises")?;
        let entry = json!({
            "item_id": item,
            "performed": { "sets": 3, "reps": 10 },
            "pain": 2,
            "effort": 5,
            "comment": "Slow and steady, a little stiff at first.",
        });
        let path = format!("/api/v1/patients/{id}/log");
        let bytes = request("POST", &path, &[("cookie", &cookie)], Some(&entry.to_string()));
        let answer = wire.ask(&bytes).await?;
        ensure!(answer.status == 201, "writing an entry gave {}", answer.status);
        // A moment is written shorter when its last digits are zeros.
        let least = answer.body.len().saturating_sub(16);
        shots.push(Shot { request: bytes, status: 201, length: Length::AtLeast(least) });
    }
    Ok(shots)
}

async fn read(wire: &mut Wire, path: &str, cookie: &str) -> Result<String> {
    let answer = wire.ask(&request("GET", path, &[("cookie", cookie)], None)).await?;
    ensure!(answer.status == 200, "GET {path} gave {}", answer.status);
    Ok(std::str::from_utf8(answer.body)?.to_owned())
}

impl Program {
    /// The patient's id.
    pub(crate) fn patient(&self) -> &str {
        self.path.split('/').nth(4).unwrap_or_default()
    }

    /// The read of this program by its therapist, with the bytes that must come.
    pub(crate) fn shot(&self) -> Shot {
        let request = request("GET", &self.path, &[("cookie", &self.cookie)], None);
        Shot { request, status: 200, length: Length::Is(self.body.len()) }
    }
}
