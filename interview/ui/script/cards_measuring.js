// The evaluation of graders.

Object.assign(views, {
  measuring_card: (value, act) => [
    list(value.jobs).length > 0 && h("div", "v-jobs", { role: "status" }, value.jobs.map((job) =>
      h("div", "v-job", h("span", "v-job-text", job.text), bar(job.share, job.tone),
        job.stop && h("button", "v-link", { type: "button", onclick: () => act("select", { stop: job.id }) }, job.stop)))),
    h("div", "v-best", value.named && h("span", "v-chip t-accent", { "aria-hidden": "true" }, "★"), h("p", "", value.best), h("small", "", value.rule)),
    h("h3", "", value.title),
    value.empty && h("p", "v-aside", value.empty),
    h("ul", "v-measured", list(value.rows).map((row) =>
      h("li", row.best ? "v-is-best" : "",
        h("div", "v-grow", h("b", "", row.grader, " · ", row.suite), h("small", "", dotted(row.facts), " · ", time(row.at)), row.trend_label && h("small", "", row.trend_label)),
        list(row.trend).length > 1 && spark(row.trend, row.trend_label),
        h("div", "v-figure", h("b", "", row.figure), h("small", "", row.means, row.low && ` (${row.low})`))))),
    h("h3", "", value.rates.title),
    value.rates.empty ? h("p", "v-aside", value.rates.empty)
      : h("div", "v-scroll", { tabindex: "0" }, h("table", "v-compare v-rates",
        h("thead", "", h("tr", "", list(value.rates.columns).map((name) => h("th", "", { scope: "col" }, name)))),
        h("tbody", "", list(value.rates.rows).map((row) => h("tr", "", list(row).map((cell, number) => (number ? h("td", "", cell) : h("th", "", { scope: "row" }, cell)))))))),
  ],
});

// Earlier figures as a line, old ones left; what it says stands beside it in words.
function spark(figures, label) {
  const numbers = figures.map(Number);
  const low = Math.min(...numbers);
  const spread = Math.max(...numbers) - low;
  const places = numbers.map((number, at) => [4 + (at * 72) / (numbers.length - 1), spread ? 24 - (20 * (number - low)) / spread : 14]);
  const last = places.at(-1);
  return s("svg", { viewBox: "0 0 80 28", class: "v-spark", role: "img", "aria-label": label },
    s("polyline", { points: places.map((place) => place.join(",")).join(" ") }), s("circle", { cx: last[0], cy: last[1], r: 3 }));
}
