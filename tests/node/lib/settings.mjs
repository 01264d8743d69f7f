// What the device client is told.

const NEEDED = ["url", "token", "otherToken", "walletId", "keyId", "publicKey", "chainId", "hrp", "denom"];

/** `{ ctx, only }` from the arguments and the environment. Throws where something is missing: a check that cannot run must not look like one that passed. */
export function settings(args, env) {
  const at = args.indexOf("--only");
  const only = at < 0 ? "" : args[at + 1];
  const rest = at < 0 ? args : args.filter((_, i) => i !== at && i !== at + 1);
  const text = rest[0] ?? env.MAANY_DEVICE_CLIENT;
  if (text === undefined || only === undefined) {
    throw new Error("usage: node device_client.mjs [--only WORD] JSON");
  }
  const ctx = JSON.parse(text);
  const missing = NEEDED.filter((name) => typeof ctx[name] !== "string" || ctx[name] === "");
  if (missing.length > 0) {
    throw new Error(`the settings lack ${missing.join(", ")}`);
  }
  return { ctx, only };
}
