// Draws how each tensor is split over the ranks, from what /plan says that each rank holds.

import { ask } from "./ask.js";
import { breakable, element, svg, bytes, count, replace } from "./dom.js";

const colours = 8;
const cardLimit = 120;

/// Tensors of layers that are dealt alike are one drawing: their numbers are left out.
function pattern(tensor) {
  const name = tensor.name.replace(/(^|[._])\d+(?=[._]|$)/g, "$1N");
  return [name, tensor.dtype, tensor.whole_shape.join("x"), tensor.rule].join(" ");
}

/// Pieces of the axis, each with the ranks that hold it, in order.
function pieces(held, extent) {
  const cuts = new Set([0, extent]);
  for (const intervals of held) for (const [start, end] of intervals) cuts.add(start).add(end);
  const sorted = [...cuts].sort((a, b) => a - b);
  const result = [];
  for (let index = 0; index + 1 < sorted.length; index += 1) {
    const [start, end] = [sorted[index], sorted[index + 1]];
    const ranks = held.flatMap((intervals, rank) => (intervals.some(([a, b]) => a <= start && end <= b) ? [rank] : []));
    const last = result[result.length - 1];
    if (last && last.end === start && last.ranks.join() === ranks.join()) last.end = end;
    else result.push({ start, end, ranks });
  }
  return result;
}

function box(x, y, width, height, kind, label) {
  const isLarge = width >= 9 + 7 * label.length && height >= 13;
  return [
    svg("rect", { x, y, width, height, class: kind }, svg("title", {}, label)),
    isLarge ? svg("text", { x: x + width / 2, y: y + height / 2 + 4 }, label) : [],
  ];
}

/// The whole tensor as a rectangle: its rows go down, its columns to the right.
function draw(tensor, held) {
  const shape = tensor.whole_shape;
  const [width, height] = shape.length < 2 ? [30, 100] : [160, 100];
  const parts = [];
  const x = (200 - width) / 2;
  if (held.every((intervals) => !intervals.length)) {
    parts.push(box(x, 2, width, height, "all", "in many stretches"));
  } else {
    const extent = shape[tensor.axis];
    for (const piece of pieces(held, extent)) {
      const [from, to] = [piece.start / extent, piece.end / extent];
      const kind = piece.ranks.length === 1 ? `rank-${piece.ranks[0] % colours}` : piece.ranks.length ? "all" : "padding";
      const label = piece.ranks.length > 4 ? `${piece.ranks[0]}–${piece.ranks[piece.ranks.length - 1]}` : piece.ranks.join("+");
      parts.push(tensor.axis === 0
        ? box(x, 2 + from * height, width, (to - from) * height, kind, label)
        : box(x + from * width, 2, (to - from) * width, height, kind, label));
    }
  }
  const label = `${tensor.name}: ${explain(tensor)}`;
  return svg("svg", { viewBox: "0 0 200 104", role: "img", "aria-label": label }, parts);
}

function explain(tensor) {
  const direction = tensor.whole_shape.length < 2 ? "values" : ["rows", "columns"][tensor.axis] ?? `dimension ${tensor.axis}`;
  const intervals = tensor.held?.length ?? 0;
  const many = intervals > 1 ? `, ${intervals} stretches each` : "";
  const padding = tensor.zeros ? `, with ${tensor.zeros} rows of zeros` : "";
  return `dealt by ${direction}${many}${padding}`;
}

function title(group) {
  const name = group.tensors[0].name;
  return group.tensors.length > 1 ? name.replace(/(^|[._])\d+(?=[._]|$)/g, "$1N") : name;
}

function extents(group) {
  const tensor = group.tensors[0];
  const times = group.tensors.length > 1 ? `, ${count(group.tensors.length)} of them` : "";
  return `${tensor.whole_shape.join(" × ")} ${tensor.dtype}${times}`;
}

/// The tensors that every rank holds whole: a list says it all.
function wholes(groups) {
  if (!groups.length) return [];
  const items = groups.map((group) => element("li", {}, element("span", { class: "mono" }, breakable(title(group))), " ",
    element("span", { class: "explain" }, extents(group))));
  return element("div", { class: "tensor whole" },
    element("h3", {}, element("span", { class: "swatch all", "aria-hidden": "true" }), " Held whole by every rank"),
    element("ul", {}, items));
}

function card(group) {
  const tensor = group.tensors[0];
  const held = group.held;
  return element("div", { class: "tensor" },
    element("h3", { title: tensor.rule ?? "" }, breakable(title(group))),
    draw(tensor, held),
    element("p", {}, extents(group)),
    element("p", {}, explain(tensor)));
}

export class Split {
  constructor() {
    this.model = document.getElementById("split-model");
    this.degree = document.getElementById("split-degree");
    this.filter = document.getElementById("split-filter");
    this.manifests = [];
    this.shown = "";
    this.model.addEventListener("change", () => this.offerDegrees());
    this.degree.addEventListener("change", () => this.show());
    this.filter.addEventListener("input", () => this.drawGroups());
    document.getElementById("split-form").addEventListener("submit", (event) => event.preventDefault());
  }

