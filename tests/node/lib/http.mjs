// HTTP requests with the path exactly as given: `fetch` would tidy up what the checks mean to send.

import http from "node:http";
import net from "node:net";

/** `{ status, headers, text, json? }` of one request on a connection of its own. */
export function request(url, path, { method = "GET", token, body, headers = {} } = {}) {
  const { hostname, port } = new URL(url);
  const all = { ...headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  if (body !== undefined) {
    all["Content-Type"] ??= "application/json";
    all["Content-Length"] = Buffer.byteLength(body);
  }
  return new Promise((resolve, reject) => {
    const sent = http.request({ hostname, port, path, method, headers: all, agent: false, timeout: 5000 }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode, headers: response.headers, text, json: parsed(text) });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer within 5 s")));
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes to the port, never ends them, and gives what came back and after how many ms the server hung up (null: not within `timeout`). */
export function raw(url, bytes, timeout) {
  const { hostname, port } = new URL(url);
  const started = Date.now();
  return new Promise((resolve) => {
    let text = "";
    const tcp = net.connect({ host: hostname, port: Number(port) }, () => tcp.write(bytes));
    const done = (elapsed) => {
      clearTimeout(timer);
      tcp.destroy();
      resolve({ text, elapsed });
    };
    const timer = setTimeout(() => done(null), timeout);
    tcp.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    tcp.on("error", () => {});
    tcp.on("close", () => done(Date.now() - started));
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
