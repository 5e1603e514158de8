// What makes lists quicker to use: popups that load when they are opened, sorts by several columns, exact numbers.
// Without it the same links lead to pages.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  // What of a popup has the focus when it opens: the first of these that is there.
  const FIRST = ["[data-narrow]", "[aria-invalid]", ".panel-options input:checked", ".panel-options input", "form input.form-control", "select", "a"];
  const PATIENCE = 150; // milliseconds before a popup that is still loading says so

  // ---- Popups --------------------------------------------------------------------------------

  let asked = 0;
  let opener = null; // the link whose popup is open, or was last

  function panel() {
    let found = one("#panel");
    if (!found) {
      found = document.createElement("div");
      found.id = "panel";
      found.className = "popup popup-panel";
      found.popover = "auto";
      found.setAttribute("role", "dialog");
      one("#list").append(found);
    }
    return found;
  }

  const isOpen = () => Boolean(one("#panel:popover-open"));

  function place() {
    const box = opener.getBoundingClientRect();
    const popup = panel();
    const start = document.dir === "rtl" ? box.right - popup.offsetWidth : box.left;
    const below = Math.min(box.bottom + 4, innerHeight - 120);
    popup.style.left = `${Math.max(8, Math.min(start, innerWidth - popup.offsetWidth - 8))}px`;
    popup.style.top = `${below}px`;
    popup.style.maxHeight = `${innerHeight - below - 12}px`;
  }

  function show() {
    if (isOpen()) return;
    panel().showPopover();
    opener.setAttribute("aria-expanded", "true");
    panel().addEventListener("toggle", (event) => {
      if (event.newState === "closed") opener.removeAttribute("aria-expanded");
    }, { once: true });
  }

  async function openPanel(link) {
    const inside = Boolean(link.closest("#panel"));
    if (!inside) {
      if (isOpen() && opener === link) { panel().hidePopover(); return; }
      if (isOpen()) panel().hidePopover();
      opener = link;
      panel().replaceChildren();
    }
    const waiting = setTimeout(() => {
      if (inside) return;
      const note = document.createElement("p");
      note.className = "popup-note";
      note.textContent = "Loading…";
      panel().replaceChildren(note);
      show();
      place();
    }, PATIENCE);
    await load(link.href, {});
    clearTimeout(waiting);
  }

  // What the server answers is shown in the popup, unless it leads to the list or to another page.
  async function load(url, options) {
    asked += 1;
    const mine = asked;
    let response;
    try {
      response = await fetch(url, { ...options, headers: { "X-Panel": "yes", Accept: "text/html" }, credentials: "same-origin" });
    } catch {
      location.assign(url);
      return;
    }
    if (mine !== asked) return; // something else was opened meanwhile
    if (response.headers.has("HX-Location")) see(response.headers.get("HX-Location"));
    else if (response.headers.has("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
    else if (response.status === 401 && isOpen() && options.method) sayEnded(await response.text());
    else if (response.redirected) location.assign(response.url);
    else fill(await response.text(), url);
  }

  // Nobody is signed in any more: it is said above what was typed, which stays.
  function sayEnded(html) {
    one("#panel .signed-out")?.remove();
    const words = document.createElement("div");
    words.className = "signed-out";
    words.innerHTML = html;
    panel().prepend(words);
    panel().scrollTop = 0;
  }

  function fill(html, url) {
    if (html.includes("<html")) { location.assign(url); return; }
    const popup = panel();
    popup.innerHTML = html;
    popup.setAttribute("aria-label", one(".panel-head strong", popup)?.textContent || opener.textContent.trim());
    window.htmx?.process(popup);
    show();
    setUp(popup);
    place();
    const first = FIRST.map((selector) => one(selector, popup)).find((element) => element?.checkVisibility());
    first?.focus({ preventScroll: true });
    if (first?.matches("input.form-control")) first.select();
  }

  // Show a list in the page that is open, as if a link within it had been followed.
  function see(url) {
    if (isOpen()) panel().hidePopover();
    if (!window.htmx || !one("#list")) { location.assign(url); return; }
    const link = document.createElement("a");
    link.href = url;
    link.hidden = true;
    one("#list").append(link);
    window.htmx.process(link);
    link.click();
  }

  function onSubmit(event) {
    const form = event.target;
    if (!form.matches("#panel .panel-form")) return;
    event.preventDefault();
    event.stopPropagation();
    const contents = new URLSearchParams(new FormData(form, event.submitter));
    if (form.method === "post") load(form.action, { method: "POST", body: contents });
    else load(`${form.action}?${contents}`, {});
  }

  // ---- What is in them -----------------------------------------------------------------------

  function setUp(within) {
    all("[data-narrow]", within).forEach(setUpNarrowing);
    all("[data-ways]", within).forEach(setUpWays);
    all("[data-counts]", within).forEach(fillCounts);
    all("[data-order]", within).forEach(setUpOrder);
    all("[data-find-column]", within).forEach(setUpColumnSearch);
    const lookup = one("[data-script]", within);
    if (lookup && !window.TomSelect) loadLookups(lookup, within);
    else if (within.id === "panel") within.dispatchEvent(new CustomEvent("panel:shown", { bubbles: true }));
  }

  function loadLookups(lookup, within) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = lookup.dataset.style;
    // Before our own style, which has the last word.
    one('link[href*="admin.css"]').before(style);
    const [widget, ours] = [lookup.dataset.script, lookup.dataset.then].map((address) => {
      const script = document.createElement("script");
      script.src = address;
      return script;
    });
    widget.addEventListener("load", () => document.head.append(ours));
    ours.addEventListener("load", () => {
      within.dispatchEvent(new CustomEvent("panel:shown", { bubbles: true }));
      lookup.tomselect?.focus();
    });
    document.head.append(widget);
  }

  function setUpNarrowing(input) {
    const items = all("[data-narrowed] > *", input.parentElement);
    const shown = () => items.filter((item) => !item.hidden);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
      one("[data-narrow-none]", input.parentElement).hidden = shown().length > 0;
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      shown()[0]?.click();
    });
  }

  // Only the fields that the chosen way to ask needs are there.
  function setUpWays(select) {
    const fields = all("[data-input]", select.form);
    const update = () => {
      const inputs = select.selectedOptions[0].dataset.inputs;
      for (const field of fields) {
        const kind = field.dataset.input;
        field.hidden = inputs === "0" || (kind === "2" && inputs !== "2") || (kind === "or" && inputs !== "1");
        for (const input of [field, ...all("input", field)]) input.disabled = field.hidden;
      }
    };
    select.addEventListener("change", () => {
      update();
      one("[data-input]:not([hidden])", select.form)?.focus();
    });
    update();
  }

  async function fillCounts(list) {
    const response = await fetch(list.dataset.counts, { headers: { Accept: "application/json" }, credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) return;
    const counts = await response.json();
    for (const input of all("input", list)) {
      if (Object.hasOwn(counts, input.value)) one("[data-count]", input.parentElement).textContent = counts[input.value];
    }
  }

  // ---- Columns: ticked ones join the end of the list, which is sorted by its buttons or by dragging ----

  function setUpOrder(list) {
    let dragged = null;
    const sample = list.firstElementChild.cloneNode(true);
    const form = list.closest("form");
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[name=move]");
      if (!button) return;
      event.preventDefault();
      const item = button.closest("li");
      if (button.value.startsWith("up:")) item.previousElementSibling?.before(item);
      else item.nextElementSibling?.after(item);
      button.focus();
    });
    form.addEventListener("change", ({ target }) => {
      if (target.name !== "columns" || !target.checked || list.contains(target)) return;
      const label = target.closest("label");
      const item = sample.cloneNode(true);
      label.closest("li").remove();
      one("label", item).replaceWith(label);
      nameButtons(item, target.value);
      list.append(item);
      target.focus();
    });
    list.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("li");
      dragged.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
    });
    list.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const over = event.target.closest("li");
      if (!over || over === dragged) return;
      const { top, height } = over.getBoundingClientRect();
      over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
    });
    list.addEventListener("dragend", () => { dragged?.classList.remove("dragged"); dragged = null; });
  }

  function nameButtons(item, value) {
    const name = one("label", item).textContent.trim();
    for (const [button, way] of [[one('[value^="up:"]', item), "up"], [one('[value^="down:"]', item), "down"]]) {
      button.value = `${way}:${value}`;
      button.setAttribute("aria-label", `Move ${name} ${way}`);
    }
  }

  function setUpColumnSearch(input) {
    const groups = all("details", input.form);
    const wereOpen = groups.map((group) => group.open);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const item of all("li", input.form)) item.hidden = !item.textContent.toLowerCase().includes(wanted);
      groups.forEach((group, index) => {
        group.open = wanted ? true : wereOpen[index];
        group.hidden = !all("li", group).some((item) => !item.hidden) && Boolean(wanted);
      });
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const wanted = input.value.trim().toLowerCase();
      const found = wanted ? all("details li:not([hidden]) label", input.form) : [];
      (found.find((label) => label.textContent.trim().toLowerCase().startsWith(wanted)) || found[0])?.click();
    });
  }

  // ---- Sorts, numbers ------------------------------------------------------------------------

  // Shift and a click on the head of a column sort by it as well.
  function alsoSort(link) {
    const table = link.closest("table");
    const { name } = link.closest("th").dataset;
    const terms = table.dataset.sort.split(",").filter(Boolean);
    const at = terms.findIndex((term) => term.replace(/^-/, "") === name);
    if (at < 0) terms.push(name);
    else terms[at] = terms[at].startsWith("-") ? name : `-${name}`;
    const url = new URL(one(".search").action);
    url.search = new URLSearchParams(new FormData(one(".search"))); // what a saved view asks for, too
    if (!url.searchParams.get("search")) url.searchParams.delete("search");
    url.searchParams.set("sort", terms.join(","));
    see(url.href);
  }

  // A number that takes longer than the page is told once the page is there.
  async function countLater(link) {
    const response = await fetch(link.dataset.countLater, { headers: { "X-Panel": "yes" }, credentials: "same-origin" }).catch(() => null);
    if (!response?.ok || !response.headers.get("Content-Type").startsWith("text/plain")) return;
    const number = await response.text();
    const pager = one(".pager-text");
    if (pager && !pager.textContent.includes(" of ")) pager.append(` of ${number}`);
    if (number.endsWith("+")) link.textContent = number;
    else link.replaceWith(number);
  }

  async function countExactly(link) {
    link.setAttribute("aria-busy", "true");
    const response = await fetch(link.href, { headers: { "X-Panel": "yes" }, credentials: "same-origin" }).catch(() => null);
    const isNumber = response?.ok && response.headers.get("Content-Type").startsWith("text/plain");
    if (isNumber) link.replaceWith(await response.text());
    else link.replaceWith(`${link.textContent} (too many to count in time)`);
  }

  // ---- Everything together -------------------------------------------------------------------

  function onClick(event) {
    const link = event.target.closest("a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.altKey || !one("#list")) return;
    const act = link.matches("[data-panel]") ? openPanel
      : link.matches("[data-count-exactly]") ? countExactly
      : event.shiftKey && link.matches(".rows thead a") ? alsoSort : null;
    if (!act || (event.shiftKey && act !== alsoSort)) return;
    event.preventDefault();
    event.stopPropagation();
    act(link);
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.closest?.("#panel") || event.target.matches("select, .ts-control *, [type=date]")) return;
    const stops = all("[data-narrow], a.popup-item, .panel-options input", panel()).filter((item) => item.checkVisibility());
    const at = stops.indexOf(event.target);
    if (at < 0) return;
    event.preventDefault();
    stops[(at + step + stops.length) % stops.length].focus();
  }

  function onSwap() {
    all("[data-count-later]").forEach(countLater);
    // Where the focus was is gone with the old list: the same tool of the new one has it.
    const before = opener;
    opener = null;
    if (!before || document.activeElement !== document.body) return;
    const path = new URL(before.href).pathname;
    all(".tools [data-panel]").find((link) => new URL(link.href).pathname === path)?.focus({ preventScroll: true });
  }

  document.addEventListener("click", onClick, true);
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSettle", onSwap);
  addEventListener("resize", () => { if (isOpen()) place(); });
  all("[data-count-later]").forEach(countLater);
  if (!one("#list")) setUp(document);
})();
