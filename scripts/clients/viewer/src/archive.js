// SPDX-License-Identifier: MIT
// The pictures that a device keeps, by day: small ones that are fetched as they come into view, and each of them whole on a press.
import { $, make, say } from "./dom.js";
import { fileName } from "./gallery.js";
import { describe } from "./log.js";
import { bytesText, t, timeText, triggerText } from "./texts.js";

const kPage = 200; // pictures of one list
const kSmall = { width: 240, quality: 50 };
const kMostSmall = 300; // kept
const kMostWhole = 4;

export class Archive {
  #device = null; // while it is open
  #day = null; // its first moment, here
  #pictures = []; // of the day, newest first: { id, time, width, height, bytes, trigger }
  #hasMore = false; // there are older ones of this day
  #query = 0; // the last one; what an older one brings is not shown
  #later = new Map(); // a day that was left for an older one → that day, so that the way back skips the same days
  #small = new Map(); // id → URL, the one that was in view last at the end
  #whole = new Map(); // id → URL
  #visible = new Set(); // ids
  #asked = new Set(); // ids of small pictures that are being fetched
  #askedWhole = new Set();
  #isAway = false;
  #shown = null; // the picture that is enlarged
  #observer = new IntersectionObserver((entries) => this.#look(entries), { root: $("archive"), rootMargin: "100px" });

