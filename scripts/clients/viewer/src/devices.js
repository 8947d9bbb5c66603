// SPDX-License-Identifier: MIT
// What is known of each device, from its retained topics and what has come since this page was opened.

const kMostReadings = 3600;
const kMostPictures = 12;

export class Device {
  constructor(id, root) {
    this.id = id;
    this.root = root;
    this.status = "unknown";
    this.info = {};
    this.health = {};
    this.publishing = null;
    this.sensors = new Map(); // name → { value, time, status, readings: [[seconds, value], …] }
    this.gpio = new Map();
    this.motion = null;
    this.cameraStatus = "unknown";
    this.pictures = []; // newest first
    this.retained = new Set(); // topics that "forget" clears
  }

  get name() {
    return this.info.name || this.id;
  }

  /** The sensors and lines that it has now: of others, a retained state may have stayed at the broker. */
  currentSensors() {
    const names = this.info.capabilities?.sensors?.map(({ name }) => name);
    return [...this.sensors].filter(([name]) => !names || names.includes(name));
  }

  currentLines() {
    const { inputs = [], outputs = [] } = this.info.capabilities?.gpio ?? {};
    return [...this.gpio].filter(([name]) => inputs.includes(name) || outputs.includes(name));
  }

  sensor(name) {
    if (!this.sensors.has(name)) this.sensors.set(name, { status: "unknown", readings: [] });
    return this.sensors.get(name);
  }

  addReading(name, reading, isLive) {
    const seconds = Date.parse(reading.time) / 1000;
    if (!Number.isFinite(seconds) || typeof reading.value !== "number") return;
    const sensor = this.sensor(name);
    const place = sensor.readings.findLastIndex(([time]) => time <= seconds);
    if (sensor.readings[place]?.[0] === seconds) return;
    sensor.readings.splice(place + 1, 0, [seconds, reading.value]);
    if (sensor.readings.length > kMostReadings) sensor.readings.shift();
    if (isLive) Object.assign(sensor, { value: reading.value, time: new Date(reading.time) });
  }

  addPicture(picture) {
    this.pictures.unshift(picture);
    for (const old of this.pictures.splice(kMostPictures)) URL.revokeObjectURL(old.url);
  }

  /** What a person should know, as [text key, values]. */
  troubles() {
    const { health } = this;
    if (this.status !== "online") return [];
    const found = [];
    if (health.clock === "unsynchronised") found.push(["clockProblem", {}]);
    for (const sensor of health.sensors ?? []) if (sensor.error) found.push(["sensorProblem", sensor]);
    for (const line of health.gpio ?? []) if (line.error) found.push(["gpioProblem", line]);
    if (health.camera?.error) found.push(["cameraProblem", health.camera]);
    if (health.journal?.error) found.push(["journalProblem", health.journal]);
    const denied = health.connection?.denied_topics ?? [];
    if (denied.length > 0) found.push(["deniedProblem", { topics: denied.join(", ") }]);
    if (health.readings?.queued > 0) found.push(["queued", { count: health.readings.queued }]);
    return found;
  }
}

/** Takes over what came on `leaf` (the levels below the device's base). Returns what changed: "reading", "reply", "description" or
 * "state", with what was in it; null where it was nothing that this page knows. */
export function handleMessage(device, leaf, payload, isRetained) {
  const text = new TextDecoder().decode(payload);
  const topic = leaf.join("/");
  if (isRetained && text !== "") device.retained.add(`${device.root}/${topic}`);
  switch (topic) {
    case "status":
      device.status = text === "" ? "unknown" : text;
      return { kind: "state" };
    case "publishing":
      device.publishing = text;
      return { kind: "state" };
    case "camera/status":
      device.cameraStatus = text;
      return { kind: "state" };
    case "camera/motion":
      device.motion = text;
      return { kind: "state" };
    case "info":
      device.info = parse(text) ?? {};
      return { kind: "state" };
    case "health":
      device.health = parse(text) ?? {};
      return { kind: "state" };
    case "response":
      return { kind: "reply", value: parse(text) };
    case "image":
      return { kind: "description", value: parse(text) };
  }
  if (leaf[0] === "gpio" && leaf.length === 2) {
    device.gpio.set(leaf[1], text);
    return { kind: "state" };
  }
  if (leaf[0] !== "sensor") return null;
  if (leaf[2] === "status") {
    device.sensor(leaf[1]).status = text;
    return { kind: "state" };
  }
  const reading = parse(text);
  if (!reading) return null;
  device.addReading(leaf[1], reading, leaf.length === 2);
  return { kind: "reading" };
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null; // a stranger's message on one of our topics
  }
}
