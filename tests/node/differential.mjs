// Random transactions through CosmJS and through maany-coordinator-cosmos, compared byte for byte.
//
//   cargo build -p maany-coordinator-cosmos --example sign_docs
//   node differential.mjs --ours <target>/debug/examples/sign_docs [--count 2000] [--seed 1]
//
// Prints the seed and how many agreed; exit code 1 where one differs, with the first differences. The same seed makes the same transactions.

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

import { makeSignDoc as makeAminoSignDoc, serializeSignDoc } from "@cosmjs/amino";
import { Secp256k1, Secp256k1Signature, sha256 } from "@cosmjs/crypto";
import { fromBase64, toBase64, toHex, toUtf8 } from "@cosmjs/encoding";
import { encodePubkey, makeAuthInfoBytes, makeSignBytes, makeSignDoc } from "@cosmjs/proto-signing";
import { AminoTypes, createDefaultAminoConverters, defaultRegistryTypes } from "@cosmjs/stargate";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";

import { messages } from "./lib/random_messages.mjs";
import { generator } from "./lib/random.mjs";
import { address, goForm } from "./lib/tx.mjs";

const MODES = { direct: SignMode.SIGN_MODE_DIRECT, "amino-json": SignMode.SIGN_MODE_LEGACY_AMINO_JSON };
const types = new Map(defaultRegistryTypes);
const amino = new AminoTypes(createDefaultAminoConverters());

/** Random questions of the example `sign_docs`, each with what CosmJS says to it. */
export function cases(count, seed) {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    const secret = sha256(toUtf8(`differential ${random.integer(8)}`));
    const pubkey = Secp256k1.compressPubkey(Secp256k1.makeKeypair(secret).pubkey);
    const kind = random.pick(["direct", "amino-json", "adr-036"]);
    return kind === "adr-036" ? arbitrary(random, secret, pubkey) : transaction(random, kind, secret, pubkey);
  });
}

function arbitrary(random, secret, pubkey) {
  const data = random.bytes(random.integer(200));
  const message = { type: "sign/MsgSignData", value: { signer: address(pubkey, "cosmos"), data: toBase64(data) } };
  const doc = makeAminoSignDoc([message], { gas: "0", amount: [] }, "", "", 0, 0);
  return {
    question: { kind: "adr-036", secret: toBase64(secret), data: toBase64(data) },
    pubkey,
    signBytes: serializeSignDoc(doc),
  };
}

function transaction(random, kind, secret, pubkey) {
  const list = messages(random, 1 + random.integer(3));
  const height = random.integer(3) === 0 ? undefined : random.unsigned();
  const memo = random.text();
  const fee = { amount: random.coins(), gas: random.unsigned().toString(), ...random.payers() };
  const [accountNumber, sequence] = [random.unsigned(), BigInt(random.integer(1_000_000))];
  const chainId = `chain-${random.integer(1000)}`;
  const body = TxBody.encode(
    TxBody.fromPartial({
      messages: list.map(({ typeUrl, value }) => ({
        typeUrl,
        value: types.get(typeUrl).encode(types.get(typeUrl).fromPartial(value)).finish(),
      })),
      memo,
      timeoutHeight: height ?? 0n,
    }),
  ).finish();
  const key = encodePubkey({ type: "tendermint/PubKeySecp256k1", value: toBase64(pubkey) });
  const authInfo = makeAuthInfoBytes(
    [{ pubkey: key, sequence }],
    fee.amount,
    BigInt(fee.gas),
    fee.granter,
    fee.payer,
    MODES[kind],
  );
  const question = {
    kind,
    secret: toBase64(secret),
    body: toBase64(body),
    authInfo: toBase64(authInfo),
    chainId,
    accountNumber: accountNumber.toString(),
    sequence: sequence.toString(),
    memo,
    fee,
    ...(height ? { timeoutHeight: height.toString() } : {}),
  };
  if (kind === "direct") {
    const signBytes = makeSignBytes(makeSignDoc(body, authInfo, chainId, accountNumber));
    return { question, pubkey, signBytes, body, authInfo };
  }
  const msgs = list.map((message) => amino.toAmino(message));
  const doc = makeAminoSignDoc(msgs, fee, chainId, memo, accountNumber.toString(), sequence.toString(), height || undefined);
  return { question, pubkey, signBytes: goForm(serializeSignDoc(doc)) };
}

