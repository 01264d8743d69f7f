// WebSocket frames (RFC 6455, section 5) as bytes, in both directions. Encoding allows what the RFC forbids, because the checks send it; decoding
// allows nothing that a server must not send.

import { randomBytes } from "node:crypto";

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** One frame of a client. `length` may announce more payload than `payload` holds. */
export function encodeFrame({ opcode, payload = Buffer.alloc(0), fin = true, rsv = 0, masked = true, length = payload.length }) {
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const flag = masked ? 0x80 : 0;
  let head;
  if (length < 126) {
    head = Buffer.from([first, flag | length]);
  } else if (length < 0x10000) {
    head = Buffer.alloc(4);
    head.writeUInt16BE(length, 2);
    head[0] = first;
    head[1] = flag | 126;
  } else {
    head = Buffer.alloc(10);
    head.writeBigUInt64BE(BigInt(length), 2);
    head[0] = first;
    head[1] = flag | 127;
  }
  if (!masked) {
    return Buffer.concat([head, payload]);
  }
  const mask = randomBytes(4);
  const hidden = Buffer.from(payload);
  for (let i = 0; i < hidden.length; i += 1) {
    hidden[i] ^= mask[i % 4];
  }
  return Buffer.concat([head, mask, hidden]);
}

/**
 * Takes the first whole frame off `bytes`: `{ frame: { fin, opcode, payload }, rest }`, or null where it is not complete yet. Throws for a frame that
 * a server must not send.
 */
export function decodeFrame(bytes) {
  if (bytes.length < 2) {
    return null;
  }
  const [first, second] = bytes;
  const fin = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) {
    throw new Error("the server set a reserved bit: no extension was agreed");
  }
  if ((second & 0x80) !== 0) {
    throw new Error("the server masked a frame");
  }
  let length = second & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) {
      return null;
    }
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) {
      return null;
    }
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (opcode >= CLOSE && (!fin || length > 125)) {
    throw new Error("the server sent a control frame in pieces or over 125 bytes");
  }
  if (bytes.length < at + length) {
    return null;
  }
  const payload = Buffer.from(bytes.subarray(at, at + length));
  return { frame: { fin, opcode, payload }, rest: bytes.subarray(at + length) };
}

/** The payload of a close frame. */
export function closePayload(code, reason = "") {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return payload;
}

/** Code and reason of a close frame's payload; 1005 where it has none, as RFC 6455 (7.1.5) says. */
export function parseClose(payload) {
  if (payload.length === 0) {
    return { code: 1005, reason: "" };
  }
  const reason = new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
  return { code: payload.readUInt16BE(0), reason };
}
