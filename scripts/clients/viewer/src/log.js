// SPDX-License-Identifier: MIT
// What became of commands: beside the control that each came from, and all of them in the log.
import { $, make, say } from "./dom.js";
import { codeText, commandText, t, timeText } from "./texts.js";

const kMostLines = 50;
const kPlaces = { start: "readings", stop: "readings", capture: "capture", series: "series", cancel: "series", keep: "readings", reset: "options" };
const kSwitches = { gpio: "gpio", schedule: "schedules", camera: "options" }; // by the first level of their topics
const kKinds = { asked: "", progress: "", ok: "good" };

export class Log {
  #lines = []; // { key, time, device, textOf() → [text, kind, detail] }, newest first
  #beside = new Map(); // place → textOf

  /** The step that a command has come to; beside its control where its device `isCurrent`. */
  showCommand(command, isCurrent) {
    if (command.step === "progress") return;
    const now = { ...command }; // the command goes on
    const textOf = () => describe(now);
    if (isCurrent) this.showBeside(kPlaces[command.control] ?? kSwitches[command.leaf.split("/")[0]], textOf);
    this.#write(command.transaction, command.device, textOf);
  }

  /** The reply to somebody else's command. */
  showForeignReply(device, reply) {
    const isSeries = Boolean(reply.data?.count);
    if (reply.status !== "error" && !isSeries) return;
    const step = reply.status === "ok" ? "ok" : "failed";
    this.#write({}, device, () => describe({ name: reply.command, options: reply.data ?? {}, taken: reply.data?.taken, step, reply }));
  }

  /** Something that no reply is about: the key of a text. One line for each kind and device. */
  showError(device, key) {
    this.#write(`${key} ${device.id}`, device, () => [t(key), "error"]);
  }

  /** `textOf()` returns [text, kind, detail]. */
  showBeside(place, textOf) {
    this.#beside.set(place, textOf);
    say($(`${place}-feedback`), ...textOf());
  }

  /** For another device, or because what it was about has changed. */
  clearBeside(places = [...this.#beside.keys()]) {
    for (const place of places) {
      this.#beside.delete(place);
      say($(`${place}-feedback`), "");
    }
  }

  /** In the language of now. */
  redraw() {
    for (const [place, textOf] of this.#beside) say($(`${place}-feedback`), ...textOf());
    $("no-log").hidden = this.#lines.length > 0;
    $("log").replaceChildren(...this.#lines.map(({ time, device, textOf }) => {
      const [text, kind, detail] = textOf();
      const line = make("li", {}, make("time", { dateTime: time.toISOString(), textContent: timeText(time) }), " ",
        make("span", { className: `text ${kind}`, textContent: `${device.name} · ${text}` }));
      if (detail) line.append(" ", make("small", { lang: "en", textContent: detail }));
      return line;
    }));
  }

  #write(key, device, textOf) {
    this.#lines = [{ key, time: new Date(), device, textOf }, ...this.#lines.filter((line) => line.key !== key)].slice(0, kMostLines);
    this.redraw();
  }
}

/** [text, kind, detail] of the step that a command has come to. */
export function describe({ name, label, options, taken, step, reply, seconds }) {
  const { count } = options;
  if (count && step === "ok") return [t("seriesDone", { taken, count }), "good"];
  const command = commandText(count ? "series" : name, { label });
  return [t(step, { command, seconds, error: reply ? codeText(reply.code) : "" }), kKinds[step] ?? "error", step === "failed" ? reply.error : ""];
}
