// SPDX-License-Identifier: MIT
// The pictures of a device that came since the page was opened: one of them large, the others small.
import { $, make, update } from "./dom.js";
import { arrowOf } from "./lightbox.js";
import { bytesText, t, timeText, triggerText } from "./texts.js";

export class Gallery {
  #device = null;
  #drawn = "";
  #chosen = new Map(); // device id → the picture that is looked at; none = the newest

  constructor(lightbox) {
    this.lightbox = lightbox;
    $("enlarge").onclick = () => this.#enlarge();
    $("thumbnails").onkeydown = (event) => this.#key(event);
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
    const isEnlarged = this.lightbox.isOf(this);
    if (!shown) return isEnlarged && this.lightbox.close();
    const view = { url: shown.url, alt: this.#nameOf(shown), caption: caption(shown), file: fileName(device, shown.time) };
    if ($("picture-image").src !== view.url) $("picture-image").src = view.url;
    $("picture-image").alt = view.alt;
    Object.assign($("download"), { href: view.url, download: view.file });
    $("picture-caption").textContent = view.caption;
    $("enlarge").ariaLabel = t("enlarge", { picture: view.alt });
    if (isEnlarged) this.lightbox.show({ ...view, isOldest: shown === device.pictures.at(-1), isNewest: shown === device.pictures[0] });
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

  step(by) {
    const { pictures } = this.#device;
    const next = pictures[pictures.indexOf(this.#shown()) + by];
    if (!next) return;
    if (this.lightbox.isOf(this)) this.#chosen.set(this.#device.id, next);
    else this.#follow(next);
    this.show(this.#device);
  }

  left() {
    this.#follow(this.#shown());
  }

  // What is looked at closely does not change when a newer one comes.
  #enlarge() {
    this.#chosen.set(this.#device.id, this.#shown());
    this.#drawn = "";
    this.lightbox.open(this);
    this.show(this.#device);
  }

  #key(event) {
    const by = arrowOf(event);
    if (by === 0) return;
    this.step(-by); // the newest is the leftmost
    $("thumbnails").querySelector("[aria-current=true]")?.focus();
  }
}

export function fileName(device, time) {
  return `${device.id}-${time.toISOString().replace(/[:.]/g, "-")}.jpg`;
}

function caption({ description, time, size, whole }) {
  const values = { time: timeText(time), size: bytesText(size) };
  if (!whole) return t("broken", values);
  if (!description) return t("captionBare", values);
  const text = t("caption", { ...description, ...values, trigger: triggerText(description.trigger) });
  return description.reduced ? `${text} · ${t("reduced")}` : text;
}
