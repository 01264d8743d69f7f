// The HTTP side of the same listener.

import { randomBytes } from "node:crypto";

import { test } from "../case.mjs";
import { CANARY, keyId } from "../hello.mjs";
import { raw, request } from "../http.mjs";
import { signRequest, signRequestBody } from "../sign_request.mjs";
import { Refused, Socket } from "../socket.mjs";

const LONG = `${CANARY}${"x".repeat(129 - CANARY.length)}`;

/** Ids that are none, as they stand in a path. */
const BAD_IDS = [`${CANARY}%20x`, `..%2f${CANARY}`, `${CANARY}%00`, `${CANARY}%c3%28`, `%d0%b0${CANARY}`, `${CANARY}%`, LONG];

const status = (name, want, path, options) =>
  test(`http: ${name}`, want, async (ctx) => plain(await request(ctx.url, path(ctx), options?.(ctx))).status);

/** Where the wire format leaves the choice: whichever of these it is, it is not served. */
const notServed = (name, allowed, path, options) =>
  test(`http: ${name}`, `one of ${allowed}`, async (ctx) => {
    const got = plain(await request(ctx.url, path(ctx), options?.(ctx))).status;
    return allowed.includes(got) ? `one of ${allowed}` : got;
  });

const json = (name, want, path, options) =>
  test(`http: ${name}`, want, async (ctx) => {
    const { status: code, json: body } = plain(await request(ctx.url, path(ctx), options?.(ctx)));
    return { status: code, body };
  });

const post = (token, body) => ({ method: "POST", token, body: typeof body === "string" ? body : JSON.stringify(body) });

