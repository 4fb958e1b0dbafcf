// Cards around the tabs.

Object.assign(views, {
  brand(value) {
    if (document.documentElement.lang !== value.lang) {
      document.documentElement.lang = value.lang;
      retellTimes();
    }
    const logo = s("svg", { viewBox: "0 0 26 26", class: "v-logo", "aria-hidden": "true" },
      s("rect", { width: 26, height: 26, rx: 6 }), s("path", { d: "M7.5 8 13 18 18.5 8" }));
    return [h("div", "v-brand", logo, h("span", "", value.name))];
  },

  banner(value, act) {
    const summary = h("summary", "", infoIcon(), h("span", "v-grow", h("b", "", value.title), " ", value.text), h("span", "v-link", value.action));
    return [h("details", "v-banner", summary,
      h("button", "v-link", { type: "button", onclick: () => act("select", { to: "graders" }) }, value.go), h("ul", "", list(value.steps).map((step) => h("li", "", step))))];
  },

  notice: (value) => [
    h("div", "v-notice", { role: "alert" }, infoIcon(), h("span", "v-grow", h("b", "", value.text), value.detail && h("span", "v-detail", value.detail))),
  ],

  waiting: (value, act) => [
    h("div", "v-job", { role: "status" },
      h("span", "v-grow", h("b", "", value.text), " ", value.then, value.detail && h("small", "v-detail", value.detail)),
      h("button", "v-pill", { type: "button", onclick: () => act("select", { retry: "all" }) }, value.retry)),
  ],

  job_line: (value, act) => [
    h("div", value.problem ? "v-job v-warn" : "v-job", { role: "status" },
      h("span", "", value.text), value.count && h("span", "v-muted", value.count),
      !value.over && bar(value.share, "accent"),
      value.stop && h("button", "v-pill", { type: "button", onclick: () => act("select", { job: value.job }) }, value.stop),
      value.problem && h("small", "", value.problem)),
  ],
});
