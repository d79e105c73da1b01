// A demo practice of its own for one test file: a fresh folder, a free port, the real program.

import { spawn, spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import https from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { Authenticator } from "./totp.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
export const TARGET = process.env.CARGO_TARGET_DIR
  ? resolve(HERE, "..", process.env.CARGO_TARGET_DIR)
  : join(HERE, "..", "target");
export const PATELLA = process.env.PATELLA ?? join(TARGET, "debug", "patella");

/** How long a start may take before it counts as failed; a debug build derives its keys slowly. */
const START_MS = 120_000;
/** How long a graceful end may take. */
const STOP_MS = 20_000;

/** Runs one `patella` command to its end. */
export function patella(...words) {
  const run = spawnSync(PATELLA, words, { encoding: "utf8", timeout: START_MS });
  if (run.error) throw run.error;
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/** Tries `attempt` until it gives something, for at most `ms`. */
export async function eventually(what, ms, attempt) {
  const deadline = Date.now() + ms;
  for (;;) {
    const outcome = await attempt();
    if (outcome) return outcome;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A running demo practice. */
export class World {
  /** Starts one and waits until it is ready. `words` are further words for `patella demo`. */
  static async start(...words) {
    const world = new World();
    world.folder = await mkdtemp(join(tmpdir(), "patella-browser-"));
    world.data = join(world.folder, "data");
    world.port = await freePort();
    world.output = "";
    world.process = spawn(
      PATELLA,
      ["demo", "--data", world.data, "--listen", `127.0.0.1:${world.port}`, ...words],
      { cwd: world.folder, stdio: ["ignore", "pipe", "pipe"] },
    );
    world.ended = once(world.process, "exit");
    for (const stream of [world.process.stdout, world.process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (world.output += text));
    }
    world.process.on("error", (error) => (world.output += `\n${error.message}`));
    try {
      await world.#becomeReady();
    } catch (error) {
      await world.stop().catch(() => {});
      throw new Error(`${error.message}; patella said:\n${world.output.slice(-4000)}`);
    }
    return world;
  }

  async #becomeReady() {
    const demo = await eventually("demo.json", START_MS, async () => {
      if (this.process.exitCode !== null) throw new Error(`patella left with ${this.process.exitCode}`);
      const text = await readFile(join(this.data, "demo.json"), "utf8").catch(() => "");
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
    });
    this.url = new URL(demo.url).origin;
    this.ca = demo.ca.includes("BEGIN CERTIFICATE") ? demo.ca : await readFile(resolve(this.data, demo.ca), "utf8");
    this.people = demo.people.map((person) => new Person(person));
    await eventually("/readyz", START_MS, async () => {
      if (this.process.exitCode !== null) throw new Error(`patella left with ${this.process.exitCode}`);
      return this.request("/readyz").then(
        (answer) => answer.status === 200,
        () => false,
      );
    });
    this.spki = await this.#leafSpki();
  }

  /** The hash of the server's public key, after its certificate was verified against the demo's authority. */
  async #leafSpki() {
    const socket = tls.connect({ host: "127.0.0.1", port: this.port, servername: "localhost", ca: this.ca });
    await once(socket, "secureConnect");
    const certificate = new X509Certificate(socket.getPeerCertificate().raw);
    socket.destroy();
    const spki = certificate.publicKey.export({ type: "spki", format: "der" });
    return createHash("sha256").update(spki).digest("base64");
  }

  /** One request outside the browser: `{ status, headers, body }`. */
  request(path, { method = "GET", headers = {}, body } = {}) {
    const { promise, resolve: done, reject } = withResolvers();
    const request = https.request(
      { host: "127.0.0.1", port: this.port, servername: "localhost", ca: this.ca, path, method, agent: false,
        headers: { host: new URL(this.url).host, ...headers } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part) => (text += part));
        answer.on("end", () => done({ status: answer.statusCode, headers: answer.headers, body: text }));
      },
    );
    request.on("error", reject).end(body);
    return promise;
  }

  /** The people of a role, in the order of `demo.json`. */
  all(role) {
    return this.people.filter((person) => person.role === role);
  }

  /** The first of a role. */
  the(role) {
    const [first] = this.all(role);
    if (!first) throw new Error(`the demo has no ${role}`);
    return first;
  }

  /** Ends the program as an operator would, and keeps its folder. */
  async halt() {
    this.halted = true;
    if (this.process.exitCode === null && this.process.signalCode === null && this.process.pid) {
      this.process.kill("SIGTERM");
      const patience = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS);
      await this.ended;
      clearTimeout(patience);
    }
  }

  /** Ends the program and removes its folder; fails if it had ended by itself. */
  async stop() {
    const died = !this.halted && (this.process.exitCode !== null || this.process.signalCode !== null);
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
    if (died) {
      const how = this.process.signalCode ?? `status ${this.process.exitCode}`;
      throw new Error(`patella ended by itself (${how}):\n${this.output.slice(-4000)}`);
    }
  }
}

/** Somebody of the demo, with their app. */
class Person {
  constructor({ role, name, email, password, totp_secret: secret }) {
    Object.assign(this, { role, name, email, password });
    this.app = new Authenticator(secret);
  }
}

function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}
