// SPDX-License-Identifier: MIT
import { Commands, milliseconds } from "./commands.js";
import { Device, handleMessage } from "./devices.js";
import { Link } from "./link.js";
import { isWhole, PictureMatcher } from "./pictures.js";
import { loadSettings, saveSettings } from "./settings.js";
import { errorText, preferredLanguage, setLanguage, t } from "./texts.js";
import { splitTopic, subscriptions } from "./topics.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);

let settings = loadSettings();
const devices = new Map();
let pictureTopics = new Set();
let current = null;

const view = new View({ select, toggle: (device, name) => link.publish(`${device.root}/gpio/${name}/set`, "TOGGLE") });
const commands = new Commands((topic, text) => link.publish(topic, text), (command) => view.showCommand(command, devices.get(command.device)));
const matcher = new PictureMatcher(
  (description, picture) => showPicture(description.device, picture, description),
  (picture) => { if (devices.size === 1) showPicture([...devices.values()][0], picture, null); },
);
const link = new Link({
  connected() {
    pictureTopics = new Set();
    link.subscribe(subscriptions(settings.base));
    view.showConnection("connected", settings);
    for (const device of devices.values()) subscribePictures(device);
  },
  lost: (reason) => disconnected("lost", t(reason)),
  refused: (reason) => disconnected("refused", `${reason}.`),
  message: receive,
});

function disconnected(how, reason) {
  for (const device of devices.values()) device.status = "unknown";
  view.showConnection(how, { ...settings, reason });
  showAll();
}

// ---- what comes in

function receive(topic, payload, packet) {
  const place = splitTopic(settings.base, topic);
  if (pictureTopics.has(topic)) {
    const id = packet.properties?.userProperties?.id;
    return matcher.addPicture({ id, bytes: payload, time: new Date(), topic });
  }
  // A retained message that somebody deletes is no news of a device that is not known.
  if (!place || (payload.length === 0 && !devices.has(place.device))) return;
  const device = deviceOf(place);
  const before = device.status;
  const change = handleMessage(device, place.leaf, payload, packet.retain);
  if (!change) return;
  if (change.kind === "reply" && change.value && !commands.handleReply(change.value)) showForeignReply(device, change.value);
  if (change.kind === "description" && change.value) matcher.addDescription({ ...change.value, device });
  if (change.kind === "reading" && device === current) view.showReadings(device);
  if (change.kind !== "state") return;
  subscribePictures(device);
  if (place.leaf[0] === "status" && payload.length === 0) return remove(device);
  if (!current || (device !== current && current.status === "offline" && before === "unknown" && device.status === "online")) select(device);
  else showAll();
}

function deviceOf({ device: id, root }) {
  if (!devices.has(id)) devices.set(id, new Device(id, root));
  return devices.get(id);
}

/** Where a device publishes its pictures is in its info. */
function subscribePictures(device) {
  const topic = device.info.capabilities?.camera?.topic;
  if (!topic || pictureTopics.has(topic) || device.info.capabilities.camera.backend === "none") return;
  pictureTopics.add(topic);
  link.subscribe([topic]);
}

function showPicture(device, { bytes, time }, description) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  device.addPicture({ url, description, size: bytes.length, whole: isWhole(bytes), time: description ? new Date(description.time) : time });
  if (description?.transaction) commands.handlePicture(description.transaction);
  if (device === current) view.showPictures(device);
}

function showForeignReply(device, reply) {
  if (reply.status === "error") view.showNote(`${device.name} · ${t("failed", { command: reply.command ?? "?", error: errorText(reply) })}`, "bad");
}

// ---- what is seen

function sorted() {
  return [...devices.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function select(device) {
  current = device;
  showAll();
}

function showAll() {
  view.showDevices(sorted(), current);
  if (current) view.showDevice(current);
}

/** Its retained messages are deleted at the broker: it is gone for everybody, until it comes back. */
function forget(device) {
  for (const topic of device.retained) link.publish(topic, "", true);
  remove(device);
}

function remove(device) {
  devices.delete(device.id);
  if (device === current) current = sorted()[0] ?? null;
  showAll();
}

// ---- what a person does

function send(name, options) {
  if (current) commands.send(current, name, options);
}

function checked(text) {
  if (!Number.isNaN(milliseconds(text))) return true;
  view.showNote(t("invalidInterval", { value: text }), "bad");
  return false;
}

function start() {
  const interval = $("interval").value.trim();
  if (interval === "") send("start");
  else if (checked(interval)) send("start", { interval });
}

function pictureOptions() {
  const options = {};
  if ($("size").value) [options.width, options.height] = $("size").value.split("x").map(Number);
  if ($("quality").value) options.quality = Number($("quality").value);
  return options;
}

function series() {
  const every = $("every").value.trim() || "0s";
  if (checked(every)) send("capture", { ...pictureOptions(), count: Number($("count").value), every });
}

function selectNext(by) {
  const all = sorted();
  const next = all[all.indexOf(current) + by];
  if (next) select(next);
}

const keys = {
  s: start, x: () => send("stop"), c: () => send("capture", pictureOptions()),
  ArrowDown: () => selectNext(1), ArrowUp: () => selectNext(-1),
  ArrowLeft: () => current && view.step(current, 1), ArrowRight: () => current && view.step(current, -1),
};
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog");
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
$("start").onclick = start;
$("stop").onclick = () => send("stop");
$("capture").onclick = () => send("capture", pictureOptions());
$("series").onclick = series;
$("cancel").onclick = () => send("cancel");
$("forget").onclick = () => current && forget(current);

// ---- settings

$("open-settings").onclick = () => {
  for (const [key, value] of Object.entries(settings)) $("settings-form").elements[key].value = value;
  $("settings").showModal();
};
$("settings").onclose = () => {
  if ($("settings").returnValue !== "connect") return;
  settings = Object.fromEntries(new FormData($("settings-form")));
  saveSettings(settings);
  devices.clear();
  current = null;
  open();
};
$("language").value = preferredLanguage(localStorage.getItem("pi-edge.language"));
$("language").onchange = () => {
  localStorage.setItem("pi-edge.language", $("language").value);
  setLanguage($("language").value);
  view.showConnection(link.isConnected ? "connected" : "connecting", settings);
  showAll();
};

function open() {
  view.showConnection("connecting", settings);
  showAll();
  link.open(settings);
}

setLanguage($("language").value);
open();
