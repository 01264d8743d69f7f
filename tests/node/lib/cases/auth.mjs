// Who is let in. An unknown wallet and someone else's wallet must answer alike, or the answer would be an oracle.

import { randomBytes } from "node:crypto";

import { closes, ending, test } from "../case.mjs";
import { CANARY, helloText, keyId } from "../hello.mjs";
import { Socket } from "../socket.mjs";

const INTENTS = ["sign", "refresh"];

/** Tokens that open nothing, made from one that does. */
const BAD_TOKENS = [
  ["none", () => undefined],
  ["an empty one", () => ""],
  ["an unknown id", () => `${CANARY}.${CANARY}`],
  ["the right id with another secret", (token) => `${token.split(".")[0]}.${CANARY}`],
  ["the right id without a secret", (token) => `${token.split(".")[0]}.`],
  ["its last character changed", (token) => token.slice(0, -1) + (token.endsWith("A") ? "B" : "A")],
  ["one character more", (token) => `${token}A`],
  ["a prefix before it", (token) => `Bearer-${token}`],
  ["a JWT with alg none", () => `${jwtPart({ alg: "none" })}.${jwtPart({ sub: CANARY })}.`],
];

export const AUTH_CASES = [
  ...BAD_TOKENS.flatMap(([name, make]) =>
    ["dkg", ...INTENTS].map((intent) =>
      closes(`token: ${name}, ${intent}`, 4401, (s, { token, keyId: key }) => {
        s.text(helloText({ token: make(token), intent, keyId: intent === "dkg" ? undefined : key }));
      }),
    ),
  ),
  ...INTENTS.flatMap((intent) => [
    closes(`wallet: unknown, ${intent}`, 4403, (s, { token }) => s.text(helloText({ token, intent, keyId: keyId() }))),
    closes(`wallet: another owner's by wallet id, ${intent}`, 4403, (s, { otherToken, walletId }) => {
      s.text(helloText({ token: otherToken, intent, keyId: walletId }));
    }),
    closes(`wallet: another owner's by key id, ${intent}`, 4403, (s, { otherToken, keyId: key }) => {
      s.text(helloText({ token: otherToken, intent, keyId: key }));
    }),
    test(`wallet: unknown and another owner's answer alike, ${intent}`, true, async (ctx) => {
      const unknown = await answer(ctx, { token: ctx.otherToken, intent, keyId: randomBytes(16).toString("hex") });
      const others = await answer(ctx, { token: ctx.otherToken, intent, keyId: ctx.walletId });
      return unknown === others || `${unknown} and ${others}`;
    }),
  ]),
  closes("wallet: restore of an unknown one", 4403, (s, { token }) => {
    s.text(helloText({ token, intent: "restore", keyId: keyId(), stepUp: `${CANARY}-step-up` }));
  }),
  closes("wallet: restore of one's own with a wrong step-up code", 4403, (s, { token, keyId: key }) => {
    s.text(helloText({ token, intent: "restore", keyId: key, stepUp: `${CANARY}-step-up` }));
  }),
  closes("wallet: restore of another owner's", 4403, (s, { otherToken, walletId }) => {
    s.text(helloText({ token: otherToken, intent: "restore", keyId: walletId, stepUp: `${CANARY}-step-up` }));
  }),
  closes("wallet: a second DKG for one's own key id", 4409, (s, { token, keyId: key }) => {
    s.text(helloText({ token, intent: "dkg", keyId: key }));
  }),
];

async function answer({ url }, change) {
  const socket = await Socket.open(url);
  socket.text(helloText(change));
  const end = await socket.closed();
  return `${ending(end)} ${end?.reason}`;
}

function jwtPart(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
