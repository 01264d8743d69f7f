// Making a sign request over HTTP, its sign doc by CosmJS.

import { fromHex, toBase64 } from "@cosmjs/encoding";

import { request } from "./http.mjs";
import { address, DIRECT, sha256Hex, signBytes } from "./tx.mjs";

/** Each request has a sequence of its own: a wallet has one live doc for each. */
let sequence = Date.now();

/** The body of a sign request for a transfer of one unit to oneself, with the digest that the server must find. */
export function signRequestBody({ walletId, publicKey, hrp, chainId, denom }, change = {}) {
  const key = fromHex(publicKey);
  const wallet = address(key, hrp);
  sequence += 1;
  const doc = signBytes(
    {
      chainId,
      accountNumber: "0",
      sequence: String(sequence),
      messages: [{ from: wallet, to: wallet, amounts: [{ denom, amount: "1" }] }],
      fee: { amounts: [{ denom, amount: "1" }], gas: "80000" },
      memo: "",
    },
    key,
    DIRECT,
  );
  return { body: { walletId, chainId, mode: DIRECT, signDoc: toBase64(doc), ...change }, digest: sha256Hex(doc) };
}

/** Makes a sign request: `{ id, digest, ... }` as the server answers. Throws where it does not, or finds another digest. */
export async function signRequest(ctx) {
  const { body, digest } = signRequestBody(ctx);
  const made = await request(ctx.url, "/v1/sign-requests", { method: "POST", token: ctx.token, body: JSON.stringify(body) });
  if (made.status !== 201 || made.json?.digest !== digest || made.json?.status !== "open") {
    throw new Error(`no open sign request: ${made.status} ${made.text}`);
  }
  return made.json;
}
