// Cards of the Graders tab about backends.

Object.assign(views, {
  backend_rows: (value, act, root) => [
    h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.text)),
    h("ul", "v-backends", list(value.rows).map((row) => h("li", "", h("i", `v-state ${tone(row.tone)}`, { "aria-hidden": "true" }),
      h("div", "v-grow", h("div", "v-title-row", h("b", "", { title: row.title }, row.name), chips(row.chips)), h("p", "v-meta", dotted(row.facts))),
      h("span", "v-actions", list(row.actions).map((action) => {
        const asked = action.asks && root.dataset.asked === action.act;
        return h("button", `v-link${asked ? " v-sure" : ""}`, { type: "button", onclick: () => {
          root.dataset.asked = action.asks && !asked ? action.act : "";
          if (action.asks && !asked) root.redraw();
          else act("select", { act: action.act });
        } }, asked ? value.sure : action.text);
      }))))),
  ],

  local_servers: (value, act) => [
    h("div", "v-card-head", h("h2", "", value.title)),
    h("ul", "v-backends",
      list(value.servers).map((server) => h("li", "", h("i", "v-state t-strong", { "aria-hidden": "true" }),
        h("div", "v-grow", h("b", "", server.name), h("p", "v-meta", dotted(server.facts)),
          h("p", "v-chips", list(server.models).map((model) =>
            h("button", "v-chip t-accent", { type: "button", onclick: () => act("select", { act: model.act }) }, model.text)))))),
      list(value.commands).map((command) => h("li", "", h("i", "v-state t-none", { "aria-hidden": "true" }),
        h("div", "v-grow", h("b", "", command.program), h("p", "v-meta", command.text),
          h("div", "v-command", h("code", "v-grow", command.command), copyButton(command.command, value)), h("p", "v-meta", command.sizes))))),
  ],

  probe_card: (value, act) => [
    h("div", "v-title-row", h("h2", "", value.title), chips(value.chips),
      value.stop && h("button", "v-pill", { type: "button", onclick: () => act("select", { act: value.stop.act }) }, value.stop.text)),
    value.patience && h("p", "v-meta", value.patience),
    list(value.steps).length > 0 && h("ul", "v-steps", { "aria-live": "polite" }, list(value.steps).map((step) =>
      h("li", "", icon(step.icon), h("span", "v-grow", step.text), h("span", "v-meta", step.fact)))),
    value.why && h("div", "v-notice", infoIcon(), h("span", "v-grow", h("b", "", value.why), value.detail && h("span", "v-detail", value.detail))),
    value.problem && h("div", "v-notice", infoIcon(), h("span", "v-grow", h("b", "", value.problem))),
    value.first && h("p", "v-aside", value.first),
    value.saved && h("p", "v-saved", value.saved),
  ],
});

function copyButton(text, words) {
  return h("button", "v-link", { type: "button", onclick: (event) => {
    navigator.clipboard?.writeText(text).then(() => { event.target.textContent = words.copied; });
  } }, words.copy);
}
