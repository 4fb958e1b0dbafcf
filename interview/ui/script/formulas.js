// Formulas within the text of a card, as MathML. One that is not understood stands as it was written.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const IN_TEXT = /\$([^\s$](?:[^$\n]*[^\s$])?)\$(?!\d)/;
const TOKENS = /\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S/gu;
const LETTERS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ϵ", eta: "η", theta: "θ", lambda: "λ", mu: "μ", pi: "π",
  rho: "ρ", sigma: "σ", tau: "τ", phi: "ϕ", omega: "ω", Delta: "Δ", Sigma: "Σ", Omega: "Ω", infty: "∞", partial: "∂",
  top: "⊤", ell: "ℓ",
  ...Object.fromEntries(["log", "ln", "exp", "min", "max", "sin", "cos"].map((name) => [name, name])),
};
const OPERATORS = {
  times: "×", cdot: "·", sum: "∑", prod: "∏", mid: "∣", neq: "≠", ne: "≠", in: "∈", to: "→", leftarrow: "←",
  rightarrow: "→", ll: "≪", gg: "≫", le: "≤", leq: "≤", ge: "≥", geq: "≥", approx: "≈", sim: "∼", pm: "±", dots: "…",
};
const math = (tag, ...children) => fill(document.createElementNS(MATHML, tag), {}, children);

// The text as strings and nodes.
function formulas(text) {
  const found = IN_TEXT.exec(text ?? "");
  if (!found) return [text];
  const end = found.index + found[0].length;
  return [text.slice(0, found.index), readFormula(found[1]) ?? found[0], ...formulas(text.slice(end))];
}

function readFormula(tex) {
  const tokens = tex.match(TOKENS) ?? [];
  let at = 0;
  const stop = () => { throw new SyntaxError(tex); };
  const take = () => tokens[at++] ?? stop();
  function word() {
    if (take() !== "{") stop();
    let letters = "";
    for (let next = take(); next !== "}"; next = take()) letters += /^[\w-]+$/.test(next) ? next : stop();
    return letters;
  }
  function row(end) {
    const nodes = [];
    while (at < tokens.length && tokens[at] !== end) nodes.push(scripted());
    if (end && take() !== end) stop();
    return math("mrow", nodes);
  }
  function command(name) {
    if (name === "frac") return math("mfrac", piece(), piece());
    if (name === "sqrt") return tokens[at] === "[" ? stop() : math("msqrt", piece());
    if (name === "mathrm" || name === "text" || name === "operatorname") return math("mi", word());
    if (name === "left" || name === "right") return math("mo", take());
    if (name === "," || name === ";") return math("mtext", " ");
    if (Object.hasOwn(LETTERS, name)) return math("mi", LETTERS[name]);
    return Object.hasOwn(OPERATORS, name) ? math("mo", OPERATORS[name]) : stop();
  }
  function piece() {
    const token = take();
    if (token === "{") return row("}");
    if (token[0] === "\\") return command(token.slice(1));
    if ("^_}&$#%".includes(token)) stop();
    if (/^\d/.test(token)) return math("mn", token);
    return math(/^\p{L}$/u.test(token) ? "mi" : "mo", token === "-" ? "−" : token);
  }
  function scripted() {
    const base = piece();
    const scripts = {};
    while (tokens[at] === "^" || tokens[at] === "_") {
      const place = take();
      if (scripts[place]) stop();
      scripts[place] = piece();
    }
    const { "_": below, "^": above } = scripts;
    if (below && above) return math("msubsup", base, below, above);
    return below || above ? math(below ? "msub" : "msup", base, below ?? above) : base;
  }
  try {
    return math("math", row(""));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
