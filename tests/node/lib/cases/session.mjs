// After the hello: the server's first frame, its limits, and what it makes of frames that do not belong.

import { randomBytes } from "node:crypto";

import { accepted, closes, ending, test } from "../case.mjs";
import { COMMITTED, control, holding, parseStatus, shareId } from "../control.mjs";
import { BINARY, TEXT } from "../frames.mjs";
import { helloText } from "../hello.mjs";
import { signRequest } from "../sign_request.mjs";
import { Socket } from "../socket.mjs";

const CEREMONY = 300 * 1024;
const SIGNING = 168 * 1024;

const dkg = async (s, { token }) => {
  s.text(helloText({ token }));
  return accepted(s);
};
const refresh = async (s, { token, keyId }) => {
  s.text(helloText({ token, intent: "refresh", keyId }));
  return accepted(s);
};
const sign = async (s, ctx) => {
  const { id } = await signRequest(ctx);
  s.text(helloText({ token: ctx.token, intent: "sign", keyId: ctx.keyId, sessionIdHint: id }));
  return accepted(s);
};

/** Frames that belong nowhere, for each kind of session. */
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

const SESSIONS = [
  ["dkg", dkg, CEREMONY],
  ["refresh", refresh, CEREMONY],
  ["sign", sign, SIGNING],
];

export const SESSION_CASES = [
  ...SESSIONS.flatMap(([verb, begin, limit]) => [
    ...STRAY.map(([name, act]) =>
      closes(`${verb}: ${name}`, 1002, async (s, ctx) => {
        await begin(s, ctx);
        act(s, ctx);
      }),
    ),
    closes(`${verb}: bad UTF-8`, 1007, async (s, ctx) => {
      await begin(s, ctx);
      s.frame({ opcode: TEXT, payload: Buffer.from([0xc3, 0x28]) });
    }),
    closes(`${verb}: a message at the limit of ${limit} bytes is read, and fits no engine`, 1002, async (s, ctx) => {
      await begin(s, ctx);
      s.binary(Buffer.alloc(limit, 1));
    }),
    closes(`${verb}: a message one byte over the limit`, 1009, async (s, ctx) => {
      await begin(s, ctx);
      s.binary(Buffer.alloc(limit + 1, 1));
    }),
    closes(`${verb}: a message that announces 1 GiB`, 1009, async (s, ctx) => {
      await begin(s, ctx);
      s.frame({ opcode: BINARY, length: 2 ** 30 });
    }),
    test(`${verb}: a ping is answered`, true, async (ctx) => {
      const socket = await Socket.open(ctx.url);
      await begin(socket, ctx);
      socket.frame({ opcode: 0x9, payload: Buffer.from("are you there") });
      const answered = await socket.ponged();
      await socket.close();
      return answered;
    }),
  ]),
  test("refresh: the first frame is status, the share that the server holds", true, async (ctx) => {
    const socket = await Socket.open(ctx.url);
    const { binary } = await refresh(socket, ctx);
    await socket.close();
    return parseStatus(binary) !== null;
  }),
  closes("refresh: holding another share than the server", 4409, async (s, ctx) => {
    const { binary } = await refresh(s, ctx);
    const epoch = parseStatus(binary).readBigUInt64BE(0);
    s.binary(holding(shareId(epoch, randomBytes(16))));
  }),
  closes("refresh: holding an older share than the server", 4409, async (s, ctx) => {
    await refresh(s, ctx);
    s.binary(holding(shareId(0)));
  }),
  closes("refresh: status from the device", 1002, async (s, ctx) => {
    const { binary } = await refresh(s, ctx);
    s.binary(binary);
  }),
  ...["dkg", "refresh", "sign"].map((verb) =>
    test(`busy: a second session, ${verb}, on a wallet that is in one`, verb === "dkg" ? "other wallets go on" : 4409, async (ctx) => {
      const first = await Socket.open(ctx.url);
      await refresh(first, ctx);
      const second = await Socket.open(ctx.url);
      const begin = { dkg, refresh, sign }[verb];
      const got = await begin(second, ctx).then(
        () => "other wallets go on",
        () => second.closed().then(ending),
      );
      await second.close();
      await first.close();
      return got;
    }),
  ),
  test("busy: a device that vanishes frees its wallet within a second", true, async (ctx) => {
    const first = await Socket.open(ctx.url);
    await refresh(first, ctx);
    first.vanish();
    const deadline = Date.now() + 1000;
    for (;;) {
      const second = await Socket.open(ctx.url);
      const again = await refresh(second, ctx).then(
        () => true,
        (error) => error.message,
      );
      await second.close();
      if (again === true || Date.now() > deadline) {
        return again;
      }
    }
  }),
  test("sign: an open sign request is found by its digest", true, async (ctx) => {
    const { digest } = await signRequest(ctx);
    const message = Buffer.from(digest, "hex").toString("base64");
    const socket = await Socket.open(ctx.url);
    socket.text(helloText({ token: ctx.token, intent: "sign", keyId: ctx.keyId, message }));
    const got = await accepted(socket).then(
      () => true,
      (error) => error.message,
    );
    await socket.close();
    return got;
  }),
  closes("sign: a digest that no sign request has is raw signing", 4403, (s, { token, keyId }) => {
    s.text(helloText({ token, intent: "sign", keyId, message: randomBytes(32).toString("base64") }));
  }),
  closes("sign: a sign request that does not exist", 4403, (s, { token, keyId }) => {
    s.text(helloText({ token, intent: "sign", keyId, sessionIdHint: randomBytes(16).toString("hex") }));
  }),
];
