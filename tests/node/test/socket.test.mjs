// The raw client against `ws`, a server that others wrote: what it says arrives, and what it hears is what was said.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { WebSocketServer } from "ws";

import { accepted, closes, ending, opens, run } from "../lib/case.mjs";
import { BINARY, closePayload, CONTINUATION, decodeFrame, encodeFrame, parseClose, PING, TEXT } from "../lib/frames.mjs";
import { CANARY } from "../lib/hello.mjs";
import { raw, request } from "../lib/http.mjs";
import { Refused, Socket } from "../lib/socket.mjs";

let server;
let web;
let ctx;

before(async () => {
  web = createServer((asked, answer) => answer.writeHead(asked.url === "/a%2fb" ? 200 : 404).end('{"path":true}'));
  server = new WebSocketServer({ server: web, path: "/", maxPayload: 1000 });
  server.on("connection", (peer) => {
    peer.on("error", () => {});
    peer.on("message", (bytes, binary) => {
      const text = bytes.toString();
      if (text.startsWith("close ")) {
        peer.close(Number(text.slice(6)), "because");
      } else if (text === "echo reason") {
        peer.close(4000, `you said ${CANARY}`);
      } else if (text === "ping") {
        peer.ping("x");
        peer.on("pong", (data) => peer.send(`pong ${data}`));
      } else if (text === "pieces") {
        peer.send("one ", { fin: false });
        peer.send("two", { fin: true });
      } else {
        peer.send(bytes, { binary });
      }
    });
  });
  await new Promise((resolve) => web.listen(0, "127.0.0.1", resolve));
  ctx = { url: `ws://127.0.0.1:${web.address().port}` };
});

after(() => {
  server.clients.forEach((peer) => peer.terminate());
  web.closeAllConnections();
  web.close();
});

test("messages of every length arrive whole", async () => {
  const socket = await Socket.open(ctx.url);
  for (const size of [0, 1, 125, 126, 1000]) {
    socket.binary(Buffer.alloc(size, 9));
    assert.deepEqual(await socket.next(), { binary: Buffer.alloc(size, 9) });
  }
  socket.text("h\u00e9llo");
  assert.deepEqual(await socket.next(), { text: "h\u00e9llo" });
  assert.equal((await socket.close()).code, 1000);
});

test("fragments and pings are understood in both directions", async () => {
  const socket = await Socket.open(ctx.url);
  socket.frame({ opcode: TEXT, payload: Buffer.from("in "), fin: false });
  socket.frame({ opcode: PING, payload: Buffer.from("x") });
  socket.frame({ opcode: CONTINUATION, payload: Buffer.from("pieces") });
  assert.deepEqual(await socket.next(), { text: "in pieces" });
  assert.equal(await socket.ponged(), true);
  socket.text("pieces");
  assert.deepEqual(await socket.next(), { text: "one two" });
  socket.text("ping");
  assert.deepEqual(await socket.next(), { text: "pong x" });
  await socket.close();
});

test("close codes are heard, and a silent server is told apart from a closing one", async () => {
  for (const code of [1000, 1002, 4403]) {
    const socket = await Socket.open(ctx.url);
    socket.text(`close ${code}`);
    assert.deepEqual(await socket.closed(), { code, reason: "because" });
  }
  const silent = await Socket.open(ctx.url);
  assert.equal(ending(await silent.closed(50)), "still open");
  assert.equal(Socket.vanishAll(), 1);
});

const BROKEN = [
  ["bad UTF-8", 1007, (s) => s.frame({ opcode: TEXT, payload: Buffer.from([0xff]) })],
  ["a message over the limit", 1009, (s) => s.binary(Buffer.alloc(1001))],
  ["a message that announces too much", 1009, (s) => s.frame({ opcode: BINARY, length: 2 ** 31 })],
  ["a frame without a mask", 1002, (s) => s.frame({ opcode: TEXT, masked: false })],
  ["a reserved bit", 1002, (s) => s.frame({ opcode: TEXT, rsv: 4 })],
];
for (const [name, code, act] of BROKEN) {
  test(`what the RFC forbids can be sent: ${name}`, async () => {
    const result = await run(closes(name, code, act), ctx);
    assert.equal(result.ok, true, JSON.stringify(result));
  });
}

test("a refused upgrade gives the status", async () => {
  await assert.rejects(Socket.open(ctx.url, { path: "/other" }), (error) => error instanceof Refused && error.status === 400);
});

test("a check fails where the answer is another, the session is refused, or the reason repeats what was sent", async () => {
  const other = await run(closes("x", 1002, (s) => s.text("close 1000")), ctx);
  assert.deepEqual(other, { name: "x", ok: false, want: 1002, got: 1000 });
  const refused = await run(opens("x", (s) => s.text("close 4401")), ctx);
  assert.equal(refused.ok, false);
  assert.match(refused.got, /4401/);
  const leaking = await run(closes("x", 4000, (s) => s.text("echo reason")), ctx);
  assert.equal(leaking.ok, false);
  const socket = await Socket.open(ctx.url);
  socket.binary("first frame");
  assert.equal((await accepted(socket)).binary.toString(), "first frame");
  await socket.close();
});

test("HTTP paths are sent as they are, and a server that does not hang up is seen", async () => {
  assert.deepEqual((await request(ctx.url, "/a%2fb")).json, { path: true });
  assert.equal((await request(ctx.url, "/a/b")).status, 404);
  assert.equal((await raw(ctx.url, "GET / HTTP/1.1\r\n", 100)).elapsed, null);
});

test("a server that breaks the RFC is caught", () => {
  const masked = encodeFrame({ opcode: TEXT, payload: Buffer.from("x") });
  assert.throws(() => decodeFrame(masked), /masked/);
  const compressed = encodeFrame({ opcode: TEXT, payload: Buffer.from("x"), rsv: 4, masked: false });
  assert.throws(() => decodeFrame(compressed), /reserved/);
  const pieces = encodeFrame({ opcode: PING, fin: false, masked: false });
  assert.throws(() => decodeFrame(pieces), /control/);
});

test("frames are decoded at every length, and only when whole", () => {
  for (const size of [0, 125, 126, 65535, 65536]) {
    const bytes = encodeFrame({ opcode: BINARY, payload: Buffer.alloc(size, 3), masked: false });
    assert.equal(decodeFrame(bytes.subarray(0, -1)), null);
    const { frame, rest } = decodeFrame(Buffer.concat([bytes, Buffer.from([1])]));
    assert.deepEqual(frame, { fin: true, opcode: BINARY, payload: Buffer.alloc(size, 3) });
    assert.equal(rest.length, 1);
  }
  assert.deepEqual(parseClose(closePayload(4403, "no")), { code: 4403, reason: "no" });
  assert.deepEqual(parseClose(Buffer.alloc(0)), { code: 1005, reason: "" });
});
