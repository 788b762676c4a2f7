// Draws what /stats, /manifests and /plan say. Texts from the server are set as text, never as markup.

import { ask, useToken, Unauthorized } from "./ask.js";
import { element, svg, bytes, count, duration, replace } from "./dom.js";
import { Split } from "./split.js";

const interval = 1000;
const history = [];
const rates = new Map();
const split = new Split();

function rateNow() {
  if (history.length < 2) return 0;
  const last = history[history.length - 1];
  const first = history.find((point) => last.time - point.time <= 2500) ?? last;
  const elapsed = (last.time - first.time) / 1000;
  return elapsed > 0 ? Math.max(0, last.bytes - first.bytes) / elapsed : 0;
}

function drawStatus(kind, word, text) {
  const status = document.getElementById("status");
  const badge = element("span", { class: `badge ${kind}` }, word);
  // Said anew only where it differs, so that a screen reader does not repeat it every second.
  if (status.dataset.text !== word + text) {
    status.dataset.text = word + text;
    status.replaceChildren(badge, ` ${text}`);
  }
}

function drawFigures(stats, manifests) {
  const cache = stats.cache;
  const budget = cache.budget_bytes ? ` of ${bytes(cache.budget_bytes)}` : "";
  const figures = [
    ["Sending now", `${bytes(rateNow())}/s`],
    ["Partitions on their way", count(stats.transfer_count)],
    ["Sent since the start", bytes(stats.bytes_sent ?? 0)],
    ["Connections", count(stats.connections?.open ?? 0)],
    ["Cache", `${bytes(cache.bytes)}${budget}`],
    ["Up for", duration(stats.uptime_seconds)],
  ];
  replace("figures", figures.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  const bad = manifests.filter((one) => one.state === "failed" || one.state === "stale").length;
  const loading = manifests.filter((one) => one.state === "loading").length;
  if (loading) drawStatus("loading", "loading", `${loading} of ${manifests.length} checkpoints are being read`);
  else if (!manifests.length) drawStatus("stale", "empty", "no checkpoint is served");
  else if (bad === manifests.length) drawStatus("failed", "not ready", "no checkpoint can be served as it is");
  else if (bad) drawStatus("stale", "attention", `${bad} of ${manifests.length} checkpoints need attention`);
  else drawStatus("ready", "ready", `${manifests.length} ${manifests.length === 1 ? "checkpoint is" : "checkpoints are"} served`);
}

function drawThroughput() {
  const points = [];
  for (let index = 1; index < history.length; index += 1) {
    const [before, after] = [history[index - 1], history[index]];
    const seconds = (after.time - before.time) / 1000;
    points.push({ age: Date.now() - after.time, rate: Math.max(0, after.bytes - before.bytes) / Math.max(seconds, 0.001) });
  }
  const span = 120000;
  const peak = Math.max(...points.map((point) => point.rate), 1);
  const spots = points.map((point) => `${(600 * (1 - point.age / span)).toFixed(1)},${(58 - 54 * point.rate / peak).toFixed(1)}`);
  const first = points.length ? (600 * (1 - points[0].age / span)).toFixed(1) : 600;
  const last = points.length ? (600 * (1 - points[points.length - 1].age / span)).toFixed(1) : 600;
  const curve = points.length ? svg("polygon", { class: "curve", points: `${first},60 ${spots.join(" ")} ${last},60` }) : [];
  const label = `Throughput of the last two minutes; at most ${bytes(peak)} a second`;
  replace("throughput", [
    svg("svg", { viewBox: "0 0 600 60", preserveAspectRatio: "none", role: "img", "aria-label": label }, curve),
    element("figcaption", {}, element("span", {}, "throughput, two minutes ago"),
      element("span", {}, peak > 1 ? `peak ${bytes(peak)}/s` : "nothing was sent"), element("span", {}, "now")),
  ]);
}

function rateOf(transfer) {
  const now = Date.now();
  const before = rates.get(transfer.id);
  if (!before) {
    rates.set(transfer.id, { time: now, bytes: transfer.bytes_sent, rate: transfer.bytes_sent / Math.max(transfer.seconds, 0.5) });
  } else if (now - before.time > 900) {
    const rate = Math.max(0, transfer.bytes_sent - before.bytes) / ((now - before.time) / 1000);
    rates.set(transfer.id, { time: now, bytes: transfer.bytes_sent, rate });
  }
  return rates.get(transfer.id).rate;
}

function drawTransfers(stats) {
  const transfers = (stats.transfers ?? []).toSorted((a, b) => a.model.localeCompare(b.model) || a.mp - b.mp || a.rank - b.rank);
  const ids = new Set(transfers.map((transfer) => transfer.id));
  for (const id of rates.keys()) if (!ids.has(id)) rates.delete(id);
  if (!transfers.length) return replace("transfers", [element("p", { class: "explain" }, "No partition is being sent at the moment.")]);
  const rows = transfers.slice(0, 32).map((transfer) => {
    const rate = rateOf(transfer);
    const left = rate > 0 ? duration((transfer.bytes - transfer.bytes_sent) / rate) : "–";
    const part = transfer.bytes ? Math.floor((100 * transfer.bytes_sent) / transfer.bytes) : 100;
    return element("tr", {},
      element("td", { class: "what" }, element("strong", {}, `rank ${transfer.rank} of ${transfer.mp}`), " ", element("span", { class: "mono" }, transfer.model)),
      element("td", { class: "client mono" }, transfer.remote),
      element("td", { class: "bar" }, element("progress", { max: 100, value: part, "aria-label": `rank ${transfer.rank}: ${part} percent` })),
      element("td", { class: "number" }, `${part} % of ${bytes(transfer.bytes)}`),
      element("td", { class: "number" }, `${bytes(rate)}/s`),
      element("td", { class: "number client" }, left));
  });
  const head = ["partition", "client", "", "sent", "speed", "time left"].map((name, index) =>
    element("th", { scope: "col", class: index === 1 || index === 5 ? "client" : "" }, name));
  const more = stats.transfer_count > rows.length ? ` (the first ${rows.length} of ${stats.transfer_count})` : "";
  replace("transfers", [element("table", {}, element("caption", {}, `Partitions on their way${more}`),
    element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows))]);
}

