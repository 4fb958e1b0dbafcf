r"""Formulas that end a tab, run for ever, or draw more than a formula, and ordinary ones that must be drawn."""

# Without the signs that enclose them. Each was tried at the size at which it does harm.
HOSTILE = {
    "roots": r"\sqrt{" * 200 + "x" + "}" * 200,
    "roots without braces": r"\sqrt" * 300 + " x",
    "open roots": r"\sqrt{" * 200,
    "degrees": r"\sqrt[" * 100 + "x" + "]{y}" * 100,
    "fractions": r"\frac{1}{" * 200 + "x" + "}" * 200,
    "fractions without braces": r"\frac1" * 250 + "x",
    "continued fractions": r"\cfrac{1}{1+" * 130 + "x" + "}" * 130,
    "infix fractions": r"{1\over" * 150 + " x" + "}" * 150,
    "powers": "2^{" * 200 + "x" + "}" * 200,
    "indices": "x_{" * 200 + "x" + "}" * 200,
    "hats": r"\hat" * 300 + " x",
    "hats in braces": r"\hat{" * 300 + "x" + "}" * 300,
    "marks on a letter": "x" + "\u0302" * 300,
    "braces": "{" * 900 + "}" * 900,
    "open braces": "{" * 1900,
    "closing braces": "x" + "}" * 1900,
    "hidden braces": r"\sqrt{%}" "\n" * 150,
    "fences": r"\left(" * 130 + "x" + r"\right)" * 130,
    "lefts": r"\left" * 300,
    "matrices": r"\begin{matrix}a&" * 55 + "x" + r"\end{matrix}" * 55,
    "open matrices": r"\begin{matrix}" * 140,
    "texts": r"\text{$" * 200 + "x" + "$}" * 200,
    "styles": r"\displaystyle" * 140 + " x",
    "sizes": r"\Huge" * 300 + " x",
    "colours": r"\color{red}" * 150 + "x",
    "phantoms": r"\phantom{" * 180 + "x" + "}" * 180,
    "frames": r"\boxed{" * 200 + "x" + "}" * 200,
    "braces above": r"\overbrace{" * 150 + "x" + "}" * 150,
    "recursion": r"\def\a{\a\a}\a",
    "growth": r"\def\a{xx}\def\b{\a\a}\def\c{\b\b}\def\d{\c\c}\def\e{\d\d}\def\f{\e\e}\def\g{\f\f}\g\g\g\g\g",
    "global growth": r"\gdef\a{\sqrt{\a}}\a",
    "new commands": r"\newcommand{\a}[1]{#1#1\a{#1#1}}\a{x}",
    "let": r"\let\a=\sqrt\a\a\a\a x",
    "rule": r"\rule{100000em}{100000em}",
    "kern": r"\kern100000em x",
    "space": r"x\hspace{ -100000em}y",
    "rows apart": r"\begin{matrix}a\\[99999em]b\end{matrix}",
    "choices": r"\mathchoice{a}{b}{c}{" * 90 + "x" + "}" * 90,
    "link": r"\href{javascript:alert(1)}{x}",
    "picture": r"\includegraphics[height=9999em]{https://evil.invalid/a.png}",
    "class": r"\htmlClass{v-notice}{x}",
    "style": r"\htmlStyle{position:fixed;inset:0}{x}",
    "data": r"\htmlData{act=delete}{x}",
    "length": "x+" * 25_000,
    "cells": r"\begin{matrix}" + "1&" * 10_000 + r"1\end{matrix}",
    "entities": r"\sqrt&#123;" * 150 + "x" + "&#125;" * 150,
    "a lone backslash": "x\\",
}
# Whole texts.
HOSTILE_TEXTS = {
    "powers without braces": "$$" + "2^" * 500 + "2$$",
    "many formulas": "$x_1$ " * 3000,
    "many long formulas": ("$$" + "x_1+" * 450 + "$$ ") * 10,
    "many displayed": "$$x$$" * 3500,
    "unbalanced": "$$x$$$" + "$$" * 3000,
    "openers": r"\(" * 9000,
    "shifted": r"*a $$x* y$$ \sqrt{" + r"\sqrt{" * 300 + "$$z$$",
    "across": "$$a\n\n$$" + r"\sqrt{" * 300 + "x" + "}" * 300 + "$$b$$",
    "set aside": "$$" + "x_1+" * 400 + "$$ " + "%%%LATEX_BLOCK_0%%% " * 900,
}
MATRIX = (
    r"\begin{pmatrix}"
    + r" \\ ".join(" & ".join(f"a_{{{i}{j}}}" for j in range(12)) for i in range(12))
    + r"\end{pmatrix}"
)
DERIVATION = (
    r"\begin{aligned}"
    + r" \\[4pt] ".join(
        rf"f_{{{i}}}(x) &= \sum_{{k=1}}^{{n}} \frac{{\partial L}}{{\partial w_k}} + {i}" for i in range(15)
    )
    + r"\end{aligned}"
)
FRACTIONS = r"1+\frac{1}{" * 6 + "x" + "}" * 6
ORDINARY = {
    "matrix": MATRIX,
    "derivation": DERIVATION,
    "fractions": FRACTIONS,
    "attention": r"\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V",
    "cases": r"f(x)=\begin{cases}x & \text{if } x>0 \\ 0 & \text{otherwise}\end{cases}",
    "letters": r"\alpha\beta\gamma\delta\epsilon\zeta\eta\theta\iota\kappa\lambda\mu\nu\xi\pi\rho\sigma\tau\phi\chi\psi"
    * 3,
    "accents": r"\hat{\bar{x}}, \tilde w, \vec{v}, \dot{\theta}",
    "root": r"\sqrt[3]{\sqrt[n]{x}}",
    "spaces": r"a\,b\;c\quad d\hspace{2em}e\kern3pt f",
    "percent": r"95\%",
    "styles in cells": r"\begin{matrix}" + r"\displaystyle x & " * 40 + r"\end{matrix}",
    "sets": r"\{x \in \mathbb{R} \mid \|x\| \le 1\}",
    "logarithm": r"\log\frac{P(y=1\mid x)}{1-P(y=1\mid x)}=w^\top x+b",
}
