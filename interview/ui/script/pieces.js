// What every card is made of: nodes, pieces, times. Free text goes into text nodes, `title` and `aria-label` only;
// classes come from closed sets; numbers through Number().

// --- nodes ---------------------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
const VERDICTS = ["covered", "partial", "missing", "contradicted", "cannot_assess", "unknown"];
const TONES = [
  "strong", "good", "fair", "weak", "none", "estimate", "pending", "ungraded", "skipped", "open", "unasked",
  "own", "accent", "warn", "plain",
];
const oneOf = (set, name) => (set.includes(name) ? name : "plain");
// A rubric may name its bands as it likes: the page says whose colour a band has that is not among TONES.
const tone = (name) => "t-" + oneOf(TONES, (window.vivaTones || {})[name] || name);
const verdict = (name) => "k-" + (VERDICTS.includes(name) ? name : "unknown");

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "onsubmit") node[name] = value;
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}
const h = (tag, className, ...children) => {
  const [first, ...rest] = children;
  const isAttributes = first && typeof first === "object" && !(first instanceof Node) && !Array.isArray(first);
  const node = document.createElement(tag);
  if (className) node.className = className;
  return fill(node, isAttributes ? first : {}, isAttributes ? rest : children);
};
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const list = (value) => (Array.isArray(value) ? value : []);
const dotted = (parts) => list(parts).filter(Boolean).join(" · ");

// Bring `old` to the shape of `fresh` without replacing what is the same, so that focus and open folds survive.
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return undefined;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if ("checked" in old) old.checked = fresh.checked;
  old.onclick = fresh.onclick;
  old.onsubmit = fresh.onsubmit;
  old.onmouseenter = fresh.onmouseenter;
  old.onmouseleave = fresh.onmouseleave;
  return morphChildren(old, [...fresh.childNodes]);
}
function morphChildren(parent, fresh) {
  const old = [...parent.childNodes];
  fresh.forEach((node, index) => (index < old.length ? morph(old[index], node) : parent.append(node)));
  old.slice(fresh.length).forEach((node) => node.remove());
}

// --- pieces --------------------------------------------------------------------------------------------------

function ring(value, size) {
  const share = Math.min(1, Math.max(0, Number(value.share) || 0)) * 100;
  const circle = (className, dashes) =>
    s("circle", { class: className, cx: 50, cy: 50, r: 45, pathLength: 100, "stroke-dasharray": dashes });
  let dashes = `${share} 100`;
  if (value.kind === "estimate") {
    const pieces = [];
    for (let at = 0; at + 2 <= share; at += 4) pieces.push("2 2");
    dashes = pieces.length ? `${pieces.join(" ")} 0 100` : "0 100";
  }
  const arc = share > 0 ? circle("v-arc", dashes) : null;
  const turned = s("g", { transform: "rotate(-90 50 50)" }, circle("v-track", "100 0"), arc);
  const svg = s("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" }, turned);
  const below = size === "large" && value.below ? h("small", "", value.below) : null;
  const text = h("span", "v-ring-text", h("b", "", value.text), below);
  return h("span", `v-ring v-ring-${size} ${tone(value.tone)} v-${value.kind === "pending" ? "spin" : "still"}`, svg, text);
}

function icon(name) {
  const shape = {
    covered: () => [disc(), stroke("M6 10.4 8.8 13.2 14.2 7.4")],
    partial: () => [s("circle", { cx: 10, cy: 10, r: 7.6, class: "v-outline" }), s("path", { d: "M10 2.4a7.6 7.6 0 0 0 0 15.2z", fill: "currentColor" })],
    missing: () => [s("circle", { cx: 10, cy: 10, r: 8.2, class: "v-outline v-dashed" }), stroke("M6.4 10h7.2")],
    contradicted: () => [disc(), stroke("M7 7l6 6M13 7l-6 6")],
    cannot_assess: () => [disc(), stroke("M7.8 7.9a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.8-1.1 1.7"), s("circle", { cx: 10, cy: 14.4, r: 1.1, fill: "currentColor" })],
  }[name];
  const disc = () => s("circle", { cx: 10, cy: 10, r: 9, class: "v-disc" });
  const stroke = (d) => s("path", { d, class: "v-stroke" });
  const parts = shape ? shape() : [s("circle", { cx: 10, cy: 10, r: 8.2, class: "v-outline" })];
  return s("svg", { viewBox: "0 0 20 20", class: `v-icon ${verdict(name)}`, "aria-hidden": "true" }, ...parts);
}
const infoIcon = () =>
  s("svg", { viewBox: "0 0 20 20", class: "v-icon", "aria-hidden": "true" },
    s("circle", { cx: 10, cy: 10, r: 8.2, class: "v-outline" }), s("path", { d: "M10 9v5", class: "v-stroke" }),
    s("circle", { cx: 10, cy: 6.2, r: 1.2, fill: "currentColor" }));

const chip = (value) => h("span", `v-chip ${tone(value.tone)}`, value.text);
const chips = (values) => list(values).map(chip);
const bar = (share, name) => {
  const inner = h("i", "");
  inner.style.width = `${Math.min(1, Math.max(0, Number(share) || 0)) * 100}%`;
  return h("span", `v-bar ${tone(name)}`, { "aria-hidden": "true" }, inner);
};
const quoted = (text, name) => h("q", `v-quote ${verdict(name)}`, text);
const squares = (marks, label) =>
  h("span", "v-squares", { role: "img", "aria-label": label, title: label },
    list(marks).map((mark) => h("i", tone(mark))));
const notes = (texts) => list(texts).map((text) => h("p", "v-aside", text));

// --- times: stored in UTC, shown where the reader is -----------------------------------------------------------

const language = () => document.documentElement.lang || "en";
function when(iso) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(at) - midnight(new Date())) / 86_400_000);
  const clock = at.toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", hour12: false });
  if (days === 0 || days === -1) {
    return `${new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(days, "day")} ${clock}`;
  }
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return at.toLocaleDateString(language(), { day: "numeric", month: "short", year });
}
const time = (iso) => h("time", "", { datetime: iso }, when(iso));
const clockOf = (iso) => new Date(iso).toLocaleTimeString(language(), { hour12: false });
const withTime = (text, iso) => (iso ? String(text).replace("{time}", () => clockOf(iso)) : text);
const retellTimes = () => document.querySelectorAll(".viva time").forEach((node) => (node.textContent = when(node.dateTime)));

// Cards by name: value → nodes. Each file of cards adds its own.
const views = {};
