// The inputs of the vectors: keys, prefixes, and transactions chosen for the corners of the two sign modes.

import { sha256 } from "@cosmjs/crypto";
import { toHex, toUtf8 } from "@cosmjs/encoding";
import { MsgVote } from "cosmjs-types/cosmos/gov/v1beta1/tx";

import { address, AMINO_JSON, DIRECT } from "./tx.mjs";

/** Prefixes of live chains, one of one character, one that holds the separator, and one of each other kind of address. */
export const HRPS = ["cosmos", "osmo", "juno", "neutron", "terra", "secret", "maany", "a", "x1y", "cosmosvaloper"];

/** Secret keys that everyone can make again. Worth nothing: they are published here. */
export const SECRETS = [1, 2, 3, 4, 5].map((n) => sha256(toUtf8(`maany cosmos vector key ${n}`)));

const MAX_U64 = "18446744073709551615";
const MAX_U256 = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
const ATOM = [{ denom: "uatom", amount: "1234567" }];
const IBC = "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";

/** The transactions; `keys` are the public keys of SECRETS. Each is `{ name, mode, key, tx }`. */
export function transactions(keys) {
  const [alice, bob, carol] = keys.map((key) => address(key, "cosmos"));
  const send = (amounts = ATOM) => ({ from: alice, to: bob, amounts });
  const base = (change = {}) => ({
    chainId: "cosmoshub-4",
    accountNumber: "42",
    sequence: "7",
    messages: [send()],
    fee: { amounts: [{ denom: "uatom", amount: "5000" }], gas: "200000" },
    memo: "",
    ...change,
  });
  const vote = MsgVote.encode(MsgVote.fromPartial({ proposalId: 12n, voter: alice, option: 1 })).finish();
  const unknown = {
    typeUrl: "/cosmos.gov.v1beta1.MsgVote",
    value: toHex(vote),
    aminoType: "strange/MsgVote",
    aminoValue: { option: 1, proposal_id: "12", voter: alice, metadata: { "<b>": [true, null, -3, "\u00e9 & \u2028"] } },
  };
  const option = { typeUrl: "/ethermint.types.v1.ExtensionOptionsWeb3Tx", value: "0801" };

  const both = [
    ["plain send", base()],
    ["account number 0", base({ accountNumber: "0" })],
    ["sequence 0 and account number 0", base({ accountNumber: "0", sequence: "0" })],
    ["account number of 64 bits", base({ accountNumber: MAX_U64 })],
    ["amount of 256 bits", base({ messages: [send([{ denom: "aevmos", amount: MAX_U256 }])] })],
    ["amount over 64 bits", base({ messages: [send([{ denom: "inj", amount: "18446744073709551616" }])] })],
    ["several denoms", base({ messages: [send([{ denom: IBC, amount: "1" }, ...ATOM])] })],
    ["several messages", base({ messages: [send(), { from: alice, to: carol, amounts: ATOM }] })],
    ["no fee, gas 0", base({ fee: { amounts: [], gas: "0" } })],
    ["fee payer and granter", base({ fee: { ...base().fee, payer: bob, granter: carol } })],
    ["timeout height", base({ timeoutHeight: "23456789" })],
    ["memo that Go escapes", base({ memo: `<script>a && b</script> "q" \\ / \t\n\r\b\f \u0001 \u007f` })],
    ["memo in other scripts", base({ memo: "\u00e9 \u05e9\u05dc\u05d5\u05dd \u4f60\u597d \u{1f600}" })],
    ["memo with line separators", base({ memo: "one\u2028two\u2029three" })],
    ["memo with bidi marks", base({ memo: "pay \u202eecila\u202c \u2066now\u2069 \ufeff" })],
    ["a message that is not decoded", base({ messages: [send(), unknown] })],
  ];
  const direct = [
    ["sequence of 64 bits", base({ sequence: MAX_U64 })],
    [
      "unordered with a timeout timestamp",
      base({ sequence: "0", unordered: true, timeoutTimestamp: { seconds: "1798761599", nanos: 250000000 } }),
    ],
    ["extension options", base({ extensionOptions: [option], nonCriticalExtensionOptions: [option, option] })],
  ];
  return [
    ...both.map(([name, tx]) => ({ name, mode: DIRECT, key: 0, tx })),
    ...direct.map(([name, tx]) => ({ name, mode: DIRECT, key: 0, tx })),
    ...both.map(([name, tx]) => ({ name, mode: AMINO_JSON, key: 0, tx })),
  ];
}
