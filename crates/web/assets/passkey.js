// Registers a passkey, or signs in with one.
//
// <form data-passkey="create|get" data-start="URL" data-finish="URL" data-next="URL">: pressing its button posts to
// `start`, which answers with the options of WebAuthn as JSON ({"publicKey": {...}}, or these alone; anything beside
// `publicKey` comes back to `finish`), asks the authenticator, and posts {"credential": {...}} and the fields of the
// form to `finish`. Then the browser goes to `next`, or to the "next" of the answer.
// <p role="alert" class="passkey-said" data-said> in the form says what went wrong.

const MESSAGES = {
  NotAllowedError: "Nothing was confirmed. You can try again.",
  InvalidStateError: "This key or device is registered already.",
  NotSupportedError: "This device offers no way of this kind to sign in.",
  SecurityError: "This address does not allow passkeys. Open Patella by its usual name.",
  AbortError: "It was stopped. You can try again.",
};

const fromBase64url = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
};

const toBase64url = (buffer) => {
  let plain = "";
  for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const described = (list) => list?.map((one) => ({ ...one, id: fromBase64url(one.id) }));

function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return {
    ...json,
    challenge: fromBase64url(json.challenge),
    user: { ...json.user, id: fromBase64url(json.user.id) },
    excludeCredentials: described(json.excludeCredentials),
  };
}

function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return { ...json, challenge: fromBase64url(json.challenge), allowCredentials: described(json.allowCredentials) };
}

/** The credential as WebAuthn's JSON: by the browser where it can. */
function asJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { response } = credential;
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = toBase64url(response[name]);
  }
  if (response.getTransports) parts.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: parts,
  };
}

/** What the server says is wrong, in its words where it has some (problem details). */
class Refused extends Error {}

async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  let json = {};
  try {
    json = text ? JSON.parse(text) : {};
  } catch {
    // Not JSON: the status alone speaks.
  }
  if (!answer.ok) throw new Refused(json.detail ?? json.title ?? "The server refused it. Please try again.");
  return json;
}

async function run(form) {
  const { passkey, start, finish } = form.dataset;
  const fields = Object.fromEntries(new FormData(form));
  const begun = await post(start, {});
  const options = begun.publicKey ?? begun;
  const credential =
    passkey === "create"
      ? await navigator.credentials.create({ publicKey: creationOptions(options) })
      : await navigator.credentials.get({ publicKey: requestOptions(options) });
  if (!credential) throw new DOMException("", "NotAllowedError");
  const { publicKey: _, mediation: __, ...kept } = begun.publicKey ? begun : {};
  return post(finish, { ...kept, ...fields, credential: asJson(credential) });
}

function begin(form) {
  const said = form.querySelector("[data-said]");
  const say = (text) => {
    if (said) said.textContent = text;
  };
  const buttons = form.querySelectorAll("button");
  if (!window.PublicKeyCredential) {
    say("This browser has no passkeys. Use another way to sign in.");
    buttons.forEach((button) => (button.disabled = true));
    return;
  }
  // Before app.js sees it: this form is never sent in the plain way.
  form.addEventListener(
    "submit",
    async (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (form.dataset.sent) return;
      form.dataset.sent = "yes";
      buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
      say("");
      try {
        const answer = await run(form);
        location.assign(answer.next ?? form.dataset.next ?? "/");
      } catch (error) {
        const network = error instanceof TypeError ? "The server could not be reached. Please try again." : null;
        say(error instanceof Refused ? error.message : (network ?? MESSAGES[error.name] ?? "It did not work. Please try again."));
        delete form.dataset.sent;
        buttons.forEach((button) => button.removeAttribute("aria-disabled"));
      }
    },
    { capture: true },
  );
}

document.querySelectorAll("form[data-passkey]").forEach(begin);
