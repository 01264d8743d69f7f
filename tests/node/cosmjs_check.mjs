// Verifies with CosmJS what the project made. Reads one JSON object on stdin, prints a verdict as JSON, exit code 0 where all of it agrees.
//
//   { "pubkey": hex (33 bytes, compressed), "hrp": "cosmos", "address": "cosmos1...",
//     "mode": "direct" | "amino-json", "signDoc": base64, "signature": hex (r || s, 64 bytes), "txRaw"?: base64,
//     "tx": { chainId, accountNumber, sequence, messages: [{ from, to, amounts: [{ denom, amount }] }],
//             fee: { amounts, gas, payer?, granter? }, memo, timeoutHeight? } }   (all numbers as decimal strings)
//
//   { "ok": bool, "checks": { "address": { "ok": bool, "want"?, "got"? }, "signBytes": ..., "signature": ..., "lowS": ..., "txRaw"?: ... } }

import { pathToFileURL } from "node:url";

import { Secp256k1, Secp256k1Signature, sha256 } from "@cosmjs/crypto";
import { fromBase64, fromHex, toBase64 } from "@cosmjs/encoding";

import { address, signBytes, txRaw } from "./lib/tx.mjs";

/** Half the order of secp256k1 (SEC 2, 2.4.1), rounded down: the largest `s` of a low-S signature. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The verdict on one report. */
export function verdict(report) {
  const pubkey = fromHex(report.pubkey);
  const signature = fromHex(report.signature);
  const ours = signBytes(report.tx, pubkey, report.mode);
  const checks = {
    address: same(address(pubkey, report.hrp), report.address),
    signBytes: same(toBase64(ours), report.signDoc),
    // Over the bytes that CosmJS made itself, never over those it was given.
    signature: truth(signature.length === 64 && verifies(signature, ours, pubkey)),
    lowS: truth(BigInt(`0x${report.signature.slice(64)}`) <= HALF_ORDER),
  };
  if (report.txRaw !== undefined) {
    checks.txRaw = same(toBase64(txRaw(report.tx, pubkey, report.mode, signature)), report.txRaw);
  }
  return { ok: Object.values(checks).every((check) => check.ok), checks };
}

function verifies(signature, bytes, pubkey) {
  return Secp256k1.verifySignature(Secp256k1Signature.fromFixedLength(signature), sha256(bytes), pubkey);
}

function same(want, got) {
  return want === got ? { ok: true } : { ok: false, want, got };
}

function truth(ok) {
  return { ok };
}

async function main() {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += chunk;
  }
  let answer;
  try {
    const report = JSON.parse(text);
    if (report.signDoc !== toBase64(fromBase64(report.signDoc))) {
      throw new Error("signDoc is not padded standard base64");
    }
    answer = verdict(report);
  } catch (error) {
    answer = { ok: false, error: error.message };
  }
  console.log(JSON.stringify(answer));
  process.exitCode = answer.ok ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main();
}
