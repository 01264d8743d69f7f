// Random transactions: CosmJS and maany-coordinator-cosmos make the same bytes. A run by hand may be as long as one likes: `node differential.mjs`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cases, compare, differences } from "../differential.mjs";

const OURS = process.env.SIGN_DOCS;
const skip = OURS === undefined && "SIGN_DOCS does not name the example sign_docs; cargo xtask test builds it";

test("300 random transactions agree with CosmJS", { skip }, () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  assert.deepEqual(compare(OURS, cases(300, seed)), [], `seed ${seed}`);
});

test("one seed makes one list, another another", () => {
  const bytes = (seed) => cases(20, seed).map(({ signBytes }) => Buffer.from(signBytes).toString("hex"));
  assert.deepEqual(bytes(7), bytes(7));
  assert.notDeepEqual(bytes(7), bytes(8));
});

test("a difference is found and named", { skip }, () => {
  for (const kind of ["direct", "amino-json", "adr-036"]) {
    const wanted = cases(50, 3).find(({ question }) => question.kind === kind);
    const other = { ...wanted, question: { ...wanted.question } };
    if (kind === "adr-036") {
      other.question.data = "eA==";
    } else {
      other.question.chainId = "chain-other";
    }
    const found = compare(OURS, [other]);
    assert.equal(found.length, 1, kind);
    assert.match(found[0].found.join(), /sign bytes/, kind);
  }
  assert.deepEqual(differences({}, { error: "no" }), ["refused: no"]);
});
