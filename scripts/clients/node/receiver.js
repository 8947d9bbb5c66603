#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Receives what pi-edge-agent publishes: prints the readings, and saves each picture under its time.
//
//     npm ci
//     node receiver.js --broker mqtt://raspberrypi start interval=10s capture width=1280 height=720
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, closeSync, fsyncSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { setDefaultAutoSelectFamily } from "node:net";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { parseArgs } from "node:util";
import mqtt from "mqtt";

const kUsage = `node receiver.js [options] [start|stop|capture …]

Prints the readings and saves the pictures of pi-edge-agent; the commands are sent once, at the beginning, each with the options
behind it: capture width=1280 height=720
  --broker URL           mqtt, mqtts, ws or wss://HOST[:PORT] (mqtt://localhost)
  --device ID            send the commands to this device alone; without it, all carry them out
  --base TOPIC           topics.base of the agents, {id} for the device (edge/{id})
  --folder FOLDER        where the pictures go (pictures)
  --once                 end after the first picture
  --timeout SECONDS      with --once: give up after so many seconds (30)
  --pictures TOPIC       jpeg
  --readings TOPIC       room/temp
  --user NAME            the password comes from --password-file, or from $MQTT_PASSWORD
  --password-file FILE
  --ca FILE              the CA that signed the broker's certificate; without it, the system's
  --cert FILE --key FILE a client certificate
  --protocol 5|3.1.1     3.1.1 for a broker without MQTT 5 (5)`;

const text = (value) => ({ type: "string", default: value });
const kOptions = {
  broker: text("mqtt://localhost"), device: text(""), base: text("edge/{id}"), folder: text("pictures"),
  once: { type: "boolean", default: false }, timeout: text("30"), pictures: text("jpeg"), readings: text("room/temp"), user: text(""), "password-file": text(""), ca: text(""), cert: text(""), key: text(""),
  protocol: text("5"), help: { type: "boolean", short: "h", default: false },
};
const kPorts = { "mqtt:": 1883, "mqtts:": 8883, "ws:": 9001, "wss:": 443 };
const kStartOfScan = 0xda;
const kFirstRefusal = 0x80;
const kConnectLimit = 10_000;
const kGoodbyeLimit = 1_000;
const kMostSeconds = 1e6;
// Return codes of MQTT 3.1.1, reason codes of MQTT 5.
const kWrongVersion = [1, 132];
const kWrongLogin = [4, 5, 134, 135];

/** Whether the topic is one of those that the filter names, with + and # (MQTT 5, 4.7). */
function matches(filter, topic) {
  const wanted = filter.split("/");
  const given = topic.split("/");
  const rest = wanted.indexOf("#");
  const levels = rest === -1 ? wanted : wanted.slice(0, rest);
  return (rest === -1 ? given.length === levels.length : given.length >= levels.length) &&
    levels.every((level, i) => level === "+" || level === given[i]);
}

/** Whether the bytes are a JPEG from its first marker to its last, its segments included. */
function isWhole(jpeg) {
  if (jpeg.length < 4 || jpeg.readUInt16BE(0) !== 0xffd8 || jpeg.readUInt16BE(jpeg.length - 2) !== 0xffd9) return false;
  for (let place = 2; place + 4 <= jpeg.length && jpeg[place] === 0xff; place += 2 + jpeg.readUInt16BE(place + 2)) {
    if (jpeg[place + 1] === kStartOfScan) return true;
  }
  return false;
}

/** The picture's own time where it came with it, else the time of its arrival; without ":", which Windows does not allow. */
function fileName(time) {
  const taken = new Date(time ?? "");
  return (Number.isNaN(taken.getTime()) ? new Date() : taken).toISOString().replaceAll(":", "-");
}

