// A transaction's meaning turned into bytes by CosmJS. Nothing here is written by the project's own encoder: that is the point.
//
// The meaning (`tx`) has decimal strings for all numbers:
//   { chainId, accountNumber, sequence, messages: [{ from, to, amounts: [{ denom, amount }] } | { typeUrl, value (hex) }],
//     fee: { amounts, gas, payer?, granter? }, memo, timeoutHeight?, unordered?, timeoutTimestamp?: { seconds, nanos },
//     extensionOptions?, nonCriticalExtensionOptions? }   (options: [{ typeUrl, value (hex) }])

import { encodeSecp256k1Pubkey, makeSignDoc as makeAminoSignDoc, pubkeyToAddress, serializeSignDoc } from "@cosmjs/amino";
import { sha256 } from "@cosmjs/crypto";
import { fromHex, toHex } from "@cosmjs/encoding";
import { encodePubkey, makeAuthInfoBytes, makeSignBytes, makeSignDoc } from "@cosmjs/proto-signing";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";

export const DIRECT = "direct";
export const AMINO_JSON = "amino-json";

const SEND = "/cosmos.bank.v1beta1.MsgSend";

/** The address that CosmJS derives from a compressed key (33 bytes). */
export function address(pubkey, hrp) {
  return pubkeyToAddress(encodeSecp256k1Pubkey(pubkey), hrp);
}

/** The encoded `TxBody`. */
export function bodyBytes(tx) {
  return TxBody.encode(
    TxBody.fromPartial({
      messages: tx.messages.map(anyOf),
      memo: tx.memo,
      timeoutHeight: BigInt(tx.timeoutHeight ?? "0"),
      unordered: tx.unordered ?? false,
      timeoutTimestamp: tx.timeoutTimestamp && {
        seconds: BigInt(tx.timeoutTimestamp.seconds),
        nanos: tx.timeoutTimestamp.nanos,
      },
      extensionOptions: (tx.extensionOptions ?? []).map(anyOf),
      nonCriticalExtensionOptions: (tx.nonCriticalExtensionOptions ?? []).map(anyOf),
    }),
  ).finish();
}

/** The encoded `AuthInfo` of one signer. */
export function authInfoBytes(tx, pubkey, mode) {
  return makeAuthInfoBytes(
    [{ pubkey: encodePubkey(encodeSecp256k1Pubkey(pubkey)), sequence: BigInt(tx.sequence) }],
    tx.fee.amounts,
    BigInt(tx.fee.gas),
    tx.fee.granter,
    tx.fee.payer,
    mode === DIRECT ? SignMode.SIGN_MODE_DIRECT : SignMode.SIGN_MODE_LEGACY_AMINO_JSON,
  );
}

/** The bytes that are signed. */
export function signBytes(tx, pubkey, mode) {
  if (mode === DIRECT) {
    return makeSignBytes(makeSignDoc(bodyBytes(tx), authInfoBytes(tx, pubkey, mode), tx.chainId, BigInt(tx.accountNumber)));
  }
  if (mode === AMINO_JSON) {
    return goForm(serializeSignDoc(aminoDoc(tx)));
  }
  throw new Error(`mode is ${JSON.stringify(mode)}, not "${DIRECT}" or "${AMINO_JSON}"`);
}

/** The envelope to broadcast. */
export function txRaw(tx, pubkey, mode, signature) {
  return TxRaw.encode(
    TxRaw.fromPartial({
      bodyBytes: bodyBytes(tx),
      authInfoBytes: authInfoBytes(tx, pubkey, mode),
      signatures: [signature],
    }),
  ).finish();
}

/** SHA-256, as lower-case hex. */
export function sha256Hex(bytes) {
  return toHex(sha256(bytes));
}

/**
 * Go's `encoding/json` escapes U+2028 and U+2029 and CosmJS does not (`escapeCharacters` of @cosmjs/amino knows `<`, `>` and `&`). A chain
 * checks Go's form, so that is the one that counts; a doc without these two characters is CosmJS's own bytes.
 */
export function goForm(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  return new TextEncoder().encode(text.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"));
}

function anyOf(message) {
  if (message.typeUrl !== undefined) {
    return { typeUrl: message.typeUrl, value: fromHex(message.value) };
  }
  const value = MsgSend.encode(
    MsgSend.fromPartial({ fromAddress: message.from, toAddress: message.to, amount: message.amounts }),
  ).finish();
  return { typeUrl: SEND, value };
}

function aminoDoc(tx) {
  const { payer, granter } = tx.fee;
  const fee = { amount: tx.fee.amounts, gas: tx.fee.gas, ...(granter && { granter }), ...(payer && { payer }) };
  const height = tx.timeoutHeight ? BigInt(tx.timeoutHeight) : undefined;
  return makeAminoSignDoc(tx.messages.map(aminoOf), fee, tx.chainId, tx.memo, tx.accountNumber, tx.sequence, height);
}

function aminoOf(message) {
  if (message.aminoType !== undefined) {
    return { type: message.aminoType, value: message.aminoValue };
  }
  return {
    type: "cosmos-sdk/MsgSend",
    value: { from_address: message.from, to_address: message.to, amount: message.amounts },
  };
}
