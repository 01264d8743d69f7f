// Random values from a seed (mulberry32): the same seed gives the same values on every machine.

import { toBech32 } from "@cosmjs/encoding";

const TEXTS = ["", "a", "thanks for the fish", "<b> & \"q\" \\ /", "one\u2028two\u2029", "caf\u00e9 \u{1f600}", "\t\n\r\b\f\u0001\u007f", "\u202epay"];
const DENOMS = ["uatom", "stake", "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2"];

export function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const integer = (below) => next() % below;
  const pick = (list) => list[integer(list.length)];
  const bytes = (length) => Uint8Array.from({ length }, () => integer(256));
  // cosmjs-types 0.11 writes a wrong varint for numbers from 2^31 to 2^32 (the lower half is taken for a negative number): none of them is here.
  const bits = (count) => {
    const value = ((BigInt(next()) << 32n) | BigInt(next())) >> BigInt(64 - count + integer(count));
    return value >> 31n === 1n ? value >> 1n : value;
  };
  const unsigned = () => bits(64);
  /** A number of 63 bits that is not 0. */
  const positive = () => bits(63) | 1n;
  const account = (hrp = "cosmos") => toBech32(hrp, bytes(pick([20, 20, 32])));
  const coin = () => ({ denom: pick(DENOMS), amount: (unsigned() + 1n).toString() });
  const coins = () => pick([[], [coin()], [{ ...coin(), denom: "stake" }, { ...coin(), denom: "uatom" }]]);
  return {
    integer, pick, bytes, unsigned, positive, account, coin, coins,
    text: () => pick(TEXTS),
    /** Some coins to send, at least one. */
    purse: () => pick([[coin()], [{ ...coin(), denom: "stake" }, { ...coin(), denom: "uatom" }]]),
    payers: () => pick([{}, {}, { granter: account() }, { payer: account() }, { granter: account(), payer: account() }]),
  };
}
