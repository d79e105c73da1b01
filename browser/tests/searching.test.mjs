// The privacy officer searches the audit trail, looks at the week, and takes entries out with their proofs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn, press } from "../people.mjs";
import { World } from "../world.mjs";

let world, browser, officer;

before(async () => {
  world = await World.start("--patients", "4");
  browser = await launch(world);
  const therapist = await arriveSignedIn(browser, world, world.the("therapist"));
  await therapist.page.getByRole("main").getByRole("link").first().click();
  await therapist.page.waitForURL("**/patients/*");
  await therapist.open("/patients/00000000-0000-4000-8000-000000000000");
  therapist.forgive(/status of 404/);
  await therapist.leave();
  officer = await arriveSignedIn(browser, world, world.the("privacy_officer"));
});

after(async () => {
  await officer?.leave();
  await browser?.close();
  await world?.stop();
});

const rows = () => officer.page.getByRole("table").getByRole("row").filter({ has: officer.page.getByRole("cell") });

/** The text of every cell in the column of this heading. */
const column = (number) => rows().evaluateAll((all, n) => all.map((row) => row.cells[n].innerText), number);

test("whoever did something is found by name, and what they did by its words", async () => {
  const { page } = officer;
  await officer.open("/audit");
  const { name } = world.the("therapist");
  const choice = await page.getByLabel("Who").locator("option").filter({ hasText: name }).innerText();
  await page.getByLabel("Who").selectOption({ label: choice });
  await press(officer, "Search");
  const who = await column(1);
  assert.ok(who.length > 2 && who.every((text) => text.includes(name)), who.join(" | "));
  await page.getByLabel("What").selectOption({ label: "looked at exercises and what was done" });
  await press(officer, "Search");
  const what = await column(2);
  assert.ok(what.length > 0 && what.every((text) => text.includes("looked at exercises")), what.join(" | "));
  assert.equal(await page.getByLabel("Who").evaluate((select) => select.selectedOptions[0].label), choice);
});

test("what was refused is found, with nothing but that", async () => {
  const { page } = officer;
  await officer.open("/audit");
  await page.getByLabel("How it went").selectOption({ label: "Refused" });
  await press(officer, "Search");
  const outcomes = await column(4);
  assert.ok(outcomes.length > 0 && outcomes.every((text) => text.includes("refused")), outcomes.join(" | "));
});

test("a patient and an address in the list lead to all that concerns them", async () => {
  const { page } = officer;
  for (const place of [3, 5]) {
    await officer.open("/audit");
    const link = rows().locator(`td:nth-of-type(${place + 1}) a, :scope > :nth-child(${place + 1}) a`).first();
    const text = (await link.innerText()).trim();
    await Promise.all([page.waitForEvent("load"), link.click()]);
    const cells = await column(place);
    assert.ok(cells.length > 0 && cells.every((cell) => cell.includes(text)), `${text}: ${cells.join(" | ")}`);
  }
});

test("when nothing fits it says so, and one step leads back to everything", async () => {
  const { page } = officer;
  await officer.open("/audit?address=203.0.113.99");
  await page.getByText("Nothing fits").waitFor();
  await Promise.all([page.waitForEvent("load"), page.getByRole("link", { name: "Show everything" }).first().click()]);
  assert.ok((await rows().count()) > 2);
});

test("what is found is taken out as a table and with proofs, and that is an entry itself", async () => {
  const { page } = officer;
  const take = async (name) => {
    await officer.open("/audit");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
    return readFileSync(await download.path(), "utf8");
  };
  const table = await take("Export as CSV");
  assert.ok(table.trim().split("\n").length > 5);
  const proofs = JSON.parse(await take("Export with proofs"));
  assert.ok(JSON.stringify(proofs).length > 1000);
  await officer.open("/audit");
  assert.match((await column(2)).join(" | "), /took the audit trail out|an export/);
});

test("the trail and the week keep nobody out on a phone and on a desktop", async () => {
  for (const device of [PHONE, DESKTOP]) {
    const visitor = await arriveSignedIn(browser, world, world.the("privacy_officer"), { device });
    await visitor.open("/audit");
    await visitor.look("audit");
    await visitor.open("/audit?outcome=denied&address=203.0.113.99");
    await visitor.look("audit-nothing");
    await visitor.open("/audit/week");
    await visitor.look("audit-week");
    await visitor.leave();
  }
});
