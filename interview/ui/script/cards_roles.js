// The card of who is asked first in each role, and who takes over.

Object.assign(views, {
  roles_card: (value, act, root) => {
    const seen = JSON.stringify(value.seen);
    const wish = (wished, role, one) => {
      if (one) Object.assign(root.dataset, { seen, goal: JSON.stringify([role, one.act, one.name]) });
      act("select", { act: JSON.stringify({ ...wished, seen: value.seen }) });
    };
    const button = (role, one, className, names, text) => h("button", className, {
      type: "button", "aria-label": one.label, "data-key": JSON.stringify([role, one.act, one.name]),
      disabled: String(one.wish.names) === String(names), onclick: () => wish(one.wish, role, one),
    }, text);
    if (root.dataset.goal && root.dataset.seen !== seen) refocus(root);
    return [
      h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.text)),
      list(value.roles).map(({ role, ...one }) => {
        const names = list(one.places).map((place) => place.name);
        return h("section", "v-role", { "aria-label": one.title },
          h("h3", "", one.title), h("p", "v-meta", one.text),
          names.length > 0 && h("ol", "v-backends v-order", list(one.places).map((place, at) => h("li", "",
            h("span", "v-place", { "aria-hidden": "true" }, at + 1),
            h("div", "v-grow", h("b", "", place.name), h("p", "v-meta", place.host)),
            h("span", "v-actions", list(place.actions).map((action) => button(role, action, "v-link", names, action.text)))))),
          one.empty && h("p", "v-aside", one.empty),
          list(one.left).length > 0 && h("p", "v-chips", h("span", "v-meta", one.add),
            list(one.left).map((free) => button(role, free, "v-chip t-accent", names, free.name))),
          role === "judge" && h("label", "v-yes", h("input", "v-box", {
            type: "checkbox", checked: value.estimate.on, onclick: (event) => {
              event.preventDefault(); // it shows what is in force, which the server tells
              wish(value.estimate.wish);
            },
          }), h("span", "v-grow", h("b", "", value.estimate.text), h("span", "v-meta", value.estimate.about))),
          h("p", "v-now", { role: "status" }, one.now));
      }),
    ];
  },
});

// Whoever moves a grader by keys goes on with it: the focus follows it to its new place.
function refocus(root) {
  const [role, act, name] = JSON.parse(root.dataset.goal);
  delete root.dataset.goal;
  navigation.focus(() => [act, "up", "down", "out", "add"].map((key) => [...root.querySelectorAll("button:not(:disabled)")]
    .find((button) => button.dataset.key === JSON.stringify([role, key, name]))).find(Boolean), "#roles-card");
}
