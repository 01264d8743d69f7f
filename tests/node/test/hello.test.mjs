// The helpers that make hellos, control frames, sign requests and settings.

import assert from "node:assert/strict";
import { test } from "node:test";

import { control, holding, parseStatus, shareId, STATUS } from "../lib/control.mjs";
import { hello, helloOfSize, helloText } from "../lib/hello.mjs";
import { settings } from "../lib/settings.mjs";
import { signRequestBody } from "../lib/sign_request.mjs";
import { AUTH_CASES } from "../lib/cases/auth.mjs";
import { HELLO_CASES } from "../lib/cases/hello.mjs";
import { HTTP_CASES } from "../lib/cases/http.mjs";
import { SESSION_CASES } from "../lib/cases/session.mjs";
import { SLOW_CASES } from "../lib/cases/slow.mjs";

const GENERATOR = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

test("the hello has the documented fields in their order and leaves out what is not given", () => {
  const full = helloText({ token: "t", intent: "sign", keyId: "k", sessionIdHint: "h", sessionId: "s", message: "AA==" });
  const want = '{"type":"hello","sessionId":"s","role":"device","token":"t","intent":"sign","keyId":"k","sessionIdHint":"h","message":"AA=="}';
  assert.equal(full, want);
  assert.deepEqual(Object.keys(JSON.parse(helloText())), ["type", "sessionId", "role"]);
  assert.notEqual(hello().sessionId, hello().sessionId);
});

test("a padded hello has exactly the size asked for", () => {
  for (const size of [300, 8192, 8193]) {
    const text = helloOfSize(size, { token: "t" });
    assert.equal(Buffer.byteLength(text), size);
    assert.equal(JSON.parse(text).type, "hello");
  }
});

test("control frames have the documented layout", () => {
  const id = shareId(3);
  assert.equal(id.toString("hex"), `0000000000000003${"aa".repeat(16)}`);
  const status = control(STATUS, id);
  assert.equal(status.subarray(0, 5).toString("hex"), "4d59430101");
  assert.deepEqual(parseStatus(status), id);
  assert.equal(parseStatus(status.subarray(1)), null);
  assert.equal(parseStatus(holding(id)), null);
  assert.equal(holding(id).length, 5 + 24 + 1);
});

test("each sign request is another one", () => {
  const ctx = { walletId: "w", publicKey: GENERATOR, hrp: "cosmos", chainId: "test-1", denom: "stake" };
  const [one, two] = [signRequestBody(ctx), signRequestBody(ctx, { mode: "amino-json" })];
  assert.notEqual(one.digest, two.digest);
  assert.deepEqual(Object.keys(one.body), ["walletId", "chainId", "mode", "signDoc"]);
  assert.equal(two.body.mode, "amino-json");
});

test("settings that lack something are refused by name", () => {
  assert.throws(() => settings(["{}"], {}), /url.*token.*walletId/);
  assert.throws(() => settings([], {}), /usage/);
  const full = { url: "u", token: "t", otherToken: "o", walletId: "w", keyId: "k", publicKey: "p", chainId: "c", hrp: "h", denom: "d" };
  assert.deepEqual(settings([], { MAANY_DEVICE_CLIENT: JSON.stringify(full) }), { ctx: full, only: "" });
  assert.deepEqual(settings(["--only", "slow", JSON.stringify(full)], {}).only, "slow");
});

test("every check has a name of its own", () => {
  const names = [HELLO_CASES, AUTH_CASES, SESSION_CASES, HTTP_CASES, SLOW_CASES].flat().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length > 150, `${names.length}`);
});
