// SPDX-License-Identifier: MIT
// MQTT.js without its own `connect`, which would bring every transport but websockets with it.
import MqttClient from "mqtt/lib/client";
import { browserStreamBuilder } from "mqtt/lib/connect/ws";

const kReconnect = 2000;
// CONNACK of 3.1.1 and 5: the login is wrong, or not enough
const kRefused = { 4: "badLogin", 5: "notAuthorised", 0x86: "badLogin", 0x87: "notAuthorised" };

/** The connection to the broker. `handlers`: connected(), lost("noWebsocket" | "ended"), refused("badLogin" | "notAuthorised"),
 * message(topic, payload, packet). */
export class Link {
  #client = null;

  constructor(handlers) {
    this.handlers = handlers;
  }

  open({ url, username, password }) {
    this.close();
    let reason = "noWebsocket";
    let refusal = null;
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const options = {
      protocol: protocol.slice(0, -1), hostname, port, path: pathname + search, protocolVersion: 5, username: username || undefined,
      password: password || undefined, reconnectPeriod: kReconnect, reconnectOnConnackError: true, connectTimeout: 10000, clean: true, resubscribe: false,
      clientId: `viewer-${Math.random().toString(36).slice(2, 12)}`,
    };
    const client = new MqttClient((self) => browserStreamBuilder(self, self.options), options);
    this.#client = client;
    const mine = (call) => (...values) => { if (this.#client === client) call(...values); };
    client.on("connect", mine(() => { reason = "ended"; this.handlers.connected(); }));
    client.on("error", mine((error) => { refusal = kRefused[error.code] ?? refusal; }));
    client.on("close", mine(() => {
      if (refusal) {
        this.close(); // another login is needed first
        this.handlers.refused(refusal);
      } else {
        this.handlers.lost(reason);
      }
      reason = "noWebsocket";
      refusal = null;
    }));
    client.on("message", mine((topic, payload, packet) => this.handlers.message(topic, payload, packet)));
  }

  get isConnected() {
    return this.#client?.connected ?? false;
  }

  /** `denied()` is called where the broker does not allow it. */
  subscribe(topics, { qos = 1, denied } = {}) {
    this.#client?.subscribe(topics, { qos }, (error) => { if (error?.code >= 0x80) denied?.(); });
  }

  unsubscribe(topics) {
    if (this.isConnected) this.#client.unsubscribe(topics);
  }

  /** False where there is no connection: a command that is sent later is not what the person wanted. `denied()` is called where the
   * broker does not allow it. */
  publish(topic, payload, { retain = false, denied } = {}) {
    if (!this.isConnected) return false;
    this.#client.publish(topic, payload, { qos: 1, retain }, (error) => { if (error?.code === 0x87) denied?.(); });
    return true;
  }

  /** Sends what MQTT.js keeps for its next turn: a page that is being closed has none. */
  flush() {
    const stream = this.#client?.stream;
    while (stream?.writableCorked > 0) stream.uncork();
  }

  close() {
    const client = this.#client;
    this.#client = null;
    client?.on("error", () => {});
    client?.end(true);
  }
}
