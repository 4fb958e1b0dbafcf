// A session that ended under an open page: the request waits, a dialog asks for the password, then the request goes out.

const login = (() => {
  const send = window.fetch.bind(window);
  let signedIn = null; // resolves once somebody has signed in; null while nobody has to

  async function formFrom(response) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return document.importNode(page.querySelector("form.login"), true);
  }

  function fill(dialog, form, done) {
    dialog.replaceChildren(form);
    form.querySelector("input[type=password]").focus();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        const body = new URLSearchParams(new FormData(form));
        // Right: the server leads on to the page, which is here already.
        const response = await send(form.action, { method: "POST", body, redirect: "manual" });
        if (response.type === "opaqueredirect") {
          dialog.remove();
          done();
        } else fill(dialog, await formFrom(response), done);
      } catch { /* not reached: the button can be pressed again */ }
      button.disabled = false;
    });
  }

  async function ask() {
    const response = await send(`/login?again&lang=${language().startsWith("zh") ? "zh" : "en"}`);
    if (!response.ok) return; // no login here: the page shows what was refused
    const form = await formFrom(response);
    const dialog = document.createElement("dialog");
    dialog.className = "login-dialog";
    dialog.setAttribute("aria-labelledby", "login-title");
    form.querySelector("h1").id = "login-title";
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    await new Promise((done) => {
      fill(dialog, form, done);
      dialog.showModal();
    });
  }

  window.fetch = async (resource, options) => {
    const again = resource instanceof Request ? resource.clone() : resource;
    const response = await send(resource, options);
    if (response.status !== 401) return response;
    signedIn ??= ask().finally(() => { signedIn = null; });
    await signedIn;
    return send(again, options);
  };

  return {
    async leave() {
      await send("/logout", { method: "POST", redirect: "manual" });
      location.assign("/login");
    },
  };
})();