/// The rows of squares of a checkpoint: one for each degree, and one for each set of other parameters that the cache has.
function degrees(manifest, transfers) {
  const rows = new Map();
  const key = (parameters) => parameters.split("&").filter((item) => !item.startsWith("rank=")).join("&");
  const row = (mp, parameters) => {
    const name = key(parameters);
    if (!rows.has(name)) rows.set(name, { mp, parameters: name, cells: Array.from({ length: mp }, () => ({})), bytes: 0 });
    return rows.get(name);
  };
  for (const mp of manifest.mp_degrees ?? []) if (mp <= 64) row(mp, `mp=${mp}`);
  for (const cached of manifest.cached_partitions ?? []) {
    const cell = row(cached.mp, cached.parameters).cells[cached.rank];
    cell.state = cached.state === "unverified" ? "stored" : cached.state;
    cell.made = cached.bytes_made === undefined ? undefined : cached.bytes_made / Math.max(cached.bytes, 1);
    row(cached.mp, cached.parameters).bytes += cached.bytes;
  }
  for (const transfer of transfers.filter((one) => one.model === manifest.name)) {
    const cell = row(transfer.mp, transfer.parameters).cells[transfer.rank];
    cell.clients = (cell.clients ?? 0) + 1;
    cell.sent = Math.max(cell.sent ?? 0, transfer.bytes_sent / Math.max(transfer.bytes, 1));
  }
  return [...rows.values()];
}

