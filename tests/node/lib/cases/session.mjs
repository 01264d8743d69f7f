// After the hello: the server's first frame, its limits, and what it makes of frames that do not belong.

import { randomBytes } from "node:crypto";

import { accepted, closes, ending, test } from "../case.mjs";
import { COMMITTED, control, holding, parseStatus, shareId } from "../control.mjs";
import { BINARY, PING, TEXT } from "../frames.mjs";
import { helloText } from "../hello.mjs";
import { signRequest } from "../sign_request.mjs";
import { Socket } from "../socket.mjs";

/** The largest message of each kind of session, in bytes. */
const VERBS = [
  ["dkg", 300 * 1024],
  ["refresh", 300 * 1024],
  ["sign", 168 * 1024],
];

/** How long a session that is over may keep its wallet busy, in ms. */
const FREED = 1000;

/** Frames that belong nowhere in any session. */
const STRAY = [
  ["an engine frame that fits no engine", (s) => s.binary(randomBytes(300))],
  ["an empty binary frame", (s) => s.binary("")],
  ["the frame of another engine", (s) => s.binary(Buffer.from("ff00ff00", "hex"))],
  ["a second hello", (s, { token }) => s.text(helloText({ token }))],
  ["a text frame that nobody asked for", (s) => s.text('{"type":"approve"}')],
  ["a control frame of an unknown kind", (s) => s.binary(control(99, shareId(1)))],
  ["a control frame cut short", (s) => s.binary(control(COMMITTED, shareId(1)).subarray(0, 20))],
  ["a control frame with a tail", (s) => s.binary(control(COMMITTED, shareId(1), Buffer.from([0])))],
  ["committed before anything was promised", (s) => s.binary(control(COMMITTED, shareId(1)))],
];

export const SESSION_CASES = [
  ...VERBS.flatMap(([verb, limit]) => [
    ...STRAY.map(([name, act]) => within(verb, name, 1002, act)),
    within(verb, "bad UTF-8", 1007, (s) => s.frame({ opcode: TEXT, payload: Buffer.from([0xc3, 0x28]) })),
    within(verb, "a message at the limit is read, and fits no engine", 1002, (s) => s.binary(Buffer.alloc(limit, 1))),
    within(verb, "a message one byte over the limit", 1009, (s) => s.binary(Buffer.alloc(limit + 1, 1))),
    within(verb, "a message that announces 1 GiB", 1009, (s) => s.frame({ opcode: BINARY, length: 2 ** 30 })),
    test(`${verb}: a ping is answered`, true, async (ctx) => {
      const { socket } = await begin(ctx, verb);
      socket.frame({ opcode: PING, payload: Buffer.from("are you there") });
      const answered = await socket.ponged();
      await socket.close();
      return answered;
    }),
  ]),
  test("refresh: the first frame is status, the share that the server holds", true, async (ctx) => {
    const { socket, first } = await begin(ctx, "refresh");
    await socket.close();
    return parseStatus(first) !== null;
  }),
  within("refresh", "holding another share than the server", 4409, (s, _, first) => {
    s.binary(holding(shareId(parseStatus(first).readBigUInt64BE(0), randomBytes(16))));
  }),
  within("refresh", "holding a share of another epoch than the server", 4409, (s, _, first) => {
    s.binary(holding(shareId(parseStatus(first).readBigUInt64BE(0) + 1n, randomBytes(16))));
  }),
  within("refresh", "holding a share of epoch 0, which there is none of", 1002, (s) => s.binary(holding(shareId(0)))),
  within("refresh", "status from the device", 1002, (s, _, first) => s.binary(first)),
  busy("refresh", 4409),
  busy("sign", 4409),
  busy("dkg", "open"),
  test("busy: a device that vanishes frees its wallet within a second", true, async (ctx) => {
    const gone = await begin(ctx, "refresh");
    gone.socket.vanish();
    const { socket } = await begin(ctx, "refresh");
    await socket.close();
    return true;
  }),
  test("sign: an open sign request is found by its digest", true, async (ctx) => {
    const { digest } = await signRequest(ctx);
    const message = Buffer.from(digest, "hex").toString("base64");
    const { socket } = await begin(ctx, "sign", { sessionIdHint: undefined, message });
    await socket.close();
    return true;
  }),
  closes("sign: a digest that no sign request has is raw signing", 4403, (s, { token, keyId }) => {
    s.text(helloText({ token, intent: "sign", keyId, message: randomBytes(32).toString("base64") }));
  }),
  closes("sign: a sign request that does not exist", 4403, (s, { token, keyId }) => {
    s.text(helloText({ token, intent: "sign", keyId, sessionIdHint: randomBytes(16).toString("hex") }));
  }),
];

/** The hello for this verb, for sign with a fresh sign request. */
async function helloFor(ctx, verb, change) {
  const { token, keyId } = ctx;
  if (verb === "dkg") {
    return helloText({ token, ...change });
  }
  const sessionIdHint = verb === "sign" && change === undefined ? (await signRequest(ctx)).id : undefined;
  return helloText({ token, intent: verb, keyId, sessionIdHint, ...change });
}

/** Begins a session: `{ socket, first }`, the server's first frame. The session before it may take a moment to end. */
async function begin(ctx, verb, change) {
  const text = await helloFor(ctx, verb, change);
  const deadline = Date.now() + FREED;
  for (;;) {
    const socket = await Socket.open(ctx.url);
    socket.text(text);
    try {
      const { binary } = await accepted(socket);
      return { socket, first: binary };
    } catch (error) {
      if ((await socket.closed())?.code !== 4409 || Date.now() > deadline) {
        throw error;
      }
    }
  }
}

/** Does something in an open session, after which the server must close with this code. */
function within(verb, name, want, act) {
  return test(`${verb}: ${name}`, want, async (ctx) => {
    const { socket, first } = await begin(ctx, verb);
    act(socket, ctx, first);
    return ending(await socket.closed(4000));
  });
}

/** What a second session gets while the wallet is in one. */
function busy(verb, want) {
  return test(`busy: ${verb} while the wallet refreshes`, want, async (ctx) => {
    const text = await helloFor(ctx, verb);
    const first = await begin(ctx, "refresh");
    const second = await Socket.open(ctx.url);
    second.text(text);
    const answer = await second.next(6000);
    await second.close();
    await first.socket.close();
    return answer?.binary === undefined ? ending(answer) : "open";
  });
}
