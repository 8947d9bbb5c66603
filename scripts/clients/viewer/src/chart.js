// SPDX-License-Identifier: MIT
import uPlot from "uplot";
import { clockText } from "./texts.js";

const kColours = ["#1f9d8b", "#d9822b", "#7a5af0", "#d33d6a", "#4a90d9"];

/** One line a sensor over time, in the element `where`. */
export class Chart {
  #plot = null;
  #key = "";

  constructor(where) {
    this.where = where;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(where);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.clear());
  }

  show(device) {
    const names = [...device.sensors.keys()].filter((name) => device.sensors.get(name).readings.length > 0);
    const key = `${device.id} ${names.join(" ")}`;
    if (key !== this.#key) this.clear();
    if (names.length === 0) return;
    const tables = names.map((name) => {
      const { readings } = device.sensors.get(name);
      return [readings.map(([time]) => time), readings.map(([, value]) => value)];
    });
    const data = tables.length === 1 ? tables[0] : uPlot.join(tables);
    if (this.#plot) return this.#plot.setData(data);
    this.#key = key;
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { show: false } };
    const series = names.map((name, i) => ({ label: name, stroke: kColours[i % kColours.length], width: 2, spanGaps: true, value: (_, v) => (v === null || v === undefined ? "–" : `${v} °C`) }));
    this.#plot = new uPlot({ ...this.#size(), series: [{}, ...series], axes: [{ ...axis, space: 100, values: (_, ticks) => ticks.map(clockText) }, { ...axis, size: 55, values: (_, ticks) => ticks.map((v) => `${v}°`) }], legend: { show: names.length > 1 } }, data, this.where);
  }

  clear() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#key = "";
  }

  #size() {
    return { width: Math.max(200, this.where.clientWidth), height: 180 };
  }
}
