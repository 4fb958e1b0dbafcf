// The report of a session.

Object.assign(views, {
  report_card(value, act, root) {
    // The column may be scrolled to the end of the grade that was read there.
    if (!root.firstChild) navigation.show(() => document.getElementById("report-card"));
    const open = (turn) => () => { showTurn(turn); act("select", { turn }); };
    return [
      h("div", "v-grade-head v-report", ring(value.ring, "large"),
        h("div", "v-grow", h("div", "v-title-row", h("h2", `v-title ${tone(value.ring.tone)}`, value.heading)), h("p", "v-sentence", value.sentence),
          h("p", "v-meta", dotted([value.session, ...list(value.counts)])), h("p", "v-meta", dotted(value.facts)))),
      list(value.study).length > 0 && [h("h3", "", value.study_title),
        h("ol", "v-study", value.study.map((item) => h("li", "", h("button", "v-study-item", { type: "button", onclick: open(item.turn) },
          h("span", "v-grow", h("b", "", formulas(item.text)), h("small", "", dotted([item.why, item.section]))), h("span", "v-link", { "aria-hidden": "true" }, "›")))))],
      meanBars(value.sections_title, value.sections),
      meanBars(value.confidence_title, value.confidence),
      pointButtons(value.weakest_title, value.weakest, open),
      pointButtons(value.strongest_title, value.strongest, open),
      list(value.questions).length > 0 && h("details", "v-fold", h("summary", "", value.questions_title),
        h("div", "v-nav v-asked", value.questions.map((row) => h("button", `v-nav-item ${tone(row.tone)}`, { type: "button", onclick: open(row.turn) },
          h("span", "v-number", row.number), h("span", "v-grow", h("b", "", formulas(row.text)), h("small", "", dotted(row.facts))), h("span", "v-score", row.score))))),
    ];
  },
});

const meanBars = (title, rows) => list(rows).length > 0 && [h("h3", "", title),
  h("div", "v-bars", rows.map((row) => h("div", "v-bar-row v-bar-wide", h("span", "v-bar-label", row.name), bar(row.share, row.tone), h("span", "v-bar-text", dotted([row.text, row.count])))))];
const pointButtons = (title, points, open) => list(points).length > 0 && [h("h3", "", title),
  h("ul", "v-points", points.map((point) => h("li", "", icon(point.verdict),
    h("button", "v-plain-button v-grow", { type: "button", onclick: open(point.turn) }, h("span", "v-point-text", formulas(point.text)), h("small", "", formulas(point.question))),
    h("span", `v-word ${verdict(point.verdict)}`, point.word))))];

// The Progress tab.

Object.assign(views, {
  progress_figures: (value) => [
    h("div", "v-tiles", list(value.figures).map((figure) => h("div", "v-tile", h("span", "v-tile-label", figure.label), h("b", "", figure.value), h("small", "", figure.note)))),
    h("p", "v-meta v-kinds", dotted(value.kinds)),
  ],

  progress_head: (value) => [plotHead(value)],

  heat_map: (value) => [
    plotHead(value),
    h("div", "v-heat", { role: "img", "aria-label": value.label }, list(value.days).map((day) =>
      h("i", day.ahead ? "v-ahead" : `v-level-${Math.min(4, Math.max(0, Number(day.level) || 0))}`, { title: day.ahead ? undefined : day.label }))),
    h("p", "v-heat-key v-meta", { "aria-hidden": "true" }, value.less, [0, 1, 2, 3, 4].map((level) => h("i", `v-level-${level}`)), value.more),
  ],

  progress_list: (value, act) => [
    plotHead(value),
    list(value.rows).length > 0 && h("ul", "v-tally", value.rows.map((row) => h("li", "", h("button", "", { type: "button", onclick: () => { openDetail(); act("select", { place: row.place }); } },
      h("span", "v-grow", h("span", "v-point-text", formulas(row.text)), row.note && h("small", "", formulas(row.note))), bar(row.share, row.tone), h("span", "v-tally-figure", row.figure))))),
  ],

  number_table: (value) => [
    h("div", "v-scroll v-numbers", { tabindex: "0", role: "region", "aria-label": list(value.columns).join(", ") }, h("table", "v-compare",
      h("thead", "", h("tr", "", list(value.columns).map((name) => h("th", "", { scope: "col" }, name)))),
      h("tbody", "", list(value.rows).map((row) => h("tr", "", list(row).map((cell, index) => (index ? h("td", "", cell) : h("th", "", { scope: "row" }, formulas(cell))))))))),
  ],
});

const plotHead = (value) => h("div", "v-card-head v-plot-head", h("h2", "", value.title), h("p", "", value.sentence));
