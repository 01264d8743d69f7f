// Makes the vectors of maany-coordinator-cosmos with CosmJS, an implementation that shares no code with it.
//
//   node vectors.mjs            writes crates/coordinator-cosmos/tests/vectors/*.json
//   node vectors.mjs --check    compares the committed files with a fresh generation, exit code 1 where one differs

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Secp256k1, Secp256k1Signature, sha256 } from "@cosmjs/crypto";
import { fromBech32, toBase64, toBech32, toHex } from "@cosmjs/encoding";

import { address, authInfoBytes, bodyBytes, DIRECT, sha256Hex, signBytes, txRaw } from "./lib/tx.mjs";
import { messages } from "./lib/message_cases.mjs";
import { HRPS, SECRETS, transactions } from "./lib/vector_cases.mjs";

const TARGET = new URL("../../crates/coordinator-cosmos/tests/vectors/", import.meta.url);
const PACKAGES = ["@cosmjs/amino", "@cosmjs/crypto", "@cosmjs/encoding", "@cosmjs/proto-signing", "cosmjs-types"];

const keys = SECRETS.map((secret) => Secp256k1.compressPubkey(Secp256k1.makeKeypair(secret).pubkey));

function provenance() {
  const versions = PACKAGES.map((name) => {
    const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url);
    return [name, JSON.parse(readFileSync(manifest, "utf8")).version];
  });
  return { generator: "tests/node/vectors.mjs", packages: Object.fromEntries(versions) };
}

function addresses() {
  return keys.flatMap((key) =>
    HRPS.map((hrp) => {
      const text = address(key, hrp);
      return { publicKey: toHex(key), hrp, bytes: toHex(fromBech32(text, 1023).data), address: text };
    }),
  );
}

function signed({ name, mode, key, tx }) {
  const doc = signBytes(tx, keys[key], mode);
  const made = Secp256k1.createSignature(sha256(doc), SECRETS[key]);
  const signature = new Secp256k1Signature(made.r(), made.s()).toFixedLength();
  const envelope = txRaw(tx, keys[key], mode, signature);
  return {
    name,
    publicKey: toHex(keys[key]),
    tx,
    body: toBase64(bodyBytes(tx)),
    authInfo: toBase64(authInfoBytes(tx, keys[key], mode)),
    signDoc: toBase64(doc),
    digest: sha256Hex(doc),
    signature: toHex(signature),
    txRaw: toBase64(envelope),
    txHash: sha256Hex(envelope).toUpperCase(),
  };
}

/** One message of each module, alone and in a transaction. */
function decoded() {
  const [alice, bob, carol] = keys.map((key) => address(key, "cosmos"));
  const validator = toBech32("cosmosvaloper", fromBech32(alice, 1023).data);
  return messages(alice, bob, carol, validator).map(({ name, typeUrl, value, view }) => {
    const fee = { amounts: [{ denom: "uatom", amount: "5000" }], gas: "200000" };
    const common = { chainId: "cosmoshub-4", accountNumber: "42", sequence: "7", fee, memo: "" };
    const tx = { ...common, messages: [{ typeUrl, value: toHex(value) }] };
    const { signDoc, txRaw: raw } = signed({ name, mode: DIRECT, key: 0, tx });
    return { name, typeUrl, value: toBase64(value), view, signDoc, txRaw: raw };
  });
}

function files() {
  const all = transactions(keys);
  const of = (wanted) => all.filter(({ mode }) => (mode === DIRECT) === (wanted === DIRECT)).map(signed);
  return { "addresses.json": addresses(), "direct.json": of(DIRECT), "amino.json": of("amino-json"), "messages.json": decoded() };
}

let stale = 0;
for (const [name, vectors] of Object.entries(files())) {
  const path = fileURLToPath(new URL(name, TARGET));
  const fresh = `${JSON.stringify({ provenance: provenance(), vectors }, null, 2)}\n`;
  if (!process.argv.includes("--check")) {
    writeFileSync(path, fresh);
    console.log(`wrote ${vectors.length} vectors to ${path}`);
  } else if (readCommitted(path) === fresh) {
    console.log(`ok ${name}: ${vectors.length} vectors`);
  } else {
    stale += 1;
    console.error(`FAILED ${name}: the committed file differs from what CosmJS makes; run node vectors.mjs and read the diff`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

function readCommitted(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return `unreadable: ${error.message}`;
  }
}
