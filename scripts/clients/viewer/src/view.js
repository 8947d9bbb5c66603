// SPDX-License-Identifier: MIT
// From what is known to what is seen. Every text from outside goes in as text, never as HTML.
import { Chart } from "./chart.js";
import { bytesText, errorText, t, timeText } from "./texts.js";

const kMostLines = 50;
const $ = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Rows that look as before stay where they are: a press on one of their buttons must not end on another element than it began on. What a
// button acts on must show in its row.
function update(list, rows) {
  const left = [...list.children];
  const wanted = rows.map((row) => {
    const place = left.findIndex((old) => old.isEqualNode(row));
    return place < 0 ? row : left.splice(place, 1)[0];
  });
  for (const old of left) old.remove();
  wanted.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
}

function badge(element, text, kind) {
  element.textContent = text;
  element.className = `badge ${kind}`;
}

function stateKind(status) {
  return status === "online" ? "good" : status === "offline" ? "bad" : "";
}

export class View {
  #chart = new Chart($("chart"));
  #lines = new Map(); // transaction → its line of the log
  #shown = new Map(); // device id → the picture that is looked at; none = the newest

  constructor(actions) {
    this.actions = actions;
  }

  // ---- connection

  showConnection(key, values) {
    const isTrouble = key === "lost" || key === "refused";
    $("banner").hidden = !isTrouble;
    $("banner").textContent = isTrouble ? t(key, values) : "";
    $("connection").textContent = isTrouble ? "" : t(key, values);
    document.body.dataset.connection = key;
  }

  // ---- devices

  showDevices(devices, current) {
    const rows = devices.map((device) => {
      const state = make("span");
      badge(state, t(device.status), stateKind(device.status));
      const button = make("button", { type: "button", onclick: () => this.actions.select(device) }, make("span", { textContent: device.name }), state);
      button.dataset.device = device.id;
      button.setAttribute("aria-current", String(device === current));
      return make("li", {}, button);
    });
    const focused = document.activeElement?.dataset?.device;
    update($("devices"), rows);
    if (focused) $("devices").querySelector(`[data-device="${CSS.escape(focused)}"]`)?.focus();
    $("no-devices").hidden = devices.length > 0;
    $("device").hidden = !current;
  }

  showDevice(device) {
    $("device-name").textContent = device.name;
    badge($("device-state"), t(device.status), stateKind(device.status));
    const facts = [device.name === device.id ? "" : device.id, device.info.model === "unknown" ? "" : device.info.model, device.info.version && `pi-edge-agent ${device.info.version}`];
    $("device-facts").textContent = facts.filter(Boolean).join(" · ");
    $("forget").hidden = device.status === "online";
    update($("troubles"), device.troubles().map(([key, values]) => make("li", { textContent: t(key, values) })));
    badge($("publishing"), device.publishing === "ON" ? t("publishing") : device.publishing === "OFF" ? t("stopped") : t("unknown"), device.publishing === "ON" ? "good" : "");
    const hasCamera = device.info.capabilities?.camera?.backend !== "none";
    for (const id of ["capture", "series", "cancel"]) $(id).disabled = !hasCamera;
    this.showReadings(device);
    this.showPictures(device);
    this.#showGpio(device);
  }

  showReadings(device) {
    const rows = device.currentSensors().map(([name, sensor]) => {
      const isOld = device.status !== "online" || sensor.status === "offline";
      const value = sensor.value === undefined ? "–" : `${sensor.value.toFixed(1)} °C`;
      const row = make("li", {}, make("div", { className: `value ${isOld ? "old" : ""}`, textContent: value }),
        make("div", { className: "hint", textContent: [name, sensor.status === "offline" ? t("offline") : "", sensor.time ? timeText(sensor.time) : ""].filter(Boolean).join(" · ") }));
      row.dataset.sensor = name;
      return row;
    });
    update($("sensors"), rows);
    this.#chart.show(device);
  }

