// A therapist charges a visit: says what was done, sees how the minutes count, sends it; then corrects it, and takes it back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE, Visitor } from "../chromium.mjs";
import { arriveSignedIn, press, pressAndAgree, signIn } from "../people.mjs";
import { World } from "../world.mjs";

let world, browser, therapist, place;

before(async () => {
  world = await World.start("--patients", "4");
  browser = await launch(world);
  therapist = await arriveSignedIn(browser, world, world.the("therapist"));
});

after(async () => {
  await therapist?.leave();
  await browser?.close();
  await world?.stop();
});

/** Opens the visits of a patient who has one that was not charged yet. */
async function openVisits(visitor) {
  await visitor.open("/patients");
  const links = visitor.page.getByRole("main").getByRole("table").getByRole("link");
  for (const patient of await links.evaluateAll((all) => all.map((link) => new URL(link.href).pathname))) {
    await visitor.open(`${patient}/visits`);
    if ((await visitor.page.getByRole("link", { name: /^Charge of / }).count()) > 0) return;
  }
  assert.fail("the demo has a visit that was not charged");
}

/** Fills one service in. */
async function fill(visitor, number, code, minutes) {
  const service = visitor.page.getByRole("group", { name: `Service ${number}`, exact: true });
  await service.getByLabel("Code").fill(code);
  await service.getByLabel("Minutes").fill(minutes);
  return service;
}

async function charge(visitor, look) {
  const { page } = visitor;
  visitor.forgive(/status of 422/);
  await visitor.look(`${look}-empty`);
  await fill(visitor, 1, "9711", "33");
  await page.getByLabel("Diagnosis codes").fill("knee");
  await press(visitor, "Count the units");
  await page.getByText("Please mend 2 things").waitFor();
  await visitor.look(`${look}-mistaken`);
  await fill(visitor, 1, "97110", "33");
  const second = await fill(visitor, 2, "97140", "7");
  await second.getByLabel("59 · distinct procedure").check();
  await page.getByLabel("Diagnosis codes").fill("M17.11, S83.511A");
  await press(visitor, "One more service");
  assert.equal(await page.getByRole("group", { name: "Service 3", exact: true }).count(), 1);
  await press(visitor, "Count the units");
  await page.getByText("They allow 3 units").waitFor();
  await visitor.look(`${look}-counted`);
  await press(visitor, "Change something");
  assert.equal(await page.getByRole("group", { name: "Service 2", exact: true }).getByLabel("59 ·").isChecked(), true);
  await press(visitor, "Count the units");
}

test("a held visit is charged, and how its minutes count is shown before it is sent", async () => {
  const { page } = therapist;
  await openVisits(therapist);
  await therapist.look("charging-visits");
  const link = page.getByRole("link", { name: /^Charge of / }).first();
  place = await link.getAttribute("href");
  await link.click();
  await page.waitForURL("**/charge");
  await charge(therapist, "charging");
  await press(therapist, "Send to billing");
  await page.waitForURL("**/visits");
  await page.getByText("charged", { exact: true }).first().waitFor();
});

test("what was sent is not shown again, and is corrected on a telephone without a script", async () => {
  await therapist.open(place);
  const text = await therapist.page.content();
  for (const said of ['"97110"', ">97110", '"97140"', ">97140", "M17.11", "S83.511"]) assert.ok(!text.includes(said), said);

  const phone = await arriveSignedIn(browser, world, world.the("therapist"), { device: PHONE });
  await phone.open(place);
  await charge(phone, "charging-correction");
  await phone.leave();

  const plain = await Visitor.arrive(browser, world.url, { device: PHONE, javaScript: false });
  await signIn(plain, world.the("therapist"));
  await plain.open(place);
  await fill(plain, 1, "97110", "44");
  await plain.page.getByLabel("Diagnosis codes").fill("M17.11");
  await press(plain, "Count the units");
  await press(plain, "Send the correction");
  await plain.page.waitForURL("**/visits");
  await plain.open(place);
  await plain.page.getByText("corrected 1 time").waitFor();
  await plain.leave();
});

test("the charge is taken back with a reason, and the visit can be charged again or said to be wrong", async () => {
  const { page } = therapist;
  await therapist.open(place);
  const back = page.getByRole("button", { name: "Take the charge back" });
  await page.getByRole("radio", { name: "The visit did not take place" }).check();
  await therapist.look("charging-taking-back");
  await pressAndAgree(therapist, "Take the charge back");
  await page.waitForURL("**/visits");
  await therapist.open(place);
  await page.getByText("taken back by").waitFor();
  await page.getByRole("heading", { name: "Charge a visit" }).waitFor();
  assert.equal(await back.count(), 0);
  await therapist.look("charging-taken-back");
  await therapist.open(place.replace(/\/charge$/, "/void"));
  await page.getByLabel("Why is it wrong?").waitFor();
});

test("nobody but who treats the patient comes to the page", async () => {
  for (const role of ["front_desk", "billing", "privacy_officer"]) {
    const other = await arriveSignedIn(browser, world, world.the(role), { device: DESKTOP });
    other.forgive(/status of 404/);
    assert.equal(await other.open(place), 404, role);
    await other.leave();
  }
});
