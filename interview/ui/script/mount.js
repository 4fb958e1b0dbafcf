// Puts a card into its component, and draws it again when its value changes.

function mount(name, element, props, watch, trigger) {
  const root = element.querySelector(".viva") || element;
  const draw = () => {
    const value = props.value;
    const isEmpty = !value || typeof value !== "object" || Object.keys(value).length === 0;
    if (isEmpty) paint.hide(root);
    const nodes = isEmpty ? [] : views[name](value, trigger, root);
    morphChildren(root, [...fill(document.createElement("div"), {}, nodes).childNodes]);
  };
  root.redraw = draw;
  watch("value", draw);
  draw();
}
