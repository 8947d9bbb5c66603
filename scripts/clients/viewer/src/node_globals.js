// SPDX-License-Identifier: MIT
// What MQTT.js expects of node, and a browser does not have.
export { default as process } from "process";
export { Buffer } from "buffer";
