// SPDX-License-Identifier: MIT
// Commands on their way, each recognised in its reply by a transaction of its own.

const kPatience = 15000;

export class Commands {
  #pending = new Map();
  #last = 0;

  /** `publish(topic, text)` returns false without a connection. `changed(command)` is called at each step of its life:
   * "asked", "notSent", "ok", "failed", "noAnswer", and "progress" for a series. */
  constructor(publish, changed) {
    this.publish = publish;
    this.changed = changed;
  }

  send(device, name, options = {}) {
    const transaction = `viewer-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${++this.#last}`;
    const command = { device: device.id, name, options, transaction, taken: 0, time: new Date(), step: "asked" };
    if (!this.publish(`${device.root}/command`, JSON.stringify({ command: name, ...options, transaction }))) {
      command.step = "notSent";
      return this.changed(command);
    }
    this.#pending.set(transaction, command);
    this.#arm(command);
    this.changed(command);
  }

  /** True where the reply was to a command of this page. */
  handleReply(reply) {
    const command = this.#pending.get(reply.transaction);
    if (!command) return false;
    this.#pending.delete(reply.transaction);
    clearTimeout(command.timer);
    command.step = reply.status === "ok" ? "ok" : "failed";
    command.reply = reply;
    if (reply.data?.taken !== undefined) command.taken = reply.data.taken;
    command.time = new Date();
    this.changed(command);
    return true;
  }

  /** A picture that a command of this page asked for. */
  handlePicture(transaction) {
    const command = this.#pending.get(transaction);
    if (!command || !command.options.count) return;
    command.taken += 1;
    command.step = "progress";
    this.#arm(command);
    this.changed(command);
  }

  /** A series lasts as long as it lasts, from one picture to the next. */
  #arm(command) {
    clearTimeout(command.timer);
    const patience = kPatience + (command.options.every ? milliseconds(command.options.every) : 0);
    command.timer = setTimeout(() => {
      this.#pending.delete(command.transaction);
      command.step = "noAnswer";
      command.seconds = Math.round(patience / 1000);
      this.changed(command);
    }, patience);
  }
}

/** "250ms", "2s", "5m", "1h" or "1d" in milliseconds; NaN where it is none. */
export function milliseconds(text) {
  const match = /^\s*(\d+)\s*(ms|s|m|h|d)\s*$/.exec(text);
  return match ? Number(match[1]) * { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000 }[match[2]] : NaN;
}
