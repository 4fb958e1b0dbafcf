// Formulas within the text of a card, as MathML. One that is not understood is shown as its source.

const MATHML = "http://www.w3.org/1998/Math/MathML";
// What encloses a formula that the server found and allows: LATEX_DELIMITERS of safe_text.py.
const IN_TEXT = /(?:\$\$|\\\()\u2060([^\u2060]+)\u2060(?:\$\$|\\\))/g;
const TOKENS = /\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S/gsu;
const named = (names) => Object.fromEntries(names.split(" ").map((name) => [name, name]));
const LETTERS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ϵ", varepsilon: "ε", zeta: "ζ", eta: "η", theta: "θ",
  iota: "ι", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π", rho: "ρ", sigma: "σ", tau: "τ", phi: "ϕ",
  varphi: "φ", chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Pi: "Π", Sigma: "Σ",
  Phi: "Φ", Psi: "Ψ", Omega: "Ω", infty: "∞", partial: "∂", nabla: "∇", top: "⊤", ell: "ℓ", emptyset: "∅",
  ...named("log ln exp min max sin cos tan tanh arg det dim lim sup inf Pr"),
};
const OPERATORS = {
  times: "×", cdot: "·", odot: "⊙", oplus: "⊕", otimes: "⊗", div: "÷", ast: "∗", circ: "∘", sum: "∑", prod: "∏", int: "∫",
  mid: "∣", neq: "≠", ne: "≠", equiv: "≡", in: "∈", notin: "∉", subset: "⊂", subseteq: "⊆", cup: "∪", cap: "∩",
  forall: "∀", exists: "∃", to: "→", leftarrow: "←", rightarrow: "→", Rightarrow: "⇒", Leftrightarrow: "⇔", mapsto: "↦",
  ll: "≪", gg: "≫", le: "≤", leq: "≤", ge: "≥", geq: "≥", approx: "≈", sim: "∼", propto: "∝", pm: "±",
  dots: "…", ldots: "…", cdots: "⋯", langle: "⟨", rangle: "⟩", lVert: "‖", rVert: "‖", Vert: "‖", "|": "‖",
  "{": "{", "}": "}", "%": "%", "_": "_", "&": "&", "#": "#", $: "$",
};
const SPACES = { ",": " ", ";": " ", ":": " ", " ": " ", quad: "\u2003", qquad: "\u2003\u2003", "!": "" };
const ACCENTS = { hat: "^", bar: "¯", overline: "¯", tilde: "~", widetilde: "~", vec: "→", dot: "˙", widehat: "^" };
const WORDS = ["mathrm", "text", "textrm", "operatorname", "mathit"];
const FACES = ["mathbf", "boldsymbol", "mathcal", "mathsf"];
const DOUBLED = { C: "ℂ", E: "𝔼", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ", 1: "𝟙" };
const math = (tag, ...children) => fill(document.createElementNS(MATHML, tag), {}, children);

// The text as strings and nodes.
function formulas(text) {
  const words = String(text ?? "");
  const nodes = [];
  let at = 0;
  for (const found of words.matchAll(IN_TEXT)) {
    nodes.push(words.slice(at, found.index), readFormula(found[1]) ?? `$${found[1]}$`);
    at = found.index + found[0].length;
  }
  return [...nodes, words.slice(at)];
}

function readFormula(tex) {
  const places = [...tex.matchAll(TOKENS)];
  const tokens = places.map(([token]) => token);
  let at = 0;
  const stop = () => { throw new SyntaxError(tex); };
  const take = () => tokens[at++] ?? stop();
  // Words keep the spaces that stand between them.
  function word() {
    if (take() !== "{") stop();
    const from = places[at - 1].index + 1;
    for (let next = take(); next !== "}"; next = take()) if ("\\{$".includes(next[0])) stop();
    return tex.slice(from, places[at - 1].index).replaceAll(" ", "\u00a0");
  }
  function row(end) {
    const nodes = [];
    while (at < tokens.length && tokens[at] !== end) nodes.push(scripted());
    if (end && take() !== end) stop();
    return math("mrow", nodes);
  }
  function command(name) {
    if (/^[dt]?frac$/.test(name)) return math("mfrac", piece(), piece());
    if (name === "sqrt") return root();
    if (name === "mathbb") return face(DOUBLED);
    if (name === "left" || name === "right") return math("mo", fence(take()));
    if (WORDS.includes(name)) return math("mi", word());
    if (FACES.includes(name)) return math("mrow", piece());
    if (Object.hasOwn(ACCENTS, name)) return math("mover", piece(), math("mo", ACCENTS[name]));
    if (Object.hasOwn(SPACES, name)) return math("mtext", SPACES[name]);
    if (Object.hasOwn(LETTERS, name)) return math("mi", LETTERS[name]);
    return Object.hasOwn(OPERATORS, name) ? math("mo", OPERATORS[name]) : stop();
  }
  function root() {
    if (tokens[at] !== "[") return math("msqrt", piece());
    take();
    const degree = row("]");
    return math("mroot", piece(), degree);
  }
  function face(letters) {
    const letter = word();
    return math("mi", Object.hasOwn(letters, letter) ? letters[letter] : stop());
  }
  function fence(token) {
    if (token === ".") return "";
    if (token[0] !== "\\") return token;
    return Object.hasOwn(OPERATORS, token.slice(1)) ? OPERATORS[token.slice(1)] : stop();
  }
  function piece() {
    const token = take();
    if (token === "{") return row("}");
    if (token[0] === "\\") return command(token.slice(1));
    if ("^_}&$#%".includes(token)) stop();
    if (/^\d/.test(token)) return math("mn", token);
    return math(/^\p{L}$/u.test(token) ? "mi" : "mo", { "-": "−", "'": "′" }[token] ?? token);
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
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}
