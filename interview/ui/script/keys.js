// Shortcuts of the interview. A key that is typed into a field, or belongs to an input method, is never one of them.

const keys = (() => {
  const BUTTONS = {
    KeyH: "#practice-hint", KeyR: "#practice-reveal", KeyO: "#practice-source", KeyS: "#practice-skip",
    KeyA: "#practice-retry", KeyN: "#next",
  };
  const dialog = () => document.querySelector("#practice-keys dialog");
  const press = (selector) => {
    const target = document.querySelector(selector);
    const can = target && target.offsetParent && !target.disabled;
    if (can) target.click();
    return Boolean(can);
  };
  const digit = (event) => /^Digit[1-4]$/.exec(event.code)?.[0].at(-1);
  function level(number) {
    return press(`#sure label:nth-of-type(${number}) input`) || press(`#rate [data-rating="${number}"]`);
  }
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
    if (!document.getElementById("q-card")?.offsetParent || dialog()?.open) return;
    const number = digit(event);
    let done = false;
    if (event.altKey) done = number ? level(number) : event.code in BUTTONS && press(BUTTONS[event.code]);
    else if (!navigation.isTyped(event.target)) done = number ? press(`#rate [data-rating="${number}"]`) : event.key === "?" && keys.open();
    if (done) event.preventDefault();
  });
  return {
    open() { dialog()?.showModal(); return true; },
    close() { dialog()?.close(); },
  };
})();

// Gradio gives each radio a name of its own, so the browser does not know that they belong together.
addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const radio = event.target;
  if (!step || !(radio instanceof HTMLInputElement) || radio.type !== "radio") return;
  const group = [...(radio.closest(".wrap")?.querySelectorAll("input[type=radio]:not(:disabled)") ?? [])];
  const next = group[(group.indexOf(radio) + step + group.length) % group.length];
  if (!next || next === radio) return;
  event.preventDefault();
  // What is chosen may have the group drawn anew.
  const { id } = radio.closest(".block");
  navigation.focus(() => (next.isConnected ? next : document.querySelector(`#${id} input[value="${CSS.escape(next.value)}"]`)), ".block");
  next.click();
});
