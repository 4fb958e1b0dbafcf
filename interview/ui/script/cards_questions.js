// Cards of the Questions tab.

Object.assign(views, {
  question_rows: (value, act) => [
    value.empty && h("p", "v-empty", value.empty),
    h("nav", "v-nav", { "aria-label": value.label }, list(value.rows).map((row) =>
      h("button", "v-nav-item v-bank-item", { type: "button", "aria-current": row.selected ? "true" : undefined, onclick: () => act("select", { id: row.id }) },
        h("span", "v-number", row.number),
        h("span", "v-grow", h("b", "", formulas(row.text)), h("small", "", dotted(row.meta))),
        list(row.pips).length > 0 && h("span", row.estimate ? "v-pips v-estimated" : "v-pips", { role: "img", "aria-label": row.pips_label, title: row.pips_label }, row.pips.map((name) => h("i", `v-pip ${verdict(name)}`)))))),
    value.more && h("p", "v-aside", value.more),
  ],

  question_about: (value) => [h("p", "v-place", value.place), h("p", "v-chips", chips(value.chips))],

  question_points: (value) => [
    h("div", "v-line-head", h("h2", "", value.title), h("small", "v-muted", dotted(value.facts))),
    value.empty && h("p", "v-aside", value.empty),
    h("ul", "v-points", list(value.rows).map((point) =>
      h("li", "", icon(point.verdict),
        h("div", "v-grow v-point-text", formulas(point.text), [point.bonus, point.weight].filter(Boolean).map((tag) => [" ", h("span", "v-tag", tag)])),
        h("span", `v-word ${verdict(point.verdict)}`, point.word)))),
    notes(value.notes),
  ],

  question_extras: (value) => list(value.parts).map((part) =>
    h("details", "v-part", h("summary", "", `${part.title} · ${list(part.items).length}`), h("ul", "", list(part.items).map((text) => h("li", "", formulas(text)))))),

  question_disputes: (value, act) => [
    h("h2", "", value.title),
    h("ul", "v-disputes", list(value.rows).map((row) =>
      h("li", "v-doubt",
        h("p", "v-chips", chip(row.state), h("small", "v-muted", dotted([row.source, row.grader]))),
        quoted(row.quote, "partial"),
        row.correction && h("p", "", row.correction),
        row.reason && h("p", "v-muted", row.reason),
        h("p", "v-chips", list(row.buttons).map((button) =>
          h("button", "v-pill", { type: "button", onclick: () => act("select", { choice: button.choice }) }, button.text)))))),
    h("p", "v-aside", value.note),
  ],

  question_history: (value, act) => [
    h("h2", "", value.title),
    value.empty && h("p", "v-aside", value.empty),
    h("div", "v-rows", list(value.rows).map((row) =>
      h("button", "v-session v-tried", { type: "button", onclick: () => { openDetail(); act("select", { place: row.place }); } },
        ring(row.ring, "middle"), h("span", "v-grow v-session-text", h("span", "v-tried-text", row.text), h("small", "", dotted(row.meta))), time(row.at)))),
  ],

  checklist_versions: (value, act) => [
    h("h3", "", value.title),
    h("p", "v-muted", value.note),
    h("div", "v-versions", list(value.rows).map((row) =>
      h("button", "v-pill", { type: "button", "aria-pressed": row.selected ? "true" : "false", onclick: () => act("select", { id: row.id }) },
        h("b", "", row.text), " ", h("small", "", dotted(row.facts)), row.at && [" ", time(row.at)]))),
  ],
});
