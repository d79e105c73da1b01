// The story: a therapist prescribes, a patient does it and writes it down, the therapist sees how it went, and the
// patient sees who looked. One test follows the other, in the same two windows.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn, press } from "../people.mjs";
import { World } from "../world.mjs";

const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

let world, browser, therapist, patient, person, chart;

before(async () => {
  world = await World.start("--patients", "8");
  browser = await launch(world);
});

after(async () => {
  await therapist?.context.close();
  await patient?.context.close();
  await browser?.close();
  await world?.stop();
});

const pathOf = (visitor) => new URL(visitor.page.url()).pathname;

/** The pictures of a page that did not load. */
const brokenPictures = (page) =>
  page.locator("img").evaluateAll((all) => all.filter((img) => img.complete && !img.naturalWidth).map((img) => img.src));

test("a therapist sees their own patients, and opens one", async () => {
  therapist = await arriveSignedIn(browser, world, world.the("therapist"));
  const { page } = therapist;
  const shown = await page.getByRole("main").getByRole("link").allInnerTexts();
  const mine = world.all("patient").filter(({ name }) => shown.some((line) => line.includes(name)));
  assert.ok(mine.length > 0, "there are some");
  assert.ok(mine.length < world.all("patient").length, "and others' are not among them");
  [person] = mine;
  await page.getByRole("main").getByRole("link", { name: person.name }).first().click();
  await page.waitForURL(new RegExp(`/patients/${UUID}$`));
  chart = pathOf(therapist);
  await page.getByRole("heading", { level: 1, name: person.name }).waitFor();
  await page.getByText("Opening it was recorded").waitFor();
  therapist.assertQuiet();
});

test("adherence and pain over time are pictures with a name", async () => {
  for (const name of [/due/i, /pain and effort/i]) {
    await therapist.page.getByRole("img", { name }).first().waitFor();
  }
  await therapist.look("story-chart");
});

test("what was done is a table", async () => {
  const { page } = therapist;
  await page.getByRole("navigation", { name: "Views of this patient" }).getByRole("link", { name: "Log" }).click();
  await page.waitForURL(`**${chart}/log`);
  assert.ok((await page.getByRole("table").getByRole("row").count()) > 1, "the log has rows");
  await therapist.look("story-log");
});

