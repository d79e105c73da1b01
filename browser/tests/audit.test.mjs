// The trail of a real day is proven whole, and whoever touches it afterwards is found.

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../chromium.mjs";
import { arriveSignedIn } from "../people.mjs";
import { patella, World } from "../world.mjs";

let world, config;

before(async () => {
  world = await World.start("--patients", "4");
  config = join(world.data, "patella.toml");
  const browser = await launch(world);
  const visitor = await arriveSignedIn(browser, world, world.the("therapist"));
  await visitor.page.getByRole("main").getByRole("link").first().click();
  await visitor.leave();
  await browser.close();
  await world.halt();
});

after(() => world?.stop());

const verify = () => patella("audit", "verify", "--config", config);

/** The files that hold the entries themselves, largest first. */
function entryFiles() {
  const folder = join(world.data, "stores", "audit");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
}

/** Runs `harm` on the trail, verifies, and puts the trail back. */
function harmed(harm) {
  const folder = join(world.data, "stores", "audit");
  const kept = join(world.folder, "kept");
  cpSync(folder, kept, { recursive: true });
  harm();
  const verdict = verify();
  rmSync(folder, { recursive: true });
  cpSync(kept, folder, { recursive: true });
  rmSync(kept, { recursive: true });
  return verdict;
}

test("the trail of the day is whole", () => {
  const verdict = verify();
  assert.equal(verdict.status, 0, verdict.stderr);
});

test("the trail holds who did what, and no password, code or e-mail", () => {
  const listed = patella("audit", "list", "--config", config);
  assert.equal(listed.status, 0, listed.stderr);
  const entries = listed.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(entries.length > 4);
  for (const person of world.people) {
    assert.ok(!listed.stdout.includes(person.email) && !listed.stdout.includes(person.password));
  }
});

test("one flipped byte is found and its place is named", () => {
  const [largest] = entryFiles();
  const verdict = harmed(() => {
    const bytes = readFileSync(largest);
    bytes[Math.floor(bytes.length / 3)] ^= 1;
    writeFileSync(largest, bytes);
  });
  assert.equal(verdict.status, 1);
  assert.match(verdict.stdout + verdict.stderr, /\d/);
});

test("a cut tail is found", () => {
  const [largest] = entryFiles();
  const verdict = harmed(() => truncateSync(largest, Math.floor(statSync(largest).size / 2)));
  assert.equal(verdict.status, 1);
});

test("after it is put back the trail is whole again", () => {
  assert.equal(verify().status, 0);
});
