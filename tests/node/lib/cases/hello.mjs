// What a hello may be and what it may not be. Every refusal closes with the code of the wire format and stores nothing.

import { BINARY, CONTINUATION, PING, TEXT } from "../frames.mjs";
import { CANARY, hello, helloOfSize, helloText, keyId, sessionId } from "../hello.mjs";
import { closes, opens } from "../case.mjs";

const LIMIT = 8 * 1024;
const LONG = `${CANARY}${"x".repeat(129 - CANARY.length)}`;
const DIGEST = Buffer.alloc(32, 7);

/** Text frames that are no hello: [name, the text, given a good token]. */
const MALFORMED = [
  ["not JSON", () => `${CANARY} hello`],
  ["an empty text", () => ""],
  ["JSON null", () => "null"],
  ["a JSON number", () => "42"],
  ["a JSON string", () => `"${CANARY}"`],
  ["a JSON array", (token) => `[${helloText({ token })}]`],
  ["an empty object", () => "{}"],
  ["JSON cut short", (token) => helloText({ token }).slice(0, -1)],
  ["JSON with something after it", (token) => `${helloText({ token })} {}`],
  ["brackets without end", () => "[".repeat(4000)],
  ["a missing type", (token) => helloText({ token, type: undefined })],
  ["another type", (token) => helloText({ token, type: "welcome" })],
  ["a missing sessionId", (token) => helloText({ token, sessionId: undefined })],
  ["a sessionId that is null", (token) => helloText({ token, sessionId: null })],
  ["a sessionId that is a number", (token) => helloText({ token, sessionId: 7 })],
  ["an empty sessionId", (token) => helloText({ token, sessionId: "" })],
  ["a sessionId of 129 characters", (token) => helloText({ token, sessionId: LONG })],
  ["a sessionId with a space", (token) => helloText({ token, sessionId: `${CANARY} x` })],
  ["a sessionId with a slash", (token) => helloText({ token, sessionId: `${CANARY}/x` })],
  ["a sessionId with a line feed", (token) => helloText({ token, sessionId: `${CANARY}\nx` })],
  ["a sessionId of another script", (token) => helloText({ token, sessionId: `${CANARY}\u0430` })],
  ["a keyId with a slash", (token) => helloText({ token, keyId: `../${CANARY}` })],
  ["a keyId of 129 characters", (token) => helloText({ token, keyId: LONG })],
  ["an empty keyId", (token) => helloText({ token, keyId: "" })],
  ["a sessionIdHint out of the alphabet", (token) => helloText({ token, sessionIdHint: `${CANARY}%00` })],
  ["a missing role", (token) => helloText({ token, role: undefined })],
  ["the role server", (token) => helloText({ token, role: "server" })],
  ["the role Device", (token) => helloText({ token, role: "Device" })],
  ["an unknown intent", (token) => helloText({ token, intent: "drain" })],
  ["an intent that is an array", (token) => helloText({ token, intent: ["dkg"] })],
  ["sign without keyId", (token) => helloText({ token, intent: "sign" })],
  ["refresh without keyId", (token) => helloText({ token, intent: "refresh" })],
  ["restore without keyId", (token) => helloText({ token, intent: "restore", stepUp: CANARY })],
  ["restore without stepUp", (token) => helloText({ token, intent: "restore", keyId: keyId() })],
  ["a token that is an object", () => helloText({ token: {} })],
  ["a sessionId given twice", (token) => helloText({ token }).replace("{", `{"sessionId":"${sessionId()}",`)],
  ["an intent given twice", (token) => helloText({ token, intent: "dkg" }).replace("{", `{"intent":"sign",`)],
  ["a message that is not base64", (token) => sign(token, { message: `${CANARY} %%` })],
  ["a message of 31 bytes", (token) => sign(token, { message: DIGEST.subarray(1).toString("base64") })],
  ["a message in an unknown encoding", (token) => sign(token, { message: "00", messageEncoding: "rot13" })],
  ["a hello of one byte over 8 KiB", (token) => helloOfSize(LIMIT + 1, { token })],
  ["a hello of 9 KiB", (token) => helloOfSize(9 * 1024, { token })],
  ["a hello of 1 MiB", (token) => helloOfSize(1024 * 1024, { token })],
];