/** Never replaces another picture, also where several receivers share the folder. */
function save(folder, name, jpeg) {
  const kind = isWhole(jpeg) ? "jpg" : "incomplete";
  for (let number = 1; ; number += 1) {
    const path = join(folder, `${number === 1 ? name : `${name}-${number}`}.${kind}`);
    try {
      writeNew(path, jpeg);
      return { path, isWhole: kind === "jpg" };
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
}

/** The whole file or none: nobody who looks into the folder sees half a picture. EEXIST: another receiver writes it, or has. */
function writeNew(path, data) {
  const part = path.replace(/[^.]*$/, "part");
  const file = openSync(part, "wx");
  try {
    try {
      if (existsSync(path)) throw Object.assign(new Error(path), { code: "EEXIST" });
      writeFileSync(file, data);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    unlinkSync(part);
    throw error;
  }
}

/** Says what a person has to put right, and ends. */
function stop(problem, code = 1) {
  console.error(problem);
  process.exit(code);
}

function contents(option, path) {
  try {
    return readFileSync(path);
  } catch (error) {
    return stop(`${option} ${path}: ${error.message}`);
  }
}

/** The JSON commands that the words make: `start`, `capture width=640 count=3`, or an object as it stands. */
function commandsOf(words) {
  const found = [];
  for (const word of words) {
    const equals = word.indexOf("=");
    if (word.startsWith("{")) {
      let payload;
      try {
        payload = JSON.parse(word);
      } catch { /* said below */ }
      if (typeof payload?.command !== "string") {
        throw new Error(`${word} is not a JSON object with a "command"; some shells remove the quotes: write for example capture width=640`);
      }
      found.push(payload);
    } else if (equals < 0) {
      found.push({ command: word });
    } else if (found.length === 0) {
      throw new Error(`${word} stands in front of every command; write for example capture width=640`);
    } else {
      const value = word.slice(equals + 1);
      try {
        found.at(-1)[word.slice(0, equals)] = JSON.parse(value);
      } catch {
        found.at(-1)[word.slice(0, equals)] = value;
      }
    }
  }
  return found;
}

function brokerUrl(given) {
  let url;
  try {
    url = new URL(given.includes("://") ? given : `mqtt://${given}`);
  } catch { /* said below */ }
  if (!url || !kPorts[url.protocol] || !url.hostname || url.port === "0") {
    throw new Error(`'${given}' is not a broker; write for example mqtt://raspberrypi or mqtts://broker.example:8883`);
  }
  const path = url.protocol.startsWith("ws") && ["", "/"].includes(url.pathname) ? "/mqtt" : url.pathname;
  return `${url.protocol}//${url.hostname}:${url.port || kPorts[url.protocol]}${path}`;
}

function checkFilter(name, filter) {
  const levels = filter.split("/");
  if (filter !== "" && !levels.slice(0, -1).includes("#") && !levels.some((level) => level.length > 1 && /[+#]/.test(level))) return;
  throw new Error(`--${name} '${filter}' is not a topic; + may stand for one level, # at the end for all others`);
}

function parse() {
  try {
    const { values, positionals } = parseArgs({ options: kOptions, allowPositionals: true });
    if (values.help) {
      console.log(kUsage);
      process.exit(0);
    }
    if (!["5", "3.1.1"].includes(values.protocol)) throw new Error("--protocol takes 5 or 3.1.1");
    if (!(Number(values.timeout) > 0 && Number(values.timeout) <= kMostSeconds)) throw new Error(`--timeout takes a number of seconds, at most ${kMostSeconds}`);
    for (const name of ["pictures", "readings"]) checkFilter(name, values[name]);
    if (/[+#]/.test(values.base)) throw new Error(`--base ${values.base} has a wildcard; write {id} for the device`);
    if (!/^[\w-]*$/.test(values.device)) throw new Error(`--device ${values.device} is not a device.id, which has letters, digits, "_" and "-"`);
    return { ...values, url: brokerUrl(values.broker), commands: commandsOf(positionals) };
  } catch (error) {
    return stop(`${error.message}\n\n${kUsage}`, 2);
  }
}

const options = parse();
const isTls = /^(mqtts|wss):/.test(options.url);
const waiting = new Map(options.commands.map((payload) => {
  const transaction = String(payload.transaction ?? `receiver-${randomBytes(6).toString("hex")}`);
  return [transaction, { ...payload, transaction }];
}));
const requested = [...waiting.values()].filter(({ command }) => ["capture", "fetch"].includes(command)).map(({ transaction }) => transaction);
const base = options.base.replaceAll("{id}", options.device || "+");
let isAnswered = false;
let hasSent = false;
let isEnding = false;

function end(problem) {
  if (isEnding) return;
  isEnding = true;
  if (problem) console.error(problem);
  process.exitCode = problem ? 1 : 0;
  client.end(false, {}, () => process.exit());
  setTimeout(() => process.exit(), kGoodbyeLimit); // a broker that does not answer
}

/** The first line. Windows PowerShell 5 writes UTF-16 with ">", and some editors put a byte order mark in front. */
function passwordOf(path) {
  const bytes = contents("--password-file", path);
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  try {
    const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).split(/\r?\n/)[0];
  } catch {
    return stop(`--password-file ${path}: not text in UTF-8`);
  }
}

function login() {
  if (!options.user) return {};
  const file = options["password-file"];
  return { username: options.user, password: file ? passwordOf(file) : process.env.MQTT_PASSWORD ?? "" };
}

function certificates() {
  if (!isTls) return {};
  const given = ["ca", "cert", "key"].filter((name) => options[name]);
  const files = Object.fromEntries(given.map((name) => [name, contents(`--${name}`, options[name])]));
  try {
    createSecureContext(files);
  } catch (error) {
    const names = given.map((name) => `--${name} ${options[name]}`).join(", ");
    stop(`${names}: not a certificate or key in PEM form, or they do not belong together: ${error.message}`);
  }
  return { ...files, rejectUnauthorized: true };
}

/** What to look at when the broker refuses, or is none. */
function hintFor(code) {
  if (kWrongLogin.includes(code)) {
    return options.user
      ? `; look at --user and at the password in ${options["password-file"] || "$MQTT_PASSWORD"}`
      : "; it asks for --user and a password (--password-file, or $MQTT_PASSWORD)";
  }
  if (kWrongVersion.includes(code)) return `; try --protocol ${options.protocol === "5" ? "3.1.1" : "5"}`;
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME|VERIFY/.test(code)) return "; --ca names the CA that signed the broker's certificate, which must be for this name";
  if (isTls) return /SSL|ECONNRESET/.test(code) ? "; is this port without TLS (mqtt, ws)?" : "";
  return code && code !== "ECONNRESET" ? "" : "; does this port want TLS (mqtts, wss)?";
}

/** What others publish may be no text, or commands for a terminal. */
function printable(given) {
  return given.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function showReply(payload) {
  let reply;
  try {
    reply = JSON.parse(payload.toString());
  } catch {
    return;
  }
  const word = waiting.get(reply?.transaction)?.command;
  if (word === undefined) return;
  if (reply.status === "ok") return console.log(`${word}: done`);
  console.error(printable(`${word}: ${reply.code}: ${reply.error}`));
  if (options.once) end(`${word} failed`);
}

function takePicture(payload, packet) {
  const properties = packet.properties?.userProperties;
  let saved;
  try {
    saved = save(options.folder, fileName(properties?.time), payload);
  } catch (error) {
    return end(`the picture cannot be saved: ${error.message}`);
  }
  if (!saved.isWhole) return console.error(`a picture of ${payload.length} bytes is incomplete; kept as ${saved.path}`);
  console.log(`${saved.path} (${payload.length} bytes)`);
  // Without properties (MQTT 3.1.1) any picture may be the one that was requested, but one from before.
  const isForeign = requested.length > 0 && (packet.retain || (properties && !requested.includes(properties.transaction)));
  if (options.once && !isForeign) end();
}

try {
  mkdirSync(options.folder, { recursive: true });
} catch (error) {
  stop(`--folder: ${error.message}`);
}
// "localhost" may be ::1 and 127.0.0.1, and the broker listen on one of them; Node.js 18 would try the first alone.
setDefaultAutoSelectFamily(true);
const client = mqtt.connect(options.url, {
  protocolVersion: options.protocol === "5" ? 5 : 4, ...login(), ...certificates(), resubscribe: false, connectTimeout: kConnectLimit,
  reconnectOnConnackError: true,
});
client.on("connect", () => {
  isAnswered = true;
  client.subscribe([options.pictures, options.readings, `${base}/response`], { qos: 1 }, (error, granted) => {
    if (isEnding) return;
    if (error || granted.some(({ qos }) => qos >= kFirstRefusal)) console.error("the broker does not allow one of the topics; its access list says which");
    console.log(`connected to ${options.broker}`);
    if (hasSent) return; // a reconnect is no reason to start again
    hasSent = true;
    for (const payload of waiting.values()) client.publish(options.device ? `${base}/command` : "command", JSON.stringify(payload), { qos: 1 });
  });
});
// A client that was connected once waits for the broker to come back; before, the first trouble is the answer.
client.on("close", () => {
  if (isEnding) return;
  if (isAnswered) console.error("the connection is lost; trying again");
  else end(`${options.broker} does not answer as an MQTT broker${hintFor("")}`);
});
client.on("error", (error) => {
  const isRefused = typeof error.code === "number";
  const text = `${options.broker} ${isRefused ? "refuses the connection" : "cannot be reached"}: ${error.message || error.code}${hintFor(error.code ?? "other")}`;
  if (!isAnswered) end(text);
  else if (isRefused) console.error(text); // what was accepted before will be again: what checks the broker's logins may be starting
});
client.on("message", (topic, payload, packet) => {
  if (matches(`${base}/response`, topic)) showReply(payload);
  else if (matches(options.pictures, topic)) takePicture(payload, packet);
  else console.log(`${new Date().toTimeString().slice(0, 8)} ${topic} ${printable(payload.toString())}`);
});
process.on("SIGINT", () => end());
if (options.once) setTimeout(() => end(`no picture came within ${options.timeout} s`), Number(options.timeout) * 1000).unref();
