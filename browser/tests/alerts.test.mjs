// The privacy officer is told of what is unusual within seconds, looks into it, and says what it was.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn, press } from "../people.mjs";
import { World } from "../world.mjs";

let world, browser, officer;

before(async () => {
  world = await World.start("--patients", "4");
  browser = await launch(world);
  officer = await arriveSignedIn(browser, world, world.the("privacy_officer"));
});

after(async () => {
  await officer?.leave();
  await browser?.close();
  await world?.stop();
});

test("nothing waits on a quiet day", async () => {
  assert.equal(await officer.open("/alerts"), 200);
  await officer.page.getByText("Nothing waits for you").waitFor();
  await officer.look("alerts-none");
});

test("somebody who tries records that are not theirs is told within ten seconds", async () => {
  const therapist = await arriveSignedIn(browser, world, world.the("therapist"));
  for (let n = 0; n < 6; n++) {
    assert.equal(await therapist.open(`/patients/00000000-0000-4000-8000-00000000000${n}`), 404);
  }
  therapist.forgive(/status of 404/);
  await therapist.leave();
  const tried = Date.now();
  const link = officer.page.getByRole("link", { name: "Refused again and again" });
  do await officer.open("/alerts");
  while ((await link.count()) === 0 && Date.now() - tried < 10_000);
  assert.equal(await link.count(), 1);
});

for (const device of [PHONE, DESKTOP]) {
  test(`an alert can be read on a ${device.name}`, async () => {
    const visitor = await arriveSignedIn(browser, world, world.the("admin"), { device });
    await visitor.open("/alerts");
    await visitor.look(`alerts-${device.name}`);
    const way = await visitor.page.getByRole("link", { name: "Refused again and again" }).getAttribute("href");
    await visitor.open(way);
    await visitor.page.getByText("6 records or pages were refused within 30 minutes.").waitFor();
    await visitor.look(`alert-${device.name}`);
    await visitor.leave();
  });
}

test("who looked into it says what it was, and it waits no more", async () => {
  const { page } = officer;
  await officer.open("/alerts");
  const way = await page.getByRole("link", { name: "Refused again and again" }).getAttribute("href");
  await officer.open(way);
  await page.getByLabel("What you found").fill("Asked him: old links after a handover.");
  await press(officer, "Looked into");
  await page.getByText("Nothing waits for you").waitFor();
  await officer.open(way);
  await page.getByText("old links after a handover").waitFor();
  await officer.look("alert-looked-into");
});

test("what is told can be changed, within its bounds", async () => {
  const { page } = officer;
  await officer.open("/alerts/settings");
  await officer.look("alert-settings");
  await page.getByRole("link", { name: /^Change.*What follows: Refused again and again/ }).click();
  await page.getByLabel("Somebody looks into it", { exact: true }).waitFor();
  await officer.look("alert-setting-answer");
  await page.getByRole("link", { name: /^Change.*Refused records that are told/ }).click();
  const number = page.getByLabel("Refused records that are told");
  await officer.look("alert-setting");
  await number.fill("1");
  // The browser keeps to the bounds; the server says them to whoever does not.
  assert.equal(await number.evaluate((field) => field.checkValidity()), false);
  await page.locator("form.card").evaluate((form) => (form.noValidate = true));
  await press(officer, "Change it");
  officer.forgive(/status of 422/);
  await page.getByText("Choose a number from 2 to 100").first().waitFor();
  await number.fill("7");
  await press(officer, "Change it");
  await page.getByRole("row", { name: /Refused records that are told 7/ }).waitFor();
});
