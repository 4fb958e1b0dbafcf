// Cards of the interview.

Object.assign(views, {
  question_head(value, act) {
    drafts.show(String(value.turn), value.draft_saved, Boolean(value.open));
    const dots = list(value.dots).map((dot) =>
      h("button", `v-dot ${tone(dot.tone)}`, {
        type: "button", title: dot.label, "aria-label": dot.label, disabled: dot.turn ? undefined : "",
        "aria-current": dot.current ? "true" : undefined,
        onclick: () => { showTurn(dot.turn); act("select", { turn: dot.turn }); },
      }));
    const pips = list(value.pips).map((name) => h("i", verdict(name)));
    return [
      h("div", "v-qhead", { "data-turn": value.turn },
        h("nav", "v-dots", { "aria-label": value.dots_label }, dots),
        h("span", "v-position", h("span", "v-wide", value.position), h("span", "v-narrow", value.short)),
        h("span", "v-grow"),
        list(value.timers).map((timer) => countdown(timer, value.now)),
        pips.length > 0 && h("span", "v-pips", { "aria-hidden": "true" }, pips),
        value.points && h("span", "v-points-text", value.points)),
      h("div", "v-qline", { "aria-hidden": "true" }, formulas(value.question)),
    ];
  },

  separator: (value) => [
    h("div", value.follow ? "v-follow" : "v-sep", { "data-turn": value.turn }, h("b", "", value.position),
      list(value.about).map((part) => h("span", "v-chip t-plain", part)), list(value.tags).map((tag) => h("span", "v-tag", tag)),
      value.reached && h("span", "v-reached", value.reached)),
  ],

  // Days are counted here, where the reader's midnight is known.
  rating_bar: (value, act) => [
    h("div", "v-rating", { "data-given": value.given ? "" : undefined },
      h("div", "v-rating-text", h("b", "", value.title), h("small", "", value.text)),
      h("div", "v-ratings", { role: "group", "aria-label": value.title }, list(value.ratings).map((row) =>
        h("button", "", {
          type: "button", "data-rating": row.rating, "aria-pressed": row.chosen ? "true" : "false", disabled: value.fixed ? "" : undefined,
          onclick: () => act("select", { rating: row.rating }),
        }, h("b", "", row.label), h("small", "", inDays(row.due))))),
      value.undo && h("button", "v-link", { type: "button", onclick: () => act("select", { rating: 0 }) }, value.undo)),
  ],

  paper_card: (value) => [
    h("button", "v-close", { type: "button", onclick: sheet.close }, value.close),
    h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.text)),
    h("ol", "v-paper", list(value.rows).map((row) =>
      h("li", `p-${oneOf(["open", "answered", "skipped", "unasked"], row.state)}`, h("span", "v-number", row.number), h("span", "v-grow", formulas(row.text)), h("span", "", row.time)))),
    notes([value.note]),
  ],

  keys_card: (value) => [
    h("button", "v-link v-keys-open", { type: "button", onclick: keys.open }, h("kbd", "", "?"), value.title),
    h("dialog", "v-keys-list", { "aria-label": value.title },
      h("div", "v-line-head", h("h2", "", value.title), h("button", "v-link", { type: "button", onclick: keys.close }, value.close)),
      h("div", "v-keys", list(value.keys).map((row) => h("p", "", list(row.keys).map((key) => h("kbd", "", key)), row.text)))),
  ],

  verdict_line: (value) => [
    h("button", `v-line v-is-${oneOf(["graded", "estimate", "ungraded", "pending", "waiting", "none", "self"], value.state)}`,
      { type: "button", "data-turn": value.turn, "aria-pressed": value.selected ? "true" : "false" },
      ring(value.ring, "small"), h("span", "v-line-text", h("b", `v-title ${tone(value.ring.tone)}`, value.title), h("span", "", withTime(value.clause, value.retry_at))),
      value.open && h("span", "v-link", value.open)),
  ],
});

function inDays(iso) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(new Date(iso)) - midnight(new Date())) / 86_400_000);
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(days, "day");
}

// --- countdowns: drawn from a stored deadline by the server's clock, so that a reload shows the same

const WARN_SECONDS = 60;
const told = { at: "", ahead: 0 }; // how far this browser's clock was ahead of the server's when that told its own
function countdown(timer, now) {
  if (now !== told.at) Object.assign(told, { at: now, ahead: Date.now() - Date.parse(now) });
  const node = h("span", "v-timer", { role: "timer", "aria-label": timer.label, title: timer.label, "data-deadline": timer.deadline, "data-left": timer.left, "data-over": timer.over });
  tick(node);
  return node;
}
function tick(node) {
  const left = Math.round((Date.parse(node.dataset.deadline) - (Date.now() - told.ahead)) / 1000);
  const seconds = Math.abs(left);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const clock = `${hours ? `${hours}:${two(Math.floor(seconds / 60) % 60)}` : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  const text = `${node.title} · ${(left < 0 ? node.dataset.over : node.dataset.left).replace("{time}", clock)}`;
  if (node.textContent !== text) node.textContent = text;
  node.toggleAttribute("data-warn", left >= 0 && left <= WARN_SECONDS);
  node.toggleAttribute("data-late", left < 0);
}
setInterval(() => document.querySelectorAll(".v-timer").forEach(tick), 1000);
