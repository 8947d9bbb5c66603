// SPDX-License-Identifier: MIT
// Readings for a spreadsheet: what the device's journal has, and what this page received.
import { $, download, say } from "./dom.js";
import { describe } from "./log.js";
import { t } from "./texts.js";

const kPage = 1000; // readings of one reply
const kMostStored = 200000;
const kDay = 86400000; // ms

export class CsvExport {
  #device = null; // while it is open

  constructor(commands) {
    this.commands = commands;
    $("close-export").onclick = () => $("export").close();
    $("export").onclose = () => { this.#device = null; };
    $("export-form").onsubmit = (event) => {
      event.preventDefault();
      this.#export(this.#device);
    };
  }

  open(device) {
    this.#device = device;
    const { since, until } = $("export-form").elements;
    since.value = localText(new Date(Date.now() - kDay));
    until.value = "";
    say($("export-feedback"), "");
    $("export-start").ariaBusy = "false";
    $("export").showModal();
  }

  async #export(device) {
    const { since, until } = $("export-form").elements;
    const [from, to] = [since, until].map(({ value }) => (value === "" ? undefined : new Date(value)));
    $("export-start").ariaBusy = "true";
    say($("export-feedback"), "");
    const stored = await this.#stored(device, from, to);
    if (device !== this.#device) return;
    $("export-start").ariaBusy = "false";
    const rows = merged(stored.rows, received(device, from, to));
    if (rows.length > 0) {
      const days = [rows[0], rows.at(-1)].map(([seconds]) => new Date(seconds * 1000).toLocaleDateString("sv"));
      download(`${device.id}-readings-${[...new Set(days)].join("_")}.csv`, [toCsv(rows)], "text/csv");
    }
    const result = rows.length > 0 ? t("exportDone", { count: rows.length, stored: stored.rows.length }) : t("exportNone");
    const [complaint, kind, detail] = stored.complaint ?? ["", "good", ""];
    say($("export-feedback"), `${result} ${complaint}`.trim(), kind, detail);
  }

  /** { rows, complaint }: what the journal has between two times, either of which may be undefined; `complaint` is [text, kind, detail] where
   * that is not all. The last ones come first, in replies of a bounded size. */
  async #stored(device, from, to) {
    const rows = new Map();
    for (let until = to; ;) {
      const options = { last: kPage };
      if (from) options.since = from.toISOString();
      if (until) options.until = until.toISOString();
      const command = await this.commands.ask(device, "readings", options).ended;
      if (device !== this.#device) return { rows: [] };
      if (command.step !== "ok") return { rows: [...rows.values()], complaint: complaintOf(command) };
      const { readings, more } = command.reply.data ?? {};
      const before = rows.size;
      let oldest = Infinity;
      for (const { time, sensor, value, unit } of list(readings)) {
        const milliseconds = Date.parse(time);
        if (Number.isNaN(milliseconds) || typeof value !== "number") continue;
        rows.set(`${milliseconds} ${sensor}`, [milliseconds / 1000, String(sensor), value, String(unit ?? "")]);
        oldest = Math.min(oldest, milliseconds);
      }
      if (more !== true || rows.size === before) return { rows: [...rows.values()] };
      if (rows.size >= kMostStored) return { rows: [...rows.values()], complaint: [t("exportCut"), "warning", ""] };
      until = new Date(oldest + 1); // several may be of the same millisecond
    }
  }
}

function complaintOf(command) {
  const key = { unknown_command: "exportTooOld", invalid_option: "exportNotKept" }[command.reply?.code];
  if (key) return [t(key), "warning", ""];
  const [text, , detail] = describe(command);
  return [`${t("exportPageOnly")} ${text}`, "warning", detail];
}

function list(value) {
  return Array.isArray(value) ? value.filter((item) => item !== null) : [];
}

/** What came since this page was opened. */
function received(device, from, to) {
  return device.currentSensors().flatMap(([name, { unit, readings }]) => readings
    .filter(([seconds]) => (!from || seconds * 1000 >= from) && (!to || seconds * 1000 < to))
    .map(([seconds, value]) => [seconds, name, value, unit]));
}

/** Each reading once, oldest first. */
function merged(...tables) {
  const rows = new Map(tables.flat().map((row) => [`${row[0]} ${row[1]}`, row]));
  return [...rows.values()].sort(([a], [b]) => a - b);
}

/** RFC 4180. The mark at its beginning tells Excel that it is UTF-8. */
function toCsv(rows) {
  const lines = rows.map(([seconds, name, value, unit]) => [new Date(seconds * 1000).toISOString(), text(name), value, text(unit)].join());
  return `\ufeff${["time,sensor,value,unit", ...lines].join("\r\n")}\r\n`;
}

// Names come from topics, which anybody may publish on: a spreadsheet must not take one for a formula.
function text(value) {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** As a field for local date and time takes it, without seconds. */
function localText(date) {
  return date.toLocaleString("sv").slice(0, 16).replace(" ", "T");
}
