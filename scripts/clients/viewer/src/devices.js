// SPDX-License-Identifier: MIT
// What is known of each device, from its retained topics and what has come since this page was opened.

const kMostReadings = 10000;
const kMostPictures = 12;
const kMostDecimals = 6;

export class Device {
  constructor(id, root) {
    this.id = id;
    this.root = root;
    this.status = "unknown";
    this.info = {};
    this.health = {};
    this.publishing = null;
    this.sensors = new Map(); // name → { value, unit, quantity, decimals, time, status, readings: [[seconds, value], …] }
    this.gpio = new Map();
    this.motion = null;
    this.motionEnabled = null; // "ON" or "OFF", where it can be switched
    this.settings = null; // what was set at run time, name → { value, configured }; null = the agent has no such settings
    this.schedules = new Map(); // name → { enabled: "ON" | "OFF", next: Date | null }
    this.live = null; // "ON" while anybody looks through its camera, else "OFF"
    this.pictures = []; // newest first
    this.queued = 0; // readings of an outage that are still to come
    this.seen = 0; // when something of its own came last, in milliseconds; 0 = not since this page was opened
    this.ended = new Set(); // transactions of series that are over, which its health may still list
    this.retained = new Set(); // topics that "forget" clears
  }

  get name() {
    return typeof this.info.name === "string" && this.info.name !== "" ? this.info.name : this.id;
  }

  /** The sensors and lines that it has now: of others, a retained state may have stayed at the broker. */
  currentSensors() {
    const { sensors } = this.info.capabilities ?? {};
    return [...this.sensors].filter(([name]) => !Array.isArray(sensors) || list(sensors).some((sensor) => sensor.name === name));
  }

  currentLines() {
    const names = [...list(this.info.capabilities?.gpio?.inputs), ...this.outputs];
    return [...this.gpio].filter(([name]) => names.includes(name));
  }

  get outputs() {
    return list(this.info.capabilities?.gpio?.outputs);
  }

  get hasCamera() {
    return (this.info.capabilities?.camera?.backend ?? "none") !== "none";
  }

  /** When it was online last, as far as its health or this page knows, or null. */
  lastSeen() {
    const time = Math.max(this.seen, Date.parse(this.health.time) || 0);
    return time > 0 ? new Date(time) : null;
  }

  /** The series that run, as { transaction, taken, count }: of anybody, by its health, and of this page's `commands`. */
  runningSeries(commands) {
    if (this.status !== "online") return [];
    const own = commands.filter(({ name, options }) => name === "capture" && options.count)
      .map(({ transaction, taken, options }) => ({ transaction, taken, count: options.count }));
    const listed = list(this.health.camera?.running_series)
      .filter(({ transaction, taken, count }) => !this.ended.has(transaction) && Number.isFinite(taken) && Number.isFinite(count));
    return [...listed.map((series) => own.find(({ transaction }) => transaction === series.transaction) ?? series),
      ...own.filter(({ transaction }) => !listed.some((series) => series.transaction === transaction))];
  }

  sensor(name) {
    if (!this.sensors.has(name)) this.sensors.set(name, { status: "unknown", unit: "", quantity: "", decimals: 0, readings: [] });
    return this.sensors.get(name);
  }

  /** `decimals`: how many the value came with. */
  addReading(name, reading, decimals, isLive) {
    const seconds = Date.parse(reading.time) / 1000;
    if (!Number.isFinite(seconds) || typeof reading.value !== "number") return;
    const sensor = this.sensor(name);
    sensor.unit = typeof reading.unit === "string" ? reading.unit : "";
    // Only sensors whose configuration names a quantity have one; all others are temperatures.
    sensor.quantity = typeof reading.quantity === "string" ? reading.quantity : sensor.unit === "°C" ? "temperature" : "";
    sensor.decimals = decimals;
    if (!isLive && this.queued > 0) --this.queued;
    const place = sensor.readings.findLastIndex(([time]) => time <= seconds);
    if (sensor.readings[place]?.[0] === seconds) return;
    sensor.readings.splice(place + 1, 0, [seconds, reading.value]);
    if (sensor.readings.length > kMostReadings) sensor.readings.shift();
    if (isLive) Object.assign(sensor, { value: reading.value, time: new Date(reading.time) });
  }

  /** A schedule that the configuration does not have any more has no state at the broker. */
  setSchedule(name, key, text) {
    const schedule = this.schedules.get(name) ?? { enabled: "", next: null };
    if (key === "enabled") schedule.enabled = text;
    else schedule.next = Number.isNaN(Date.parse(text)) ? null : new Date(text);
    if (schedule.enabled === "" && schedule.next === null) this.schedules.delete(name);
    else this.schedules.set(name, schedule);
  }

