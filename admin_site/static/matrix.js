// What makes the matrix of a role's rights quicker: finding a model by typing, arrows from cell to cell, limits
// that open in place, and wildcards that show at once what they hold. Without it every button asks the server.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const form = one("#matrix");
  if (!form) return;
  const find = one("[data-matrix-find]");
  const isFixed = !one("button[name='do']", form);

  let isDirty = "dirty" in form.dataset;
  // What would be granted, whether the limits of a cell are open or not.
  const sent = () => [...new FormData(form)]
    .filter(([name, value]) => value && !name.startsWith(":") && !name.startsWith("only:"))
    .flatMap(([name, value]) => value.split(",").map((part) => `${name}=${part}`))
    .sort().join("&");
  const before = sent();

  // ---- finding a model ---------------------------------------------------------------------------
  function filter() {
    const words = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    let section = null;
    let isAny = false;
    const close = () => { if (section) section.hidden = !isAny; };
    for (const body of all("tbody[data-section], tbody[data-model]", form)) {
      if ("section" in body.dataset) { close(); section = body; isAny = false; continue; }
      const name = `${body.dataset.name} ${body.dataset.model}`.toLowerCase();
      body.hidden = !words.every((word) => name.includes(word));
      if (!body.hidden) { isAny = true; number += 1; }
    }
    close();
    one("[data-matrix-found]").textContent = words.length ? (number ? `${number} found` : "No model has that name.") : "";
  }

  find.addEventListener("input", filter);
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || one("button[form='matrix-find']")) return;
    event.preventDefault();
    one("tbody[data-model]:not([hidden]) .check:not(:disabled)", form)?.focus();
  });

  // ---- what wildcards hold -----------------------------------------------------------------------
  const boxOf = (model, action) => one(`input[name='grant'][value='${CSS.escape(model)} ${CSS.escape(action)}']`, form);
  const limitOf = (box) => one(".limited", box.closest(".cell"));
  const isWhole = (box) => Boolean(box?.checked) && !limitOf(box);

  function showHeld() {
    const isEverything = isWhole(boxOf("*", "*"));
    const columns = new Set(all("input[name='grant'][value^='* ']", form).filter(isWhole).map((box) => box.value.slice(2)));
    for (const box of all("input[name='grant']", form)) {
      const [model, action] = box.value.split(" ");
      const cell = box.closest(".cell");
      const row = model !== "*" && action !== "*" ? boxOf(model, "*") : null;
      const by = box.value === "* *" ? ""
        : isEverything ? "Held by “All actions on all models”"
        : model !== "*" && columns.has(action) ? "Held by “All models”"
        : isWhole(row) ? "Held by “All actions”"
        : row?.checked && cell.dataset.part ? cell.dataset.part : "";
      cell.classList.toggle("by", Boolean(by));
      cell.classList.toggle("part", Boolean(by) && by === cell.dataset.part);
      if (by) { box.title = by; box.setAttribute("aria-description", by); }
      else if (!box.disabled) { box.removeAttribute("title"); box.removeAttribute("aria-description"); }
    }
  }

  function note() {
    isDirty = "dirty" in form.dataset || sent() !== before;
    const place = one(".unsaved", form);
    if (place) place.textContent = isDirty ? "Changes that are not reviewed yet" : "";
  }

  form.addEventListener("change", (event) => {
    const { name, checked, type } = event.target;
    if (name.startsWith("fields:") && checked) {
      const some = one(`input[name='${CSS.escape(name.replace("fields:", "only:"))}'][value='some']`, form);
      if (some) some.checked = true;
    }
    if (name === "grant" && type === "checkbox") showHeld();
    note();
  });

  // ---- limits that open in place -----------------------------------------------------------------
  async function open(button) {
    const body = new URLSearchParams(new FormData(form, button));
    let page = null;
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      if (answer.ok && !answer.redirected) page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { /* the browser asks in its own way */ }
    const table = page && one(".matrix", page);
    if (!table) { isDirty = false; form.dataset.plain = ""; form.requestSubmit(button); return; }
    const model = (button.value || button.closest("tbody").dataset.model).split(" ")[0];
    const wasLimited = button.closest(".limit-panel")?.id.replace("limits-", "");
    one(".matrix", form).replaceWith(table);
    filter();
    showHeld();
    note();
    const first = one(".limit-panel [autofocus]", form) || one(".limit-panel input:not(:disabled)", form);
    const row = one(`tbody[data-model='${CSS.escape(model)}']`, form);
    (first || (wasLimited && document.getElementById(wasLimited)) || one(".check", row)).focus();
  }

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name === ":open" && !("plain" in form.dataset)) {
      event.preventDefault();
      open(button);
      return;
    }
    isDirty = false;
  });

  // ---- the keyboard ------------------------------------------------------------------------------
  const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest(".limit-panel")) {
      event.preventDefault();
      one(".limit-panel > .btn", form).click();
      return;
    }
    const step = STEPS[event.key];
    if (!step || !event.target.matches("td.cell > .check") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [x, y] = document.dir === "rtl" ? [-step[0], step[1]] : step;
    neighbour(event.target, x, y)?.focus();
  });

  function neighbour(box, x, y) {
    const rows = all("tbody:not([hidden]) > tr:first-child:not(.section-row)", form);
    let row = rows.indexOf(box.closest("tr"));
    let column = box.closest("td").cellIndex;
    for (;;) {
      row += y;
      column += x;
      const cell = rows[row]?.cells[column];
      if (!cell || cell.matches(".others")) return null;
      const found = one(":scope > .check:not(:disabled)", cell);
      if (found) return found;
    }
  }

  addEventListener("beforeunload", (event) => { if (isDirty && !isFixed) event.preventDefault(); });
  one("[data-cancel]", form)?.addEventListener("click", () => { isDirty = false; });
  if (find.value) filter();
  note();
})();
