// The door: what a password opens (nothing), what a second factor opens, and how it closes again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { giveSecurityKey, launch, PHONE, Visitor } from "../chromium.mjs";
import { arriveSignedIn, confirm, press, pressAndAgree, signOut, typeCode, typePassword } from "../people.mjs";
import { World } from "../world.mjs";

let world, browser;

before(async () => {
  world = await World.start("--patients", "4");
  browser = await launch(world);
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

const arrive = (options) => Visitor.arrive(browser, world.url, options);
const pathOf = (visitor) => new URL(visitor.page.url()).pathname;

test("the door looks the same to everybody and says that this is a demo", async () => {
  for (const device of [PHONE, undefined]) {
    const visitor = await arrive({ device });
    assert.equal(await visitor.open("/"), 200);
    assert.equal(pathOf(visitor), "/sign-in");
    await visitor.page.getByText("Demo.").waitFor();
    await visitor.look("sign-in");
    await visitor.leave();
  }
});

test("a wrong password and an unknown name are told the same", async () => {
  const said = [];
  for (const [email, password] of [
    [world.all("therapist")[3].email, "not the password of anybody"],
    ["nobody@practice.example", "not the password of anybody"],
  ]) {
    const visitor = await arrive();
    visitor.forgive(/status of 401/);
    await typePassword(visitor, { email, password });
    said.push(await visitor.page.getByRole("alert").innerText());
    await visitor.assertAccessible();
    await visitor.leave();
  }
  assert.equal(said[0], said[1]);
});

test("a password alone opens no page", async () => {
  const visitor = await arrive();
  visitor.forgive(/status of 40[13]/);
  await typePassword(visitor, world.all("therapist")[1]);
  await visitor.page.waitForURL("**/sign-in/factor");
  await visitor.look("factor");
  for (const path of ["/patients", "/exercises", "/account", "/account/sessions"]) {
    await visitor.open(path);
    assert.ok(pathOf(visitor).startsWith("/sign-in") || !(await visitor.page.getByText("Sign out").count()), path);
  }
  await visitor.leave();
});

test("each role lands on its own first page, and the cookie is kept from scripts and other sites", async () => {
  for (const [role, path] of [["therapist", "/patients"], ["patient", "/today"], ["admin", "/people"]]) {
    const visitor = await arriveSignedIn(browser, world, world.the(role));
    assert.equal(pathOf(visitor), path);
    const cookies = await visitor.context.cookies();
    const session = cookies.find((cookie) => cookie.name === "__Host-session");
    assert.ok(session.httpOnly && session.secure && session.sameSite === "Strict" && session.path === "/", role);
    assert.equal(await visitor.page.evaluate(() => document.cookie), "");
    assert.deepEqual(await visitor.page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
    await visitor.leave();
  }
});

test("a code opens once", async () => {
  const person = world.all("therapist")[2];
  const code = await person.app.code();
  for (const opens of [true, false]) {
    const visitor = await arrive();
    if (!opens) visitor.forgive(/status of 401/);
    await typePassword(visitor, person);
    await visitor.page.waitForURL("**/sign-in/factor");
    await typeCode(visitor, code);
    if (opens) await visitor.page.waitForURL("**/patients");
    else await visitor.page.getByText("used already").first().waitFor();
    await visitor.leave();
  }
});

test("signing out closes the door behind, also for a page kept open and for the way back", async () => {
  const visitor = await arriveSignedIn(browser, world, world.the("front_desk"));
  const other = await visitor.context.newPage();
  await other.goto("/account");
  await signOut(visitor);
  await visitor.page.goBack();
  await visitor.page.waitForURL("**/sign-in**");
  await other.reload();
  await other.waitForURL("**/sign-in**");
  visitor.forgive(/status of 401/);
  await visitor.leave();
});

test("signing in needs no JavaScript", async () => {
  const visitor = await arriveSignedIn(browser, world, world.all("patient")[1], { javaScript: false, device: PHONE });
  assert.equal(pathOf(visitor), "/today");
  await signOut(visitor);
  await visitor.leave();
});

test("a passkey is registered after a fresh factor, and signs in with a verified user only", async () => {
  const person = world.all("patient")[2];
  const visitor = await arriveSignedIn(browser, world, person);
  const { page } = visitor;
  const key = await giveSecurityKey(page);
  await visitor.open("/account/passkeys");
  if ((await page.getByLabel("Name").count()) === 0) await confirm(visitor, person);
  await page.getByLabel("Name").fill("This telephone");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("rowheader", { name: "This telephone" }).waitFor();
  assert.equal((await key.credentials()).length, 1);
  await visitor.look("passkeys");
  await visitor.open("/account/confirm?next=/account/passkeys");
  await visitor.look("confirm");
  await signOut(visitor);

  await typePassword(visitor, person);
  await page.waitForURL("**/sign-in/factor");
  await key.verifyUser(false);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText("Nothing was confirmed.").waitFor();
  await key.verifyUser(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL("**/today");
  await visitor.leave();
});

test("a recovery code opens once", async () => {
  const person = world.all("patient")[3];
  const visitor = await arriveSignedIn(browser, world, person);
  const { page } = visitor;
  await visitor.open("/account/recovery-codes");
  const make = page.getByRole("button", { name: "Make new codes" });
  if ((await make.count()) === 0) await confirm(visitor, person);
  await pressAndAgree(visitor, "Make new codes");
  const codes = await page.locator("main").getByText(/^[0-9A-Za-z]{4}(-[0-9A-Za-z]{4}){2}$/).allInnerTexts();
  assert.equal(codes.length, 10);
  await visitor.assertAccessible();
  await visitor.leave();

  for (const opens of [true, false]) {
    const again = await arrive();
    if (!opens) again.forgive(/status of 401/);
    await typePassword(again, person);
    await again.page.waitForURL("**/sign-in/factor");
    await again.page.getByRole("link", { name: "recovery code" }).click();
    await again.page.getByLabel("Recovery code").fill(codes[0]);
    await press(again, "Go on");
    if (opens) await again.page.waitForURL("**/today");
    else await again.page.getByText("used already").first().waitFor();
    await again.leave();
  }
});

test("somebody else's site cannot send a form in one's name", async () => {
  const visitor = await arriveSignedIn(browser, world, world.all("therapist")[0]);
  const cookie = (await visitor.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const send = (headers) =>
    world.request("/sign-out", {
      method: "POST",
      headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
      body: "",
    });
  assert.equal((await send({ "sec-fetch-site": "cross-site", origin: "https://evil.example" })).status, 403);
  assert.equal(await visitor.open("/account"), 200);
  assert.equal((await send({ "sec-fetch-site": "same-origin", origin: world.url })).status, 303);
  await visitor.leave();
});

test("a wrong code waits longer and longer", async () => {
  const visitor = await arrive();
  visitor.forgive(/status of 4(01|29)/);
  await typePassword(visitor, world.all("patient")[0]);
  await visitor.page.waitForURL("**/sign-in/factor");
  for (let tries = 0; ; tries += 1) {
    assert.ok(tries < 20, "twenty wrong codes in a row are heard out");
    await typeCode(visitor, "000000");
    if (await visitor.page.getByText(/too many tries/i).count()) break;
  }
  await visitor.leave();
});
