// The distribution's Chromium, and pages that are watched: an error in the console, an exception, or a request to anyone
// but the server fails the test that made it.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { TARGET } from "./world.mjs";

const require = createRequire(import.meta.url);
const AXE = require("axe-core").source;

const EXECUTABLES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"];

export const PHONE = { name: "phone", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const DESKTOP = { name: "desktop", viewport: { width: 1280, height: 900 } };
export const SCHEMES = ["light", "dark"];

/** The levels of the Web Content Accessibility Guidelines that every page keeps. */
const ACCESSIBILITY = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const SCREENSHOTS = join(TARGET, "screenshots");

/** Starts Chromium; `spki` is the public key of a server whose certificate it takes without an authority it knows. */
export async function launch({ spki } = {}) {
  const executablePath = EXECUTABLES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("there is no Chromium: run `make setup`, or name one in CHROMIUM");
  return chromium.launch({
    executablePath,
    // Root has no sandbox of its own, and a test machine's browser has nobody to call.
    chromiumSandbox: false,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(spki ? [`--ignore-certificate-errors-spki-list=${spki}`] : []),
    ],
  });
}

/** One person's browser window. */
export class Visitor {
  /** `device` is {@link PHONE} or {@link DESKTOP}; `javaScript: false` is a browser without it. */
  static async arrive(browser, url, { device = DESKTOP, scheme = "light", javaScript = true } = {}) {
    const visitor = new Visitor();
    const { name: _, ...shape } = device;
    visitor.url = new URL(url).origin;
    visitor.device = device;
    visitor.javaScript = javaScript;
    visitor.complaints = [];
    visitor.forgiven = [];
    visitor.context = await browser.newContext({
      ...shape,
      baseURL: visitor.url,
      colorScheme: scheme,
      javaScriptEnabled: javaScript,
      reducedMotion: "reduce",
      locale: "en-US",
    });
    visitor.context.setDefaultTimeout(15_000);
    visitor.#watch();
    visitor.page = await visitor.context.newPage();
    return visitor;
  }

  #watch() {
    this.context.on("request", (request) => {
      const address = new URL(request.url());
      if (!["data:", "blob:", "about:"].includes(address.protocol) && address.origin !== this.url) {
        this.complaints.push(`a request to ${address.origin}`);
      }
    });
    this.context.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`in the console: ${message.text()}`);
    });
    this.context.on("weberror", (error) => this.complaints.push(`an exception: ${error.error().message}`));
  }

  /** Lets what matches `pattern` be: for a test that provokes it. */
  forgive(pattern) {
    this.forgiven.push(pattern);
  }

  /** Fails if anything was complained of since the last time. */
  assertQuiet() {
    const left = this.complaints.splice(0).filter((complaint) => !this.forgiven.some((pattern) => pattern.test(complaint)));
    assert.deepEqual(left, [], `${this.page.url()} is not quiet`);
  }

  /** Opens a path of the server and gives its status. */
  async open(path) {
    const answer = await this.page.goto(path, { waitUntil: "load" });
    return answer.status();
  }

  /**
   * Fails on anything that axe-core finds, and on a page wider than the window. Needs a browser with JavaScript, for
   * axe-core is a script in the page. With `onlyColours`, for a page that was looked at in another scheme already, nothing
   * is asked but what a scheme can change.
   */
  async assertAccessible({ onlyColours = false } = {}) {
    assert.ok(this.javaScript, "axe-core cannot run without JavaScript");
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(
      ([tags, onlyColours]) => {
        const colours = globalThis.axe.getRules(tags).filter((rule) => rule.tags.includes("cat.color"));
        const runOnly = onlyColours
          ? { type: "rule", values: colours.map((rule) => rule.ruleId) }
          : { type: "tag", values: tags };
        return globalThis.axe.run(document, { runOnly, preload: false });
      },
      [ACCESSIBILITY, onlyColours],
    );
    const violations = found.violations.map(
      (rule) => `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => `${node.target} ${node.html}`).join(" | ")}`,
    );
    assert.deepEqual(violations, [], `${this.page.url()} keeps somebody out`);
    const [content, window] = await this.page.evaluate(() => {
      const root = document.documentElement;
      return [root.scrollWidth, root.clientWidth];
    });
    assert.ok(content <= window, `${this.page.url()} is ${content} wide in a window of ${window}`);
  }

  /** Looks at the page in light and dark: quiet, accessible, and a picture of each. */
  async look(name) {
    for (const [nth, scheme] of SCHEMES.entries()) {
      await this.page.emulateMedia({ colorScheme: scheme });
      await this.picture(`${name}-${this.device.name}-${scheme}`);
      await this.assertAccessible({ onlyColours: nth > 0 });
    }
    this.assertQuiet();
  }

  /** A picture of the whole page in `target/screenshots`, as in a window as high as the page. */
  async picture(name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const { width, height } = this.device.viewport;
    const content = await this.page.evaluate(() => document.documentElement.scrollHeight);
    await this.page.setViewportSize({ width, height: Math.max(height, content) });
    await this.page.evaluate(() => scrollTo(0, 0));
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
    await this.page.setViewportSize({ width, height });
  }

  /** Leaves, and fails if anything was complained of on the way. */
  async leave() {
    await this.context.close();
    this.assertQuiet();
  }
}

/**
 * Gives the page a security key of its own: internal, with resident keys, and a user who is verified or is not.
 * Gives back a switch for the latter.
 */
export async function giveSecurityKey(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async verifyUser(isUserVerified) {
      await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
    async credentials() {
      return (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
    },
  };
}
