// The committed vectors are what CosmJS makes today.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the committed vectors are fresh", () => {
  const script = fileURLToPath(new URL("../vectors.mjs", import.meta.url));
  const run = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stdout.match(/^ok /gm).length, 4);
});
