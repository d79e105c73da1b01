// Somebody breaks the glass, everybody who watches over the practice is told, and somebody else signs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn, press } from "../people.mjs";
import { World } from "../world.mjs";

const REASON = "Collapsed in the hall, and her therapist is away.";
let world, browser, admin, officer, chart;

before(async () => {
  world = await World.start("--patients", "4");
  browser = await launch(world);
  admin = await arriveSignedIn(browser, world, world.the("admin"));
  officer = await arriveSignedIn(browser, world, world.the("privacy_officer"));
});

after(async () => {
  await admin?.leave();
  await officer?.leave();
  await browser?.close();
  await world?.stop();
});

const banner = (visitor) => visitor.page.getByRole("complementary", { name: "Open in an emergency" });

test("a therapist who knows less than the whole name and birth date finds nobody", async () => {
  const therapist = await arriveSignedIn(browser, world, world.the("therapist"));
  const { page } = therapist;
  await page.getByRole("link", { name: "Emergency", exact: true }).click();
  await page.waitForURL("**/emergencies/open");
  await therapist.look("emergency-form");
  await page.getByLabel("Given name").fill("Nobody");
  await page.getByLabel("Family name").fill("Atall");
  await page.getByLabel("Born").fill("1970-01-02");
  await page.getByLabel("Why you need the record now").fill(REASON);
  await press(therapist, "Open the record for one hour");
  therapist.forgive(/status of 422/);
  await page.getByText("No record that you could open is found like this").first().waitFor();
  await therapist.look("emergency-nobody");
  assert.equal(await page.getByLabel("Why you need the record now").inputValue(), REASON);
  await therapist.leave();
});

test("an administrator opens the record of somebody whom they do not treat, saying why", async () => {
  const { page } = admin;
  await admin.open("/patients?everybody=true");
  await page.getByRole("table").getByRole("link").first().click();
  await page.waitForURL(/\/patients\/[0-9a-f-]+$/);
  chart = new URL(page.url()).pathname;
  assert.equal(await banner(admin).count(), 0);
  await page.getByRole("link", { name: "Open in an emergency" }).click();
  await page.getByLabel("Why you need the record now").fill(REASON);
  await admin.look("emergency-form-known");
  await press(admin, "Open the record for one hour");
  await page.waitForURL(`**${chart}`);
  await page.getByText("because you opened the record in an emergency").waitFor();
  await banner(admin).getByText("minutes left", { exact: false }).waitFor();
  await admin.look("emergency-chart");
});

test("the banner stands on each page and names nobody", async () => {
  for (const path of ["/people", "/audit", "/account", `${chart}/notes`, `${chart}/visits`, `${chart}/log`]) {
    assert.equal(await admin.open(path), 200, path);
    assert.equal(await banner(admin).count(), 1, path);
  }
  await admin.look("emergency-banner");
});

test("whoever watches over the practice is told within ten seconds", async () => {
  const began = Date.now();
  const link = officer.page.getByRole("link", { name: "A record opened in an emergency" });
  do await officer.open("/alerts");
  while ((await link.count()) === 0 && Date.now() - began < 10_000);
  assert.equal(await link.count(), 1);
});

test("it is closed by whoever opened it, and nothing more is open", async () => {
  await admin.open(chart);
  await banner(admin).getByRole("button", { name: "Close it now" }).focus();
  await Promise.all([admin.page.waitForEvent("load"), admin.page.keyboard.press("Enter")]);
  assert.equal(await banner(admin).count(), 0);
  await admin.open(chart);
  await admin.page.getByRole("link", { name: "Open in an emergency" }).waitFor();
});

test("nobody signs for themself", async () => {
  await admin.open("/emergencies");
  await admin.page.getByRole("table").getByRole("link").first().click();
  await admin.page.getByText("You opened this record yourself").waitFor();
  await admin.look("emergency-own");
});

for (const device of [PHONE, DESKTOP]) {
  test(`what waits for a signature can be read on a ${device.name}`, async () => {
    const visitor = await arriveSignedIn(browser, world, world.the("privacy_officer"), { device });
    await visitor.open("/emergencies");
    await visitor.page.getByText(REASON).waitFor();
    await visitor.look(`emergencies-${device.name}`);
    const way = await visitor.page.getByRole("table").getByRole("link").first().getAttribute("href");
    await visitor.open(way);
    await visitor.look(`emergency-${device.name}`);
    await visitor.leave();
  });
}

test("somebody else signs, and it waits no more", async () => {
  const { page } = officer;
  await officer.open("/emergencies");
  await page.getByRole("table").getByRole("link").first().click();
  await page.getByRole("radio", { name: /^Justified/ }).check();
  await page.getByLabel("In your words").fill("The front desk saw it.");
  await press(officer, "Sign");
  await page.getByText("Nothing waits for a signature").waitFor();
  await officer.open("/emergencies?state=signed");
  await page.getByText("justified").first().waitFor();
  await officer.look("emergencies-signed");
});
