// Every part of the look, as `crates/web/examples/gallery` writes it, on each device and in each scheme.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { after, test } from "node:test";
import { DESKTOP, launch, PHONE, Visitor } from "../chromium.mjs";
import { PATELLA } from "../world.mjs";

const TYPES = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };

const folder = mkdtempSync(join(tmpdir(), "patella-gallery-"));
const writer = join(dirname(PATELLA), "examples", "gallery");
const written = spawnSync(writer, [folder], { encoding: "utf8" });
assert.equal(written.status, 0, `${writer} failed: ${written.error?.message ?? written.stderr}`);

const server = createServer((request, response) => {
  const name = basename(new URL(request.url, "http://localhost").pathname);
  const known = readdirSync(folder).includes(name);
  response.writeHead(known ? 200 : 404, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
  response.end(known ? readFileSync(join(folder, name)) : "");
}).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://localhost:${server.address().port}`;
const browser = await launch();

after(async () => {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
});

for (const name of readdirSync(folder).filter((file) => file.endsWith(".html"))) {
  for (const device of [PHONE, DESKTOP]) {
    test(`the gallery's page ${basename(name, ".html")} keeps nobody out on a ${device.name}`, async () => {
      const visitor = await Visitor.arrive(browser, url, { device });
      assert.equal(await visitor.open(`/${name}`), 200);
      await visitor.look(`gallery-${basename(name, ".html")}`);
      await visitor.leave();
    });
  }
}
