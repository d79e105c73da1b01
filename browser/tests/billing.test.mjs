// Billing's day: from what there is to do to a charge in the books, a payment, a statement, a void, and what a therapist took back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch } from "../chromium.mjs";
import { arriveSignedIn, press, pressAndAgree } from "../people.mjs";
import { World } from "../world.mjs";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

let world, browser, office, account, name;

before(async () => {
  world = await World.start("--patients", "6");
  browser = await launch(world);
});

after(async () => {
  await office?.context.close();
  await browser?.close();
  await world?.stop();
});

const pathOf = (visitor) => new URL(visitor.page.url()).pathname;
const main = () => office.page.getByRole("main");

/** The file that a link gives. */
async function saved(link) {
  const [download] = await Promise.all([office.page.waitForEvent("download"), main().getByRole("link", link).first().click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

test("billing begins with what there is to do, in pictures with a name, and sees no patient there", async () => {
  office = await arriveSignedIn(browser, world, world.the("billing"));
  assert.equal(pathOf(office), "/billing");
  for (const picture of [/not charged, by therapist/, /by days since the visit/, /by who pays first/]) {
    await office.page.getByRole("img", { name: picture }).waitFor();
  }
  const shown = await main().innerText();
  for (const { name } of world.all("patient")) assert.ok(!shown.includes(name), "the overview names nobody");
  await office.page.getByText("Opening this page was recorded").waitFor();
  await main().getByText("Show as a table").first().click();
  await main().getByRole("table", { name: /not charged, by therapist/ }).waitFor();
  await office.look("billing-overview");
});

test("what a charge lacks stands beside it, and one that lacks nothing is billed", async () => {
  const { page } = office;
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Charges to bill" }).click();
  await page.waitForURL("**/billing/charges");
  await page.getByText(/^no fee for \d{5}$/).first().waitFor();
  await office.look("billing-to-bill");
  const ready = page.getByRole("row").filter({ has: page.getByText("ready", { exact: true }) });
  await ready.first().getByRole("link").click();
  await page.waitForURL(new RegExp(`/billing/accounts/${UUID}/charges/${UUID}$`));
  await page.getByRole("table", { name: /From minutes to units/ }).waitFor();
  await office.look("billing-charge");
  await press(office, "Bill it");
  await page.getByText("billed", { exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Bill it" }).count(), 0);
  await office.look("billing-charge-billed");
});

test("a charge whose code has no fee says which, and where to set one", async () => {
  const { page } = office;
  await office.open("/billing/charges");
  await page.getByRole("row").filter({ hasText: "no fee for" }).first().getByRole("link").click();
  await page.getByText("It cannot be billed yet").waitFor();
  assert.equal(await page.getByRole("button", { name: "Bill it" }).count(), 0);
  await office.look("billing-charge-without-fee");
  await page.goBack();
});

test("an account shows whose it is and how to reach them, and takes a payment", async () => {
  const { page } = office;
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Billing accounts" }).click();
  await page.waitForURL("**/billing/accounts");
  await office.look("billing-accounts");
  await page.getByRole("table", { name: "Billing accounts" }).getByRole("link").first().click();
  await page.waitForURL(new RegExp(`/billing/accounts/${UUID}$`));
  account = pathOf(office);
  name = await page.getByRole("heading", { level: 1 }).innerText();
  assert.ok(world.all("patient").some((patient) => patient.name === name), `${name} is a patient`);
  await office.look("billing-account");
  office.forgive(/status of 422/);
  await page.getByLabel("Amount").fill("20.5");
  await press(office, "Book it");
  await page.getByRole("alert").first().waitFor();
  assert.equal(await page.getByLabel("Amount").inputValue(), "20.5");
  await office.look("billing-wrong-amount");
  await page.getByLabel("Amount").fill("20.53");
  await press(office, "Book it");
  await page.getByRole("table", { name: /Bookings/ }).getByText("-$20.53").waitFor();
});

test("the statement is a page and a file, and a payment has a receipt", async () => {
  const { page } = office;
  const receipt = await saved({ name: /^Receipt for/ });
  assert.match(receipt.name, /^receipt-[\d-]+\.pdf$/);
  assert.ok(receipt.bytes.includes("Received with thanks"));
  await main().getByRole("link", { name: "Statement" }).click();
  await page.waitForURL(`**${account}/statement`);
  await page.getByText("-$20.53").waitFor();
  await office.look("billing-statement");
  const { name: file, bytes } = await saved({ name: "As PDF" });
  assert.match(file, /^statement-[\d-]+\.pdf$/);
  assert.ok(bytes.subarray(0, 5).equals(Buffer.from("%PDF-")) && bytes.includes("-$20.53"));
});

test("a payment that was wrong is voided: both stay, and nothing is left to void", async () => {
  const { page } = office;
  await office.open(account);
  const row = page.getByRole("row").filter({ hasText: "-$20.53" });
  await row.getByRole("button", { name: /^Void Payment/ }).click();
  const yes = page.getByRole("dialog").getByRole("button", { name: "Void", exact: true });
  await Promise.all([page.waitForEvent("load"), yes.click()]);
  await row.getByText("voided").waitFor();
  await page.getByRole("row").filter({ hasText: "$20.53" }).nth(1).waitFor();
  assert.equal(await row.getByRole("button").count(), 0);
  await office.look("billing-voided");
});

test("a draft that nothing is asked for stays and says so", async () => {
  const { page } = office;
  await office.open("/billing/charges");
  const little = page.getByRole("row").filter({ hasText: "no unit earned" });
  await little.first().getByRole("link").click();
  await page.getByText("There is nothing to ask for").waitFor();
  await pressAndAgree(office, "Ask nothing for it");
  await page.getByText("not asked for", { exact: true }).waitFor();
});

test("what a therapist took back waits where billing cannot miss it, and goes with the void of its booking", async () => {
  const { page } = office;
  const therapist = await arriveSignedIn(browser, world, world.the("therapist"));
  await therapist.open("/patients");
  const patient = therapist.page.getByRole("main").getByRole("table").getByRole("link").first();
  const whose = await patient.getAttribute("href");
  await therapist.open(`${whose}/visits`);
  // The oldest visit is billed and paid.
  const oldest = therapist.page.getByRole("link", { name: /^Correct the charge of / }).last();
  await therapist.open(await oldest.getAttribute("href"));
  await therapist.page.getByRole("radio", { name: "It is charged as another visit too" }).check();
  await pressAndAgree(therapist, "Take the charge back");
  await therapist.page.waitForURL("**/visits");
  await therapist.leave();

  await office.open("/billing");
  await main().getByText("taken back and still in the books").waitFor();
  await office.look("billing-overview-taken-back");
  await office.open("/billing/charges");
  await page.getByRole("row").filter({ has: page.getByText("taken back", { exact: true }) }).first().getByRole("link").click();
  await page.getByText("The therapist took back a charge that is in the books").waitFor();
  await page.getByText("It is charged as another visit too").waitFor();
  const charge = pathOf(office);
  const its = charge.replace(/\/charges\/.*/, "");
  for (const not of ["Bill it", "Ask nothing for it"]) assert.equal(await page.getByRole("button", { name: not }).count(), 0, not);
  await office.look("billing-taken-back");
  await office.open(`${its}/statement`);
  await page.getByText("The therapist took back charges that are in the books").waitFor();
  await office.look("billing-statement-taken-back");
  assert.ok((await saved({ name: "As PDF" })).bytes.includes("Not owed: what was charged for the visit of"));

  await office.open(charge);
  await pressAndAgree(office, "Void the booking");
  await page.waitForURL(`**${its}`);
  assert.equal(await page.getByText("took back charges").count(), 0);
  await office.look("billing-taken-back-voided");
  await office.open(charge);
  await page.getByText("The therapist took back an earlier charge").waitFor();
  for (const not of ["Void the booking", "Ask for it after all"]) assert.equal(await page.getByRole("button", { name: not }).count(), 0, not);
  await office.open(`${its}/statement`);
  assert.ok(!(await saved({ name: "As PDF" })).bytes.includes("Not owed"));
});

test("the books leave as a table without a name", async () => {
  await office.open("/billing/accounts");
  const { name: file, bytes } = await saved({ name: /CSV/ });
  assert.match(file, /^bookings-[\d-]+\.csv$/);
  assert.ok(!bytes.includes(name));
});

test("billing finds no chart, no exercise and no trail, as if nothing were there", async () => {
  office.forgive(/status of 404/);
  for (const path of ["/patients", "/exercises", "/audit", "/people", "/patients/new"]) {
    assert.equal(await office.open(path), 404, path);
  }
});

test("the patient sees that billing looked at name and contact", async () => {
  const person = world.all("patient").find((patient) => patient.name === name);
  const patient = await arriveSignedIn(browser, world, person);
  await patient.open("/who-looked");
  await patient.page.getByText("for a bill").first().waitFor();
  await patient.leave();
});
