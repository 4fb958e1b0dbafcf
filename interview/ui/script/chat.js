// The conversation.

const chat = () => document.getElementById("chat");
const inChat = (selector, turn) =>
  [...(chat()?.querySelectorAll(selector) ?? [])].find((node) => node.dataset.turn === String(turn));
const rowOf = (node) => node?.closest(".message-row");

const showTurn = (turn) => navigation.show(() => rowOf(inChat(".v-sep, .v-follow", turn)));

// The head repeats the question only while its own message is out of sight.
function watchQuestion() {
  const head = document.querySelector("#q-head .v-qhead");
  const question = rowOf(inChat(".v-sep, .v-follow", head?.dataset.turn))?.nextElementSibling;
  const frame = chat()?.getBoundingClientRect();
  const hidden = question && frame && (question.getBoundingClientRect().bottom < frame.top + 4 || question.getBoundingClientRect().top > frame.bottom - 4);
  document.getElementById("q-head")?.toggleAttribute("data-away", Boolean(hidden));
}
// What stands above the conversation is taken from its height, so that the page itself does not scroll.
function measureBanner() {
  const above = [...document.querySelectorAll("#banner .v-banner, #waiting .v-job, #left-out .v-notice")];
  const height = `${above.reduce((sum, node) => sum + node.offsetHeight + 16, 0)}px`;
  const style = document.documentElement.style;
  if (style.getPropertyValue("--banner") !== height) style.setProperty("--banner", height);
}
redraw.after(measureBanner);
redraw.after(watchQuestion);
