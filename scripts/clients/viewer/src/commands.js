// SPDX-License-Identifier: MIT
// Commands on their way, each recognised in its reply by a transaction of its own; that of a switch, which carries none, by its turn.

const kPatience = 15000;

export class Commands {
  #pending = new Map(); // transaction → command
  #last = 0;

  /** `publish(topic, text, options)` returns false without a connection. `changed(command)` is called at each `step` of a command's life:
   * "asked", "notSent", "denied", "ok", "failed", "noAnswer", and "progress" for a series. */
  constructor(publish, changed) {
    this.publish = publish;
    this.changed = changed;
  }

  /** `control`: the id of the button that it came from. */
  send(device, name, options, control) {
    this.#command({ device, name, options, control });
  }

  /** As send(), for what the page itself asks: what becomes of it is not shown. Returns the command, whose `ended` resolves to itself
   * when it has come to its last step. `patience`: in ms. */
  ask(device, name, options, patience) {
    const command = { device, name, options, patience };
    command.ended = new Promise((resolve) => { command.end = resolve; });
    this.#command(command);
    return command;
  }

  /** Publishes `value` (ON, OFF or TOGGLE) for the switch on the device's topic `leaf`; `label` is what a person calls it. */
  set(device, leaf, value, label) {
    const name = value === "TOGGLE" ? "toggle" : "switch";
    const command = { device, leaf, label, name, options: {}, control: leaf, transaction: `set-${++this.#last}` };
    this.#publish(command, `${device.root}/${leaf}/set`, value);
  }

  /** Those of `device` that have no reply yet, oldest first. */
  waiting(device) {
    return [...this.#pending.values()].filter((command) => command.device === device);
  }

  /** True where the reply was to a command of this page. */
  handleReply(device, reply) {
    const command = this.#pending.get(reply.transaction)
      ?? (reply.command === "set" && !reply.transaction ? this.waiting(device).find(({ leaf }) => leaf) : undefined);
    if (!command) return false;
    command.reply = reply;
    if (reply.data?.taken !== undefined) command.taken = reply.data.taken;
    this.#end(command, reply.status === "ok" ? "ok" : "failed");
    return true;
  }

  /** A picture of a series of this page came, or the device's health lists `taken` of them. Either may be ahead of the other. */
  handleProgress(transaction, taken) {
    const command = this.#pending.get(transaction);
    if (!command?.options.count) return;
    if (taken === undefined) ++command.received;
    command.taken = Math.max(command.taken, taken ?? command.received);
    command.step = "progress";
    this.#arm(command);
    this.changed(command);
  }

  #command(command) {
    const { device, name, options } = command;
    const transaction = `viewer-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${++this.#last}`;
    command.transaction = transaction;
    this.#publish(command, `${device.root}/command`, JSON.stringify({ command: name, ...options, transaction }));
  }

  #publish(command, topic, payload) {
    Object.assign(command, { taken: 0, received: 0, time: new Date(), step: "asked" });
    this.#pending.set(command.transaction, command);
    this.#arm(command);
    if (!command.end) this.changed(command);
    const denied = () => this.#pending.has(command.transaction) && this.#end(command, "denied");
    if (!this.publish(topic, payload, { denied })) this.#end(command, "notSent");
  }

  #end(command, step) {
    this.#pending.delete(command.transaction);
    clearTimeout(command.timer);
    Object.assign(command, { step, time: new Date() });
    if (command.end) command.end(command);
    else this.changed(command);
  }

  /** A series lasts as long as it lasts, from one picture to the next. */
  #arm(command) {
    clearTimeout(command.timer);
    const patience = (command.patience ?? kPatience) + (command.options.every ? milliseconds(command.options.every) : 0);
    command.seconds = Math.round(patience / 1000);
    command.timer = setTimeout(() => this.#end(command, "noAnswer"), patience);
  }
}

/** "250ms", "2s", "5m", "1h" or "1d" in milliseconds; NaN where it is none. */
export function milliseconds(text) {
  const match = /^\s*(\d+)\s*(ms|s|m|h|d)\s*$/.exec(text);
  return match ? Number(match[1]) * { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000 }[match[2]] : NaN;
}
