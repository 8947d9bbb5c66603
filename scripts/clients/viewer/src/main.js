// SPDX-License-Identifier: MIT
import { Archive } from "./archive.js";
import { Commands, milliseconds } from "./commands.js";
import { CsvExport } from "./csv.js";
import { Device, handleMessage } from "./devices.js";
import { $ } from "./dom.js";
import { Fetcher } from "./fetcher.js";
import { Lightbox } from "./lightbox.js";
import { Link } from "./link.js";
import { LiveView } from "./live.js";
import { Log } from "./log.js";
import { isWhole, PictureMatcher } from "./pictures.js";
import { editSettings, loadSettings } from "./settings.js";
import { compareText, preferredLanguage, setLanguage, t } from "./texts.js";
import { splitTopic, subscriptions } from "./topics.js";
import { View } from "./view.js";

let settings = loadSettings();
const devices = new Map();
let pictureTopics = new Set();
let current = null;
let connection = ["connecting"]; // what the view was told last

const lightbox = new Lightbox();
const view = new View({
  select: (id) => choose(devices.get(id)),
  set: (...what) => commands.set(...what),
  reset: (device, setting) => commands.send(device, "set", { values: { [setting]: null } }, "reset"),
  waiting: (device) => commands.waiting(device),
}, lightbox);
const log = new Log();
const commands = new Commands((topic, text, options) => link.publish(topic, text, options), (command) => {
  log.showCommand(command, command.device === current);
  if (command.device === current) refresh(current);
});
const matcher = new PictureMatcher(
  (description, picture) => showPicture(description.device, picture, description),
  (picture) => { if (devices.size === 1) showPicture([...devices.values()][0], picture, null); },
);
const link = new Link({
  connected() {
    pictureTopics = new Set();
    link.subscribe(subscriptions(settings.base));
    showConnection("connected");
    for (const device of devices.values()) subscribePictures(device);
  },
  lost: (reason) => disconnected("lost", reason),
  refused(reason) {
    disconnected("refused", reason);
    if (!$("settings").open) changeSettings(reason);
  },
  message: receive,
});

const live = new LiveView(link, commands, {
  said: (textOf) => (textOf ? log.showBeside("live", textOf) : log.clearBeside(["live"])),
  changed() {
    $("live").dataset.text = live.device ? "liveEnd" : "liveView";
    $("live").textContent = t($("live").dataset.text);
  },
});

const fetcher = new Fetcher(link, commands);
const archive = new Archive(commands, fetcher, lightbox);
const csv = new CsvExport(commands);

function disconnected(how, reason) {
  for (const device of devices.values()) {
    device.status = "unknown";
    archive.update(device);
  }
  live.update();
  showConnection("", how, reason);
  refresh();
}

function showConnection(...state) {
  connection = state;
  const [key, error, reason] = state;
  view.showConnection(key, { ...settings, reason: reason && t(reason) }, error);
}

// ---- what comes in

function receive(topic, payload, packet) {
  if (pictureTopics.has(topic)) {
    const id = packet.properties?.userProperties?.id;
    return matcher.addPicture({ id, bytes: payload, time: new Date(), topic });
  }
  const place = splitTopic(settings.base, topic);
  // A retained message that somebody deletes is no news of a device that is not known.
  if (!place || (payload.length === 0 && !devices.has(place.device))) return;
  const device = deviceOf(place);
  if (place.leaf[0] === "live") return live.handleFrame(device, payload, packet.properties?.userProperties?.time);
  if (place.leaf[0] === "picture") return fetcher.handlePicture(topic, payload, packet.properties?.userProperties?.transaction);
  const before = device.status;
  const change = handleMessage(device, place.leaf, payload, packet.retain);
  if (!change) return;
  if (change.kind === "reply" && change.value) receiveReply(device, change.value);
  if (change.kind === "description" && change.value) matcher.addDescription({ ...change.value, device });
  if (change.kind === "health") receiveHealth(device);
  if (change.kind === "reading" && device === current) refresh(device);
  if (change.kind !== "state" && change.kind !== "health") return;
  subscribePictures(device);
  live.update();
  archive.update(device);
  if (place.leaf[0] === "status" && payload.length === 0) return remove(device);
  if (isBetter(device, before)) select(device);
  refresh(device);
}

/** Until a person chooses: the device of the last visit, else one that is online. */
function isBetter(device, before) {
  if (!current) return true;
  const chosen = sessionStorage.getItem("pi-edge.device");
  if (chosen !== null && devices.has(chosen)) return device.id === chosen && device !== current;
  return device !== current && current.status === "offline" && before === "unknown" && device.status === "online";
}

function receiveReply(device, reply) {
  if (reply.data?.count) device.ended.add(reply.transaction);
  if (!commands.handleReply(device, reply)) log.showForeignReply(device, reply);
  refresh(device);
}

function receiveHealth(device) {
  for (const { transaction, taken } of device.runningSeries([])) commands.handleProgress(transaction, taken);
}

function deviceOf({ device: id, root }) {
  if (!devices.has(id)) devices.set(id, new Device(id, root));
  return devices.get(id);
}

/** Where a device publishes its pictures is in its info. */
function subscribePictures(device) {
  const topic = device.info.capabilities?.camera?.topic;
  if (!topic || pictureTopics.has(topic) || !device.hasCamera) return;
  pictureTopics.add(topic);
  link.subscribe([topic]);
}

function showPicture(device, { bytes, time }, description) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  const taken = Date.parse(description?.time);
  device.addPicture({ url, description, size: bytes.length, whole: isWhole(bytes), time: Number.isNaN(taken) ? time : new Date(taken) });
  if (description?.transaction) commands.handleProgress(description.transaction);
  refresh(device);
}

