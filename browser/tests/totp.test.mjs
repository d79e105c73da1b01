import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator, codeOf, fromBase32 } from "../totp.mjs";

const SECRET = Buffer.from("12345678901234567890");
const BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

test("codes are those of RFC 6238, appendix B", () => {
  for (const [seconds, code] of [
    [59, "94287082"],
    [1111111109, "07081804"],
    [1111111111, "14050471"],
    [1234567890, "89005924"],
    [2000000000, "69279037"],
    [20000000000, "65353130"],
  ]) {
    assert.equal(codeOf(SECRET, Math.floor(seconds / 30), 8), code);
  }
});

test("a secret is read as apps read it", () => {
  assert.deepEqual(fromBase32(BASE32), SECRET);
  assert.deepEqual(fromBase32("gezd gnbv gy3t qojq gezd gnbv gy3t qojq"), SECRET);
  assert.throws(() => fromBase32("0"), /not base32/);
});

test("no code is given twice, and none that is more than one step early", async () => {
  let now = 1_000_000;
  const waits = [];
  const app = new Authenticator(
    BASE32,
    () => now,
    async (ms) => {
      waits.push(ms);
      now += ms;
    },
  );
  const step = Math.floor(now / 30_000);
  assert.equal(await app.code(), codeOf(SECRET, step));
  assert.equal(await app.code(), codeOf(SECRET, step + 1));
  assert.deepEqual(waits, []);
  assert.equal(await app.code(), codeOf(SECRET, step + 2));
  assert.equal(Math.floor(now / 30_000), step + 1);
});
