// SPDX-License-Identifier: MIT
// From what is known of the devices to what is seen.
import { Charts } from "./chart.js";
import { $, badge, make, update } from "./dom.js";
import { Gallery } from "./gallery.js";
import { bytesText, compareText, quantityText, t, timeText, valueText } from "./texts.js";

const kMany = 4; // devices; more are searched, and on a phone folded away
const kStateKinds = { online: "good", offline: "off", unknown: "off", warning: "warning", error: "error" };
const kLevelTexts = { error: "levelError", warning: "levelWarning", note: "levelNote" };
const kControls = ["start", "stop", "capture", "series", "cancel", "live", "keep", "open-archive"];

/** A note, a warning or an error, with a word for its level; `detail` is an agent's own sentence, in English. */
function message(tag, level, text, detail) {
  const element = make(tag, { className: `message ${level}` }, make("strong", { textContent: t(kLevelTexts[level]) }), ` ${text}`);
  if (detail) element.append(make("small", { lang: "en", textContent: detail }));
  return element;
}

export class View {
  #charts = new Charts($("charts"), (isZoomed) => { $("unzoom").hidden = !isZoomed; });

  /** `actions`: select(device), set(device, leaf, value, label) of a switch, reset(device, setting), waiting(device) → its commands without
   * a reply. */
  constructor(actions, lightbox) {
    this.actions = actions;
    this.gallery = new Gallery(lightbox);
    $("unzoom").onclick = () => this.#charts.zoom(null);
    for (const button of $("ranges").children) button.onclick = () => this.#chooseRange(button);
    $("open-picker").onclick = () => this.#openPicker($("open-picker").ariaExpanded !== "true");
  }

  /** `error` is the key of a text, or "" where all is well. */
  showConnection(key, values, error = "") {
    const rows = error ? [message("p", "error", t(error, values))] : [];
    update($("banner"), rows);
    $("connection").textContent = error ? "" : t(key, values);
  }

  /** After another language or theme was chosen. */
  redraw() {
    this.#charts.redraw();
    this.gallery.redraw();
  }

  // ---- the list

  #listed = "";

  showDevices(devices, current) {
    const isMany = devices.length > kMany;
    const sought = isMany ? $("search").value.trim().toLowerCase() : "";
    const found = devices.filter(({ name, id }) => `${name}\n${id}`.toLowerCase().includes(sought))
      .sort((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id));
    update($("devices"), found.map((device) => {
      const button = make("button", { type: "button", title: device.id, className: device.status === "online" ? "" : "offline" },
        make("span", { textContent: device.name }), badge(make("span"), t(device.state()), kStateKinds[device.state()]));
      button.dataset.device = device.id;
      button.setAttribute("aria-current", String(device === current));
      return make("li", {}, button);
    }));
    for (const button of $("devices").querySelectorAll("button")) button.onclick = () => this.#pick(button.dataset.device);
    $("picker").classList.toggle("many", isMany);
    $("search").hidden = !isMany;
    $("device-count").textContent = isMany ? `(${devices.length})` : "";
    $("no-match").hidden = found.length > 0 || devices.length === 0;
    $("no-devices").hidden = devices.length > 0;
    $("device").hidden = !current;
    $("open-picker").textContent = `${t("devices")} (${devices.length})${current ? `: ${current.name}` : ""}`;
    const listed = [current?.id, ...found.map(({ id }) => id)].join("\n");
    if (listed !== this.#listed) this.#revealSelected();
    this.#listed = listed;
  }

  /** Scrolls the list, and nothing but the list, to the device that is selected. */
  #revealSelected() {
    const list = $("devices").getBoundingClientRect();
    const row = $("devices").querySelector("[aria-current=true]")?.getBoundingClientRect();
    if (!row || (row.top >= list.top && row.bottom <= list.bottom)) return;
    $("devices").scrollTop += row.top - list.top - (list.height - row.height) / 2;
  }

