// What makes every page better, and none depends on: words beside sliders, a question before unsaved work is left,
// the countdown to the end of the session, one submit at a time, questions before what cannot be undone, copying.
// No HTML is ever made from text here: nodes only, so that Trusted Types have nothing to refuse.

const ONE_MINUTE = 60;

/** A new element with its attributes and children (nodes or text). */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Asks a question; the promise says whether the answer was yes. */
function ask(question, yes, no, kind = "primary") {
  const agree = element("button", { type: "submit", value: "yes", class: `button ${kind}` }, yes);
  const stay = element("button", { type: "submit", value: "no", class: "button quiet" }, no);
  const words = element("p", { id: "question" }, question);
  const form = element("form", { method: "dialog" }, words, element("div", { class: "row" }, stay, agree));
  const dialog = element("dialog", { "aria-labelledby": "question" }, form);
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}

// ---- Scales: the number in words ----

function showRange(range) {
  const words = range.dataset.words.split("|");
  const output = range.closest(".field").querySelector("output");
  const unset = range.hasAttribute("data-unset");
  const said = `${range.value} · ${words[range.valueAsNumber] ?? ""}`;
  output.value = unset ? "Move the slider" : said;
  range.setAttribute("aria-valuetext", unset ? "not answered" : said);
  range.style.setProperty("--fill", unset ? "0%" : `${range.valueAsNumber * 10}%`);
  range.setCustomValidity(unset && range.required ? "Move the slider to answer." : "");
}

function startRange(range) {
  const touch = () => {
    range.removeAttribute("data-unset");
    showRange(range);
  };
  range.addEventListener("input", touch);
  // A press on the place where the slider already stands is an answer too.
  range.addEventListener("pointerup", touch);
  range.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") touch();
  });
  // What was not answered is not sent.
  range.form?.addEventListener("formdata", ({ formData }) => {
    if (range.hasAttribute("data-unset")) formData.delete(range.name);
  });
  showRange(range);
}

function startScale(field) {
  const output = field.querySelector("output");
  field.addEventListener("change", ({ target }) => {
    if (target.dataset.word) output.value = `${target.value} · ${target.dataset.word}`;
  });
}

// ---- Forms: unsaved work, one submit at a time ----

const unsaved = new Set();

function startForm(form) {
  // Nothing is lost with a half-typed password or code: the pages before sign-in ask nothing.
  if (form.method === "post" && !form.matches(".plain form, [data-passkey], [data-no-unsaved]")) {
    const changed = ({ target }) => {
      if (!target.closest("[data-no-unsaved]")) unsaved.add(form);
    };
    form.addEventListener("input", changed);
    form.addEventListener("patella:changed", changed);
  }
  let agreed = false;
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented || form.method === "dialog") return;
    const question = form.dataset.ask;
    if (question && !agreed) {
      event.preventDefault();
      const { submitter } = event;
      const danger = submitter?.classList.contains("danger");
      if (await ask(question, submitter?.textContent.trim() || "Yes", "Cancel", danger ? "danger" : "primary")) {
        agreed = true;
        form.requestSubmit(submitter);
      }
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    unsaved.delete(form);
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
  });
}

/** A page that the browser brings back by "back" may be sent again. */
function openAgain() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
}

addEventListener("beforeunload", (event) => {
  if (unsaved.size > 0) event.preventDefault();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) openAgain();
});

// ---- The end of the session ----

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function startCountdown(line) {
  const whole = Number(line.dataset.signsOutIn) * 1000;
  let end = Date.now() + whole;
  let dialog = null;
  let timer = 0;
  const pages = new BroadcastChannel("patella-session");

  const renewed = () => {
    end = Date.now() + whole;
    dialog?.remove();
    dialog = null;
    delete line.dataset.soon;
  };
  const stay = async () => {
    try {
      const answer = await fetch(line.dataset.renew ?? "/api/v1/me", { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      renewed();
      pages.postMessage("renewed");
    } catch {
      leave();
    }
  };
  const leave = () => {
    clearInterval(timer);
    unsaved.clear();
    // Nothing of a patient stays on the screen of a session that is over.
    document.body.replaceChildren();
    location.replace(line.dataset.after ?? "/sign-in");
  };
  const warn = () => {
    const button = element("button", { type: "button", class: "button primary" }, "Stay signed in");
    button.addEventListener("click", stay);
    const words = element("p", { id: "session-end" }, "You will be signed out in less than a minute, since nothing was done for a while.");
    dialog = element("dialog", { role: "alertdialog", "aria-labelledby": "session-end" }, words, element("div", { class: "row" }, button));
    dialog.addEventListener("cancel", stay);
    document.body.append(dialog);
    dialog.showModal();
  };
  const show = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) return leave();
    line.textContent = `Signs out in ${minutes(left)}`;
    if (left <= ONE_MINUTE && !dialog) {
      line.dataset.soon = "yes";
      warn();
    }
  };
  pages.addEventListener("message", renewed);
  pages.postMessage("renewed");
  document.addEventListener("visibilitychange", show);
  timer = setInterval(show, 1000);
  show();
}

// ---- Copying what is shown once ----

function startCopy(box) {
  const button = box.querySelector("button");
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = box.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(box.querySelector("code").textContent);
      button.textContent = "Copied";
      said.textContent = "Copied";
    } catch {
      said.textContent = "Copying did not work. Select the text and copy it by hand.";
    }
  });
}

/** Makes the parts below a node better; `program.js` calls it, by an event, for rows that it adds. */
function start(root) {
  root.querySelectorAll("input[type=range][data-words]").forEach(startRange);
  root.querySelectorAll("fieldset.scale").forEach(startScale);
  root.querySelectorAll("form").forEach(startForm);
  root.querySelectorAll("[data-signs-out-in]").forEach(startCountdown);
  root.querySelectorAll("[data-copy]").forEach(startCopy);
}

start(document);
// A form that came back with errors begins at their list.
document.querySelector("[data-focus]")?.focus();
