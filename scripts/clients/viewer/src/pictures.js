// SPDX-License-Identifier: MIT
// A picture comes as raw bytes on one topic and is described on another, in either order, and several devices may share the first topic.
// With MQTT 5 the image id says which belong together; without, the number of bytes does.

const kMostWaiting = 20;

export class PictureMatcher {
  #pictures = [];
  #descriptions = [];

  /** `found(description, picture)` is called for each pair; `lonely(picture)` for a picture that nobody described. */
  constructor(found, lonely) {
    this.found = found;
    this.lonely = lonely;
  }

  addPicture(picture) {
    if (picture.id && this.#pictures.some((other) => other.id === picture.id)) return;
    const index = this.#descriptions.findIndex((description) => belong(picture, description));
    if (index >= 0) return this.found(this.#descriptions.splice(index, 1)[0], picture);
    this.#pictures.push(picture);
    if (this.#pictures.length > kMostWaiting) this.#pictures.shift();
    picture.timer = setTimeout(() => {
      const place = this.#pictures.indexOf(picture);
      if (place < 0) return;
      this.#pictures.splice(place, 1);
      this.lonely(picture);
    }, 3000);
  }

  addDescription(description) {
    const index = this.#pictures.findIndex((picture) => belong(picture, description));
    if (index < 0) {
      this.#descriptions.push(description);
      if (this.#descriptions.length > kMostWaiting) this.#descriptions.shift();
      return;
    }
    const [picture] = this.#pictures.splice(index, 1);
    clearTimeout(picture.timer);
    this.found(description, picture);
  }
}

function belong(picture, description) {
  return picture.id ? picture.id === description.id : picture.bytes.length === description.bytes;
}

/** From its first marker to its last, as a JPEG is. */
export function isWhole(bytes) {
  const end = bytes.length;
  return end > 4 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9;
}
