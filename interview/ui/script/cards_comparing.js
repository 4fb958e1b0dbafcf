// Cards of comparing graders, and of what models cost.

const figures = (head, rows, label) =>
  h("div", "v-scroll", { tabindex: "0" }, h("table", "v-figures", { "aria-label": label },
    h("thead", "", h("tr", "", list(head).map((text) => h("th", "", { scope: "col" }, text)))),
    h("tbody", "", list(rows).map((row) => h("tr", "", { title: row.title || undefined },
      h("th", "", { scope: "row" }, row.name, row.chip && h("span", "v-chip t-warn", row.chip), list(row.failed).length > 0 && h("small", "", dotted(row.failed))),
      list(row.cells).map((text) => h("td", "", text)))))));

const planned = (lines) => list(lines).length > 0 && h("ul", "v-plan", list(lines).map((text) => h("li", "", text)));

Object.assign(views, {
  panel_head: (value) => [h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.text))],

  plan_lines: (value) => [planned(value.plan)],

  comparison: (value, act) => [
    value.hint && h("p", "v-aside", value.hint),
    planned(value.plan),
    value.progress && value.progress.text && h("p", "v-going", { role: "status" }, h("span", "", value.progress.text), bar(value.progress.share, "accent")),
    value.problem && h("p", "v-aside", value.problem),
    value.head && figures(value.head, value.graders, value.head[0]),
    list(value.pairs).length > 0 && figures(value.pair_head, value.pairs, value.pair_head[0]),
    value.look && h("h3", "", value.look),
    h("div", "v-differences", list(value.disagreements).map((one) =>
      h("button", "v-difference", { type: "button", onclick: () => { openDetail(); act("select", { turn: one.turn }); } },
        h("span", "v-difference-head", h("b", "v-grow", formulas(one.question)), h("span", "v-link", value.open)),
        h("small", "", dotted(one.scores)),
        list(one.points).map((point) => h("span", "v-difference-point", h("span", "", formulas(point.text)),
          h("span", "v-said", list(point.cells).map((cell) => h("span", `v-word ${verdict(cell.verdict)}`, icon(cell.verdict), `${cell.name}: ${cell.word}`)))))))),
    value.agreed && h("p", "v-meta", value.agreed),
  ],

  spending: (value) => [
    h("h2", "", value.title),
    list(value.limits).map((limit) => h("div", `v-limit ${tone(limit.tone)}`,
      h("span", "v-limit-head", h("span", "v-grow", limit.label), h("b", "", limit.text)),
      bar(limit.share, limit.tone), limit.warning && h("p", "", { role: "alert" }, limit.warning))),
    value.empty && h("p", "v-aside", value.empty),
    list(value.rows).length > 0 && figures(value.head, value.rows, value.title),
    list(value.notes).map((text) => h("p", "v-meta", text)),
  ],
});
