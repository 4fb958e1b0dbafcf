// The sheet that the right column becomes on a phone.

const sheet = (() => {
  let opener = null;
  const column = () => document.getElementById("practice-right");
  const isPhone = () => getComputedStyle(document.documentElement).getPropertyValue("--bar") !== ""; // see phone.css
  const closer = () => [...(column()?.querySelectorAll(".v-close") ?? [])].find((button) => button.checkVisibility());
  // The conversation may have been drawn anew meanwhile.
  const same = (node) => (node?.isConnected || !node ? node : document.getElementById(node.id) ?? inChat(".v-line", node.dataset.turn));
  return {
    open(from) {
      if (!isPhone() || !column()) return;
      opener = from;
      column().classList.add("open");
      navigation.focus(closer, "#q-card, #practice-right");
    },
    close() {
      column()?.classList.remove("open");
      if (!opener) return;
      const from = opener;
      opener = null;
      navigation.focus(() => same(from), "#practice-right");
    },
  };
})();
addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const line = target?.closest("#chat .v-line, #practice-reveal, #practice-source, #practice-finish");
  if (line) sheet.open(line);
  else if (target && !target.closest("#practice-right") && document.querySelector("#practice-right.open")) sheet.close();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.querySelector("#practice-right.open")) sheet.close();
});
