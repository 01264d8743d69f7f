// Deadlines. These run side by side, since each takes seconds of doing next to nothing.

import { ending, test } from "../case.mjs";
import { encodeFrame, PING, TEXT } from "../frames.mjs";
import { helloText } from "../hello.mjs";
import { raw } from "../http.mjs";
import { Socket } from "../socket.mjs";

/** A hello has 5 s from the open socket, the head of an HTTP request 10 s; a busy machine may add some. */
const HELLO = [4500, 8000];
const HEADERS = [8000, 14000];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Closes with 4408 within the hello's deadline, whatever `act` does meanwhile. */
const times = (name, act) =>
  test(`slow: ${name}`, "4408 in time", async (ctx) => {
    const started = Date.now();
    const socket = await Socket.open(ctx.url);
    const acting = act(socket, ctx);
    const end = await socket.closed(HELLO[1] + 2000);
    const elapsed = Date.now() - started;
    await acting;
    const inTime = elapsed >= HELLO[0] && elapsed <= HELLO[1];
    return ending(end) === 4408 && inTime ? "4408 in time" : `${ending(end)} after ${elapsed} ms`;
  });

export const SLOW_CASES = [
  times("no hello at all", async () => {}),
  times("a hello of one byte each 200 ms", async (s, { token }) => drip(s, encodeFrame({ opcode: TEXT, payload: Buffer.from(helloText({ token })) }))),
  times("half of a frame's header", async (s) => s.raw(Buffer.from([0x81]))),
  times("a hello that stops before its last byte", async (s, { token }) => {
    s.raw(encodeFrame({ opcode: TEXT, payload: Buffer.from(helloText({ token })) }).subarray(0, -1));
  }),
  times("pings instead of a hello", async (s) => {
    while (!s.over) {
      s.frame({ opcode: PING });
      await sleep(500);
    }
  }),
  times("empty fragments instead of a hello", async (s) => {
    s.frame({ opcode: TEXT, fin: false });
    while (!s.over) {
      s.frame({ opcode: 0, fin: false });
      await sleep(500);
    }
  }),
  test("slow: HTTP headers that never end are hung up on", true, async (ctx) => {
    const { elapsed } = await raw(ctx.url, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", HEADERS[1]);
    return (elapsed !== null && elapsed >= HEADERS[0]) || `after ${elapsed} ms`;
  }),
  test("slow: a connection that says nothing is hung up on", true, async (ctx) => {
    const { elapsed } = await raw(ctx.url, "", HEADERS[1]);
    return (elapsed !== null && elapsed >= HEADERS[0]) || `after ${elapsed} ms`;
  }),
];

async function drip(socket, bytes) {
  for (const byte of bytes) {
    if (socket.over) {
      return;
    }
    socket.raw(Buffer.from([byte]));
    await sleep(200);
  }
}
