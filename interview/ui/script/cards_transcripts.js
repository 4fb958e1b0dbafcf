// Cards of the Transcripts tab.

Object.assign(views, {
  session_rows: (value, act) => [
    value.empty && h("p", "v-empty", value.empty),
    h("div", "v-rows", list(value.rows).map((row) =>
      h("button", "v-session", { type: "button", onclick: () => act("select", { id: row.id }) },
        ring(row.ring, "middle"), h("span", "v-grow v-session-text", h("b", "", row.title), h("small", "", dotted(row.meta))), squares(row.marks, row.marks_label), time(row.at)))),
  ],

  room_head: (value) => [h("div", "v-room-head", h("h1", "", value.title), chips(value.chips), h("span", "v-chip t-plain", time(value.at)))],

  room_nav(value, act, root) {
    const chosen = root.dataset.group || "";
    const counters = list(value.counters).map((counter) =>
      h("button", `v-counter g-${oneOf(["solid", "partly", "weak", "rest"], counter.group)}`, {
        type: "button", "aria-pressed": chosen === counter.group ? "true" : "false",
        onclick: () => { root.dataset.group = chosen === counter.group ? "" : counter.group; root.redraw(); },
      }, h("b", "", counter.count), counter.label));
    const items = list(value.items).filter((item) => !chosen || item.group === chosen).map((item) =>
      h("button", `v-nav-item ${tone(item.tone)}`, { type: "button", "aria-current": item.selected ? "true" : undefined, onclick: () => act("select", { turn: item.turn }) },
        ["ungraded", "estimate"].includes(item.tone) ? h("i", `v-hatch ${tone(item.tone)}`) : h("span", "v-number", item.number),
        h("span", "v-grow", h("b", "", item.question), h("small", "", dotted([...list(item.meta), item.again]))), h("span", "v-score", item.score)));
    return [h("div", "v-counters", counters), h("nav", "v-nav", { "aria-label": value.label }, items)];
  },

  answer_segments: (value) => [
    h("div", "v-card-head v-line-head", h("h2", "", value.title), value.at && h("span", "v-chip t-plain", `${value.saved} `, time(value.at))),
    value.empty && h("p", "v-aside", value.empty),
    h("p", "v-answer", list(value.segments).map((segment) =>
      segment.verdict
        ? h("mark", verdict(segment.verdict), { title: segment.title }, segment.text, list(segment.numbers).length > 0 && h("sup", "", segment.numbers.join(",")))
        : segment.text)),
  ],

  grades_list(value, act, root) {
    const pairs = list(value.pairs);
    const first = pairs.filter((one) => one.by_point).at(-1) || pairs.at(-1);
    const newest = first ? [first.one, first.other] : [];
    const graded = new Set(pairs.flatMap((pair) => [pair.one, pair.other]));
    const kept = (root.dataset.pair || "").split(" ").filter(Boolean).map(Number).filter((number) => graded.has(number));
    const chosen = kept.length ? kept : newest;
    // A third choice takes the place of the older one.
    const choose = (number) => {
      const rest = chosen.filter((other) => other !== number);
      root.dataset.pair = (rest.length < chosen.length ? rest : [...rest, number].slice(-2)).join(" ");
      root.redraw();
    };
    const pair = pairs.find((one) => chosen.includes(one.one) && chosen.includes(one.other));
    const pick = (number) => graded.size > 2 && graded.has(number) &&
      h("button", "v-pick", { type: "button", "aria-pressed": chosen.includes(number) ? "true" : "false", onclick: () => choose(number) }, value.compare);
    return [
    h("h2", "", value.title),
    h("div", "v-scroll", h("table", "v-compare",
      h("thead", "", h("tr", "", h("th", "", { scope: "col" }, value.point), list(value.columns).map((column, number) =>
        h("th", "", { scope: "col", title: column.title || undefined }, h("div", "v-column", ring(column.ring, "middle"), h("span", "", h("b", "", column.name), h("small", "", dotted(column.facts)), h("small", "", time(column.at)), pick(number))))))),
      h("tbody", "", list(value.rows).map((row) => h("tr", row.differs ? "v-differs" : "", { title: row.differs ? value.differs : undefined },
        h("th", "", { scope: "row" }, row.text), list(row.cells).map((cell) => h("td", "", cell.verdict ? [icon(cell.verdict), h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word))))))),
    pair && pairBelow(value, pair),
    h("p", "v-chips", list(value.chips).map((text) => h("span", "v-chip t-plain", text))),
    ];
  },
});

// What two grades say about each point on which they differ, with the words that each goes by.
function pairBelow(value, pair) {
  const side = (row, number) => {
    const cell = list(row.cells)[number];
    return h("div", "v-side", h("small", "", list(value.columns)[number].name),
      h("p", "", cell.verdict ? [icon(cell.verdict), " ", h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word),
      list(cell.quotes).map((quote) => h("p", "", quoted(quote, cell.verdict))), cell.reason && h("p", "v-muted", cell.reason));
  };
  const names = [pair.one, pair.other].map((number) => list(value.columns)[number].name).join(" ↔ ");
  return h("div", "v-pair", h("h3", "", names, " · ", pair.text),
    list(pair.rows).map((number) => list(value.rows)[number]).map((row) =>
      h("div", "v-pair-row", h("p", "v-point-text", row.text), h("div", "v-sides", side(row, pair.one), side(row, pair.other)))));
}