/** What differs between an answer and what CosmJS says; nothing where they agree. */
export function differences(wanted, answer) {
  if (answer.error !== undefined) {
    return [`refused: ${answer.error}`];
  }
  const found = [];
  if (answer.signBytes !== toBase64(wanted.signBytes)) {
    found.push(`sign bytes: ${text(wanted.signBytes)} is not ${text(fromBase64(answer.signBytes))}`);
  }
  const digest = sha256(wanted.signBytes);
  if (answer.digest !== undefined && answer.digest !== toHex(digest)) {
    found.push("digest");
  }
  const { signed, signature } = answer.response;
  const fixed = fromBase64(signature.signature);
  if (signature.pub_key.type !== "tendermint/PubKeySecp256k1" || signature.pub_key.value !== toBase64(wanted.pubkey)) {
    found.push("public key of the response");
  }
  if (!Secp256k1.verifySignature(Secp256k1Signature.fromFixedLength(fixed), digest, wanted.pubkey)) {
    found.push("signature of the response");
  }
  // As a client of OfflineDirectSigner and OfflineAminoSigner does: what was signed is made into bytes again.
  if (!same(signedBytes(wanted.question.kind, signed), wanted.signBytes)) {
    found.push("signed of the response");
  }
  if (wanted.body !== undefined) {
    const raw = TxRaw.fromPartial({ bodyBytes: wanted.body, authInfoBytes: wanted.authInfo, signatures: [fixed] });
    if (answer.txRaw !== toBase64(TxRaw.encode(raw).finish())) {
      found.push("envelope");
    }
  }
  return found;
}

function signedBytes(kind, signed) {
  if (kind !== "direct") {
    return goForm(serializeSignDoc(signed));
  }
  const [body, authInfo] = [fromBase64(signed.bodyBytes), fromBase64(signed.authInfoBytes)];
  return makeSignBytes(makeSignDoc(body, authInfo, signed.chainId, BigInt(signed.accountNumber)));
}

function same(left, right) {
  return toBase64(left) === toBase64(right);
}

function text(bytes) {
  return new TextDecoder().decode(bytes);
}

/** Asks the program about all cases; the list of what differs. */
export function compare(program, all) {
  const input = all.map(({ question }) => JSON.stringify(question)).join("\n");
  const run = spawnSync(program, { input, encoding: "utf8", maxBuffer: 1 << 30 });
  if (run.status !== 0) {
    throw new Error(`${program} ended with ${run.status ?? run.error}: ${run.stderr}`);
  }
  const answers = run.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  if (answers.length !== all.length) {
    throw new Error(`${answers.length} answers to ${all.length} questions`);
  }
  return all.flatMap((wanted, index) => {
    const found = differences(wanted, answers[index]);
    return found.length === 0 ? [] : [{ index, kind: wanted.question.kind, found, question: wanted.question }];
  });
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({
    options: { ours: { type: "string" }, count: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
  });
  const [count, seed] = [Number(values.count), Number(values.seed)];
  const failed = compare(values.ours, cases(count, seed));
  console.log(`seed ${seed}: ${count - failed.length} of ${count} agree with CosmJS`);
  for (const { index, kind, found, question } of failed.slice(0, 5)) {
    console.error(`${index} ${kind}: ${found.join("; ")}\n${JSON.stringify(question)}`);
  }
  process.exitCode = failed.length === 0 ? 0 : 1;
}
