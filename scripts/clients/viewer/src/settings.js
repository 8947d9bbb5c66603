// SPDX-License-Identifier: MIT
// Where to connect: from the page's address (?url=…&base=…&user=…), from the last visit, or where the page came from. The password is kept
// for this tab alone.
import { completeAddress, isBase } from "./address.js";
import { $, say } from "./dom.js";
import { t } from "./texts.js";

const kKept = ["url", "username", "base"];

/** `error` is the key of what is wrong with the page's own address: then there is nothing to connect to. */
export function loadSettings() {
  const query = new URLSearchParams(location.search);
  const stored = (key) => localStorage.getItem(`pi-edge.${key}`);
  const settings = {
    url: query.get("url") ?? completeAddress(stored("url") ?? "").url ?? ownBroker(),
    username: query.get("user") ?? stored("username") ?? "",
    password: sessionStorage.getItem("pi-edge.password") ?? "",
    base: query.get("base") ?? (isBase(stored("base") ?? "") ? stored("base") : "edge/+"),
  };
  const { url, error } = completeAddress(settings.url);
  return { ...settings, url: url ?? settings.url, error: error ?? (isBase(settings.base) ? undefined : "baseBad") };
}

function save(settings) {
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

/** Lets a person change `settings`; `done(settings)` is called with what can be used, which is also kept. `refusal` is the key of why the
 * broker refused the login. */
export function editSettings(settings, refusal, done) {
  const form = $("settings-form");
  const fields = form.elements;
  for (const key of [...kKept, "password"]) fields[key].value = settings[key];
  const check = (key, error) => {
    fields[key].setAttribute("aria-invalid", String(Boolean(error)));
    say($(`${key}-feedback`), error ? t(error) : "", error ? "error" : "");
    if (error) fields[key].focus();
    return !error;
  };
  check("base");
  check("url", settings.error === "baseBad" ? undefined : settings.error);
  form.onsubmit = (event) => {
    event.preventDefault();
    const { url, error } = completeAddress(fields.url.value);
    const base = fields.base.value.trim();
    if (![check("base", isBase(base) ? undefined : "baseBad"), check("url", error)].every(Boolean)) return;
    const wanted = { url, base, username: fields.username.value, password: fields.password.value };
    save(wanted);
    $("settings").close();
    done(wanted);
  };
  say($("login-feedback"), refusal ? t(refusal) : "", "error");
  $("settings").showModal();
  if (refusal) fields[settings.username ? "password" : "username"].focus();
}
