// SPDX-License-Identifier: MIT
// One picture over the whole page, and the way to its neighbours.
import { $ } from "./dom.js";

export class Lightbox {
  #owner = null;

  constructor() {
    $("older").onclick = () => this.#owner.step(1);
    $("newer").onclick = () => this.#owner.step(-1);
    $("close-enlarged").onclick = () => this.close();
    $("enlarged").onclick = (event) => { if (event.target === $("enlarged")) this.close(); };
    $("enlarged").onkeydown = (event) => {
      const by = arrowOf(event);
      if (by !== 0) this.#owner.step(by);
    };
    $("enlarged").onclose = () => {
      const owner = this.#owner;
      this.#owner = null;
      owner?.left();
    };
  }

  /** `owner`: step(by) goes to the next older (1) or newer (-1) picture, left() is called at the end. */
  open(owner) {
    this.#owner = owner;
    $("enlarged").showModal();
  }

  isOf(owner) {
    return this.#owner === owner;
  }

  close() {
    if ($("enlarged").open) $("enlarged").close();
  }

  /** `file`: the name of the download; none = what is seen is not the whole picture. `width` and
   * `height`: of the whole picture, where they are known. `kind`: of the caption. */
  show({ url, alt, caption, kind = "", file, width = "", height = "", isOldest, isNewest }) {
    const image = $("enlarged-image");
    if (image.getAttribute("src") !== url) image.src = url;
    image.alt = alt;
    for (const [name, value] of Object.entries({ width, height })) image.setAttribute(name, value);
    $("enlarged-caption").textContent = caption;
    $("enlarged-caption").className = kind;
    $("enlarged-download").hidden = !file;
    Object.assign($("enlarged-download"), { href: url, download: file ?? "" });
    $("older").disabled = isOldest;
    $("newer").disabled = isNewest;
  }
}

/** 1 for ← (older), -1 for → (newer), else 0. */
export function arrowOf(event) {
  const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
  if (!by || event.ctrlKey || event.altKey || event.metaKey) return 0;
  event.preventDefault();
  return by;
}
