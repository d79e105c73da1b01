// Codes as an authenticator app shows them (RFC 6238: SHA-1, six digits, 30 seconds).

import { createHmac } from "node:crypto";

const STEP_SECONDS = 30;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes that a base32 secret stands for. */
export function fromBase32(text) {
  const bits = [...text.replace(/[\s=]/g, "").toUpperCase()]
    .map((letter) => {
      const value = BASE32.indexOf(letter);
      if (value < 0) throw new Error("not base32");
      return value.toString(2).padStart(5, "0");
    })
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The code of one step, counted from 1970. */
export function codeOf(secret, step, digits = 6) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, "0");
}

/**
 * One person's app. The server takes a code once, and one step early or late; so each call gives the code of a step
 * after the last one given, and waits for that step only if it is more than one ahead.
 */
export class Authenticator {
  #secret;
  #last = 0;
  #now;
  #wait;

  constructor(base32, now = Date.now, wait = (ms) => new Promise((done) => setTimeout(done, ms))) {
    this.#secret = fromBase32(base32);
    this.#now = now;
    this.#wait = wait;
  }

  /** A code that the server has not seen. */
  async code() {
    const seconds = this.#now() / 1000;
    const current = Math.floor(seconds / STEP_SECONDS);
    const step = Math.max(this.#last + 1, current);
    if (step > current + 1) {
      await this.#wait(((step - 1) * STEP_SECONDS - seconds) * 1000 + 50);
    }
    this.#last = step;
    return codeOf(this.#secret, step);
  }
}
