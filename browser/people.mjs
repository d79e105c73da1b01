// What people do at the door: signing in with each factor, signing out.

import { Visitor } from "./chromium.mjs";

/** Presses a button that sends its form, and waits for the page that answers. */
export async function press(visitor, name) {
  const button = visitor.page.getByRole("button", { name, exact: typeof name === "string" });
  await Promise.all([visitor.page.waitForEvent("load"), button.click()]);
}

/** Presses a button that asks first, and says yes. */
export async function pressAndAgree(visitor, name) {
  await visitor.page.getByRole("button", { name, exact: true }).click();
  const yes = visitor.page.getByRole("dialog").getByRole("button", { name, exact: true });
  await Promise.all([visitor.page.waitForEvent("load"), yes.click()]);
}

/** Types name and password, and goes on to the second step. */
export async function typePassword(visitor, { email, password }) {
  const { page } = visitor;
  await visitor.open("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await press(visitor, "Sign in");
}

/** Types a code where one is asked for. */
export async function typeCode(visitor, code, button = "Go on") {
  await visitor.page.getByLabel("Code", { exact: true }).fill(code);
  await press(visitor, button);
}

/** Signs in with password and code, and waits for the first page. */
export async function signIn(visitor, person) {
  await typePassword(visitor, person);
  await visitor.page.waitForURL("**/sign-in/factor");
  await typeCode(visitor, await person.app.code());
  await visitor.page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** A visitor who is signed in. */
export async function arriveSignedIn(browser, world, person, options) {
  const visitor = await Visitor.arrive(browser, world.url, options);
  await signIn(visitor, person);
  return visitor;
}

/** Confirms with a code that it is still the same person, before something grave. */
export async function confirm(visitor, person) {
  await visitor.page.getByRole("link", { name: /confirm/i }).click();
  await visitor.page.waitForURL("**/account/confirm**");
  await typeCode(visitor, await person.app.code(), "Confirm");
  await visitor.page.waitForURL((url) => url.pathname !== "/account/confirm");
}

/** Signs out by the button that is on every page. */
export async function signOut(visitor) {
  await press(visitor, "Sign out");
  await visitor.page.waitForURL("**/sign-in**");
}
