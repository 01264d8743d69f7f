// A device client written from the wire format alone, without an engine: it checks which hellos a running server accepts, with which codes it closes,
// its limits, its control frames and its HTTP side, and after every check that it still serves.
//
//   node device_client.mjs '{"url": "ws://127.0.0.1:8080", ...}'      or the same JSON in MAANY_DEVICE_CLIENT
//   node device_client.mjs --only refresh '{...}'                     the checks whose name holds this word
//
//   url          where the server listens
//   token        an API key of the owner of the wallet, with the scopes dkg, sign, refresh, restore, backup, read, and not admin
//   otherToken   an API key of another owner, with the same scopes
//   walletId     an active wallet of the first owner (32 hex digits), keyId its key id, publicKey its key (66 hex digits)
//   chainId, hrp, denom     a chain on which the server's policy allows a MsgSend from that wallet to itself
//
// Prints one line for each check, `ok NAME` or `FAILED NAME: got G want W`, then one line of JSON, and exits with 1 where one failed.

import { run, serves } from "./lib/case.mjs";
import { AUTH_CASES } from "./lib/cases/auth.mjs";
import { HELLO_CASES } from "./lib/cases/hello.mjs";
import { HTTP_CASES } from "./lib/cases/http.mjs";
import { SESSION_CASES } from "./lib/cases/session.mjs";
import { SLOW_CASES } from "./lib/cases/slow.mjs";
import { settings } from "./lib/settings.mjs";
import { Socket } from "./lib/socket.mjs";

const { ctx, only } = settings(process.argv.slice(2), process.env);
const chosen = (cases) => cases.filter(({ name }) => name.includes(only));
const failed = [];
let passed = 0;

function report({ name, ok, want, got }) {
  if (ok) {
    passed += 1;
    console.log(`ok ${name}`);
  } else {
    failed.push(name);
    console.log(`FAILED ${name}: got ${JSON.stringify(got)} want ${JSON.stringify(want)}`);
  }
}

for (const check of chosen([...HTTP_CASES, ...HELLO_CASES, ...AUTH_CASES, ...SESSION_CASES])) {
  report(await run(check, ctx));
  if (Socket.vanishAll() > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1000)); // what a failed check left open is freed within a second
  }
  if (!(await serves(ctx))) {
    report({ name: `${check.name}: the server still serves after it`, ok: false, want: true, got: false });
  }
}
for (const result of await Promise.all(chosen(SLOW_CASES).map((check) => run(check, ctx)))) {
  report(result);
}
report({ name: "the server still serves at the end", ok: await serves(ctx), want: true, got: false });

console.log(JSON.stringify({ ok: failed.length === 0, passed, failed }));
process.exitCode = failed.length === 0 ? 0 : 1;