export const HTTP_CASES = [
  status("/ without an upgrade", 426, () => "/"),
  status("/healthz", 200, () => "/healthz"),
  status("/readyz", 200, () => "/readyz"),
  notServed("/metrics without a token", [401, 404], () => "/metrics"),
  notServed("/metrics without the admin scope", [403, 404], () => "/metrics", (c) => ({ token: c.token })),
  status("an unknown path", 404, () => `/${CANARY}`),
  status("a wrong method", 405, () => "/healthz", () => ({ method: "DELETE" })),
  test("http: an upgrade at another path", 404, (ctx) => upgradeStatus(ctx, { path: `/${CANARY}` })),
  test("http: compression is not agreed to", undefined, async (ctx) => {
    const socket = await Socket.open(ctx.url, { headers: { "Sec-WebSocket-Extensions": "permessage-deflate" } });
    await socket.close();
    return socket.headers["sec-websocket-extensions"];
  }),
  test("http: garbage for a request is answered or hung up on, not served", true, async (ctx) => {
    const { text, elapsed } = await raw(ctx.url, `${CANARY}\u0000\r\n\r\n`, 5000);
    return (elapsed !== null && (text === "" || text.startsWith("HTTP/1.1 400"))) || { text, elapsed };
  }),
  test("http: a header of 1 MiB is refused", true, async (ctx) => {
    const { text, elapsed } = await raw(ctx.url, `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(1 << 20)}`, 5000);
    return elapsed !== null && !text.startsWith("HTTP/1.1 200");
  }),

  json("an own wallet exists, by wallet id", exists(true), (c) => `/wallets/${c.walletId}`, (c) => ({ token: c.token })),
  json("an own wallet exists, by key id", exists(true), (c) => `/wallets/${c.keyId}`, (c) => ({ token: c.token })),
  json("an unknown wallet does not exist", exists(false), () => `/wallets/${keyId()}`, (c) => ({ token: c.token })),
  json("another owner's wallet does not exist", exists(false), (c) => `/wallets/${c.walletId}`, (c) => ({ token: c.otherToken })),
  status("without a token an unknown wallet is not spoken of", 401, () => `/wallets/${keyId()}`),
  status("without a token no wallet is spoken of", 401, (c) => `/wallets/${c.walletId}`),
  status("with a wrong token no wallet is spoken of", 401, (c) => `/wallets/${c.walletId}`, () => ({ token: `${CANARY}.x` })),
  ...BAD_IDS.flatMap((id, i) => [
    status(`bad id ${i + 1} of a wallet`, 404, () => `/wallets/${id}`, (c) => ({ token: c.token })),
    notServed(`bad id ${i + 1} of a wallet without a token`, [401, 404], () => `/wallets/${id}`),
    status(`bad id ${i + 1} of a recovery`, 404, () => `/wallets/${id}/recovery`, (c) => ({ token: c.token })),
    status(`bad id ${i + 1} of a fragment`, 404, () => `/fragments/${id}`, (c) => ({ token: c.token })),
    status(`bad id ${i + 1} of a sign request`, 404, () => `/v1/sign-requests/${id}`, (c) => ({ token: c.token })),
  ]),
  status("recovery without a token", 401, (c) => `/wallets/${c.walletId}/recovery`),
  status("recovery of an own wallet without an operator's grant", 404, (c) => `/wallets/${c.walletId}/recovery`, (c) => ({ token: c.token })),
  status("the list of wallets without a token", 401, () => "/v1/wallets"),
  status("a step-up code without the admin scope", 403, () => "/v1/admin/step-up", (c) => post(c.token, { walletId: c.walletId })),
  alike("recovery of an unknown and of another owner's wallet", (c, id) => request(c.url, `/wallets/${id}/recovery`, { token: c.otherToken })),

  status("a sign request without a token", 401, () => "/v1/sign-requests", (c) => post(undefined, signRequestBody(c).body)),
  status("a sign request that is not JSON", 400, () => "/v1/sign-requests", (c) => post(c.token, `{${CANARY}`)),
  status("a sign request of 1 MiB", 413, () => "/v1/sign-requests", (c) => post(c.token, "x".repeat(1 << 20))),
  status("a sign doc that does not decode", 422, () => "/v1/sign-requests", (c) =>
    post(c.token, signRequestBody(c, { signDoc: Buffer.from(CANARY).toString("base64") }).body)),
  status("a sign doc of another chain", 422, () => "/v1/sign-requests", (c) =>
    post(c.token, signRequestBody(c, { chainId: "other-1" }).body)),
  status("a sign doc in another mode", 422, () => "/v1/sign-requests", (c) =>
    post(c.token, signRequestBody(c, { mode: "amino-json" }).body)),
  alike("a sign request for an unknown and for another owner's wallet", (c, id) =>
    request(c.url, "/v1/sign-requests", post(c.otherToken, signRequestBody(c, { walletId: id }).body))),
  test("http: a sign request is read back by its owner alone", [200, 404, 404, 401], async (ctx) => {
    const { id } = await signRequest(ctx);
    const read = async (name, token) => plain(await request(ctx.url, `/v1/sign-requests/${name}`, { token })).status;
    const unknown = randomBytes(16).toString("hex");
    return [await read(id, ctx.token), await read(id, ctx.otherToken), await read(unknown, ctx.token), await read(id)];
  }),
];

function exists(value) {
  return { status: 200, body: { exists: value } };
}

/** Two requests that must not be told apart: for a wallet that nobody has, and for one that another owner has. */
function alike(name, send) {
  return test(`http: ${name} answer alike`, true, async (ctx) => {
    const unknown = plain(await send(ctx, randomBytes(16).toString("hex")));
    const others = plain(await send(ctx, ctx.walletId));
    const same = unknown.status === others.status && unknown.text === others.text && unknown.status >= 400;
    return same || { unknown: [unknown.status, unknown.text], others: [others.status, others.text] };
  });
}

/** The response, unless it repeats what it must not. */
function plain(response) {
  if (response.text.includes(CANARY)) {
    throw new Error(`the body repeats what was sent: ${response.text.slice(0, 200)}`);
  }
  return response;
}

async function upgradeStatus({ url }, options) {
  try {
    const socket = await Socket.open(url, options);
    await socket.close();
    return 101;
  } catch (error) {
    return error instanceof Refused ? error.status : Promise.reject(error);
  }
}
