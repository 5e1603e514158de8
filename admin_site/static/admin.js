// What makes the pages quicker to use. Every page works without it.
(() => {
  "use strict";

  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const isMac = /mac|iphone|ipad/i.test(navigator.platform);

  // What words.LANGUAGE.js says in another language.
  const inWords = (text) => globalThis.siteWords?.[text] || text;

  const store = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* private window */ } },
  };

  function icon(name) {
    const sample = one("svg.icon use");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", sample.getAttribute("href").replace(/#.*/, `#${name}`));
    svg.append(use);
    return svg;
  }

  // ---- Instants in the viewer's zone, UTC on hover -------------------------------------------

  const two = (number) => String(number).padStart(2, "0");

  // Filters such as "today" and times that are typed are meant in this zone.
  function tellZone() {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    if (timeZone) document.cookie = `zone=${timeZone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  }

  function ago(date) {
    const words = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto" });
    const minutes = Math.round((date - Date.now()) / 60000);
    if (!minutes) return inWords("just now");
    if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
    if (Math.abs(minutes) < 60 * 24) return words.format(Math.round(minutes / 60), "hour");
    if (Math.abs(minutes) < 60 * 24 * 7) return words.format(Math.round(minutes / 1440), "day");
    return null;
  }

  // In the zone that was chosen for the account, else in that of the browser.
  function onTheClock(date) {
    if (!chosenClock) return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
    const parts = Object.fromEntries(chosenClock.formatToParts(date).map((part) => [part.type, part.value]));
    return `${parts.year.padStart(4, "0")}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;
  }

  const chosenClock = (() => {
    const timeZone = root.dataset.zone;
    try {
      return timeZone && new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
    } catch { return null; } // a zone that this browser does not know
  })();

  function localTimes(within) {
    // A list's instants are written once, in UTC, to the minute.
    for (const element of all(":is(.rows, .rows-edited) time:not([datetime])", within)) element.dateTime = `${element.textContent.replace(" ", "T")}:00Z`;
    for (const element of all("time[datetime]", within)) {
      const written = element.getAttribute("datetime");
      if (!/(Z|[+-]\d\d:\d\d)$/.test(written)) continue;
      const date = new Date(written);
      if (Number.isNaN(date.getTime())) continue;
      if (!element.title) element.title = `${written.slice(0, 19).replace("T", " ").replace(/:00$/, "")} UTC`;
      element.textContent = (element.classList.contains("ago") && ago(date)) || onTheClock(date);
    }
  }

  // ---- Menu: filter, folded sections, width --------------------------------------------------

  function setUpMenu() {
    const menu = one("#menu");
    if (!menu) return;
    const sections = all(".menu-section", menu);
    const folded = () => new Set((store.get("menu-folded") || "").split("\n").filter(Boolean));

    for (const section of sections) {
      if (folded().has(section.dataset.section) && !one(".active", section)) section.open = false;
      one("summary", section).addEventListener("click", () => {
        const names = folded();
        if (section.open) names.add(section.dataset.section);
        else names.delete(section.dataset.section);
        store.set("menu-folded", [...names].join("\n"));
      });
    }
    // The narrow menu shows icons alone; their names come on hover.
    for (const item of all(".menu-item", menu)) item.title = one(".menu-text", item).textContent;
    one(".menu-item.active", menu)?.scrollIntoView({ block: "nearest" });

    const filter = one("[data-menu-filter]", menu);
    filter?.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      let found = 0;
      for (const item of all(".menu-item", menu)) {
        item.hidden = !item.textContent.toLowerCase().includes(wanted);
        if (!item.hidden) found += 1;
      }
      for (const section of sections) {
        section.hidden = !all(".menu-item", section).some((item) => !item.hidden);
        section.open = wanted ? true : !folded().has(section.dataset.section) || Boolean(one(".active", section));
      }
      one(".menu-none", menu).hidden = found > 0;
    });
    filter?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") one(".menu-item:not([hidden])", menu)?.click();
      if (event.key === "Escape" && filter.value) {
        event.preventDefault();
        filter.value = "";
        filter.dispatchEvent(new Event("input"));
      }
    });

    one("[data-rail]", menu)?.addEventListener("click", (event) => {
      const narrow = root.dataset.menu !== "rail";
      if (narrow) root.dataset.menu = "rail";
      else delete root.dataset.menu;
      store.set("menu", narrow ? "rail" : "full");
      event.currentTarget.setAttribute("aria-label", inWords(narrow ? "Widen menu" : "Narrow menu"));
      event.currentTarget.title = inWords(narrow ? "Widen menu" : "Narrow menu");
    });
  }

  function setUpTheme() {
    const form = one("[data-theme-form]");
    if (!form) return;
    const button = one("button", form);
    const label = () => {
      const dark = root.dataset.bsTheme === "dark";
      button.value = dark ? "light" : "dark";
      one("span", button).textContent = inWords(dark ? "Light theme" : "Dark theme");
      one("svg", button).replaceWith(icon(dark ? "sun" : "moon"));
    };
    label();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      root.dataset.bsTheme = button.value;
      fetch(form.action, { method: "POST", body: new URLSearchParams({ theme: button.value }), redirect: "manual", keepalive: true }).catch(() => {});
      label();
    });
  }

  // ---- Popups: browsers without anchor positioning -------------------------------------------

  let opener = null;

  function placePopup(event) {
    const popup = event.target;
    if (event.newState !== "open" || !popup.matches?.(".popup")) return;
    if (CSS.supports("position-area", "block-end") || popup.matches(".popup-panel")) return;
    const button = (opener?.getAttribute("popovertarget") === popup.id ? opener : one(`[popovertarget="${popup.id}"]`)).getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = popup;
    const start = popup.matches("#row-menu, .page-actions .popup") ? button.right - width : button.left;
    const below = button.bottom + height + 8 < innerHeight && !popup.matches(".popup-up");
    popup.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
    popup.style.top = `${below ? button.bottom : Math.max(8, button.top - height - 8)}px`;
  }

  // ---- Lists ---------------------------------------------------------------------------------

  const rows = () => all(".rows tbody tr");
  const rowLink = (row) => one("th > a", row) || one(".row-edit", row);
  const rowMemory = (list = location) => `row ${list.pathname}${list.search}`;

  function choose(row, focus = true) {
    for (const other of rows()) other.classList.toggle("current", other === row);
    if (focus) rowLink(row)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const list = rows();
    if (!list.length) { one(`.beside [aria-label^="${by > 0 ? "Next" : "Previous"}"]`)?.click(); return; }
    const at = list.findIndex((row) => row.classList.contains("current") || row.contains(document.activeElement));
    choose(list[Math.max(0, Math.min(list.length - 1, at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by))]);
  }

  // The row that is open when a list is come back to; from a record's page it is that record's.
  function remember(row, list = location) {
    try { sessionStorage.setItem(rowMemory(list), row ? rowLink(row).pathname : location.pathname); } catch { /* private window */ }
  }

  function recall() {
    let path = null;
    try { path = sessionStorage.getItem(rowMemory()); } catch { /* private window */ }
    const row = path && rows().find((candidate) => rowLink(candidate)?.pathname === path);
    if (row) choose(row, false);
  }

  // Grids and blocks are no tables to some screen readers (WebKit): what each part is, is said again.
  // A card on a narrow screen shows each value with the name of its column.
  function setUpTable(table) {
    const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    for (const [element, role] of [[table, "table"], [table.tHead, "rowgroup"], [table.tBodies[0], "rowgroup"]]) element.setAttribute("role", role);
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      for (const cell of row.cells) cell.setAttribute("role", cell.scope ? "columnheader" : cell.tagName === "TH" ? "rowheader" : "cell");
    }
    for (const row of table.tBodies[0].rows) {
      if ("people" in table.dataset) row.cells[0].dataset.initials = initials(row.cells[0].textContent.trim());
      [...row.cells].slice(1, -1).forEach((cell, index) => { cell.dataset.label = names[index + 1]; });
      addTools(row);
    }
  }

  // The page of a record leads on in this list and back to it, if it is told which list it was.
  function rememberList(table) {
    if (!location.search) return;
    for (const link of all("tbody th > a", table)) link.search = new URLSearchParams({ list: location.search.slice(1) });
  }

  function initials(name) {
    const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
    return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word || "")][0] || "").join("").toUpperCase();
  }

  function addTools(row) {
    const cell = row.lastElementChild;
    const edit = one("a", cell);
    const name = row.cells[0].textContent.trim();
    cell.classList.add("row-tools");
    if (edit) {
      edit.className = "quiet-button row-edit";
      edit.title = "Edit";
      edit.setAttribute("aria-label", `Edit ${name}`);
      edit.replaceChildren(icon("pencil"));
    }
    if (!rowLink(row)) return;
    const more = document.createElement("button");
    more.type = "button";
    more.className = "quiet-button";
    more.setAttribute("aria-label", `More for ${name}`);
    more.setAttribute("popovertarget", "row-menu");
    more.append(icon("dots"));
    more.addEventListener("click", () => fillRowMenu(row));
    cell.append(more);
  }

  // The one menu of all rows; it opens by itself when the button has been pressed.
  function fillRowMenu(row) {
    const menu = one("#row-menu");
    const [, base, key] = rowLink(row).pathname.match(/^(.*)\/(?:details|edit)\/([^/]*)$/);
    if (menu.dataset.key !== key && menu.matches(":popover-open")) menu.hidePopover();
    menu.dataset.key = key;
    const links = {
      details: one("th > a", row)?.href,
      edit: one(".row-edit", row)?.href,
      delete: "delete" in menu.dataset && !("keep" in row.dataset) ? `${base}/delete?pks=${key}` : undefined,
    };
    for (const link of all("[data-row]", menu)) {
      const href = link.dataset.further ? `${link.dataset.further}/${key}` : links[link.dataset.row];
      link.hidden = !href;
      if (href) link.href = href;
    }
    one("[data-copy]", menu).dataset.copy = key;
    choose(row, false);
  }

  let pressedAt = [0, 0];

  function onRowClick(event) {
    const row = event.target.closest("tr");
    if (event.target.closest("a")) { remember(row); return; }
    if (event.button > 1 || event.target.closest("button, input, label, summary")) return;
    // Values can be marked and copied: a press that was drawn over text does not open the row.
    const drawn = Math.hypot(event.clientX - pressedAt[0], event.clientY - pressedAt[1]) > 4;
    const link = one("th > a", row);
    if (!link || (drawn && !getSelection().isCollapsed)) return;
    remember(row);
    if (event.button || event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
    else link.click();
  }

  function setUpList(within) {
    for (const frame of all(".table-frame", within)) {
      frame.addEventListener("scroll", () => frame.classList.toggle("scrolled", Math.abs(frame.scrollLeft) > 1), { passive: true });
    }
    for (const table of all(".rows", within)) {
      setUpTable(table);
      rememberList(table);
      table.tBodies[0].addEventListener("mousedown", (event) => { pressedAt = [event.clientX, event.clientY]; });
      table.tBodies[0].addEventListener("click", onRowClick);
      table.tBodies[0].addEventListener("auxclick", onRowClick);
      table.addEventListener("mouseover", (event) => {
        const cell = event.target.closest("tbody th, tbody td");
        if (cell && cell.scrollWidth > cell.clientWidth && !cell.title && !one("[title]", cell)) cell.title = cell.textContent.trim().slice(0, 1000);
      });
    }
  }

  // A list that answers with another page (sign-in, an error) is shown as that page.
  function setUpSwaps() {
    document.addEventListener("htmx:beforeSwap", (event) => {
      const { xhr, target, requestConfig } = event.detail;
      if (target.id !== "list") return;
      event.detail.shouldSwap = xhr.responseText.includes('id="list"'); // with a problem in words, too
      if (event.detail.shouldSwap) return;
      event.preventDefault();
      location.assign(requestConfig.verb === "get" ? event.detail.pathInfo.finalRequestPath : location.href);
    });
    document.addEventListener("htmx:sendError", (event) => location.assign(event.detail.pathInfo.finalRequestPath));
    document.addEventListener("htmx:timeout", (event) => location.assign(event.detail.pathInfo.finalRequestPath));
    document.addEventListener("htmx:afterSwap", (event) => {
      refresh(event.detail.elt.isConnected ? event.detail.elt : document);
      say(one(".page-head h1")?.textContent.trim() || "");
    });
  }

  // ---- Forms ---------------------------------------------------------------------------------

  const problemWords = (field) => {
    const state = field.validity;
    if (state.valueMissing) return inWords(field.type === "file" ? "Choose a file." : field.tagName === "SELECT" ? "Choose one." : "This is needed.");
    if (state.tooShort) return inWords("Use at least # characters.").replace("#", field.minLength);
    if (state.patternMismatch && field.title) return `Enter ${field.title[0].toLowerCase()}${field.title.slice(1)}.`;
    return state.valid ? "" : field.validationMessage;
  };

  function showProblem(field, words) {
    const body = field.closest(".field-body, .gate-field, .rows-edited :is(th, td)");
    if (!body) return;
    const used = field.tomselect?.control_input || field;
    one(".field-error[data-here]", body)?.remove();
    if (!words) {
      if (!one(".field-error", body)) used.removeAttribute("aria-invalid");
      return;
    }
    used.setAttribute("aria-invalid", "true");
    if (one(".field-error", body)) return;
    const message = document.createElement("p");
    message.className = "field-error";
    message.id = `${field.id}-error`;
    message.dataset.here = "";
    message.append(icon("alert-circle"), words);
    body.append(message);
    const described = new Set((used.getAttribute("aria-describedby") || "").split(" ").filter(Boolean));
    used.setAttribute("aria-describedby", [...described.add(message.id)].join(" "));
  }

  function setUpChecks(form) {
    form.addEventListener("focusout", (event) => {
      const field = event.target;
      if (!field.willValidate || field.form !== form || !field.name) return;
      // An empty field is not scolded before the form is sent; a wrong one is.
      if (field.validity.valueMissing && !field.hasAttribute("aria-invalid")) return;
      showProblem(field, problemWords(field));
    });
    let pending = false;
    form.addEventListener("invalid", (event) => {
      event.preventDefault();
      const field = event.target;
      field.closest("details")?.setAttribute("open", "");
      showProblem(field, problemWords(field));
      if (pending) return;
      pending = true;
      if (field.leadHere) field.leadHere();
      else field.focus();
      setTimeout(() => { pending = false; });
    }, true);
  }

  // From a problem named above the form to the place where it is mended.
  function onErrorLink(event) {
    const field = document.getElementById(event.target.closest("a")?.hash.slice(1) || "");
    if (!field) return;
    event.preventDefault();
    field.closest("details")?.setAttribute("open", "");
    (field.closest(".field") || field).scrollIntoView({ block: "center" });
    if (field.leadHere) field.leadHere();
    else field.focus({ preventScroll: true });
  }

  function setUpForms(within) {
    for (const links of all(".error-links", within)) links.addEventListener("click", onErrorLink);
    all("form[data-unsaved], .gate-card form", within).forEach(setUpChecks);
    for (const input of all("[data-select-all]", within)) input.addEventListener("focus", () => input.select());
    for (const button of all("[data-show-password]", within)) {
      const input = document.getElementById(button.dataset.showPassword);
      button.addEventListener("click", () => {
        const show = input.type === "password";
        input.type = show ? "text" : "password";
        button.setAttribute("aria-pressed", String(show));
        button.setAttribute("aria-label", inWords(show ? "Hide password" : "Show password"));
        one("svg", button).replaceWith(icon(show ? "eye-off" : "eye"));
      });
      input.form.addEventListener("submit", () => { input.type = "password"; });
    }
  }

  // A second click would be answered that the first one was: what is shown once would be missed.
  function sendOnce(event) {
    const form = event.target;
    if (!("once" in form.dataset) || event.defaultPrevented) return;
    if (form.dataset.once) event.preventDefault();
    form.dataset.once = "sent";
  }

  // ---- Copying -------------------------------------------------------------------------------

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const area = document.createElement("textarea");
      area.value = button.dataset.copy;
      (button.closest("dialog, [popover]") || document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const label = one("span", button);
    const words = label?.textContent;
    one("svg", button)?.replaceWith(icon("check"));
    if (label) label.textContent = inWords("Copied");
    say(inWords("Copied"));
    setTimeout(() => {
      one("svg", button)?.replaceWith(icon("copy"));
      if (label) label.textContent = words;
    }, 1600);
  }

  function say(words) {
    let voice = one("#voice");
    if (!voice) {
      voice = document.createElement("p");
      voice.id = "voice";
      voice.className = "visually-hidden";
      voice.setAttribute("role", "status");
      document.body.append(voice);
    }
    voice.textContent = "";
    setTimeout(() => { voice.textContent = words; }, 50);
  }

  // ---- Palette -------------------------------------------------------------------------------

  function pages() {
    const links = all("#menu a.menu-item").map((link) => ({
      url: link.href,
      text: one(".menu-text", link).textContent,
      section: link.closest(".menu-section")?.dataset.section || "",
      icon: one("use", link).getAttribute("href").split("#")[1],
    }));
    const primary = one(".page-actions .btn-primary[href]");
    if (primary) links.push({ url: primary.href, text: primary.textContent.trim(), section: "This page", icon: "plus" });
    return links;
  }

  function setUpPalette() {
    const dialog = one("#palette");
    if (!dialog) return;
    const input = one("input", dialog);
    const list = one("ul", dialog);
    let shown = [];
    let at = 0;

    const mark = () => {
      [...list.children].forEach((element, index) => element.setAttribute("aria-selected", String(index === at)));
      list.children[at]?.scrollIntoView({ block: "nearest" });
      if (shown.length) input.setAttribute("aria-activedescendant", `palette-${at}`);
      else input.removeAttribute("aria-activedescendant");
    };
    const go = () => { if (shown[at]) location.assign(shown[at].url); };
    const draw = () => {
      const wanted = input.value.trim().toLowerCase();
      shown = pages().filter((page) => page.text.toLowerCase().includes(wanted) || page.section.toLowerCase().startsWith(wanted));
      shown.sort((a, b) => b.text.toLowerCase().startsWith(wanted) - a.text.toLowerCase().startsWith(wanted));
      const desk = one("#menu a[data-find]");
      if (wanted && desk) shown.push({ url: desk.dataset.find + encodeURIComponent(input.value.trim()), text: `Find “${input.value.trim()}” at the support desk`, section: "", icon: "user-search" });
      at = 0;
      list.replaceChildren(...shown.map((page, index) => {
        const element = document.createElement("li");
        element.id = `palette-${index}`;
        element.setAttribute("role", "option");
        const section = document.createElement("small");
        section.textContent = page.section;
        element.append(icon(page.icon), page.text, section);
        element.addEventListener("mousemove", () => { if (at !== index) { at = index; mark(); } });
        element.addEventListener("click", go);
        return element;
      }));
      one(".palette-none", dialog).hidden = shown.length > 0;
      mark();
    };
    input.addEventListener("input", draw);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        at = (at + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % (shown.length || 1);
        mark();
      } else if (event.key === "Enter") {
        event.preventDefault();
        go();
      }
    });
    dialog.addEventListener("toggle", () => { if (dialog.open) { input.value = ""; draw(); } });
  }

  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    dialog.dispatchEvent(new Event("toggle"));
  }

  // ---- Keys ----------------------------------------------------------------------------------

  const typing = (element) => element.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && element.type !== "checkbox");

  const shortcuts = {
    "/": () => { const search = one("#search"); if (!search) return false; search.focus(); search.select(); return true; },
    "?": () => { openDialog("shortcuts"); return true; },
    j: () => { step(1); return true; },
    k: () => { step(-1); return true; },
    e: () => {
      const row = document.activeElement.closest("tr") || one(".rows tr.current");
      const link = (row && one(".row-edit", row)) || one("[data-edit]");
      if (row) remember(row);
      link?.click();
      return Boolean(link);
    },
  };

  function onKey(event) {
    if (event.isComposing || event.altKey) return;
    const command = isMac ? event.metaKey : event.ctrlKey;
    if (command && event.key.toLowerCase() === "k" && !event.shiftKey) {
      event.preventDefault();
      openDialog("palette");
      return;
    }
    if (event.ctrlKey || event.metaKey || typing(event.target) || one("dialog[open]")) return;
    if (Object.hasOwn(shortcuts, event.key) && shortcuts[event.key]()) event.preventDefault();
  }

  // ---- Everything together -------------------------------------------------------------------

  function refresh(within) {
    localTimes(within);
    setUpList(within);
    recall();
  }

  function onClick(event) {
    opener = event.target.closest("[popovertarget]");
    const crumb = event.target.closest(".crumbs a");
    if (crumb) remember(null, crumb);
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) copy(button);
    if ("print" in button.dataset) window.print();
    if ("dismiss" in button.dataset) button.closest(".toast-note").remove();
    if (button.dataset.openDialog) {
      button.closest("[popover]")?.hidePopover();
      openDialog(button.dataset.openDialog);
    }
  }

  if (isMac) {
    for (const key of all("kbd[data-ctrl]")) key.textContent = "⌘";
    for (const key of all("kbd[data-shortcut]")) key.textContent = `⌘ ${key.dataset.shortcut}`;
  }
  for (const dialog of all("dialog")) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  tellZone();
  setUpMenu();
  setUpTheme();
  setUpPalette();
  setUpSwaps();
  setUpForms(document);
  refresh(document);
  document.addEventListener("panel:shown", (event) => { localTimes(event.target); setUpForms(event.target); });
  document.addEventListener("toggle", placePopup, true);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", sendOnce);
  addEventListener("pageshow", () => { for (const form of all("form[data-once]")) form.dataset.once = ""; });
  document.addEventListener("keydown", onKey);
})();
