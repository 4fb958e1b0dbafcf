// Cards of the set-up.

Object.assign(views, {
  setup_head(value) {
    drafts.lead("#start"); // keyboard first: all of it is preset
    return [h("div", "v-head", h("h1", "", value.title), h("p", "", value.text))];
  },

  notes_card(value) {
    const rows = list(value.sections).map((section) =>
      h("li", "", h("span", "v-grow", section.name), section.without && h("small", "", section.without), h("b", "", section.count)));
    const problems = list(value.problems);
    return [
      h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.origin)),
      value.error && views.notice(value.error),
      value.empty && h("p", "v-aside", value.empty),
      rows.length > 0 && h("ul", "v-counts", rows),
      problems.length > 0 && h("details", "v-fold", h("summary", "", value.problems_title), h("ul", "v-problems", problems.map((text) => h("li", "", text)))),
    ];
  },

  forecast_card: (value) => [
    h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.text)),
    h("div", "v-forecast", { role: "img", "aria-label": value.label }, list(value.days).map((day, index) => {
      const fill = h("i", "");
      fill.style.height = `${Math.min(1, Math.max(0, Number(day.share) || 0)) * 56}px`;
      return h("div", index ? "" : "v-now", h("b", "", day.count), fill, h("small", "", index ? dayName(index) : value.today));
    })),
    ...list(value.warnings).map((text) => h("p", "v-aside", text)),
  ],

  unfinished_card: (value, act) => [
    h("button", "v-row-button", { type: "button", onclick: () => act("select", { id: value.id }) },
      h("span", "v-chip t-accent", value.chip), h("span", "v-grow", value.text), h("span", "v-link", value.action)),
  ],
});

function dayName(ahead) {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead).toLocaleDateString(language(), { weekday: "short" });
}
