#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Receives what pi-edge-agent publishes: prints the readings, and saves each picture under its time.
//
//     npm ci
//     node receiver.js --broker mqtt://raspberrypi start capture
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, closeSync, fsyncSync, readFileSync, renameSync, writeSync } from "node:fs";
import { setDefaultAutoSelectFamily } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import mqtt from "mqtt";

const kUsage = `node receiver.js [options] [start|stop|capture …]

Prints the readings and saves the pictures of pi-edge-agent; the commands are sent once, at the beginning.
  --broker URL           mqtt, mqtts, ws or wss://HOST[:PORT] (mqtt://localhost)
  --device ID            send the commands to this device alone; without it, all carry them out
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
  broker: text("mqtt://localhost"), device: text(""), folder: text("pictures"), once: { type: "boolean", default: false }, timeout: text("30"),
  pictures: text("jpeg"), readings: text("room/temp"), user: text(""), "password-file": text(""), ca: text(""), cert: text(""), key: text(""),
  protocol: text("5"), help: { type: "boolean", short: "h", default: false },
};
const kPorts = { "mqtt:": 1883, "mqtts:": 8883, "ws:": 9001, "wss:": 443 };
const kStartOfScan = 0xda;
const kFirstRefusal = 0x80;

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

/** Writes the whole file or none: nobody who looks into the folder sees half a picture. Never replaces another one. */
function save(folder, name, jpeg) {
  const kind = isWhole(jpeg) ? "jpg" : "incomplete";
  const numbered = (number) => join(folder, number === 1 ? name : `${name}-${number}`);
  let number = 1;
  while (existsSync(`${numbered(number)}.${kind}`)) number += 1;
  const part = `${numbered(number)}.part`;
  const file = openSync(part, "w");
  writeSync(file, jpeg);
  fsyncSync(file);
  closeSync(file);
  const path = `${numbered(number)}.${kind}`;
  renameSync(part, path);
  return { path, isWhole: kind === "jpg" };
}

function parse() {
  try {
    const { values, positionals } = parseArgs({ options: kOptions, allowPositionals: true });
    if (values.help) {
      console.log(kUsage);
      process.exit(0);
    }
    const url = new URL(values.broker.includes("://") ? values.broker : `mqtt://${values.broker}`);
    if (!kPorts[url.protocol]) throw new Error(`'${values.broker}' is no broker; write for example mqtt://raspberrypi`);
    if (!["5", "3.1.1"].includes(values.protocol)) throw new Error("--protocol takes 5 or 3.1.1");
    if (!(Number(values.timeout) > 0)) throw new Error("--timeout takes a number of seconds");
    const path = url.protocol.startsWith("ws") && url.pathname === "/" ? "/mqtt" : url.pathname;
    return { ...values, url: `${url.protocol}//${url.hostname}:${url.port || kPorts[url.protocol]}${path}`, commands: positionals };
  } catch (error) {
    console.error(`${error.message}\n\n${kUsage}`);
    process.exit(2);
  }
}

const options = parse();
const transaction = `receiver-${randomBytes(6).toString("hex")}`;
const waiting = new Map(options.commands.map((word, i) => [`${transaction}-${i}`, word]));
let hasSent = false;

function end(problem) {
  if (problem) console.error(problem);
  process.exitCode = problem ? 1 : 0;
  client.end(false, {}, () => process.exit());
}

function login() {
  if (!options.user) return {};
  const file = options["password-file"];
  return { username: options.user, password: file ? readFileSync(file, "utf-8").trimEnd() : process.env.MQTT_PASSWORD ?? "" };
}

function certificates() {
  const read = (path) => (path ? readFileSync(path) : undefined);
  return { ca: read(options.ca), cert: read(options.cert), key: read(options.key), rejectUnauthorized: true };
}

function showReply(payload) {
  let reply;
  try {
    reply = JSON.parse(payload.toString());
  } catch {
    return;
  }
  const word = waiting.get(reply?.transaction);
  if (!word) return;
  if (reply.status === "ok") return console.log(`${word}: done`);
  console.error(`${word}: ${reply.code}: ${reply.error}`);
  if (options.once) end(`${word} failed`);
}

function takePicture(payload, packet) {
  let saved;
  try {
    saved = save(options.folder, fileName(packet.properties?.userProperties?.time), payload);
  } catch (error) {
    return end(`the picture cannot be saved: ${error.message}`);
  }
  if (!saved.isWhole) return console.error(`a picture of ${payload.length} bytes is incomplete; kept as ${saved.path}`);
  console.log(`${saved.path} (${payload.length} bytes)`);
  if (options.once) end();
}

mkdirSync(options.folder, { recursive: true });
// "localhost" may be ::1 and 127.0.0.1, and the broker listen on one of them; Node.js 18 would try the first alone.
setDefaultAutoSelectFamily(true);
const client = mqtt.connect(options.url, { protocolVersion: options.protocol === "5" ? 5 : 4, ...login(), ...certificates(), resubscribe: false });
const subscriptions = { [options.pictures]: { qos: 1 }, [options.readings]: { qos: 1 }, [`edge/${options.device || "+"}/response`]: { qos: 1 } };
client.on("connect", () => {
  client.subscribe(subscriptions, (error, granted) => {
    if (error || granted.some(({ qos }) => qos >= kFirstRefusal)) console.error("the broker does not allow one of the topics; its access list says which");
    console.log(`connected to ${options.broker}`);
    if (hasSent) return; // a reconnect is no reason to start again
    hasSent = true;
    const topic = options.device ? `edge/${options.device}/command` : "command";
    for (const [id, word] of waiting) client.publish(topic, JSON.stringify({ command: word, transaction: id }), { qos: 1 });
  });
});
client.on("close", () => { if (hasSent && !client.disconnecting) console.error("the connection is lost; trying again"); });
// Who was connected once waits for the broker to come back.
client.on("error", (error) => { if (!hasSent) end(`${options.broker} cannot be reached: ${error.message || error.code}`); });
client.on("message", (topic, payload, packet) => {
  if (topic.endsWith("/response")) showReply(payload);
  else if (topic === options.pictures) takePicture(payload, packet);
  else console.log(`${new Date().toTimeString().slice(0, 8)} ${topic} ${payload}`);
});
process.on("SIGINT", () => end());
if (options.once) setTimeout(() => end(`no picture came within ${options.timeout} s`), Number(options.timeout) * 1000).unref();
