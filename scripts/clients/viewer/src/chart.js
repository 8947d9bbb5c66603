// SPDX-License-Identifier: MIT
import uPlot from "uplot";
import { t, timeText, valueText } from "./texts.js";

const kColours = ["#1f9d8b", "#d9822b", "#7a5af0", "#d33d6a", "#4a90d9"];
const kLeastSpan = 10; // seconds
const kMinute = 60;
const kDay = 86400;
const kSteps = [1, 2, 5, 10, 15, 30, 1, 2, 5, 10, 15, 30, 1, 2, 3, 6, 12, 24, 48, 168].map((step, i) => step * (i < 6 ? 1 : i < 12 ? 60 : 3600));

/** One line a sensor over time, in the element `where`; one scale a unit. */
export class Chart {
  #plot = null;
  #key = "";
  #device = null;
  #range = Infinity; // seconds before the last reading
  #zoom = null; // [from, to] in seconds, where a person has chosen a part

  /** `zoomed(isZoomed)` is called when that changes. */
  constructor(where, zoomed) {
    this.where = where;
    this.zoomed = zoomed;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(where);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  /** True where there is something to see. */
  show(device) {
    if (device !== this.#device) this.zoom(null);
    this.#device = device;
    const shown = device.currentSensors().filter(([, sensor]) => sensor.readings.length > 0);
    const key = `${device.id} ${shown.map(([name, { unit }]) => `${name} ${unit}`).join()}`;
    if (key !== this.#key) this.#clear();
    if (shown.length === 0) return false;
    const tables = shown.map(([, { readings }]) => [readings.map(([time]) => time), readings.map(([, value]) => value)]);
    const data = tables.length === 1 ? tables[0] : uPlot.join(tables);
    this.#plot ??= this.#make(shown);
    this.#key = key;
    this.#plot.batch(() => {
      this.#plot.setData(data, false);
      this.#applyWindow();
    });
    return true;
  }

  setRange(seconds) {
    this.#range = seconds;
    this.zoom(null);
  }

  /** Shows [from, to], or with null the chosen range. */
  zoom(part) {
    this.#zoom = part;
    this.zoomed(part !== null);
    if (this.#plot) this.#applyWindow();
  }

  /** In the colours and the language of now. */
  redraw() {
    this.#clear();
    if (this.#device) this.show(this.#device);
  }

  #clear() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#key = "";
  }

  #applyWindow() {
    const times = this.#plot.data[0];
    const last = times.at(-1);
    const [min, max] = this.#zoom ?? [Math.min(Math.max(times[0], last - this.#range), last - kLeastSpan), last];
    this.#plot.setScale("x", { min, max });
  }

  #make(shown) {
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { show: false } };
    const units = [...new Set(shown.map(([, { unit }]) => unit))];
    const series = shown.map(([name, { unit }], i) => ({
      label: name, scale: `y ${unit}`, stroke: kColours[i % kColours.length], width: 2, spanGaps: true, value: (_, v) => (v === null || v === undefined ? "–" : valueText(v, unit)),
    }));
    const scales = Object.fromEntries(units.map((unit) => [`y ${unit}`, { range: (_, min, max) => padded(min, max) }]));
    const valueAxes = units.slice(0, 2).map((unit, i) => ({
      ...axis, scale: `y ${unit}`, side: i === 0 ? 3 : 1, size: 62, grid: { ...axis.grid, show: i === 0 },
      values: (_, ticks, __, ___, step) => ticks.map((v) => `${v.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)))} ${unit}`.trim()),
    }));
    return new uPlot({
      ...this.#size(), scales: { x: { auto: false }, ...scales }, series: [{ label: t("time"), value: (_, v) => (v ? timeText(new Date(v * 1000)) : "–") }, ...series],
      axes: [{ ...axis, size: 30, space: (_, __, min, max) => (max - min > 15 * kMinute ? 55 : 80), incrs: kSteps, values: (_, ticks, __, ___, step) => ticks.map((v) => tickText(v, step)) }, ...valueAxes],
      cursor: { drag: { setScale: false }, dataIdx: nearest, bind: { dblclick: () => () => this.zoom(null) } },
      hooks: { setSelect: [(plot) => this.#selected(plot)] },
    }, [[], ...shown.map(() => [])], this.where);
  }

  #selected(plot) {
    const { left, width } = plot.select;
    if (width < 5) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }

  #size() {
    return { width: Math.max(200, this.where.clientWidth), height: 200 };
  }
}

/** Room above and below; a value that does not change is a line in the middle. */
function padded(min, max) {
  if (min === null) return [0, 1];
  const room = Math.max((max - min) * 0.1, Math.abs(max) * 0.005, 1e-3);
  return [min - room, max + room];
}

function tickText(seconds, step) {
  const date = new Date(seconds * 1000);
  if (step >= kDay) return date.toLocaleDateString("sv");
  const time = date.toLocaleTimeString("sv");
  return step >= kMinute ? time.slice(0, 5) : time;
}

/** Sensors are read one after the other: each one's value that is nearest to the pointer. */
function nearest(plot, seriesIndex, index) {
  const values = plot.data[seriesIndex];
  for (let by = 0; by < values.length; ++by) {
    for (const place of [index - by, index + by]) if (values[place] !== null && values[place] !== undefined) return place;
  }
  return index;
}