  /// Takes the checkpoints that there are now.
  offer(manifests) {
    const usable = manifests.filter((one) => one.mp_degrees?.length);
    const key = JSON.stringify(usable.map((one) => [one.name, one.revision, one.mp_degrees]));
    if (key === this.key) return;
    this.key = key;
    this.manifests = usable;
    const before = this.model.value;
    this.model.replaceChildren(...usable.map((one) => element("option", {}, one.name)));
    if (usable.some((one) => one.name === before)) this.model.value = before;
    this.offerDegrees();
  }

  offerDegrees() {
    const manifest = this.manifests.find((one) => one.name === this.model.value);
    const before = this.degree.value;
    const degrees = (manifest?.mp_degrees ?? []).filter((mp) => mp <= 64);
    this.degree.replaceChildren(...degrees.map((mp) => element("option", {}, String(mp))));
    const wanted = degrees.includes(Number(before)) ? before : String(degrees.find((mp) => mp > 1) ?? degrees[0] ?? "");
    this.degree.value = wanted;
    this.show();
  }

  /// Draws a degree of a checkpoint, and brings the drawing into view.
  choose(model, mp) {
    this.model.value = model;
    this.offerDegrees();
    this.degree.value = String(mp);
    this.show();
    document.getElementById("split-title").scrollIntoView();
  }

  note(text) {
    document.getElementById("split-note").textContent = text;
  }

  async show() {
    const [model, mp] = [this.model.value, Number(this.degree.value)];
    this.groups = [];
    if (!model || !mp) {
      this.note("There is no checkpoint to draw yet.");
      return this.drawGroups();
    }
    const ticket = (this.ticket = Symbol("show"));
    const plans = [];
    try {
      for (let rank = 0; rank < mp; rank += 1) {
        this.note(`Asking for the plan of rank ${rank} of ${mp} …`);
        plans.push(await ask(`plan?model=${encodeURIComponent(model)}&mp=${mp}&rank=${rank}`));
        if (this.ticket !== ticket) return;
      }
    } catch (error) {
      if (this.ticket === ticket) this.note(`It cannot be drawn: ${error.message}`);
      return;
    }
    this.take(plans, mp);
  }

  take(plans, mp) {
    const groups = new Map();
    const byName = plans.map((plan) => new Map(plan.tensors.map((tensor) => [tensor.name, tensor])));
    for (const tensor of plans[0].tensors) {
      const key = pattern(tensor);
      if (!groups.has(key)) {
        groups.set(key, { tensors: [], held: byName.map((ranks) => ranks.get(tensor.name)?.held ?? []) });
      }
      groups.get(key).tensors.push(tensor);
    }
    this.groups = [...groups.values()];
    this.mp = mp;
    const sizes = plans.map((plan) => plan.bytes);
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    const size = least === most ? bytes(most) : `${bytes(least)} to ${bytes(most)}`;
    this.note(`${count(plans[0].tensors.length)} tensors for each of ${mp} ${mp === 1 ? "worker" : "workers"}, ${size} each. ` +
      (mp > 1 ? "Each rectangle is one whole tensor, its rows from top to bottom, coloured by the rank that gets them. " : "") +
      "Tensors that repeat in every layer (N) stand here once.");
    this.drawGroups();
  }

  drawGroups() {
    const wanted = this.filter.value.trim().toLowerCase();
    const found = (this.groups ?? []).filter((group) => group.tensors.some((one) => one.name.toLowerCase().includes(wanted)));
    const ranks = this.groups?.length && this.mp > 1 ? Array.from({ length: Math.min(this.mp, colours) }, (_, rank) => rank) : [];
    const more = this.mp > colours ? ` (colours repeat after ${colours})` : "";
    replace("split-ranks", ranks.map((rank) => element("li", {}, element("span", { class: `swatch rank-${rank}`, "aria-hidden": "true" }),
      `rank ${rank}${rank === colours - 1 ? more : ""}`)).concat(ranks.length
      ? [element("li", {}, element("span", { class: "swatch all", "aria-hidden": "true" }), "held by several")] : []));
    const isWhole = (group) => group.tensors[0].axis === undefined || this.mp === 1;
    const dealt = found.filter((group) => !isWhole(group));
    const cards = dealt.slice(0, cardLimit).map((group) => card(group));
    cards.push(wholes(found.filter(isWhole)));
    const rest = dealt.length > cardLimit ? element("p", { class: "explain" }, `${dealt.length - cardLimit} more: say part of a name.`) : [];
    const none = this.groups?.length && !found.length ? element("p", { class: "explain" }, "No tensor has that in its name.") : [];
    replace("split", [element("div", { class: "tensors" }, cards), rest, none]);
  }
}
