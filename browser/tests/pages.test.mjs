// Every page of the router, for everybody whose links lead there: quiet, accessible, on phone and desktop, in light and
// dark. A link that leads nowhere fails, and so does a page that no link leads to.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, launch, PHONE } from "../chromium.mjs";
import { arriveSignedIn } from "../people.mjs";
import { patella, World } from "../world.mjs";

const ROLES = ["patient", "therapist", "admin", "front_desk", "privacy_officer", "billing"];

/** Pages to which no link of somebody signed in leads, or only once something happened that a new practice has not seen; other
    files look at them. */
const ELSEWHERE = [
  "/", "/sign-in", "/sign-in/factor", "/sign-in/recovery", "/account/confirm", "/join/{secret}", "/alerts/{alert_id}", "/incidents/{incident_id}",
  "/incidents/{incident_id}/letters",
  "/amendments/{amendment_id}", "/patients/{patient_id}/amendments", "/patients/{patient_id}/amendments/{amendment_id}",
  "/reviews/{review_id}", "/emergencies/{emergency_id}", "/training/courses/{course_id}", "/training/records/{training_id}",
];

/** Answers to a GET that are no pages. */
const NO_PAGES = /^\/(api|assets|healthz|readyz|exercises\/picks)|\/pictures\/|\.(pdf|csv|json)$/;

/** `{ template, matches }` of every page, those without parameters first: `/people/invite` is no `/people/{id}`. */
const pages = JSON.parse(patella("routes", "--json").stdout)
  .filter(({ method, path }) => method === "GET" && !NO_PAGES.test(path))
  .map(({ path }) => ({
    template: path,
    matches: new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`),
  }))
  .sort((a, b) => a.template.split("{").length - b.template.split("{").length);

const templateOf = (path) => pages.find(({ matches }) => matches.test(path))?.template;
const fileName = (template) => template.replace(/[{}]/g, "").replace(/\W+/g, "-").replace(/^-/, "") || "home";

const seen = new Set(ELSEWHERE);
let world, browser;

before(async () => {
  world = await World.start("--patients", "6");
  browser = await launch(world);
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

/** Follows links from the first page on, to one page of each kind; a page asked for something new is another kind. Pages asked
    for several things together are not looked at for their own sake: their number doubles with each thing to ask for. */
async function walk(visitor, role) {
  const { page } = visitor;
  const ways = [new URL(page.url())];
  const kinds = new Set();
  const visited = new Set();
  for (let url; (url = ways.shift()); ) {
    const way = url.pathname + url.search;
    const template = templateOf(url.pathname);
    assert.ok(template, `a link leads to ${way}, which is no page`);
    const asked = [...url.searchParams.keys()].sort();
    const news = [template, ...asked.map((name) => `${template} by ${name}`)].filter((kind) => !kinds.has(kind));
    if (news.length === 0) continue;
    news.forEach((kind) => kinds.add(kind));
    visited.add(template);
    const kind = asked.length > 0 ? `${template} by ${asked.join("-")}` : template;
    assert.equal(await visitor.open(way), 200, `${role}: a link leads to ${way}`);
    await visitor.look(`${role}-${fileName(kind)}`);
    assert.equal(await page.locator("h1").count(), 1, `${way} has one heading of the first level`);
    await page.getByText("Demo.").first().waitFor();
    const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => link.href));
    for (const link of links) {
      const url = new URL(link);
      assert.equal(url.origin, world.url, `${way} links to somebody else`);
      if (!NO_PAGES.test(url.pathname)) ways.push(url);
    }
  }
  return visited;
}

for (const device of [PHONE, DESKTOP]) {
  for (const role of ROLES) {
    test(`the pages of a ${role} keep nobody out on a ${device.name}`, async () => {
      const visitor = await arriveSignedIn(browser, world, world.the(role), { device });
      for (const template of await walk(visitor, role)) seen.add(template);
      await visitor.leave();
    });
  }
}

test("a link leads to every page of the router", () => {
  assert.deepEqual(pages.map(({ template }) => template).filter((template) => !seen.has(template)), []);
});

test("a page that is not there says so, to somebody signed in and to nobody", async () => {
  const visitor = await arriveSignedIn(browser, world, world.the("therapist"));
  visitor.forgive(/status of 404/);
  assert.equal(await visitor.open("/no/such/page"), 404);
  await visitor.assertAccessible();
  await visitor.leave();
});
