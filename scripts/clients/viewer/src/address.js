// SPDX-License-Identifier: MIT
// The address of the broker, as a person types it.

const kPorts = { ws: "9001", wss: "9443" }; // of the shipped files for mosquitto
const kSchemes = { ws: "ws", wss: "wss", http: "ws", https: "wss" };
const kPlain = ["mqtt", "mqtts", "tcp", "ssl", "tls"];
const kLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** { url } with what was left out filled in, or { error } with the key of the reason. A missing scheme is ws, or wss where the page
 * came by https (a browser allows nothing else). A missing port is the one of the shipped configuration, with "wss://" as typed that of https. */
export function completeAddress(text, page = location) {
  const [, typed, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(text.trim());
  const wanted = typed?.toLowerCase();
  if (kPlain.includes(wanted)) return { error: "addressPlain" };
  if (wanted && !kSchemes[wanted]) return { error: "addressScheme" };
  const isSecure = page.protocol === "https:";
  const scheme = kSchemes[wanted] ?? (isSecure ? "wss" : "ws");
  const [, authority, path] = /^([^/?#]*)([^#]*)/.exec(rest);
  if (authority.includes("@")) return { error: "addressUser" };
  const parts = /^(\[[0-9a-f:.]+\]|[\p{L}\p{N}._-]+)(?::(\d{1,5}))?$/iu.exec(authority);
  if (!parts) return { error: "addressBad" };
  const [, host, port = wanted && scheme === "wss" ? "" : kPorts[scheme]] = parts;
  const url = `${scheme}://${host}${port && `:${port}`}${path === "/" ? "" : path}`;
  // The browser takes "35" for 0.0.0.35, and refuses ports over 65535.
  const parsed = parse(url);
  if (!parsed || port === "0" || (/^[\dx.]+$/i.test(host) && parsed.hostname !== host)) return { error: "addressBad" };
  if (isSecure && scheme === "ws" && !kLocal.test(host)) return { error: "addressMixed" };
  return { url };
}

function parse(url) {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

/** One level of the pattern is "+", the place of the device. */
export function isBase(text) {
  const levels = text.split("/");
  return levels.filter((level) => level === "+").length === 1 && levels.every((level) => level === "+" || !/[+#]/.test(level));
}
