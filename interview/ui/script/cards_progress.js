// The report of a session.

Object.assign(views, {
  report_card(value, act) {
    const open = (turn) => () => act("select", { turn });
    return [
      h("div", "v-grade-head v-report", ring(value.ring, "large"),
        h("div", "v-grow", h("div", "v-title-row", h("h2", `v-title ${tone(value.ring.tone)}`, value.heading)), h("p", "v-sentence", value.sentence),
          h("p", "v-meta", dotted([value.session, ...list(value.counts)])), h("p", "v-meta", dotted(value.facts)))),
      list(value.study).length > 0 && [h("h3", "", value.study_title),
        h("ol", "v-study", value.study.map((item) => h("li", "", h("button", "v-study-item", { type: "button", onclick: open(item.turn) },
          h("span", "v-grow", h("b", "", item.text), h("small", "", dotted([item.why, item.section]))), h("span", "v-link", { "aria-hidden": "true" }, "›")))))],
      meanBars(value.sections_title, value.sections),
      meanBars(value.confidence_title, value.confidence),
      pointButtons(value.weakest_title, value.weakest, open),
      pointButtons(value.strongest_title, value.strongest, open),
      list(value.questions).length > 0 && h("details", "v-fold", h("summary", "", value.questions_title),
        h("div", "v-nav v-asked", value.questions.map((row) => h("button", `v-nav-item ${tone(row.tone)}`, { type: "button", onclick: open(row.turn) },
          h("span", "v-number", row.number), h("span", "v-grow", h("b", "", row.text), h("small", "", dotted(row.facts))), h("span", "v-score", row.score))))),
    ];
  },
});

const meanBars = (title, rows) => list(rows).length > 0 && [h("h3", "", title),
  h("div", "v-bars", rows.map((row) => h("div", "v-bar-row v-bar-wide", h("span", "v-bar-label", row.name), bar(row.share, row.tone), h("span", "v-bar-text", dotted([row.text, row.count])))))];
const pointButtons = (title, points, open) => list(points).length > 0 && [h("h3", "", title),
  h("ul", "v-points", points.map((point) => h("li", "", icon(point.verdict),
    h("button", "v-plain-button v-grow", { type: "button", onclick: open(point.turn) }, h("span", "v-point-text", point.text), h("small", "", point.question)),
    h("span", `v-word ${verdict(point.verdict)}`, point.word))))];
