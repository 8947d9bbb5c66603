// SPDX-License-Identifier: MIT
import mqtt from "mqtt";

const kReconnect = 2000;
const kRefused = [4, 5, 0x86, 0x87]; // CONNACK of 3.1.1 and 5: the login is wrong, or not enough

/** The connection to the broker. `handlers`: connected(), lost("noWebsocket" | "ended"), refused(text), message(topic, payload, packet). */
export class Link {
  #client = null;

  constructor(handlers) {
    this.handlers = handlers;
  }

  open({ url, username, password }) {
    this.close();
    let reason = "noWebsocket";
    let refusal = null;
    const client = mqtt.connect(url, {
      protocolVersion: 5, username: username || undefined, password: password || undefined, reconnectPeriod: kReconnect, connectTimeout: 10000,
      clean: true, resubscribe: false, clientId: `viewer-${Math.random().toString(36).slice(2, 12)}`,
    });
    this.#client = client;
    const mine = (call) => (...values) => { if (this.#client === client) call(...values); };
    client.on("connect", mine(() => { reason = "ended"; this.handlers.connected(); }));
    client.on("error", mine((error) => { if (kRefused.includes(error.code)) refusal = error.message; }));
    client.on("close", mine(() => {
      if (refusal) this.handlers.refused(refusal);
      else this.handlers.lost(reason);
      reason = "noWebsocket";
      refusal = null;
    }));
    client.on("message", mine((topic, payload, packet) => this.handlers.message(topic, payload, packet)));
  }

  get isConnected() {
    return this.#client?.connected ?? false;
  }

  subscribe(topics) {
    this.#client?.subscribe(topics, { qos: 1 });
  }

  /** False where there is no connection: a command that is sent later is not what the person wanted. */
  publish(topic, payload, retain = false) {
    if (!this.isConnected) return false;
    this.#client.publish(topic, payload, { qos: 1, retain });
    return true;
  }

  close() {
    const client = this.#client;
    this.#client = null;
    client?.end(true);
  }
}
