// SPDX-License-Identifier: MIT
// The live view of one device: a lease, which is renewed while somebody can see the page, and the latest frame.
import { $ } from "./dom.js";
import { describe } from "./log.js";
import { t } from "./texts.js";

const kLease = "30s";
const kRenewal = 12000; // ms; with the patience for a reply, within the lease
const kTick = 500; // ms
const kWindow = 5000; // ms, of the frame rate and the delay
const kGrace = 2000; // ms, from a request until the device's state is that of the reply
const kSilence = 6000; // ms without a first frame
const kMostDelay = 10000; // ms; beyond it, the clocks of device and browser disagree
const kMostLag = 2000; // ms; what frames may be late more than the fastest one was
const kDrain = 8000; // ms, from one request for fewer frames to the next
const kLeastRate = 0.2; // frames a second

export class LiveView {
  #device = null; // that a person wants to see, whether frames come or not
  #session = null; // while frames are asked for
  #canvas = $("live-image").getContext("2d");

  /** `said(textOf)` gets what a person should know: textOf() → [text, kind, detail], or null. `changed()` is called when it begins or ends. */
  constructor(link, commands, { said, changed }) {
    Object.assign(this, { link, commands, said, changed });
    document.addEventListener("visibilitychange", () => this.update());
  }

  get device() {
    return this.#device;
  }

  start(device) {
    this.said(null);
    this.#device = device;
    this.update();
  }

  stop() {
    this.#device = null;
    this.update();
  }

  /** Whether frames are wanted depends on the person, the page, the connection and the device: after a change of any. */
  update() {
    const device = this.#device;
    const isWanted = device !== null && document.visibilityState === "visible" && this.link.isConnected && device.status === "online";
    if (this.#session && (!isWanted || device !== this.#session.device)) this.#end();
    if (isWanted && !this.#session) this.#begin(device);
    if (device?.status === "offline") this.said(() => [t("liveOffline"), "off"]);
  }

  /** A frame came. `time`: of its exposure, where its message has one. */
  handleFrame(device, bytes, time) {
    const session = this.#session;
    if (device !== session?.device) return;
    session.next = { bytes, time };
    if (!session.isDecoding) this.#drawLatest(session);
  }

  #begin(device) {
    this.said(null);
    const session = { device, topic: `${device.root}/live`, frames: [], leastDelay: Infinity, started: performance.now(), isAnswered: false };
    this.#session = session;
    session.ticker = setInterval(() => this.#tick(session), kTick);
    const denied = () => session === this.#session && this.#fail(() => [t("liveDenied", session), "error"]);
    this.link.subscribe([session.topic], { qos: 0, denied });
    this.#renew(session);
    $("live-view").hidden = false;
    $("live-image").ariaLabel = t("liveOf", { device: device.name });
    this.#canvas.clearRect(0, 0, $("live-image").width, $("live-image").height);
    this.#caption(session);
    this.changed();
  }

  #end() {
    const session = this.#session;
    this.#session = null;
    clearInterval(session.ticker);
    clearTimeout(session.timer);
    this.link.unsubscribe([session.topic]);
    if (!session.isRefused) this.commands.ask(session.device, "live", { for: "0s" });
    this.link.flush();
    $("live-view").hidden = true;
    this.changed();
  }

  #fail(textOf) {
    this.stop();
    this.said(textOf);
  }

  async #renew(session) {
    clearTimeout(session.timer);
    session.asked = performance.now();
    const rate = session.rate ? { rate: session.rate } : {};
    const command = await this.commands.ask(session.device, "live", { for: kLease, ...rate }).ended;
    if (session !== this.#session) return;
    session.isRefused = command.step === "failed";
    if (command.step === "ok") session.isAnswered = true;
    else if (command.reply?.code === "unknown_command") return this.#fail(() => [t("liveUnknown"), "error"]);
    else if (command.step !== "notSent") return this.#fail(() => describe(command));
    session.timer = setTimeout(() => this.#renew(session), kRenewal);
  }

  /** One frame at a time; those that come meanwhile replace each other. */
  async #drawLatest(session) {
    session.isDecoding = true;
    while (session === this.#session && session.next) {
      const { bytes, time } = session.next;
      session.next = null;
      try {
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        if (session === this.#session) this.#draw(session, bitmap, time);
        bitmap.close();
      } catch {
        // Not a picture: the next one may be.
      }
    }
    session.isDecoding = false;
  }

  #draw(session, bitmap, time) {
    const { canvas } = this.#canvas;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    this.#canvas.drawImage(bitmap, 0, 0);
    const isFirst = session.frames.length === 0;
    const delay = Date.now() - Date.parse(time);
    session.frames.push({ at: performance.now(), delay });
    if (delay < session.leastDelay) session.leastDelay = delay;
    if (isFirst) this.#caption(session);
  }

  /** The broker queues what this page's line cannot carry, and then every frame is late: half of the frames drain the queue. How late they
   * are is compared with the fastest one, so that the clocks need not agree. */
  #tick(session) {
    const now = performance.now();
    const last = session.frames.at(-1);
    while (session.frames.length > 1 && now - session.frames[0].at > kWindow) session.frames.shift();
    // It may have ended for another viewer that closed, or because the device may not publish frames.
    if (session.isAnswered && session.device.live === "OFF" && now - session.asked > kGrace) {
      if (last?.at > session.asked) {
        session.isAnswered = false;
        this.#renew(session);
      } else {
        return this.#fail(() => [t("liveEnded"), "error"]);
      }
    }
    const lag = last ? last.delay - session.leastDelay : 0;
    if (session.isAnswered && lag > kMostLag && now - session.asked > kDrain) {
      const isUseless = session.rate !== undefined && lag >= session.lag; // no queue: the device's clock was set back
      if (isUseless) session.leastDelay = last.delay;
      session.rate = isUseless ? undefined : Math.max(kLeastRate, Math.round((rateOf(session.frames) ?? 0) * 5) / 10);
      session.lag = lag;
      this.#renew(session);
    }
    this.#caption(session);
  }

  #caption(session) {
    $("live-caption").textContent = caption(session, performance.now());
  }
}

/** Frames a second, or null where they are too few to know. */
function rateOf(frames) {
  return frames.length > 1 ? (frames.length - 1) * 1000 / (frames.at(-1).at - frames[0].at) : null;
}

function caption({ device, topic, frames, started, isAnswered }, now) {
  const last = frames.at(-1);
  if (!last) return isAnswered && now - started > kSilence ? t("liveNothing", { topic }) : t("liveWaiting");
  if (now - last.at > kWindow) return t("liveStalled", { seconds: Math.round((now - last.at) / 1000) });
  const facts = [];
  const rate = rateOf(frames);
  if (rate !== null) facts.push(t("liveRate", { rate: rate.toFixed(1) }));
  const delays = frames.map(({ delay }) => delay).sort((a, b) => a - b);
  const delay = delays[Math.floor(delays.length / 2)];
  if (delay >= 0 && delay <= kMostDelay && device.health.clock !== "unsynchronised") {
    facts.push(t("liveDelay", { delay: delay < 1000 ? `${Math.round(delay / 10) * 10} ms` : `${(delay / 1000).toFixed(1)} s` }));
  }
  return facts.join(" · ");
}
