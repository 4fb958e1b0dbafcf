// Cards of the interview.

Object.assign(views, {
  question_head(value, act) {
    drafts.show(String(value.turn), value.draft_saved, Boolean(value.open));
    const dots = list(value.dots).map((dot) =>
      h("button", `v-dot ${tone(dot.tone)}`, {
        type: "button", title: dot.label, "aria-label": dot.label, disabled: dot.turn ? undefined : "",
        "aria-current": dot.current ? "true" : undefined,
        onclick: () => { scrollToTurn(dot.turn); act("select", { turn: dot.turn }); },
      }));
    const pips = list(value.pips).map((name) => h("i", verdict(name)));
    return [
      h("div", "v-qhead", { "data-turn": value.turn },
        h("nav", "v-dots", { "aria-label": value.dots_label }, dots),
        h("span", "v-position", h("span", "v-wide", value.position), h("span", "v-narrow", value.short)),
        h("span", "v-grow"),
        pips.length > 0 && h("span", "v-pips", { "aria-hidden": "true" }, pips),
        value.points && h("span", "v-points-text", value.points)),
      h("div", "v-qline", { "aria-hidden": "true" }, value.question),
    ];
  },

  separator: (value) => [
    h("div", "v-sep", { "data-turn": value.turn }, h("span", "", h("b", "", value.position), list(value.about).map((part) => ` · ${part}`)),
      list(value.tags).map((tag) => h("span", "v-tag", tag))),
  ],

  verdict_line: (value) => [
    h("button", `v-line v-is-${oneOf(["graded", "estimate", "ungraded", "pending", "waiting", "none", "self"], value.state)}`,
      { type: "button", "data-turn": value.turn, "aria-pressed": value.selected ? "true" : "false" },
      ring(value.ring, "small"), h("span", "v-line-text", h("b", `v-title ${tone(value.ring.tone)}`, value.title), h("span", "", withTime(value.clause, value.retry_at))),
      value.open && h("span", "v-link", value.open)),
  ],
});
