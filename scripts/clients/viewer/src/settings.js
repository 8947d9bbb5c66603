// SPDX-License-Identifier: MIT
// Where to connect: from the page's address (?url=…&base=…&user=…), from the last visit, or where the page came from. The password is kept
// for this tab alone.

const kKept = ["url", "username", "base"];

export function loadSettings() {
  const query = new URLSearchParams(location.search);
  const stored = (key) => localStorage.getItem(`pi-edge.${key}`);
  return {
    url: query.get("url") ?? stored("url") ?? ownBroker(),
    username: query.get("user") ?? stored("username") ?? "",
    password: sessionStorage.getItem("pi-edge.password") ?? "",
    base: query.get("base") ?? stored("base") ?? "edge/+",
  };
}

export function saveSettings(settings) {
  for (const key of kKept) {
    if (key === "url" && settings.url === ownBroker()) localStorage.removeItem("pi-edge.url");
    else localStorage.setItem(`pi-edge.${key}`, settings[key]);
  }
  sessionStorage.setItem("pi-edge.password", settings.password);
}

/** mosquitto serves this page and the websockets on one port. */
function ownBroker() {
  if (!location.host) return "ws://localhost:9001";
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
}