  #pick(id) {
    const wasOpen = $("open-picker").ariaExpanded === "true";
    this.#openPicker(false);
    if (wasOpen) $("open-picker").focus();
    this.actions.select(id);
  }

  #openPicker(isOpen) {
    $("open-picker").ariaExpanded = String(isOpen);
    if (isOpen) this.#revealSelected();
  }

  // ---- one device

  showDevice(device) {
    const isOnline = device.status === "online";
    $("device").classList.toggle("offline", !isOnline);
    $("device-name").textContent = device.name;
    badge($("device-state"), t(device.status in kStateKinds ? device.status : "unknown"), kStateKinds[device.status] ?? "off");
    const seen = device.lastSeen();
    $("last-seen").textContent = device.status === "offline" && seen ? t("lastSeen", { time: timeText(seen) }) : "";
    const facts = [device.name === device.id ? "" : device.id, device.info.model === "unknown" ? "" : device.info.model, device.info.version && `pi-edge-agent ${device.info.version}`];
    $("device-facts").textContent = facts.filter(Boolean).join(" · ");
    $("forget").hidden = device.status !== "offline";
    update($("troubles"), device.troubles().map(({ level, key, values, detail }) => message("li", level, t(key, values), detail)));
    const isPublishing = isOnline && device.publishing === "ON";
    $("publishing").hidden = !isOnline;
    badge($("publishing"), isPublishing ? t("publishing") : device.publishing === "OFF" ? t("stopped") : t("unknown"), isPublishing ? "good" : "off");
    $("camera-controls").hidden = !device.hasCamera;
    $("no-picture").textContent = t(device.hasCamera ? "noPicture" : "noCamera");
    this.showReadings(device);
    this.showPictures(device);
    this.#showGpio(device);
    this.#showSchedules(device);
    this.#showOptions(device);
    this.#showBoard(device);
    this.showCommands(device);
  }

  /** What runs and what waits for a reply. */
  showCommands(device) {
    const waiting = this.actions.waiting(device);
    const series = device.runningSeries(waiting);
    for (const id of kControls) {
      $(id).disabled = device.status !== "online" || (id === "cancel" && series.length === 0);
      // A series waits for its reply until its end: its button, only until it has begun.
      $(id).ariaBusy = String(waiting.some(({ control, step }) => control === id && step === "asked"));
    }
    update($("series-list"), series.map(({ taken, count }) => {
      const text = t("progress", { taken, count });
      const bar = make("progress", { max: count, value: taken });
      bar.ariaLabel = t("command_series");
      return make("li", {}, bar, make("span", { textContent: text }));
    }));
  }

  showReadings(device) {
    const sensors = device.currentSensors();
    update($("sensors"), sensors.map(([name, sensor]) => {
      const isOld = device.status !== "online" || sensor.status === "offline";
      const facts = [name, quantityText(sensor.quantity), sensor.status === "offline" ? t("offline") : "", sensor.time ? timeText(sensor.time) : ""];
      const row = make("li", {},
        make("div", { className: `value ${isOld ? "old" : ""}`, textContent: sensor.value === undefined ? "–" : valueText(sensor.value, sensor.unit, sensor.decimals) }),
        make("div", { className: "hint", textContent: facts.filter(Boolean).join(" · ") }));
      row.dataset.sensor = name;
      return row;
    }));
    const hasReadings = sensors.some(([, { readings }]) => readings.length > 0);
    $("no-readings").hidden = hasReadings;
    $("chart-box").hidden = !hasReadings; // before it is drawn: it takes the width of its place
    this.#charts.show(device);
  }

  #chooseRange(button) {
    for (const other of $("ranges").children) other.ariaPressed = String(other === button);
    this.#charts.setRange(Number(button.value));
  }

  showPictures(device) {
    this.gallery.show(device);
  }

  #showGpio(device) {
    const waiting = this.actions.waiting(device);
    const rows = device.currentLines().map(([name, state]) => {
      const row = make("li", {}, badge(make("span"), `${name}: ${t(state === "ON" ? "on" : "off")}`, state === "ON" && device.status === "online" ? "good" : "off"));
      row.dataset.device = device.id; // another device's line of this name is another row
      if (!device.outputs.includes(name)) return row;
      const button = make("button", { type: "button", textContent: t("toggle", { name }), disabled: device.status !== "online" });
      button.ariaBusy = String(waiting.some(({ leaf }) => leaf === `gpio/${name}`));
      button.dataset.line = name;
      row.append(" ", button);
      return row;
    });
    if (device.motion) rows.push(make("li", {}, badge(make("span"), t(device.motion === "ON" ? "motion" : "noMotion"), device.motion === "ON" ? "good" : "off")));
    $("gpio-section").hidden = rows.length === 0;
    update($("gpio"), rows);
    for (const button of $("gpio").querySelectorAll("button")) button.onclick = () => this.actions.set(device, `gpio/${button.dataset.line}`, "TOGGLE", button.dataset.line);
  }

  #showSchedules(device) {
    const rows = [...device.schedules].sort(([a], [b]) => compareText(a, b)).map(([name, { enabled, next }]) => {
      const turn = make("span", { className: "hint" });
      if (enabled !== "ON") turn.textContent = t("scheduleOff");
      else if (next) turn.append(t("scheduleNext"), " ", make("time", { dateTime: next.toISOString(), textContent: timeText(next) }));
      else turn.textContent = t("scheduleNone");
      return this.#switchRow(device, `schedule/${name}/enabled`, name, enabled, turn);
    });
    $("schedule-section").hidden = rows.length === 0;
    this.#updateSwitches(device, $("schedules"), rows);
  }

  /** Motion detection, and what was set at run time. */
  #showOptions(device) {
    const rows = [];
    if (device.motionEnabled) rows.push(this.#switchRow(device, "camera/motion/enabled", t("motionDetection"), device.motionEnabled));
    for (const [name, setting] of Object.entries(device.settings ?? {})) {
      if (name.endsWith(".enabled")) continue; // a switch shows it
      const [value, configured] = [setting?.value, setting?.configured].map((part) => (typeof part === "string" ? part : JSON.stringify(part)));
      const button = make("button", { type: "button", textContent: t("reset"), disabled: device.status !== "online" });
      button.ariaLabel = t("resetOf", { name });
      Object.assign(button.dataset, { device: device.id, setting: name });
      rows.push(make("li", {}, make("div", {}, make("strong", { textContent: `${name} = ${value}` }), " ",
        make("span", { className: "hint", textContent: t("configured", { value: configured }) })), button));
    }
    $("options-section").hidden = rows.length === 0;
    $("keep").hidden = device.settings === null;
    this.#updateSwitches(device, $("options"), rows);
    for (const button of $("options").querySelectorAll("[data-setting]")) button.onclick = () => this.actions.reset(device, button.dataset.setting);
  }

  /** `state`, "ON" or "OFF", is what the device says, not what was asked of it. */
  #switchRow(device, leaf, label, state, ...more) {
    const button = make("button", { type: "button", className: "switch", disabled: device.status !== "online" });
    button.role = "switch";
    button.ariaChecked = String(state === "ON");
    button.ariaLabel = label;
    button.ariaBusy = String(this.actions.waiting(device).some((command) => command.leaf === leaf));
    Object.assign(button.dataset, { device: device.id, leaf });
    return make("li", {}, button, make("div", {}, make("strong", { textContent: label }), " ", ...more));
  }

  #updateSwitches(device, list, rows) {
    update(list, rows);
    for (const button of list.querySelectorAll(".switch")) {
      button.onclick = () => this.actions.set(device, button.dataset.leaf, button.ariaChecked === "true" ? "OFF" : "ON", button.ariaLabel);
    }
  }

  /** What the machine does not have is not in its health. */
  #showBoard(device) {
    const board = device.health.board ?? {};
    const number = (value, text) => (typeof value === "number" ? text(value) : "");
    const addresses = Array.isArray(board.addresses) ? board.addresses.join(", ") : "";
    const facts = [
      ["boardProcessor", number(board.cpu_temperature_c, (value) => valueText(value, "°C", 1))],
      ["boardLoad", number(board.load_1m, (value) => value.toFixed(2))],
      ["boardMemory", number(board.memory_available_kib, (value) => bytesText(value * 1024))],
      ["boardDisk", number(board.disk_free_kib, (value) => bytesText(value * 1024))],
      ["boardWifi", number(board.wifi?.signal_dbm, (value) => valueText(value, "dBm", 0))],
      ["boardAddresses", addresses],
    ].filter(([, text]) => text !== "");
    $("board-section").hidden = facts.length === 0;
    update($("board"), facts.map(([key, text]) =>
      make("div", {}, make("dt", { textContent: t(key, { name: board.wifi?.interface }) }), make("dd", { textContent: text }))));
  }
}
