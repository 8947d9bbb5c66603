// SPDX-License-Identifier: MIT
// The few things that every part of the page does with its elements. Text from outside is set as text, never as HTML.

export const $ = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Makes `list` show `rows`. Rows that are equal to the old ones keep their elements, so that a press on a button in them
 * ends on the element that it began on. What a button acts on must therefore show in its row, and in the button's data-…, by which the
 * focus returns to it. */
export function update(list, rows) {
  const focused = list.contains(document.activeElement) ? JSON.stringify(document.activeElement.dataset) : null;
  const left = [...list.children];
  const wanted = rows.map((row) => {
    const place = left.findIndex((old) => old.isEqualNode(row));
    return place < 0 ? row : left.splice(place, 1)[0];
  });
  for (const old of left) old.remove();
  wanted.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  if (focused === null || list.contains(document.activeElement)) return;
  [...list.querySelectorAll("button")].find(({ dataset }) => JSON.stringify(dataset) === focused)?.focus({ preventScroll: true });
}

/** `kind`: "good", "warning", "error", "off" or "". */
export function badge(element, text, kind) {
  if (element.textContent !== text) element.textContent = text;
  element.className = `badge ${kind}`;
  return element;
}

/** The line beside a control. A reader in Korean, say, sees the agent's own sentence (`detail`, English) behind the translated one. */
export function say(element, text, kind = "", detail = "") {
  element.className = `feedback ${kind}`;
  element.replaceChildren(text, ...(detail ? [" ", make("small", { lang: "en", textContent: detail })] : []));
}

export function download(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
