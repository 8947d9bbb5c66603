// SPDX-License-Identifier: MIT
import uPlot from "uplot";
import { make } from "./dom.js";
import { quantityText, t, timeText, valueText } from "./texts.js";

const kColours = ["#1f9d8b", "#d9822b", "#7a5af0", "#d33d6a", "#4a90d9"];
const kLeastSpan = 10; // seconds
const kMinute = 60;
const kDay = 86400;
const kSteps = [1, 2, 5, 10, 15, 30, 1, 2, 5, 10, 15, 30, 1, 2, 3, 6, 12, 24, 48, 168].map((step, i) => step * (i < 6 ? 1 : i < 12 ? 60 : 3600));

/** Charts of a device's readings in the element `where`, one a quantity, all with the same part of time. */
export class Charts {
  #charts = new Map(); // by quantity and unit
  #device = null;
  #range = Infinity; // seconds before the last reading
  #zoom = null; // [from, to] in seconds, where a person has chosen a part

  /** `zoomed(isZoomed)` is called when that changes. */
  constructor(where, zoomed) {
    this.where = where;
    this.zoomed = zoomed;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  show(device) {
    if (device !== this.#device) {
      this.#clear();
      this.zoom(null);
    }
    this.#device = device;
    const groups = new Map();
    for (const [name, sensor] of device.currentSensors()) {
      if (sensor.readings.length === 0) continue;
      const key = JSON.stringify([sensor.quantity, sensor.unit]);
      groups.set(key, [...(groups.get(key) ?? []), { name, ...sensor }]);
    }
    for (const key of this.#charts.keys()) if (!groups.has(key)) this.#remove(key);
    for (const [key, sensors] of groups) {
      if (!this.#charts.has(key)) this.#charts.set(key, new Chart(this.where, (part) => this.zoom(part)));
      this.#charts.get(key).show(sensors);
    }
    this.#applyWindow();
  }

  setRange(seconds) {
    this.#range = seconds;
    this.zoom(null);
  }

  /** Shows [from, to], or with null the chosen range. */
  zoom(part) {
    this.#zoom = part;
    this.zoomed(part !== null);
    this.#applyWindow();
  }

  /** In the colours and the language of now. */
  redraw() {
    this.#clear();
    if (this.#device) this.show(this.#device);
  }

  #remove(key) {
    this.#charts.get(key).remove();
    this.#charts.delete(key);
  }

  #clear() {
    for (const key of this.#charts.keys()) this.#remove(key);
  }

  #applyWindow() {
    const spans = [...this.#charts.values()].map((chart) => chart.span());
    const first = Math.min(...spans.map(([from]) => from));
    const last = Math.max(...spans.map(([, to]) => to));
    const [min, max] = this.#zoom ?? [Math.min(Math.max(first, last - this.#range), last - kLeastSpan), last];
    for (const chart of this.#charts.values()) chart.setWindow(min, max);
  }
}

/** One line a sensor of one quantity over time, in an element of its own at the end of `where`. */
class Chart {
  #plot = null;
  #names = "";

  /** `selected([from, to])` is called when a person has chosen a part. */
  constructor(where, selected) {
    this.selected = selected;
    this.title = make("figcaption");
    this.place = make("div");
    this.element = make("figure", { className: "chart" }, this.title, this.place);
    where.append(this.element);
    this.observer = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.observer.observe(this.element);
  }

  remove() {
    this.observer.disconnect();
    this.#plot?.destroy();
    this.element.remove();
  }

  show(sensors) {
    const names = JSON.stringify(sensors.map(({ name, decimals }) => [name, decimals]));
    if (names !== this.#names) {
      this.#plot?.destroy();
      this.#plot = this.#make(sensors);
      this.#names = names;
    }
    const tables = sensors.map(({ readings }) => [readings.map(([time]) => time), readings.map(([, value]) => value)]);
    this.#plot.setData(tables.length === 1 ? tables[0] : uPlot.join(tables), false);
  }

  /** Of the readings that it has: [first, last] in seconds. */
  span() {
    const [times] = this.#plot.data;
    return [times[0], times.at(-1)];
  }

  setWindow(min, max) {
    this.#plot.setScale("x", { min, max });
  }

  #make(sensors) {
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { show: false } };
    const [{ quantity, unit }] = sensors;
    this.title.textContent = [quantityText(quantity), unit && `(${unit})`].filter(Boolean).join(" ");
    const series = sensors.map(({ name, decimals }, i) => ({
      label: name, stroke: kColours[i % kColours.length], width: 2, spanGaps: true, value: (_, v) => (v === null || v === undefined ? "–" : valueText(v, unit, decimals)),
    }));
    const digits = (step) => String(Number(step.toPrecision(6))).split(".")[1]?.length ?? 0; // 2.5 has one
    return new uPlot({
      ...this.#size(), scales: { x: { auto: false }, y: { range: (_, min, max) => padded(min, max) } },
      series: [{ label: t("time"), value: (_, v) => (v ? timeText(new Date(v * 1000)) : "–") }, ...series],
      axes: [{ ...axis, size: 30, space: (_, __, min, max) => (max - min > 15 * kMinute ? 55 : 80), incrs: kSteps, values: (_, ticks, __, ___, step) => ticks.map((v) => tickText(v, step)) },
        { ...axis, size: 62, values: (_, ticks, __, ___, step) => ticks.map((v) => v.toFixed(digits(step))) }],
      cursor: { drag: { setScale: false }, dataIdx: nearest, bind: { dblclick: () => () => this.selected(null) } },
      hooks: { setSelect: [(plot) => this.#select(plot)] },
    }, [[], ...sensors.map(() => [])], this.place);
  }

  #select(plot) {
    const { left, width } = plot.select;
    if (width < 5) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.selected([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }

  #size() {
    return { width: Math.max(200, this.element.clientWidth), height: 200 };
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