// ---- what is seen

let isDrawing = false;
let isDeviceStale = false;

/** Draws what changed of `device`, or of all, at most once a frame. */
function refresh(device = current) {
  isDeviceStale ||= device === current;
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    const isStale = isDeviceStale;
    isDrawing = isDeviceStale = false; // first, so that one failure is not the end of all drawing
    view.showDevices([...devices.values()], current);
    if (current && isStale) view.showDevice(current);
  });
}

function select(device) {
  if (device !== current) {
    live.stop();
    log.clearBeside();
    for (const field of document.querySelectorAll("#device [aria-invalid]")) field.ariaInvalid = null;
  }
  current = device;
  refresh();
}

/** A person's choice, which a reload of the page keeps. */
function choose(device) {
  sessionStorage.setItem("pi-edge.device", device.id);
  select(device);
}

/** Its retained messages are deleted at the broker: it is gone for everybody, until it comes back. */
function forget(device) {
  const denied = () => log.showError(device, "forgetDenied");
  for (const topic of device.retained) link.publish(topic, "", { retain: true, denied });
  remove(device);
}

function remove(device) {
  archive.close(device);
  devices.delete(device.id);
  if (sessionStorage.getItem("pi-edge.device") === device.id) sessionStorage.removeItem("pi-edge.device");
  if (device === current) select([...devices.values()].sort((a, b) => compareText(a.name, b.name))[0] ?? null);
  refresh();
}

// ---- what a person does

/** The values of `fields` by their ids, or null where one is wrong, which is said beside it. `rules`: id → (text) → [key, values] of
 * what is wrong with it, or undefined. */
function checked(place, rules) {
  log.clearBeside([place]);
  for (const [id, rule] of Object.entries(rules)) {
    const field = $(id);
    const wrong = field.validity.badInput ? rule("?") : rule(field.value.trim());
    field.ariaInvalid = String(Boolean(wrong));
    if (!wrong) continue;
    log.showBeside(place, () => [t(...wrong), "error"]);
    field.focus();
    return false;
  }
  return true;
}

const isDuration = (least, most) => (text) => {
  const value = milliseconds(text);
  if (text !== "" && Number.isNaN(value)) return ["invalidInterval", { value: text }];
  return text !== "" && (value < milliseconds(least) || value > milliseconds(most)) ? ["intervalRange", { least, most }] : undefined;
};
/** By the limits that the field itself has; `isOptional`: it may be empty. */
const isNumber = (id, isOptional) => (text) => {
  const { min, max } = $(id);
  const isGood = text === "" ? isOptional : /^\d+$/.test(text) && Number(text) >= Number(min) && Number(text) <= Number(max);
  return isGood ? undefined : ["numberRange", { least: min, most: max }];
};

function pictureOptions() {
  const options = {};
  if ($("size").value) [options.width, options.height] = $("size").value.split("x").map(Number);
  if ($("quality").value) options.quality = Number($("quality").value);
  return options;
}

function onSubmit(id, action) {
  $(id).onsubmit = (event) => {
    event.preventDefault();
    if (current) action();
  };
}

onSubmit("readings-form", () => {
  if (!checked("readings", { interval: isDuration("100ms", "24h") })) return;
  const interval = $("interval").value.trim();
  commands.send(current, "start", interval === "" ? {} : { interval }, "start");
});
onSubmit("capture-form", () => {
  if (checked("capture", { quality: isNumber("quality", true) })) commands.send(current, "capture", pictureOptions(), "capture");
});
onSubmit("series-form", () => {
  if (!checked("capture", { quality: isNumber("quality", true) })) return;
  if (!checked("series", { count: isNumber("count", false), every: isDuration("0s", "24h") })) return;
  commands.send(current, "capture", { ...pictureOptions(), count: Number($("count").value), every: $("every").value.trim() || "0s" }, "series");
});
$("keep").onclick = () => {
  const interval = $("interval").value.trim();
  const isGiven = (text) => (text === "" ? ["intervalMissing"] : isDuration("100ms", "24h")(text));
  if (checked("readings", { interval: isGiven })) commands.send(current, "set", { values: { "telemetry.interval": interval } }, "keep");
};
$("stop").onclick = () => commands.send(current, "stop", {}, "stop");
$("cancel").onclick = () => commands.send(current, "cancel", {}, "cancel");
$("open-archive").onclick = () => archive.open(current);
$("live").onclick = () => (live.device ? live.stop() : live.start(current));
$("csv").onclick = () => csv.open(current);
$("search").oninput = () => refresh();

$("forget").onclick = () => {
  const device = current;
  $("forget-title").textContent = t("forgetTitle", device);
  $("forget-yes").onclick = () => {
    $("forget-dialog").close();
    forget(device);
  };
  $("forget-dialog").showModal();
};
$("forget-no").onclick = () => $("forget-dialog").close();
$("open-licences").onclick = () => $("licences").showModal();
$("close-licences").onclick = () => $("licences").close();

function changeSettings(refusal) {
  editSettings(settings, refusal, (wanted) => {
    settings = wanted;
    devices.clear();
    select(null);
    open();
  });
}
$("open-settings").onclick = () => changeSettings();
$("close-settings").onclick = () => $("settings").close();
$("language").value = preferredLanguage(localStorage.getItem("pi-edge.language"));
$("language").onchange = () => {
  localStorage.setItem("pi-edge.language", $("language").value);
  setLanguage($("language").value);
  showConnection(...connection);
  log.redraw();
  view.redraw();
  refresh();
};

function open() {
  refresh();
  if (settings.error) return showConnection("", settings.error);
  showConnection("connecting");
  link.open(settings);
}

setLanguage($("language").value);
open();
