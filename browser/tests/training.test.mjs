// A course is made, somebody is trained in it, a mistake is corrected, and whoever it is about sees their own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn, press } from "../people.mjs";
import { World } from "../world.mjs";

let world, browser, admin, course;

before(async () => {
  world = await World.start("--patients", "2");
  browser = await launch(world);
  admin = await arriveSignedIn(browser, world, world.the("admin"));
});

after(async () => {
  await admin?.leave();
  await browser?.close();
  await world?.stop();
});

test("an administrator makes a course for everybody who treats", async () => {
  const { page } = admin;
  await page.getByRole("link", { name: "Training", exact: true }).first().click();
  await page.waitForURL("**/training");
  await admin.look("training");
  await page.getByRole("link", { name: "Make a course" }).click();
  await page.waitForURL("**/training/new");
  await admin.look("training-new");
  await page.getByLabel("Title").fill("Lifting without harm");
  await page.getByLabel("What it is for").fill("How a patient is lifted, and how a back stays whole.");
  await page.getByLabel("Therapist").check();
  await page.getByLabel("Again after").fill("12");
  await page.getByLabel("To be done within").fill("0");
  await press(admin, "Make it");
  await page.waitForURL(/\/training\/courses\/[0-9a-f-]+$/);
  course = new URL(page.url()).pathname;
  assert.equal(await page.locator("h1").innerText(), "Lifting without harm");
  await admin.look("training-course");
});

test("a therapist is told that it is due, and sees it among their own", async () => {
  for (const device of [PHONE, DESKTOP]) {
    const therapist = await arriveSignedIn(browser, world, world.the("therapist"), { device });
    const { page } = therapist;
    await page.getByText("Training is due soon").waitFor();
    await page.getByRole("link", { name: "See your training" }).click();
    await page.waitForURL("**/training/mine");
    await page.getByRole("table").getByText("Lifting without harm").waitFor();
    await therapist.look("training-mine");
    await therapist.leave();
  }
});

test("a record is made, and corrected by another one that stands beside it", async () => {
  const { page } = admin;
  await admin.open(course);
  await page.getByLabel("Who", { exact: true }).selectOption({ index: 1 });
  await page.getByLabel("On which day").fill("2026-01-05");
  await page.getByLabel("How", { exact: true }).fill("Read it together");
  await press(admin, "Record it");
  await page.waitForURL(`**${course}`);
  await page.getByRole("link", { name: /^Correct/ }).click();
  await page.waitForURL(/\/training\/records\//);
  await admin.look("training-record");
  await page.getByLabel("The right day").fill("2026-01-06");
  await page.getByLabel("Why", { exact: true }).fill("It was the day after");
  await press(admin, "Correct it");
  await page.getByText("a correction", { exact: true }).waitFor();
  await admin.open(course);
  await page.getByText("corrected since", { exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: /^Correct/ }).count(), 1);
  await admin.look("training-corrected");
});
