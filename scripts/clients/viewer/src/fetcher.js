// SPDX-License-Identifier: MIT
// Pictures of a device's archive on their way to this page: a few at a time, each asked for with a command and sent on a topic of its own.

const kAtOnce = 2;
const kPatience = 120000; // ms; a large picture over a thin line
const kPictureAfterReply = 10000; // ms

export class Fetcher {
  #waiting = []; // the next one first
  #running = new Map(); // topic → request

  constructor(link, commands) {
    Object.assign(this, { link, commands });
  }

  /** Resolves to the JPEG as a Blob; rejects with the failed command, or with null where it was given up. `options`: of `fetch`.
   * `isUrgent`: before all others. */
  fetch(device, id, options = {}, isUrgent = false) {
    return new Promise((resolve, reject) => {
      // Levels and wildcards of MQTT are no part of an id.
      if (!/^[\w.:-]+$/.test(id)) return reject(null);
      const request = { device, id, options, topic: `${device.root}/picture/${id}`, resolve, reject };
      if (isUrgent) this.#waiting.unshift(request);
      else this.#waiting.push(request);
      this.#next();
    });
  }

  /** What has not been asked for yet, never will be: with `id`, that picture only. */
  giveUp(id) {
    const isMeant = (request) => id === undefined || request.id === id;
    for (const request of this.#waiting.filter(isMeant)) request.reject(null);
    this.#waiting = this.#waiting.filter((request) => !isMeant(request));
  }

  /** A picture came. `transaction`: of the command that it answers, where its message says so; it may be another client's. */
  handlePicture(topic, bytes, transaction) {
    const request = this.#running.get(topic);
    if (!request || (transaction && transaction !== request.command.transaction)) return;
    this.#end(request);
    request.resolve(new Blob([bytes], { type: "image/jpeg" }));
  }

  /** Two sizes of one picture come on one topic, so one after the other. */
  #next() {
    while (this.#running.size < kAtOnce) {
      const place = this.#waiting.findIndex(({ topic }) => !this.#running.has(topic));
      if (place < 0) return;
      this.#start(this.#waiting.splice(place, 1)[0]);
    }
  }

  async #start(request) {
    const { device, id, options, topic } = request;
    this.#running.set(topic, request);
    this.link.subscribe([topic]);
    request.command = this.commands.ask(device, "fetch", { id, ...options }, kPatience);
    const { step } = await request.command.ended;
    if (step === "ok") await new Promise((resolve) => setTimeout(resolve, kPictureAfterReply));
    if (this.#running.get(topic) !== request) return;
    this.#end(request);
    request.reject(request.command);
  }

  #end(request) {
    this.#running.delete(request.topic);
    this.link.unsubscribe([request.topic]);
    this.#next();
  }
}