function drawCell(cell, rank) {
  const words = { stored: "in the cache", writing: "being made into the cache", verifying: "in the cache, being verified" };
  const part = cell.state === "writing" ? cell.made : cell.sent;
  const text = [`rank ${rank}: ${words[cell.state] ?? "made from the files when asked for"}`];
  if (cell.clients) text.push(`being sent to ${cell.clients}`);
  if (part !== undefined) text.push(`${Math.floor(100 * part)} %`);
  const bar = part === undefined ? [] : svg("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { width: 100 * part, height: 1 }));
  return element("span", { class: `cell ${cell.state ?? ""} ${cell.clients ? "sending" : ""}`, title: text.join(", "), role: "img",
    "aria-label": text.join(", ") }, String(rank), bar);
}

function drawDegree(row, model) {
  const others = row.parameters.split("&").filter((item) => !item.startsWith("mp="));
  const name = `mp ${row.mp}${others.length ? ` with ${others.join(", ")}` : ""}`;
  const amount = row.bytes ? element("span", { class: "amount" }, `${bytes(row.bytes)} in the cache`) : [];
  const label = others.length ? element("span", { class: "name long" }, name)
    : element("button", { class: "name", type: "button", "data-key": `${model} ${row.mp}`, "data-model": model, "data-mp": row.mp,
      title: `Draw how tensors are split over ${row.mp}` }, name);
  return element("div", { class: "degree" }, label,
    row.cells.map(drawCell), amount);
}

const explanations = {
  stale: "Its files have changed since they were read. What was read is served while it is intact; reload it to serve what is there now.",
  loading: "Its metadata is being read. Workers that ask are told to come again.",
};

function drawCheckpoint(manifest, transfers) {
  const facts = manifest.revision === undefined ? [["Path", undefined]] : [
    ["Family", manifest.family], ["Format", manifest.type], ["Size", bytes(manifest.bytes)], ["Tensors", count(manifest.tensor_count)],
    ["Saved as", manifest.parallelization], ["Revision", manifest.revision.slice(0, 12)],
    ["Warnings", manifest.warning_count ? count(manifest.warning_count) : undefined],
  ];
  const list = facts.filter(([, value]) => value).map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  const message = manifest.error
    ? [element("strong", {}, "It cannot be served. "), element("code", {}, manifest.error.message)]
    : explanations[manifest.state];
  return element("article", { class: "checkpoint", "aria-label": manifest.name },
    element("header", {}, element("h3", {}, element("a", { href: `manifests/${encodeURIComponent(manifest.name)}` }, manifest.name)),
      element("span", { class: `badge ${manifest.state}` }, manifest.state)),
    list.length ? element("dl", { class: "facts" }, list) : [],
    manifest.note ? element("p", { class: "explain" }, manifest.note) : [],
    message ? element("p", { class: `message ${manifest.state}` }, message) : [],
    degrees(manifest, transfers).map((row) => drawDegree(row, manifest.name)));
}

async function look() {
  try {
    const [stats, manifests] = await Promise.all([ask("stats"), ask("manifests")]);
    history.push({ time: Date.now(), bytes: stats.bytes_sent ?? 0 });
    while (history.length > 1 && Date.now() - history[0].time > 121000) history.shift();
    document.getElementById("token").hidden = true;
    document.getElementById("main").hidden = false;
    drawFigures(stats, manifests);
    drawThroughput();
    drawTransfers(stats);
    replace("checkpoints", manifests.map((one) => drawCheckpoint(one, stats.transfers ?? [])));
    split.offer(manifests);
  } catch (error) {
    if (error instanceof Unauthorized) {
      document.getElementById("token").hidden = false;
      drawStatus("stale", "token needed", error.message);
    } else {
      drawStatus("lost", "no answer", `the server cannot be reached (${error.message}); trying again`);
    }
  }
}

async function watch() {
  if (!document.hidden) await look();
  setTimeout(watch, interval);
}

document.getElementById("checkpoints").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-model]");
  if (button) split.choose(button.dataset.model, Number(button.dataset.mp));
});
document.getElementById("token").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(document.getElementById("token-text").value.trim());
  look();
});
watch();
