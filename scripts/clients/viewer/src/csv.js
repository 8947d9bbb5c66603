// SPDX-License-Identifier: MIT

/** The readings of a device as a table for a spreadsheet, oldest first. The mark at its beginning tells Excel that it is UTF-8. */
export function toCsv(device) {
  const rows = device.currentSensors()
    .flatMap(([name, { unit, readings }]) => readings.map(([seconds, value]) => [seconds, name, value, unit]))
    .sort(([a], [b]) => a - b)
    .map(([seconds, name, value, unit]) => [new Date(seconds * 1000).toISOString(), text(name), value, text(unit)].join());
  return `\ufeff${["time,sensor,value,unit", ...rows].join("\r\n")}\r\n`;
}

// Names come from topics, which anybody may publish on: a spreadsheet must not take one for a formula.
function text(value) {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
