// SPDX-License-Identifier: MIT
// The pictures of a device: one of them large, the others small, and any of them over the whole page.
import { $, make, update } from "./dom.js";
import { bytesText, t, timeText } from "./texts.js";

export class Gallery {
  #device = null;
  #drawn = "";
  #chosen = new Map(); // device id → the picture that is looked at; none = the newest

  constructor() {
    $("enlarge").onclick = () => this.#enlarge();
    $("older").onclick = () => this.#step(1);
    $("newer").onclick = () => this.#step(-1);
    $("close-enlarged").onclick = () => $("enlarged").close();
    $("enlarged").onclick = (event) => { if (event.target === $("enlarged")) $("enlarged").close(); };
    $("enlarged").onclose = () => this.#follow(this.#shown());
    for (const id of ["enlarged", "thumbnails"]) $(id).onkeydown = (event) => this.#key(event);
  }

  show(device) {
    this.#device = device;
    const shown = this.#shown();
    const drawn = [device.id, shown?.url, ...device.pictures.map(({ url }) => url)].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    $("picture").hidden = !shown;
    $("no-picture").hidden = Boolean(shown);
    update($("thumbnails"), device.pictures.map((picture) => {
      const button = make("button", { type: "button" }, make("img", { src: picture.url, alt: "" }), timeText(picture.time));
      button.dataset.url = picture.url;
      button.setAttribute("aria-current", String(picture === shown));
      button.setAttribute("aria-label", this.#nameOf(picture));
      return make("li", {}, button);
    }));
    for (const button of $("thumbnails").querySelectorAll("button")) {
      button.onclick = () => this.#follow(device.pictures.find(({ url }) => url === button.dataset.url));
    }
    if (!shown) return $("enlarged").close();
    const name = `${device.id}-${shown.time.toISOString().replace(/[:.]/g, "-")}.jpg`;
    for (const id of ["picture-image", "enlarged-image"]) {
      if ($(id).src !== shown.url) $(id).src = shown.url;
      $(id).alt = this.#nameOf(shown);
    }
    for (const id of ["download", "enlarged-download"]) Object.assign($(id), { href: shown.url, download: name });
    for (const id of ["picture-caption", "enlarged-caption"]) $(id).textContent = caption(shown);
    $("enlarge").ariaLabel = t("enlarge", { picture: this.#nameOf(shown) });
    $("older").disabled = shown === device.pictures.at(-1);
    $("newer").disabled = shown === device.pictures[0];
  }

  /** In the language of now. */
  redraw() {
    this.#drawn = "";
  }

  #nameOf({ time }) {
    return t("pictureOf", { device: this.#device.name, time: timeText(time) });
  }

  #shown() {
    const chosen = this.#chosen.get(this.#device.id);
    return this.#device.pictures.includes(chosen) ? chosen : this.#device.pictures[0];
  }

  /** From now on `picture` is shown, also when newer ones come; the newest is followed by its successors. */
  #follow(picture) {
    this.#chosen.set(this.#device.id, picture === this.#device.pictures[0] ? undefined : picture);
    this.show(this.#device);
  }

  #step(by) {
    const { pictures } = this.#device;
    const next = pictures[pictures.indexOf(this.#shown()) + by];
    if (!next) return;
    if ($("enlarged").open) this.#chosen.set(this.#device.id, next);
    else this.#follow(next);
    this.show(this.#device);
  }

  // What is looked at closely does not change when a newer one comes.
  #enlarge() {
    this.#chosen.set(this.#device.id, this.#shown());
    $("enlarged").showModal();
  }

  #key(event) {
    const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    // Among the thumbnails, the newest is the leftmost; enlarged, older ones are to the left.
    if (event.currentTarget.id === "enlarged") return this.#step(by);
    this.#step(-by);
    $("thumbnails").querySelector("[aria-current=true]")?.focus();
  }
}

function caption({ description, time, size, whole }) {
  const values = { time: timeText(time), size: bytesText(size) };
  if (!whole) return t("broken", values);
  if (!description) return t("captionBare", values);
  const trigger = String(description.trigger);
  const cause = trigger.startsWith("gpio:") ? t("triggerGpio", { name: trigger.slice(5) }) : trigger === "motion" ? t("triggerMotion")
    : trigger === "command" ? t("triggerCommand") : trigger;
  const text = t("caption", { ...description, ...values, trigger: cause });
  return description.reduced ? `${text} · ${t("reduced")}` : text;
}
