// The watchers themselves: a page that breaks a rule is found, one that keeps them all is not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { DESKTOP, giveSecurityKey, launch, PHONE, Visitor } from "../chromium.mjs";

const page = (body, head = "") =>
  `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">` +
  `<meta name="viewport" content="width=device-width">${head}</head><body><main><h1>A page</h1>${body}</main></body></html>`;

const PAGES = {
  "/good": page("<p>Nothing is wrong here.</p>"),
  "/image-without-text": page('<img src="data:,">'),
  "/pale": page('<p id="pale">Who can read this?</p>', '<link rel="stylesheet" href="/pale.css">'),
  "/pale.css": "#pale { color: #ccc; background: #fff } @media (prefers-color-scheme: dark) { #pale { color: #000 } }",
  "/wide": page('<pre>' + "wide ".repeat(100) + "</pre>"),
  "/error": page('<script src="/error.js"></script>'),
  "/error.js": "throw new Error('broken')",
  "/inline": page("<script>document.title = 'x'</script>"),
  "/elsewhere": page('<script src="/elsewhere.js"></script>'),
  "/elsewhere.js": "fetch('http://localhost:1/').catch(() => {})",
};
const TYPES = { css: "text/css", js: "text/javascript" };

let server, browser, url;

before(async () => {
  server = createServer((request, response) => {
    const text = PAGES[request.url];
    response.writeHead(text === undefined ? 404 : 200, {
      "content-type": TYPES[request.url.split(".")[1]] ?? "text/html; charset=utf-8",
      "content-security-policy": "default-src 'self'; img-src data:; connect-src *",
    });
    response.end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://localhost:${server.address().port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function visit(path, options) {
  const visitor = await Visitor.arrive(browser, url, options);
  assert.equal(await visitor.open(path), 200);
  return visitor;
}

test("a good page passes on every device", async () => {
  for (const device of [PHONE, DESKTOP]) {
    const visitor = await visit("/good", { device });
    await visitor.assertAccessible();
    await visitor.leave();
  }
});

test("a page is read without JavaScript too", async () => {
  const visitor = await visit("/good", { javaScript: false });
  assert.equal(await visitor.page.locator("h1").innerText(), "A page");
  await visitor.leave();
});

test("an image without words is found", async () => {
  const visitor = await visit("/image-without-text");
  await assert.rejects(visitor.assertAccessible(), /image-alt/);
  await visitor.context.close();
});

test("pale letters are found, in the scheme in which they are pale", async () => {
  for (const [scheme, pale] of [["light", true], ["dark", false]]) {
    const visitor = await visit("/pale", { scheme });
    if (pale) await assert.rejects(visitor.assertAccessible(), /color-contrast/);
    else await visitor.assertAccessible();
    await visitor.leave();
  }
});

test("a page wider than the window is found", async () => {
  const visitor = await visit("/wide");
  await assert.rejects(visitor.assertAccessible(), /wide in a window/);
  await visitor.context.close();
});

test("an exception, an inline script and a missing file are found", async () => {
  for (const [path, words] of [["/error", /broken/], ["/inline", /Content Security Policy/]]) {
    const visitor = await visit(path);
    await assert.rejects(visitor.leave(), words);
  }
  const visitor = await visit("/good");
  await visitor.page.evaluate(() => fetch("/nowhere"));
  await assert.rejects(visitor.leave(), /404/);
});

test("a request to somebody else is found", async () => {
  const visitor = await visit("/elsewhere");
  await visitor.page.waitForLoadState("networkidle");
  visitor.forgive(/in the console/);
  await assert.rejects(visitor.leave(), /a request to http:\/\/localhost:1/);
});

test("the security key makes a key, uses it, and refuses without a verified user", async () => {
  const visitor = await visit("/good");
  const key = await giveSecurityKey(visitor.page);
  const make = () =>
    visitor.page.evaluate(async () => {
      const made = await navigator.credentials.create({
        publicKey: {
          challenge: new Uint8Array(32),
          rp: { name: "A page" },
          user: { id: new Uint8Array(16), name: "a", displayName: "A" },
          pubKeyCredParams: [{ type: "public-key", alg: -7 }],
          authenticatorSelection: { residentKey: "required", userVerification: "required" },
        },
      });
      return made.type;
    });
  assert.equal(await make(), "public-key");
  assert.equal((await key.credentials()).length, 1);
  const use = () =>
    visitor.page.evaluate(async () => {
      const used = await navigator.credentials.get({
        publicKey: { challenge: new Uint8Array(32), userVerification: "required", timeout: 2000 },
      });
      return used.type;
    });
  assert.equal(await use(), "public-key");
  await key.verifyUser(false);
  await assert.rejects(use(), /NotAllowedError/);
  await visitor.leave();
});
