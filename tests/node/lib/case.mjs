// One check: a name, what is expected, and how to find out what happens.

import { isDeepStrictEqual } from "node:util";

import { CANARY, helloText } from "./hello.mjs";
import { request } from "./http.mjs";
import { Socket } from "./socket.mjs";

/** `run(ctx)` gives what is compared with `want`. */
export function test(name, want, run) {
  return { name, want, run };
}

/** Does something on a fresh socket, after which the server must close with this code. */
export function closes(name, want, act) {
  return test(name, want, async (ctx) => {
    const socket = await Socket.open(ctx.url);
    await act(socket, ctx);
    return ending(await socket.closed(4000));
  });
}

/** Sends a hello on a fresh socket, after which the session must be open: the server's first frame comes. */
export function opens(name, act) {
  return test(name, "open", async (ctx) => {
    const socket = await Socket.open(ctx.url);
    await act(socket, ctx);
    await accepted(socket);
    await socket.close();
    return "open";
  });
}

/** The server's first frame, which says that the hello was accepted. Throws where the session ends instead. */
export async function accepted(socket) {
  const first = await socket.next(6000);
  if (first?.binary === undefined) {
    throw new Error(`the hello was not accepted: ${JSON.stringify(first)}`);
  }
  return first;
}

/** The code with which a connection ended; words where there is something else to say. */
export function ending(end) {
  if (end === null) {
    return "still open";
  }
  const { code, reason } = end;
  if (reason.includes(CANARY)) {
    return `${code}, and the reason repeats what was sent`;
  }
  return code === 1006 && reason !== "" ? `1006: ${reason}` : code;
}

/** Runs a check: `{ name, ok, want, got }`. */
export async function run({ name, want, run: find }, ctx) {
  let got;
  try {
    got = await find(ctx);
  } catch (error) {
    got = `error: ${error.message}`;
  }
  return { name, ok: isDeepStrictEqual(got, want), want, got };
}

/** Whether the server still serves: HTTP answers, and a hello is read and refused as it should be. */
export async function serves({ url }) {
  try {
    const health = await request(url, "/healthz");
    const socket = await Socket.open(url);
    socket.text(helloText({ token: `${CANARY}.pulse` }));
    const end = await socket.closed(4000);
    return health.status === 200 && end?.code === 4401;
  } catch {
    return false;
  }
}
