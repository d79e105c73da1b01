//! Who is there and what they do all day.

use crate::{
    client::{Answer, Client, Gone, Person},
    server::{Practice, Server},
};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A patient at home: signed in, with something to do.
#[derive(Clone)]
pub(crate) struct AtHome {
    pub(crate) cookie: String,
    pub(crate) patient_id: String,
    item_id: String,
}

impl AtHome {
    /// Their own log.
    pub(crate) fn log(&self) -> String {
        format!("/api/v1/patients/{}/log", self.patient_id)
    }
    /// Their program.
    pub(crate) fn program(&self) -> String {
        format!("/api/v1/patients/{}/program", self.patient_id)
    }
    /// An exercise done.
    pub(crate) fn entry(&self, comment: &str) -> Value {
        let performed = json!({"sets": 3, "reps": 10});
        json!({"item_id": self.item_id, "performed": performed, "pain": 2, "effort": 4, "comment": comment})
    }
    /// The ids of all entries of their log.
    pub(crate) async fn entries(&self, client: &Client) -> HashSet<String> {
        let items = client.with(&self.cookie).whole(&self.log()).await;
        items.iter().map(|item| id(item, "entry_id")).collect()
    }
}

/// The id in a field.
pub(crate) fn id(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

/// A therapist at work: signed in, with a care team's patients.
pub(crate) struct AtWork {
    pub(crate) cookie: String,
    pub(crate) patients: Vec<String>,
}

/// Everybody who is signed in. Sessions are stored, so they outlast the server that began them.
#[derive(Default)]
pub(crate) struct Everybody {
    pub(crate) patients: Vec<AtHome>,
    pub(crate) therapists: Vec<AtWork>,
}

impl Everybody {
    /// Signs in the therapists and `patients` of the patients.
    pub(crate) async fn signed_in(demo: &Practice, server: &Server, patients: usize) -> Self {
        let client = server.client();
        let mut all = Self { patients: Vec::new(), therapists: Vec::new() };
        for person in demo.all("therapist") {
            let own = client.sign_in(person).await;
            let patients: Vec<_> =
                own.whole("/api/v1/patients").await.iter().map(|patient| id(patient, "patient_id")).collect();
            if !patients.is_empty() {
                all.therapists.push(AtWork { cookie: own.cookie().to_owned(), patients });
            }
        }
        for person in demo.all("patient").take(patients) {
            let own = client.sign_in(person).await;
            let patient_id = id(&own.read("/api/v1/me").await, "patient_id");
            let program = own.read(&format!("/api/v1/patients/{patient_id}/program")).await;
            let item_id = id(&program["items"][0], "item_id");
            all.patients.push(AtHome { cookie: own.cookie().to_owned(), patient_id, item_id });
        }
        assert!(!all.therapists.is_empty() && all.patients.len() == patients, "the demo has people to sign in");
        all
    }
}

const PASSWORD: &str = "ostrich lantern 47 quietly";

/// Accepts an invitation and signs in.
pub(crate) async fn join(client: &Client, role: &str, email: &str, link: &str) -> Client {
    let path = format!("/api/v1/invitations/{}", link.trim().rsplit('/').next().expect("a secret"));
    let generator = done(client.post(&format!("{path}/totp"), json!({})).await);
    let person = Person::invited(role, email, PASSWORD, generator["secret"].as_str().expect("a secret"));
    done(client.post(&format!("{path}/accept"), json!({"password": PASSWORD, "code": person.code()})).await);
    client.sign_in(&person).await
}

/// The first administrator of a practice that was just founded, signed in.
pub(crate) async fn founder(practice: &Practice, client: &Client) -> Client {
    let email = "admin@practice.example";
    let link = practice.done(&["user", "add", "--role", "admin", "--name", "Ada Min", "--email", email]);
    join(client, "admin", email, link.lines().next().expect("a link")).await
}

/// Invites somebody to the staff: their account, and themself signed in.
pub(crate) async fn employ(admin: &Client, client: &Client, role: &str) -> (String, Client) {
    let email = format!("{role}@practice.example");
    let body = json!({"email": email, "display_name": "Sam Sample", "role": role});
    let invited = done(admin.post("/api/v1/invitations", body).await);
    (id(&invited, "account_id"), join(client, role, &email, &id(&invited, "link")).await)
}

/// Something that must go well.
pub(crate) fn done(answer: Answer) -> Value {
    assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.text);
    serde_json::from_str(&answer.text).unwrap_or_default()
}

impl Everybody {
    /// Brings people into a practice that was just founded: an administrator, a therapist, and patients with a program.
    pub(crate) async fn joined(practice: &Practice, server: &Server, patients: usize) -> Self {
        let client = server.client();
        let admin = founder(practice, &client).await;
        let (therapist_id, therapist) = employ(&admin, &client, "therapist").await;
        let (_, desk) = employ(&admin, &client, "front_desk").await;
        let exercises = therapist.read("/api/v1/exercises").await;
        let dose = json!({"sets": 3, "reps": 10, "side": "both", "times_a_day": 2, "weekdays": [1, 2, 3, 4, 5, 6, 7]});
        let item = json!({"exercise_id": exercises["items"][0]["exercise_id"], "dose": dose});
        let program = json!({"title": "Knee, first weeks", "starts_on": "2026-01-05", "items": [item]});
        let mut all = Self { patients: Vec::new(), therapists: Vec::new() };
        let mut treated = Vec::new();
        for number in 0..patients {
            let (email, family) = (format!("patient-{number}@home.example"), format!("Number {number}"));
            let who = json!({"given_name": "Pat", "family_name": family, "birth_date": "1984-03-02", "email": email});
            let patient_id = id(&done(desk.post("/api/v1/patients", who).await), "patient_id");
            let path = format!("/api/v1/patients/{patient_id}");
            let member = json!({"account_id": therapist_id, "kind": "assigned"});
            done(admin.post(&format!("{path}/care-team"), member).await);
            let program = done(therapist.send("PUT", &format!("{path}/program"), Some(program.clone())).await);
            let invited = done(desk.post(&format!("{path}/invitation"), json!({})).await);
            let own = join(&client, "patient", &email, &id(&invited, "link")).await;
            let item_id = id(&program["items"][0], "item_id");
            all.patients.push(AtHome { cookie: own.cookie().to_owned(), patient_id: patient_id.clone(), item_id });
            treated.push(patient_id);
        }
        all.therapists.push(AtWork { cookie: therapist.cookie().to_owned(), patients: treated });
        all
    }
}

/// What was acknowledged: ids of requests, and of entries that were written.
#[derive(Default)]
pub(crate) struct Acknowledged {
    pub(crate) requests: Vec<String>,
    pub(crate) entries: Vec<String>,
}

impl Acknowledged {
    /// Notes an answer. No answer acknowledges nothing, and neither does a refusal, which is given back.
    pub(crate) fn note(&mut self, answer: Result<Answer, Gone>) -> Result<Option<Answer>, Gone> {
        let answer = answer?;
        match answer.status {
            200 => self.requests.push(answer.request),
            201 => {
                self.entries.push(id(&answer.json(), "entry_id"));
                self.requests.push(answer.request);
            }
            _ => return Ok(Some(answer)),
        }
        Ok(None)
    }

    pub(crate) fn add(&mut self, mut other: Self) {
        self.requests.append(&mut other.requests);
        self.entries.append(&mut other.entries);
    }
}