  #showGpio(device) {
    const outputs = device.info.capabilities?.gpio?.outputs ?? [];
    const rows = device.currentLines().map(([name, state]) => {
      const mark = make("span");
      badge(mark, `${name}: ${t(state === "ON" ? "on" : "off")}`, state === "ON" ? "good" : "");
      const children = [mark];
      if (outputs.includes(name)) children.push(" ", make("button", { type: "button", textContent: `${t("toggle")} ${name}`, onclick: () => this.actions.toggle(device, name) }));
      const row = make("li", {}, ...children);
      row.dataset.device = device.id; // another device's line of this name is another row
      return row;
    });
    if (device.motion) {
      const mark = make("span");
      badge(mark, t(device.motion === "ON" ? "motion" : "noMotion"), device.motion === "ON" ? "good" : "");
      rows.push(make("li", {}, mark));
    }
    $("gpio-section").hidden = rows.length === 0;
    update($("gpio"), rows);
  }

  // ---- pictures

  showPictures(device) {
    const shown = this.#current(device);
    $("picture").hidden = !shown;
    $("no-picture").hidden = Boolean(shown);
    update($("thumbnails"), device.pictures.map((picture) => {
      const button = make("button", { type: "button", onclick: () => this.#look(device, picture) }, make("img", { src: picture.url, alt: "" }), timeText(picture.time));
      button.setAttribute("aria-current", String(picture === shown));
      button.setAttribute("aria-label", t("pictureOf", { device: device.name, time: timeText(picture.time) }));
      return make("li", {}, button);
    }));
    if (!shown) return;
    if ($("picture-image").src !== shown.url) $("picture-image").src = shown.url;
    $("picture-image").alt = t("pictureOf", { device: device.name, time: timeText(shown.time) });
    $("picture-link").href = shown.url;
    $("picture-link").download = `${device.id}-${shown.time.toISOString().replace(/[:.]/g, "-")}.jpg`;
    $("picture-caption").textContent = this.#caption(shown);
  }

  step(device, by) {
    const place = device.pictures.indexOf(this.#current(device)) + by;
    if (device.pictures[place]) this.#look(device, device.pictures[place]);
  }

  #current(device) {
    const chosen = this.#shown.get(device.id);
    return device.pictures.includes(chosen) ? chosen : device.pictures[0];
  }

  #look(device, picture) {
    this.#shown.set(device.id, picture === device.pictures[0] ? undefined : picture);
    this.showPictures(device);
  }

  #caption({ description, time, size, whole }) {
    const values = { time: timeText(time), size: bytesText(size) };
    if (!whole) return t("broken", values);
    if (!description) return t("captionBare", values);
    const { trigger } = description;
    const cause = trigger.startsWith("gpio:") ? t("triggerGpio", { name: trigger.slice(5) }) : trigger === "motion" ? t("triggerMotion") : t("triggerCommand");
    const caption = t("caption", { ...description, ...values, trigger: cause });
    return description.reduced ? `${caption} · ${t("reduced", { reason: description.reduced })}` : caption;
  }

  // ---- commands

  showCommand(command, device) {
    if (command.step === "progress") return this.#showProgress(command);
    if (command.options.count) this.#showProgress(command);
    const name = command.options.count ? t("series") : command.name;
    const who = `${device.name} · `;
    const text = command.options.count && command.step === "ok"
      ? t("seriesDone", { taken: command.taken, count: command.options.count })
      : t(command.step, { command: name, error: command.reply ? errorText(command.reply) : "", seconds: command.seconds });
    this.#write(command.transaction, command.time, who + text, command.step === "ok" ? "good" : command.step === "asked" ? "" : "bad");
  }

  /** Something that no command of this page caused, or that was not even sent. */
  showNote(text, kind) {
    this.#write(`note-${Math.random()}`, new Date(), text, kind);
  }

  #showProgress(command) {
    const { count } = command.options;
    const isRunning = command.step === "asked" || command.step === "progress";
    $("progress").hidden = !isRunning;
    $("progress").max = count;
    $("progress").value = command.taken;
    $("progress-text").textContent = isRunning ? t("progress", { taken: command.taken, count }) : "";
  }

  #write(key, time, text, kind) {
    const line = make("li", { className: kind }, make("time", { dateTime: time.toISOString(), textContent: timeText(time) }), ` ${text}`);
    this.#lines.get(key)?.remove();
    this.#lines.set(key, line);
    $("log").prepend(line);
    while ($("log").childElementCount > kMostLines) $("log").lastElementChild.remove();
    if (this.#lines.size > 2 * kMostLines) this.#lines.delete(this.#lines.keys().next().value);
  }
}
