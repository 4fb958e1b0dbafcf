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

  grades_list: (value) => [
    h("h2", "", value.title),
    h("div", "v-scroll", h("table", "v-compare",
      h("thead", "", h("tr", "", h("th", "", { scope: "col" }, value.point), list(value.columns).map((column) =>
        h("th", "", { scope: "col", title: column.title || undefined }, h("div", "v-column", ring(column.ring, "middle"), h("span", "", h("b", "", column.name), h("small", "", dotted(column.facts)), h("small", "", time(column.at)))))))),
      h("tbody", "", list(value.rows).map((row) => h("tr", row.differs ? "v-differs" : "", { title: row.differs ? value.differs : undefined },
        h("th", "", { scope: "row" }, row.text), list(row.cells).map((cell) => h("td", "", cell.verdict ? [icon(cell.verdict), h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word))))))),
    h("p", "v-chips", list(value.chips).map((text) => h("span", "v-chip t-plain", text))),
  ],
});
