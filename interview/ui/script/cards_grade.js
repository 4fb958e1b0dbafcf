// The grade card, and how an answer will be graded.

Object.assign(views, {
  grade_card(value, act, root) {
    // What was typed and unfolded belongs to one grade.
    if (root.dataset.grading !== value.grading) root.replaceChildren();
    root.dataset.grading = value.grading;
    const wish = (about) => act("select", { wish: { turn: value.turn, ...about } });
    paint.show(root, value.turn, list(value.marks));
    const live = ["pending", "waiting"].includes(value.state);
    return [
      h("button", "v-close", { type: "button", onclick: sheet.close }, value.close),
      h("div", "v-grade-head", ring(value.ring, "large"),
        h("div", "v-grow", h("div", "v-title-row", h("h2", `v-title ${tone(value.ring.tone)}`, value.title), chips(value.chips)),
          h("p", "v-sentence", { "aria-live": live ? "polite" : undefined }, withTime(value.sentence, value.retry_at)), h("p", "v-meta", dotted(value.meta)), value.since && h("p", "v-meta", withTime(value.since.text, value.since.at)))),
      value.doubt && h("div", "v-doubt", h("b", "", value.doubt.title), value.doubt.quote && quoted(value.doubt.quote, "partial"), h("p", "", value.doubt.reason), h("small", "", value.doubt.note)),
      value.alternative && h("p", "v-alternative", value.alternative.text, " ", h("small", "", value.alternative.sum)),
      list(value.points).length > 0 && h("ul", "v-points", value.points.map((point) => pointRow(point, root, wish))),
      list(value.findings).length > 0 && [h("h3", "", value.findings_title), h("ul", "v-points", value.findings.map(findingRow))],
      list(value.bars).length > 0 && h("div", "v-bars", value.bars.map((row) => h("div", "v-bar-row", { title: row.title || undefined }, h("span", "v-bar-label", row.label), bar(row.share, "accent"), h("span", "v-bar-text", row.text)))),
      list(value.flags).length > 0 && h("ul", "v-flags", value.flags.map((flag) => h("li", "", flag))),
      notes(value.notes),
      (value.made || list(value.ways).some(Boolean)) && h("div", "v-ways", list(value.ways).filter(Boolean).map((way) => (way.kind === "own" ? ownForm(way, wish) : secondForm(way, wish))),
        value.made && fold(value.made.title, list(value.made.rows).map((row) => h("p", "v-meta", row)))),
    ];
  },

  how_card: (value) => [
    h("button", "v-close", { type: "button", onclick: sheet.close }, value.close),
    h("div", "v-how", h("h2", "", value.title), h("p", "v-muted", value.text),
      list(value.parts).length > 0 && h("dl", "", value.parts.map((part) => [h("dt", "", part.label), h("dd", "", part.text), h("dd", "v-share", part.share)])),
      value.sum && h("p", "v-sum", value.sum)),
    h("div", "v-keys", h("h2", "", value.keys_title),
      list(value.keys).map((row) => h("p", "", list(row.keys).map((key) => h("kbd", "", key)), row.text))),
  ],
});

function pointRow(point, root, wish) {
  const row = h("li", "", icon(point.verdict),
    h("div", "v-grow",
      h("div", "v-point-text", formulas(point.text), point.bonus && [" ", h("span", "v-tag", point.bonus)]),
      h("div", "v-proof", list(point.quotes).map((quote) => [quoted(quote, point.verdict), " "]), h("small", "", dotted([point.checked, point.votes, point.reason]))),
      point.claim_note && h("div", "v-proof", h("s", "", point.claim), " ", h("small", "v-warn", point.claim_note)),
      point.appeal && appealForm(point.appeal, wish)),
    h("span", `v-word ${verdict(point.verdict)}`, point.word));
  row.onmouseenter = () => paint.hover(root, point.id);
  row.onmouseleave = () => paint.hover(root, null);
  return row;
}
const findingRow = (finding) => h("li", "", icon("contradicted"),
  h("div", "v-grow", finding.text && h("div", "v-point-text", formulas(finding.text)), h("div", "v-proof", quoted(finding.quote, "contradicted"), " ", h("small", "", finding.reason))),
  h("span", "v-word k-contradicted", finding.word));

// --- what can be said against a grade: forms behind a fold, so that Enter sends them

const fold = (title, children) => h("details", "v-way", h("summary", "", title), children);
const form = (send, ...children) =>
  h("form", "v-form", { autocomplete: "off", onsubmit: (event) => { event.preventDefault(); send(event.target.elements); } }, children);
const goButton = (text) => h("button", "v-go", { type: "submit" }, text);
const line = (label, longest) => h("input", "v-input v-grow", { type: "text", name: "text", placeholder: label, "aria-label": label, maxlength: Number(longest) || undefined });

function appealForm(appeal, wish) {
  if (appeal.state !== "offer") return h("p", `v-appeal v-appeal-${oneOf(["heard", "won", "held"], appeal.state)}`, { "aria-live": "polite" }, appeal.note);
  return [
    appeal.note && h("p", "v-appeal", appeal.note),
    fold(appeal.label, [
      form((fields) => wish({ act: "appeal", grading: appeal.grading, point: appeal.point, text: fields.text.value }), line(appeal.reason, appeal.longest), goButton(appeal.go)),
      h("small", "", appeal.rule),
    ]),
  ];
}
function ownForm(way, wish) {
  const score = h("input", "v-input v-score-input", { type: "number", name: "score", min: 0, max: Number(way.most), step: 0.1, required: "", inputmode: "decimal", "aria-label": way.label, placeholder: way.label });
  return fold(way.title, [
    form((fields) => wish({ act: "own", score: Number(fields.score.value), text: fields.text.value }), h("span", "v-of", score, h("small", "", way.of)), line(way.reason, way.longest), goButton(way.go)),
    h("small", "", way.note),
  ]);
}
function secondForm(way, wish) {
  const choice = h("select", "v-input v-grow", { name: "grader", "aria-label": way.label }, list(way.options).map((option) => h("option", "", { value: option.name }, option.word)));
  return fold(way.title, [
    form((fields) => wish({ act: "second", grader: fields.grader.value }), choice, goButton(way.go)),
    h("small", "", way.note),
  ]);
}