test("the program is changed in the editor and signed: a new version, the old one stays readable", async () => {
  const { page } = therapist;
  await therapist.open(`${chart}/program`);
  const before = await page.getByRole("link", { name: /^Version \d+$/ }).allInnerTexts();
  await page.getByRole("link", { name: "Change program" }).click();
  await page.waitForURL(`**${chart}/program/edit`);
  const items = page.locator("[data-items] > [data-item]");
  const count = await items.count();
  await page.getByLabel("Find an exercise").fill("bridge");
  await page.getByRole("list", { name: "Exercise library" }).getByRole("button", { name: /^Add / }).first().click();
  assert.equal(await items.count(), count + 1);
  const added = items.nth(count);
  await added.getByLabel("Sets", { exact: true }).fill("2");
  await added.getByLabel(/^Reps/).fill("8");
  await added.getByLabel("Times a day").fill("2");
  for (const day of await added.getByRole("checkbox").all()) await day.check();
  await added.getByText("Load, rest, tempo, instruction").click();
  await added.getByLabel(/^Load/).fill("2.5");
  await added.getByLabel("What to mind").fill("Keep the hips level.");
  await therapist.look("story-editor");
  await press(therapist, /^Sign version/);
  await therapist.open(`${chart}/program`);
  const after = await page.getByRole("link", { name: /^Version \d+$/ }).allInnerTexts();
  assert.equal(after.length, before.length + 1);
  await page.getByText("Keep the hips level.").waitFor();
  await page.getByRole("link", { name: before[0], exact: true }).click();
  await page.waitForURL(/\/versions\//);
  assert.equal(await page.getByText("Keep the hips level.").count(), 0, "the old version is as it was signed");
  await therapist.look("story-old-version");
});

test("a dose that cannot be is refused beside its field, and nothing typed is lost", async () => {
  const { page } = therapist;
  await therapist.open(`${chart}/program/edit`);
  const sets = page.locator("[data-items] > [data-item]").first().getByLabel("Sets", { exact: true });
  await sets.evaluate((input) => input.removeAttribute("max"));
  await sets.fill("99");
  therapist.forgive(/status of 422/);
  await press(therapist, /^Sign version/);
  await page.getByRole("alert").first().waitFor();
  const again = page.locator("[data-items] > [data-item]").first().getByLabel("Sets", { exact: true });
  assert.equal(await again.inputValue(), "99");
  assert.equal(await again.getAttribute("aria-invalid"), "true");
  await therapist.look("story-refused-dose");
});

test("the patient sees today's exercises with pictures and instructions on a telephone", async () => {
  patient = await arriveSignedIn(browser, world, person, { device: PHONE });
  const { page } = patient;
  assert.equal(pathOf(patient), "/today");
  await page.getByText("Keep the hips level.").waitFor();
  assert.ok((await page.getByRole("main").locator("img, svg").count()) > 0);
  assert.deepEqual(await brokenPictures(page), []);
  await patient.look("story-today");
});

/** Fills the form of an entry as a finger does. */
async function fill(page, { sets, reps, pain, effort, comment }) {
  await page.getByLabel("Sets done").fill(String(sets));
  await page.getByLabel("Times in each set").fill(String(reps));
  await page.getByRole("group", { name: "Pain" }).locator("label").nth(pain).click();
  await page.getByRole("group", { name: "Effort" }).locator("label").nth(effort).click();
  await page.getByLabel("Anything to say about it?").fill(comment);
}

test("the patient writes down the new exercise, twice that day", async () => {
  const { page } = patient;
  const card = page.getByRole("article").filter({ hasText: "Keep the hips level." });
  for (const [times, link] of [[1, "Start"], [2, "Again"]]) {
    await card.getByRole("link", { name: link }).click();
    await page.waitForURL(new RegExp(`/today/${UUID}$`));
    assert.deepEqual(await brokenPictures(page), []);
    if (times === 1) await patient.look("story-exercise");
    await fill(page, { sets: 2, reps: 8, pain: times, effort: 4, comment: `The ${times}. time.` });
    await press(patient, "Write it down");
    await patient.open("/today");
    assert.equal(await card.getByText(/Done at/).count(), times);
  }
  await card.getByText("✓ Done", { exact: true }).waitFor();
});

test("a form sent without an answer says which one is missing", async () => {
  const { page } = patient;
  await page.getByRole("article").first().getByRole("link", { name: /Start|Again/ }).click();
  await page.waitForURL(new RegExp(`/today/${UUID}$`));
  await page.locator("form").filter({ has: page.getByLabel("Sets done") }).evaluate((form) => (form.noValidate = true));
  patient.forgive(/status of 422/);
  await press(patient, "Write it down");
  await page.getByRole("alert").first().waitFor();
  await patient.look("story-missing-answer");
});

test("the patient corrects an entry, and the old value is kept", async () => {
  const { page } = patient;
  await patient.open("/today");
  const card = page.getByRole("article").filter({ hasText: "Keep the hips level." });
  await card.getByRole("link", { name: /^Correct/ }).first().click();
  await page.waitForURL(/\/correct$/);
  await patient.look("story-correct");
  await fill(page, { sets: 1, reps: 5, pain: 7, effort: 9, comment: "It was less than I said." });
  await press(patient, "Correct it");
  await patient.open("/week");
  await page.getByText("corrected", { exact: true }).first().waitFor();
  await page.getByText("It was less than I said.").waitFor();
  await patient.look("story-week");

  await therapist.open(`${chart}/log`);
  await therapist.page.getByText("It was less than I said.").first().waitFor();
  await therapist.page.getByText("The 1. time.").or(therapist.page.getByText("The 2. time.")).first().waitFor();
});

test("a note is for those who treat, and not for the patient", async () => {
  const { page } = therapist;
  await therapist.open(`${chart}/notes`);
  await page.getByLabel("New note").fill("Quadriceps still weak on the right.");
  await press(therapist, "Write it down");
  await page.getByText("Quadriceps still weak on the right.").waitFor();
  await therapist.look("story-notes");
  patient.forgive(/status of 40[34]/);
  const status = await patient.open(`${chart}/notes`);
  assert.ok(status === 403 || status === 404, String(status));
  assert.equal(await patient.page.getByText("Quadriceps").count(), 0);
});

test("the patient sees who looked, and when", async () => {
  await patient.open("/who-looked");
  const { page } = patient;
  await page.getByRole("table").getByText(world.the("therapist").name).first().waitFor();
  await patient.look("story-who-looked");
});

test("the patient asks for an amendment, is denied, and disagrees", async () => {
  const { page } = patient;
  await page.getByRole("link", { name: /Ask that it be amended/ }).click();
  await patient.look("story-amendments-none");
  await page.getByLabel("What should be amended, and why?").fill("It is the left side that is weak, not the right.");
  await press(patient, "Ask for it");
  await page.getByText("It is the left side that is weak").waitFor();

  const staff = therapist.page;
  await therapist.open(`${chart}/notes`);
  await staff.getByRole("link", { name: "What the patient asked to be amended" }).click();
  await staff.getByRole("link", { name: "Answer" }).click();
  therapist.forgive(/status of 422/);
  await staff.getByLabel("It is denied").check();
  await staff.getByLabel("What the patient is told").fill("We measured it twice. Complaints: the privacy officer, 555 0100.");
  await therapist.look("story-amendment-answer");
  await press(therapist, "Answer");
  await staff.getByText("A denial has a reason").first().waitFor();
  await staff.getByLabel("For a denial: why").selectOption({ label: "What the record says is accurate and complete" });
  await press(therapist, "Answer");
  await staff.getByText("denied", { exact: true }).waitFor();
  await therapist.look("story-amendment-denied");

  await patient.open("/amendments");
  await page.getByText("write a statement saying why you disagree").waitFor();
  await page.getByRole("link", { name: "Disagree" }).click();
  await page.getByLabel("Why you disagree").fill("I feel it every day.");
  await patient.look("story-amendment-disagree");
  await press(patient, "File the statement");
  await page.getByText("I feel it every day.").waitFor();
  await patient.look("story-amendments");
});

test("a therapist who does not treat the patient finds nothing there, as if nobody were", async () => {
  const others = [];
  for (const other of world.all("therapist").slice(1)) {
    const visitor = await arriveSignedIn(browser, world, other);
    const shown = await visitor.page.getByRole("main").innerText();
    if (shown.includes(person.name)) {
      await visitor.leave();
      continue;
    }
    visitor.forgive(/status of 404/);
    const seen = [];
    for (const path of [chart, chart.replace(/.{4}$/, "0000")]) {
      assert.equal(await visitor.open(path), 404);
      const words = await visitor.page.getByRole("main").innerText();
      seen.push(words.replace(new RegExp(UUID), "the id of the request"));
    }
    assert.equal(seen[0], seen[1]);
    others.push(other);
    await visitor.leave();
  }
  assert.ok(others.length > 0);
});