/** Hellos in every form that a server takes: [name, the text, given a token]. All ask for a DKG, which is broken off at once. */
const WELL_FORMED = [
  ["the documented fields in their order", (token) => helloText({ token, intent: "dkg", keyId: keyId() })],
  ["no intent, which means dkg", (token) => helloText({ token })],
  ["no keyId", (token) => helloText({ token, intent: "dkg" })],
  ["fields in another order", (token) => JSON.stringify(Object.fromEntries(Object.entries(hello({ token })).reverse()))],
  ["unknown fields", (token) => helloText({ token, appVersion: "9", nested: { sessionId: 1, list: [null, 1.5e3] } })],
  ["white space and escapes", (token) => helloText({ token }).replace('"hello"', '\n "\\u0068ello"\t')],
  ["a sessionIdHint equal to sessionId", (token) => hinted(token)],
  ["ids of 128 characters", (token) => helloText({ token, sessionId: LONG.slice(1), keyId: unique128() })],
  ["ids of every character allowed", (token) => helloText({ token, sessionId: "AZaz09._:-", keyId: `${keyId()}AZ._:-` })],
  ["exactly 8 KiB", (token) => helloOfSize(LIMIT, { token })],
];

export const HELLO_CASES = [
  ...MALFORMED.map(([name, text]) => closes(`hello: ${name}`, 1002, (s, { token }) => s.text(text(token)))),
  ...WELL_FORMED.map(([name, text]) => opens(`hello accepted: ${name}`, (s, { token }) => s.text(text(token)))),
  opens("hello accepted: in three fragments with a ping between them", (s, { token }) => {
    const bytes = Buffer.from(helloText({ token }));
    s.frame({ opcode: TEXT, payload: bytes.subarray(0, 20), fin: false });
    s.frame({ opcode: PING, payload: Buffer.from("x") });
    s.frame({ opcode: CONTINUATION, payload: bytes.subarray(20, 21), fin: false });
    s.frame({ opcode: CONTINUATION, payload: bytes.subarray(21) });
  }),
  closes("hello: binary garbage as the first frame", 1002, (s) => s.binary(Buffer.from("00ff13371337", "hex"))),
  closes("hello: a good hello in a binary frame", 1002, (s, { token }) => s.binary(helloText({ token }))),
  closes("hello: an empty binary frame", 1002, (s) => s.binary("")),
  closes("hello: bad UTF-8", 1007, (s, { token }) => {
    const text = helloText({ token, note: "?" });
    const bytes = Buffer.from(text);
    bytes[text.lastIndexOf("?")] = 0xff;
    s.frame({ opcode: TEXT, payload: bytes });
  }),
  closes("hello: a character cut in half at the end", 1007, (s) => {
    s.frame({ opcode: TEXT, payload: Buffer.from([0x22, 0xe2, 0x82]) });
  }),
  closes("hello: fragments that add up to over 8 KiB", 1002, (s) => {
    s.frame({ opcode: TEXT, payload: Buffer.alloc(5000, " "), fin: false });
    s.frame({ opcode: CONTINUATION, payload: Buffer.alloc(5000, " "), fin: false });
  }),
  closes("hello: a frame that announces 2 GiB", 1002, (s) => s.frame({ opcode: TEXT, length: 2 ** 31 })),
  closes("hello: a frame that announces 2^62 bytes", 1002, (s) => s.frame({ opcode: BINARY, length: 2 ** 62 })),
  closes("frames: one that is not masked", 1002, (s, { token }) => {
    s.frame({ opcode: TEXT, payload: Buffer.from(helloText({ token })), masked: false });
  }),
  closes("frames: a reserved bit", 1002, (s) => s.frame({ opcode: TEXT, payload: Buffer.from("{}"), rsv: 4 })),
  closes("frames: an unknown opcode", 1002, (s) => s.frame({ opcode: 3 })),
  closes("frames: a continuation of nothing", 1002, (s) => s.frame({ opcode: CONTINUATION })),
  closes("frames: a ping in pieces", 1002, (s) => s.frame({ opcode: PING, fin: false })),
  closes("frames: a ping of 126 bytes", 1002, (s) => s.frame({ opcode: PING, payload: Buffer.alloc(126) })),
];

function sign(token, change) {
  return helloText({ token, intent: "sign", keyId: keyId(), ...change });
}

function hinted(token) {
  const id = sessionId();
  return helloText({ token, sessionId: id, sessionIdHint: id });
}

function unique128() {
  return keyId().padEnd(128, "k");
}
