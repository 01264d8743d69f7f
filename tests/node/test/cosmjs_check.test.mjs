// The check itself: it passes what is right and names what is wrong.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { fromHex } from "@cosmjs/encoding";

import { verdict } from "../cosmjs_check.mjs";
import { address } from "../lib/tx.mjs";

const VECTORS = new URL("../../../crates/coordinator-cosmos/tests/vectors/", import.meta.url);

function reports(file, mode) {
  const { vectors } = JSON.parse(readFileSync(new URL(file, VECTORS), "utf8"));
  return vectors.map(({ name, publicKey, tx, signDoc, signature, txRaw }) => ({
    name,
    pubkey: publicKey,
    hrp: "cosmos",
    address: address(fromHex(publicKey), "cosmos"),
    mode,
    signDoc,
    signature,
    txRaw,
    tx,
  }));
}

const plain = () => structuredClone(reports("direct.json", "direct")[0]);

for (const report of [...reports("direct.json", "direct"), ...reports("amino.json", "amino-json")]) {
  test(`accepts ${report.mode}: ${report.name}`, () => {
    assert.deepEqual(Object.entries(verdict(report).checks).filter(([, check]) => !check.ok), []);
  });
}

const WRONG = [
  ["address", (r) => (r.hrp = "osmo")],
  ["signBytes", (r) => (r.signDoc = Buffer.from("other").toString("base64"))],
  ["signBytes", (r) => (r.tx.memo = "other")],
  ["signature", (r) => (r.tx.sequence = "8")],
  ["signature", (r) => (r.signature = "11".repeat(64))],
  ["txRaw", (r) => (r.txRaw = "AAAA")],
];
for (const [check, change] of WRONG) {
  test(`refuses a wrong ${check} (${change.toString().slice(7, 40)})`, () => {
    const report = plain();
    change(report);
    const found = verdict(report);
    assert.equal(found.ok, false);
    assert.equal(found.checks[check].ok, false);
  });
}

test("refuses a high-S signature", () => {
  const report = plain();
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const high = order - BigInt(`0x${report.signature.slice(64)}`);
  report.signature = report.signature.slice(0, 64) + high.toString(16).padStart(64, "0");
  assert.equal(verdict(report).checks.lowS.ok, false);
});

test("the script answers on stdout and by its exit code", () => {
  const script = fileURLToPath(new URL("../cosmjs_check.mjs", import.meta.url));
  const run = (input) => spawnSync(process.execPath, [script], { input, encoding: "utf8" });
  const good = run(JSON.stringify(plain()));
  assert.equal(good.status, 0);
  assert.equal(JSON.parse(good.stdout).ok, true);
  for (const bad of ["", "{}", "null", JSON.stringify({ ...plain(), signDoc: "%%" })]) {
    const found = run(bad);
    assert.equal(found.status, 1, bad);
    assert.equal(JSON.parse(found.stdout).ok, false);
  }
});