  constructor(commands, fetcher, lightbox) {
    Object.assign(this, { commands, fetcher, lightbox });
    $("close-archive").onclick = () => $("archive").close();
    $("archive").onclose = () => this.#left();
    $("day").onchange = () => { if ($("day").valueAsDate) this.#showDay(localDay($("day").value)); };
    $("day-before").onclick = () => this.#goBefore();
    $("day-after").onclick = () => this.#showDay(this.#later.get(+this.#day) ?? addDays(this.#day, 1));
    $("archive-more").onclick = () => this.#loadMore();
    $("tiles").onclick = (event) => {
      const id = event.target.closest("button")?.dataset.id;
      if (id !== undefined) this.#enlarge(this.#pictures.find((picture) => picture.id === id));
    };
  }

  /** At the newest day of `device`. */
  open(device) {
    this.#device = device;
    this.#isAway = false;
    this.#clear();
    $("archive-title").textContent = t("archiveOf", { device: device.name });
    $("archive").showModal();
    this.#showNewest();
  }

  async #showNewest() {
    if (this.#device.health.archive?.status === "off") return this.#say(t("archiveOff"));
    const found = await this.#list({ last: 1 });
    if (!found) return;
    const [newest] = found.pictures;
    if (newest) this.#showDay(dayOf(newest.time));
    else this.#say(t("archiveEmpty"));
  }

  /** `device` may have gone offline or come back. */
  update(device) {
    if (device !== this.#device || !device) return;
    const isAway = device.status !== "online";
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    if (isAway) this.#say(t("archiveAway"), "off");
    else if (this.#day) this.#showDay(this.#day);
    else this.#showNewest();
  }

  /** `device` is gone. */
  close(device) {
    if (this.#device === device) $("archive").close();
  }

  #left() {
    this.lightbox.close();
    this.#clear();
    for (const urls of [this.#small, this.#whole]) limit(urls, 0);
    this.#later.clear();
    this.#device = this.#day = null;
  }

  #clear() {
    ++this.#query;
    this.fetcher.giveUp();
    this.#observer.disconnect();
    this.#visible.clear();
    this.#pictures = [];
    this.#hasMore = false;
    $("archive").ariaBusy = "false";
    $("tiles").replaceChildren();
    this.#say("");
    this.#showState();
  }

  // ---- the list

  async #showDay(day) {
    this.#clear();
    this.#day = day;
    this.#showState();
    if ((await this.#loadMore()) && this.#pictures.length === 0) this.#say(t("archiveNoneOfDay"));
  }

  async #goBefore() {
    const day = this.#day;
    const found = await this.#list({ until: day.toISOString(), last: 1 });
    if (!found) return;
    const [older] = found.pictures;
    if (!older) return this.#say(t("archiveFirst"));
    this.#later.set(+dayOf(older.time), day);
    this.#showDay(dayOf(older.time));
  }

  /** The next older ones of the day; true when they are there. */
  async #loadMore() {
    const last = this.#pictures.at(-1);
    const until = last ? new Date(+last.time + 1) : addDays(this.#day, 1); // several may be of the same millisecond as the last
    const more = await this.#list({ since: this.#day.toISOString(), until: until.toISOString(), last: last ? kPage + 1 : kPage });
    if (!more) return false;
    this.#hasMore = more.hasMore;
    const known = new Set(this.#pictures.map(({ id }) => id));
    const added = more.pictures.filter(({ id }) => !known.has(id));
    this.#pictures.push(...added);
    for (const picture of added) {
      const tile = this.#tileOf(picture);
      $("tiles").append(tile);
      this.#observer.observe(tile);
    }
    this.#showState();
    return true;
  }

  /** { pictures, hasMore }: those that match, newest first, and whether there are older ones; null where there is no answer,
   * which is said, or another question came meanwhile. */
  async #list(options) {
    const query = ++this.#query;
    $("archive").ariaBusy = "true";
    const command = await this.commands.ask(this.#device, "pictures", options).ended;
    if (query !== this.#query) return null;
    $("archive").ariaBusy = "false";
    if (command.step === "ok") return { pictures: picturesOf(command.reply.data), hasMore: command.reply.data?.more === true };
    const [text, , detail] = describe(command);
    if (command.reply?.code === "unknown_command") this.#say(t("archiveUnknown"), "error");
    else this.#say(text, "error", detail);
    return null;
  }

  #say(text, kind = "", detail = "") {
    say($("archive-message"), text, kind, detail);
  }

  #showState() {
    const hasDay = this.#day !== null;
    for (const id of ["day", "day-before", "day-after"]) $(id).disabled = !hasDay;
    const today = dayOf(new Date());
    $("day").value = hasDay ? this.#day.toLocaleDateString("sv") : "";
    $("day").max = today.toLocaleDateString("sv");
    $("day").min = Date.parse(this.#device?.health.archive?.oldest) ? new Date(this.#device.health.archive.oldest).toLocaleDateString("sv") : "";
    $("day-after").disabled = !hasDay || this.#day >= today;
    const count = this.#pictures.length;
    $("archive-count").textContent = count > 0 ? t(this.#hasMore ? "archiveCountMore" : "archiveCount", { count }) : "";
    $("archive-more").hidden = !this.#hasMore;
  }

  // ---- the small pictures

  #tileOf(picture) {
    const label = make("span", {}, timeOfDay(picture.time), " ", make("small", { textContent: triggerText(picture.trigger) }));
    const button = make("button", { type: "button" }, make("img", { alt: "", decoding: "async" }), label);
    button.dataset.id = picture.id;
    return make("li", {}, button);
  }

  #tile(id) {
    return $("tiles").querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      const { id } = target.firstElementChild.dataset;
      if (isIntersecting) {
        this.#visible.add(id);
        this.#showSmall(id);
      } else {
        this.#visible.delete(id);
        this.fetcher.giveUp(id);
      }
    }
  }

  async #showSmall(id) {
    if (this.#asked.has(id)) return;
    if (!this.#small.has(id) && !(await this.#fetchSmall(id))) return;
    const url = this.#small.get(id);
    this.#small.delete(id);
    this.#small.set(id, url);
    const image = this.#tile(id)?.querySelector("img");
    if (image && image.getAttribute("src") !== url) image.src = url;
    limit(this.#small, kMostSmall, (old) => {
      if (this.#visible.has(old)) return false;
      this.#tile(old)?.querySelector("img").removeAttribute("src");
      return true;
    });
  }

  async #fetchSmall(id) {
    const device = this.#device;
    this.#asked.add(id);
    try {
      const blob = await this.fetcher.fetch(device, id, kSmall);
      if (device !== this.#device) return false;
      this.#small.set(id, URL.createObjectURL(blob));
      this.#tile(id)?.classList.remove("failed");
    } catch (command) {
      if (command) this.#tile(id)?.classList.add("failed");
      return false;
    } finally {
      this.#asked.delete(id);
    }
    return true;
  }

  // ---- one of them, whole

  #enlarge(picture) {
    this.lightbox.open(this);
    this.#show(picture);
  }

  async step(by) {
    const place = this.#pictures.indexOf(this.#shown) + by;
    if (place === this.#pictures.length && this.#hasMore) await this.#loadMore();
    if (this.#pictures[place] && this.lightbox.isOf(this)) this.#show(this.#pictures[place]);
  }

  left() {
    if (this.#shown) this.#tile(this.#shown.id)?.focus();
    this.#shown = null;
  }

  async #show(picture) {
    const { id } = picture;
    this.#shown = picture;
    this.#draw(picture);
    if (this.#whole.has(id) || this.#askedWhole.has(id)) return;
    const device = this.#device;
    this.#askedWhole.add(id);
    try {
      const blob = await this.fetcher.fetch(device, id, {}, true);
      if (device !== this.#device) return;
      this.#whole.set(id, URL.createObjectURL(blob));
      limit(this.#whole, kMostWhole, (old) => old !== this.#shown?.id);
      if (id === this.#shown?.id) this.#draw(this.#shown);
    } catch (command) {
      if (command && picture === this.#shown) this.#draw(picture, describe(command));
    } finally {
      this.#askedWhole.delete(id);
    }
  }

  /** `failure`: [text, kind, detail] where it could not be fetched. */
  #draw(picture, failure) {
    const { id, time, trigger, width, height, bytes } = picture;
    const whole = this.#whole.get(id);
    const facts = [timeText(time), width && height ? `${width}×${height}` : "", bytes ? bytesText(bytes) : "", triggerText(trigger)];
    const state = failure ? `${failure[0]} ${failure[2]}`.trim() : whole ? "" : t("archiveLoading");
    const place = this.#pictures.indexOf(picture);
    this.lightbox.show({
      url: whole ?? this.#small.get(id) ?? "", alt: t("pictureOf", { device: this.#device.name, time: timeText(time) }), width, height,
      caption: [...facts, state].filter(Boolean).join(" · "), kind: failure ? "error" : "", file: whole && fileName(this.#device, time),
      isOldest: place === this.#pictures.length - 1 && !this.#hasMore, isNewest: place === 0,
    });
  }
}

/** Those of a reply that can be shown. */
function picturesOf(data) {
  const pictures = Array.isArray(data?.pictures) ? data.pictures : [];
  return pictures.filter((picture) => typeof picture?.id === "string" && Date.parse(picture.time))
    .map((picture) => ({ ...picture, time: new Date(picture.time) })).sort((a, b) => b.time - a.time);
}

/** Revokes the oldest URLs beyond `most`; `mayGo(id)` keeps some. */
function limit(urls, most, mayGo = () => true) {
  for (const [id, url] of urls) {
    if (urls.size <= most) return;
    if (!mayGo(id)) continue;
    urls.delete(id);
    URL.revokeObjectURL(url);
  }
}

function dayOf(time) {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate());
}

function localDay(text) {
  const [year, month, day] = text.split("-").map(Number);
  return new Date(year, month - 1, day);
}

function addDays(day, count) {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count);
}

function timeOfDay(time) {
  return time.toLocaleTimeString("sv");
}