  addPicture(picture) {
    this.pictures.unshift(picture);
    for (const old of this.pictures.splice(kMostPictures)) URL.revokeObjectURL(old.url);
  }

  /** What a person should know, the worst first: { level: "error" | "warning" | "note", key, values, detail }; `detail` is the agent's
   * own sentence. */
  troubles() {
    const { health } = this;
    if (this.status !== "online") return [];
    const found = [];
    const add = (level, key, values = {}) => found.push({ level, key, values, detail: values.error });
    if (health.camera?.error) add("error", "cameraProblem", health.camera);
    for (const sensor of list(health.sensors)) if (sensor.error) add("error", "sensorProblem", sensor);
    for (const line of list(health.gpio)) if (line.error) add("error", "gpioProblem", line);
    if (health.journal?.error) add("error", "journalProblem", health.journal);
    if (health.archive?.error) add("error", "archiveProblem", health.archive);
    const denied = list(health.connection?.denied_topics);
    if (denied.length > 0) add("error", "deniedProblem", { topics: denied.join(", ") });
    if (health.clock === "unsynchronised") add("warning", "clockProblem");
    for (const [name, flag] of [["undervoltage", health.board?.undervoltage], ["throttled", health.board?.throttled]]) {
      if (flag?.now === true) add("warning", name);
      else if (flag?.since_boot === true) add("note", `${name}Before`);
    }
    if (this.queued > 0) add("note", "queued", { count: this.queued });
    return found;
  }

  /** "offline", "unknown", "error", "warning" or "online": what its mark in the list says. */
  state() {
    if (this.status !== "online") return this.status === "offline" ? "offline" : "unknown";
    const [worst] = this.troubles();
    return worst && worst.level !== "note" ? worst.level : "online";
  }
}

/** Takes over what came on `leaf` (the levels below the device's base). Returns what changed: "reading", "reply", "description",
 * "health" or "state", with what was in it; null where it was nothing that this page knows. */
export function handleMessage(device, leaf, payload, isRetained) {
  const text = new TextDecoder().decode(payload);
  const topic = leaf.join("/");
  if (isRetained && text !== "") device.retained.add(`${device.root}/${topic}`);
  if (!isRetained && text !== "" && text !== "offline") device.seen = Date.now(); // "offline" is the broker's last will
  switch (topic) {
    case "status":
      device.status = text === "" ? "unknown" : text;
      return { kind: "state" };
    case "publishing":
      device.publishing = text;
      return { kind: "state" };
    case "camera/motion":
      device.motion = text;
      return { kind: "state" };
    case "camera/motion/enabled":
      device.motionEnabled = text || null;
      return { kind: "state" };
    case "settings":
      device.settings = parse(text);
      return { kind: "state" };
    case "camera/live":
      device.live = text;
      return { kind: "state" };
    case "info":
      device.info = parse(text) ?? {};
      return { kind: "state" };
    case "health":
      device.health = parse(text) ?? {};
      device.queued = device.health.readings?.queued ?? 0;
      return { kind: "health" };
    case "response":
      return { kind: "reply", value: parse(text) };
    case "image":
      return { kind: "description", value: parse(text) };
  }
  if (leaf[0] === "gpio" && leaf.length === 2) {
    device.gpio.set(leaf[1], text);
    return { kind: "state" };
  }
  if (leaf[0] === "schedule" && leaf.length === 3) {
    device.setSchedule(leaf[1], leaf[2], text);
    return { kind: "state" };
  }
  if (leaf[0] !== "sensor") return null;
  if (leaf[2] === "status") {
    device.sensor(leaf[1]).status = text;
    return { kind: "state" };
  }
  const reading = parse(text);
  if (!reading) return null;
  device.addReading(leaf[1], reading, decimalsOf(text), leaf.length === 2);
  return { kind: "reading" };
}

// Anybody may publish on the topics of a device.
function list(value) {
  return Array.isArray(value) ? value.filter((item) => item !== null) : [];
}

/** Of the value in a reading's JSON: a parsed number has lost its trailing zeros. */
function decimalsOf(text) {
  const digits = /"value"\s*:\s*-?\d+\.(\d+)/.exec(text)?.[1].length ?? 0;
  return Math.min(digits, kMostDecimals);
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null; // a stranger's message on one of our topics
  }
}
