// The hello of a device, fields in the order of the wire format.

import { randomBytes } from "node:crypto";

/**
 * Ids that the checks make up hold this word, and so do the tokens that are no tokens: it must turn up in no close reason, HTTP body or log line
 * of the server.
 */
export const CANARY = "canary";

/** A fresh session id. */
export function sessionId() {
  return `${CANARY}-session-${randomBytes(8).toString("hex")}`;
}

/** A fresh key id. */
export function keyId() {
  return `${CANARY}-key-${randomBytes(8).toString("hex")}`;
}

/** The hello as an object; `change` adds or replaces fields, a field set to undefined is left out. */
export function hello(change = {}) {
  const { token, intent, keyId: key, sessionIdHint, ...rest } = change;
  return { type: "hello", sessionId: sessionId(), role: "device", token, intent, keyId: key, sessionIdHint, ...rest };
}

/** The hello as the text of a frame. */
export function helloText(change = {}) {
  return JSON.stringify(hello(change));
}

/** A hello of exactly `size` bytes: an unknown field, which a server ignores, fills it up. */
export function helloOfSize(size, change = {}) {
  const bare = Buffer.byteLength(helloText({ ...change, padding: "" }));
  return helloText({ ...change, padding: "x".repeat(size - bare) });
}
