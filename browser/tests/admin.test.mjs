// What an administrator does: a passkey, invitations, care teams, the audit trail.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { giveSecurityKey, launch, Visitor } from "../chromium.mjs";
import { arriveSignedIn, confirm, press, signIn, signOut, typePassword } from "../people.mjs";
import { Authenticator } from "../totp.mjs";
import { World } from "../world.mjs";

const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const NEWCOMER = { name: "Nadia Petrova", email: "nadia.petrova@practice.example", password: "seven green herons waiting" };

let world, browser, admin, key;

before(async () => {
  world = await World.start("--patients", "6");
  browser = await launch(world);
});

after(async () => {
  await admin?.context.close();
  await browser?.close();
  await world?.stop();
});

test("until the first passkey is registered, the administrator's code opens the account", async () => {
  admin = await arriveSignedIn(browser, world, world.the("admin"));
  await admin.page.waitForURL("**/people");
  await admin.look("admin-people");
});

test("a passkey is registered, and from then on a code opens the account no more", async () => {
  const { page } = admin;
  key = await giveSecurityKey(page);
  await admin.open("/account/passkeys");
  if ((await page.getByLabel("Name").count()) === 0) await confirm(admin, world.the("admin"));
  await page.getByLabel("Name").fill("Office key");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("rowheader", { name: "Office key" }).waitFor();
  await signOut(admin);

  await typePassword(admin, world.the("admin"));
  await page.waitForURL("**/sign-in/factor");
  assert.equal(await page.getByLabel("Code", { exact: true }).count(), 0, "no code is asked for");
  await key.verifyUser(false);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText("Nothing was confirmed.").waitFor();
  await key.verifyUser(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL("**/people");
  admin.assertQuiet();
});

test("somebody is invited, joins with a factor of their own, and sees no patient yet", async () => {
  const { page } = admin;
  await admin.open("/people");
  await page.getByRole("link", { name: "Invite somebody" }).click();
  await page.waitForURL("**/people/invite");
  await admin.look("admin-invite");
  await page.getByLabel("Name").fill(NEWCOMER.name);
  await page.getByLabel("E-mail").fill(NEWCOMER.email);
  await page.getByLabel("Role").selectOption("therapist");
  await press(admin, "Make an invitation");
  await admin.assertAccessible();
  const link = (await page.getByRole("main").innerText()).match(/https:\S+\/join\/\S+/)[0];
  assert.equal(new URL(link).origin, world.url);

  const newcomer = await Visitor.arrive(browser, world.url);
  await newcomer.open(new URL(link).pathname);
  await newcomer.look("join");
  await press(newcomer, "Begin");
  await newcomer.look("join-begun");
  const secret = (await newcomer.page.getByRole("main").innerText()).match(/\b[A-Z2-7]{32}\b|(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/)[0];
  const app = new Authenticator(secret);
  await newcomer.page.getByLabel("Password").fill(NEWCOMER.password);
  await newcomer.page.getByLabel("Code", { exact: true }).fill(await app.code());
  await press(newcomer, "Open my account");
  await newcomer.look("joined");
  await newcomer.page.getByRole("link", { name: /sign in/ }).click();
  Object.assign(NEWCOMER, { app });
  await signIn(newcomer, NEWCOMER);
  await newcomer.page.waitForURL("**/patients");
  const shown = await newcomer.page.getByRole("main").innerText();
  for (const { name } of world.all("patient")) assert.ok(!shown.includes(name), name);

  newcomer.forgive(/status of (404|410)/);
  const again = await newcomer.open(new URL(link).pathname);
  assert.ok(again === 404 || again === 410, "an invitation opens once");
  await newcomer.leave();
});

test("a place in a care team opens the patient, and its end closes it at the next request", async () => {
  const newcomer = await arriveSignedIn(browser, world, NEWCOMER);
  const { page } = admin;
  await admin.open("/patients?everybody=true");
  await page.getByRole("main").getByRole("link").filter({ hasText: world.the("patient").name }).first().click();
  await page.waitForURL(new RegExp(`/patients/${UUID}$`));
  const chart = new URL(page.url()).pathname;
  newcomer.forgive(/status of 404/);
  assert.equal(await newcomer.open(chart), 404);

  await page.getByRole("link", { name: "Care team" }).click();
  await page.waitForURL("**/care-team");
  await page.getByLabel("Who").selectOption({ label: NEWCOMER.name });
  await page.getByLabel("As").selectOption("covering");
  await press(admin, "Give the place");
  await admin.look("admin-care-team");
  assert.equal(await newcomer.open(chart), 200);

  const row = page.getByRole("row").filter({ hasText: NEWCOMER.name });
  await row.getByRole("button", { name: "End" }).click();
  const yes = page.getByRole("dialog").getByRole("button", { name: "End", exact: true });
  await Promise.all([page.waitForEvent("load"), yes.click()]);
  assert.equal(await newcomer.open(chart), 404);
  await newcomer.leave();
});

test("the audit trail shows what was done just now, by whom, allowed and refused", async () => {
  const { page } = admin;
  await admin.open("/audit");
  const table = page.getByRole("table");
  await table.getByText(NEWCOMER.name).first().waitFor();
  await table.getByText(world.the("admin").name).first().waitFor();
  const text = await table.innerText();
  assert.match(text, /denied|refused/i);
  for (const { name } of world.all("patient")) assert.ok(!text.includes(name), "patients stand there by id");
  await admin.look("admin-audit");
});

test("a disabled account is out at the next request", async () => {
  const newcomer = await arriveSignedIn(browser, world, NEWCOMER);
  const { page } = admin;
  await admin.open("/people");
  await page.getByRole("link", { name: NEWCOMER.name }).click();
  await page.getByLabel("State").selectOption("disabled");
  await press(admin, "Save");
  newcomer.forgive(/status of 401/);
  await newcomer.open("/account");
  assert.ok(new URL(newcomer.page.url()).pathname.startsWith("/sign-in"));
  await newcomer.leave();
});

