// The sheet that the right column becomes on a phone.

const sheet = (() => {
  let opener = null;
  const column = () => document.getElementById("practice-right");
  const isPhone = () => matchMedia("(max-width: 760px)").matches;
  return {
    open(from) {
      if (!isPhone() || !column()) return;
      opener = from;
      column().classList.add("open");
      column().querySelector(".v-close")?.focus({ preventScroll: true });
    },
    close() {
      column()?.classList.remove("open");
      opener?.focus?.({ preventScroll: true });
      opener = null;
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
