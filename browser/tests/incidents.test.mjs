// Somebody's charts were opened who should not have been: an incident is opened, frozen, assessed, and letters are written.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn, press, pressAndAgree } from "../people.mjs";
import { World } from "../world.mjs";

let world, browser, officer, incident;

before(async () => {
  world = await World.start("--patients", "6");
  browser = await launch(world);
  const therapist = await arriveSignedIn(browser, world, world.the("therapist"));
  await therapist.page.locator('a[href^="/patients/"]').first().click();
  await therapist.page.waitForURL(/\/patients\/[0-9a-f-]+/);
  await therapist.leave();
  officer = await arriveSignedIn(browser, world, world.the("privacy_officer"));
});

after(async () => {
  await officer?.leave();
  await browser?.close();
  await world?.stop();
});

test("an incident is opened about what an account did", async () => {
  const { page } = officer;
  assert.equal(await officer.open("/incidents"), 200);
  await officer.look("incidents-none");
  await page.getByRole("link", { name: "Open an incident" }).click();
  await page.waitForURL("**/incidents/new");
  await page.getByLabel("What happened").fill("A cousin used the tablet that was left open.");
  // The practice of the demo has its days in New York.
  const today = new Date().toLocaleDateString("sv", { timeZone: "America/New_York" });
  await page.getByLabel("Discovered on").fill(today);
  const whose = page.getByLabel("Whose doing");
  const therapist = await whose.locator("option", { hasText: "Therapist" }).first().getAttribute("value");
  await whose.selectOption(therapist);
  await page.getByLabel("From", { exact: true }).fill(today);
  await page.getByLabel("Up to and with").fill(today);
  await officer.look("incident-new");
  await press(officer, "Open it");
  await page.waitForURL(/\/incidents\/[0-9a-f-]{36}$/);
  incident = new URL(page.url()).pathname;
  await officer.look("incident-opened");
});

test("it is frozen, with everybody whom it affects", async () => {
  const { page } = officer;
  await pressAndAgree(officer, "Freeze");
  await page.getByRole("heading", { name: "Freeze again" }).waitFor();
  await page.getByText("name and contact").first().waitFor();
  await officer.look("incident-frozen");
});

test("what is assessed as a breach says by when whom to tell", async () => {
  const { page } = officer;
  for (const name of ["nature", "recipient", "acquired", "mitigated"]) {
    await page.locator(`select[name=${name}]`).selectOption({ index: 1 });
    await page.locator(`textarea[name=${name}_words]`).fill("Looked at together with the therapist.");
  }
  await page.locator("select[name=conclusion]").selectOption("breach");
  await press(officer, "Assess");
  await page.getByText("Notices are to be given").waitFor();
  await officer.look("incident-assessed");
});

test("what letters say is written, and a letter is made for each", async () => {
  const { page } = officer;
  await page.getByRole("link", { name: "Letters", exact: true }).click();
  await page.waitForURL("**/letters");
  await officer.look("incident-letters-none");
  await page.locator("form.card select[name=language]").selectOption("en");
  for (const name of ["happened", "advice", "doing", "ask"]) {
    await page.locator(`textarea[name=${name}]`).fill("Call 1-800-555-0100.");
  }
  await press(officer, "Keep it");
  await officer.look("incident-letters");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Letters as PDF" }).click(),
  ]);
  assert.match(saved.suggestedFilename(), /\.pdf$/);
});

for (const device of [PHONE, DESKTOP]) {
  test(`an incident can be read on a ${device.name}`, async () => {
    const visitor = await arriveSignedIn(browser, world, world.the("admin"), { device });
    for (const [way, name] of [[incident, "incident"], ["/incidents", "incidents"], ["/incidents/log", "incidents-log"]]) {
      assert.equal(await visitor.open(way), 200);
      await visitor.look(`${name}-${device.name}`);
    }
    await visitor.leave();
  });
}
