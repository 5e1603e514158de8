// Sends one step after the other of something that is done to many records, until all are done or somebody
// stops it. Without it the same form has a button.
(() => {
  "use strict";

  const one = (selector, within = document) => within.querySelector(selector);
  let isStopped = false;

  async function step() {
    const form = one("[data-progress] form");
    if (!form || isStopped) return;
    let response;
    let html;
    try {
      const body = new URLSearchParams(new FormData(form));
      response = await fetch(form.action, { method: "POST", body, headers: { "X-Panel": "yes", Accept: "text/html" }, credentials: "same-origin" });
      html = await response.text();
    } catch {
      giveBack(form);
      return;
    }
    if (isStopped) return;
    const target = response.headers.get("HX-Redirect") || response.headers.get("HX-Location");
    if (target) { location.replace(target); return; }
    const next = response.ok && one("[data-progress]", new DOMParser().parseFromString(html, "text/html"));
    // Whatever else is answered is a page to read: the form asks for it once more, as its button does.
    if (!next) { form.submit(); return; }
    show(next);
    step();
  }

  // The elements stay, so that what is read aloud goes on and the focus is not lost.
  function show(next) {
    one("[data-progress] progress").value = one("progress", next).value;
    one("#how-far").textContent = one("#how-far", next).textContent;
    for (const input of next.querySelectorAll("form input")) one(`[data-progress] input[name="${input.name}"]`).value = input.value;
  }

  // The network is gone: a button goes on where it stopped.
  function giveBack(form) {
    one("#how-far").textContent += " The connection was lost.";
    one("button", form).classList.remove("without-js");
  }

  one("[data-stop]")?.addEventListener("click", () => { isStopped = true; });
  step();
})();
