// SPDX-License-Identifier: MIT
// Topics by the agent's contract: everything of one device is below its base, "edge/<id>" unless configured otherwise.

const leaves = ["status", "info", "health", "publishing", "image", "response", "camera/status", "camera/motion", "camera/live", "sensor/+", "sensor/+/status",
  "sensor/+/backlog", "gpio/+", "schedule/+/enabled", "schedule/+/next", "settings", "camera/motion/enabled"];

/** The subscriptions of a base with "+" in the place of the device. */
export function subscriptions(base) {
  return leaves.map((leaf) => `${base}/${leaf}`);
}

/** A topic's device and what is below its base, or null where it is none of the base's. */
export function splitTopic(base, topic) {
  const pattern = base.split("/");
  const levels = topic.split("/");
  if (levels.length <= pattern.length) return null;
  const place = pattern.indexOf("+");
  if (!pattern.every((level, i) => i === place || level === levels[i])) return null;
  return { device: levels[place], root: levels.slice(0, pattern.length).join("/"), leaf: levels.slice(pattern.length) };
}
