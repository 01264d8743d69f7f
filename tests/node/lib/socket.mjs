// A WebSocket client over node:net that sends exactly the bytes it is told to: whole messages, frames with any flag, halves of frames, single bytes.

import { createHash, randomBytes } from "node:crypto";
import net from "node:net";

import { BINARY, CLOSE, CONTINUATION, decodeFrame, encodeFrame, parseClose, PING, PONG, TEXT } from "./frames.mjs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3

/** Code that this client reports where the connection ends without a close frame (RFC 6455, 7.1.5). */
export const ABNORMAL = 1006;

/** The connections that are not over. */
const OPEN = new Set();

export class Socket {
  #tcp;
  #bytes = Buffer.alloc(0);
  #pieces = [];
  #messages = [];
  #pongs = 0;
  #wake = () => {};
  #end = null;

  /** Response headers of the upgrade, names in lower case. */
  headers = {};

  /** Connects and upgrades. Throws `Refused` with the HTTP status where the server does not upgrade. */
  static async open(url, { path = "/", headers = {}, timeout = 5000 } = {}) {
    const { hostname, port } = new URL(url);
    const socket = new Socket();
    const key = randomBytes(16).toString("base64");
    const tcp = net.connect({ host: hostname, port: Number(port), noDelay: true });
    socket.#tcp = tcp;
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    const head = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer to the upgrade")), timeout);
      let text = Buffer.alloc(0);
      tcp.on("connect", () => tcp.write(`${lines.join("\r\n")}\r\n\r\n`));
      tcp.on("error", reject);
      tcp.on("close", () => reject(new Error("the server hung up on the upgrade")));
      tcp.on("data", function read(chunk) {
        text = Buffer.concat([text, chunk]);
        const end = text.indexOf("\r\n\r\n");
        if (end >= 0) {
          clearTimeout(timer);
          tcp.removeAllListeners();
          resolve({ head: text.subarray(0, end).toString("latin1"), rest: text.subarray(end + 4) });
        }
      });
    }).catch((error) => {
      tcp.destroy();
      throw error;
    });
    socket.#accept(head.head, key);
    OPEN.add(socket);
    tcp.on("data", (chunk) => socket.#read(chunk));
    tcp.on("error", () => {}); // "close" follows
    tcp.on("close", () => socket.#finish({ code: ABNORMAL, reason: "" }));
    socket.#read(head.rest);
    return socket;
  }

  /** Sends a whole text message. */
  text(text) {
    this.frame({ opcode: TEXT, payload: Buffer.from(text) });
  }

  /** Sends a whole binary message. */
  binary(bytes) {
    this.frame({ opcode: BINARY, payload: Buffer.from(bytes) });
  }

  /** Sends one frame, see `encodeFrame`. */
  frame(frame) {
    this.raw(encodeFrame(frame));
  }

  /** Sends bytes as they are. */
  raw(bytes) {
    if (!this.#tcp.destroyed && this.#tcp.writable) {
      this.#tcp.write(bytes);
    }
  }

  /** Number of pongs so far. */
  get pongs() {
    return this.#pongs;
  }

  /** Whether the connection is over. */
  get over() {
    return this.#end !== null;
  }

  /** The next message, `{ text }` or `{ binary }`, or `{ code, reason }` where the connection is over, or null after `timeout` ms. */
  async next(timeout = 3000) {
    await this.#until(() => this.#messages.length > 0 || this.#end !== null, timeout);
    return this.#messages.shift() ?? this.#end;
  }

  /** How the connection ended, `{ code, reason }`, or null after `timeout` ms. Messages on the way are left unread. */
  async closed(timeout = 3000) {
    await this.#until(() => this.#end !== null, timeout);
    return this.#end;
  }

  /** Waits for a pong, at most `timeout` ms; true where there was one. */
  async ponged(timeout = 3000) {
    await this.#until(() => this.#pongs > 0 || this.#end !== null, timeout);
    return this.#pongs > 0;
  }

  /** Closes properly and waits for the server's part. */
  async close(code = 1000) {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code, 0);
    this.frame({ opcode: CLOSE, payload });
    return this.closed();
  }

  /** Vanishes without a word, as a device does that loses its network. */
  vanish() {
    this.#tcp.resetAndDestroy();
  }

  /** Vanishes from every connection that is still open, and tells how many there were: what a check that failed may have left behind. */
  static vanishAll() {
    const left = [...OPEN];
    left.forEach((socket) => socket.vanish());
    OPEN.clear();
    return left.length;
  }

  #accept(head, key) {
    const [status, ...lines] = head.split("\r\n");
    this.headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const code = Number(status.split(" ")[1]);
    const wanted = createHash("sha1").update(key + GUID).digest("base64");
    if (code !== 101 || this.headers["sec-websocket-accept"] !== wanted) {
      this.#tcp.destroy();
      throw new Refused(code);
    }
  }

  #read(chunk) {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    try {
      for (let found = decodeFrame(this.#bytes); found !== null; found = decodeFrame(this.#bytes)) {
        this.#bytes = found.rest;
        this.#take(found.frame);
      }
    } catch (error) {
      this.#tcp.destroy();
      this.#finish({ code: ABNORMAL, reason: error.message });
    }
    this.#wake();
  }

  #take({ fin, opcode, payload }) {
    if (opcode === CLOSE) {
      this.#finish(parseClose(payload));
      this.frame({ opcode: CLOSE, payload: payload.subarray(0, 2) });
      this.#tcp.end();
    } else if (opcode === PING) {
      this.frame({ opcode: PONG, payload });
    } else if (opcode === PONG) {
      this.#pongs += 1;
    } else {
      this.#pieces.push({ opcode, payload });
      if (fin) {
        const kind = this.#pieces[0].opcode;
        const whole = Buffer.concat(this.#pieces.map((piece) => piece.payload));
        const broken = this.#pieces.some((piece, i) => (piece.opcode === CONTINUATION) !== i > 0);
        this.#pieces = [];
        if (broken) {
          throw new Error("the server mixed up the pieces of a message");
        }
        this.#messages.push(kind === TEXT ? { text: whole.toString("utf8") } : { binary: whole });
      }
    }
  }

  #finish(end) {
    OPEN.delete(this);
    this.#end ??= end;
    this.#wake();
  }

  async #until(condition, timeout) {
    const deadline = Date.now() + timeout;
    while (!condition() && Date.now() < deadline) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, deadline - Date.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** The server answered the upgrade with another status than 101. */
export class Refused extends Error {
  constructor(status) {
    super(`the server answered ${status} to the upgrade`);
    this.status = status;
  }
}
