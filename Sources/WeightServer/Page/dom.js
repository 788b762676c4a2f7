// Elements and numbers.

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat(Infinity));
  return node;
}

export function element(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/// Puts new content in an element, unless it is the same: what the pointer or a reader is on stays.
export function replace(id, children) {
  const old = document.getElementById(id);
  const fresh = old.cloneNode(false);
  fresh.append(...children.flat(Infinity));
  if (fresh.isEqualNode(old)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  old.replaceChildren(...fresh.childNodes);
  if (focused !== undefined) old.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

/// A name that may be broken after its dots and underscores.
export function breakable(name) {
  return name.split(/(?<=[._/])/).flatMap((part) => [document.createElement("wbr"), part]);
}

export function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  let value = number;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${index === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[index]}`;
}

export function count(number) {
  return number.toLocaleString("en");
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}
