// Choosing related records: searched while a person types, their own recent choices first; added and edited in
// a dialog; the members of a relation page by page. Without it forms have a Find button and links.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const RECENT = 5; // choices that are remembered for each relation
  const NEAR_END = 60; // pixels of the list below what is seen, before more of it is asked for

  const json = { headers: { Accept: "application/json" }, credentials: "same-origin" };

  async function ask(url) {
    const response = await fetch(url, json);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error || "The site did not answer.");
    return answer;
  }

  function element(tag, className, text = "") {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function line(className, text) {
    const made = element("div", className, text);
    made.dir = "auto";
    return made;
  }

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

  function keyOf(text) {
    const key = element("code", "record-key", text);
    key.title = text;
    return key;
  }

  function say(words) {
    const voice = one("#lookup-voice") || element("p", "visually-hidden");
    voice.id = "lookup-voice";
    voice.setAttribute("role", "status");
    (all("dialog[open]").at(-1) || document.body).append(voice);
    voice.textContent = "";
    setTimeout(() => { voice.textContent = words; }, 50);
  }

  // ---- Recent choices: keys alone, which the server looks up anew for whoever asks --------------

  function memory(select) {
    const { pathname, searchParams } = new URL(select.dataset.lookupUrl, location.href);
    return `recent ${pathname} ${searchParams.get("name") || searchParams.get(":field")}`;
  }

  function recent(select) {
    try {
      const kept = JSON.parse(localStorage.getItem(memory(select)) || "[]");
      return Array.isArray(kept) ? kept.filter((key) => typeof key === "string").slice(0, RECENT) : [];
    } catch {
      return [];
    }
  }

  function remember(select, key) {
    try {
      const kept = [key, ...recent(select).filter((other) => other !== key)].slice(0, RECENT);
      localStorage.setItem(memory(select), JSON.stringify(kept));
    } catch { /* private window */ }
  }

  // ---- Lookups ---------------------------------------------------------------------------------

  function addressOf(select, parameters) {
    const url = new URL(select.dataset.lookupUrl, location.href);
    for (const [name, value] of parameters) url.searchParams.append(name, value);
    return url;
  }

  const asOption = (found) => ({ ...found, id: String(found.id) });

  function setUpLookup(select) {
    const label = select.id && one(`label[for="${CSS.escape(select.id)}"]`);
    const name = label?.firstChild?.textContent.trim() || select.getAttribute("aria-label") || "records";
    let after = "";     // where what is offered goes on
    let wanted = null;  // the term whose answer is waited for: an earlier one comes too late
    let problem = "";
    let asking = false;
    let stepping = false; // whether what is asked for is stepped into
    let quiet = false;  // whether the list stays shut until the field is used
    const widget = new window.TomSelect(select, {
      valueField: "id",
      labelField: "text",
      searchField: [],
      sortField: "$order",
      maxOptions: null,
      hideSelected: true,
      loadThrottle: 200,
      allowEmptyOption: false,
      placeholder: select.dataset.placeholder || "Search…",
      // The rows of children scroll sideways, which would cut off what opens in them.
      dropdownParent: select.closest(".inline-frame") && !select.closest("dialog") ? "body" : null,
      plugins: select.multiple || !select.required ? { remove_button: { title: "Remove", label: "×" } } : {},
      onFocus() { this.load(this.inputValue()); },
      onType() { this.clearOptions(); },
      // The whole choice is there again; of one record alone no more is chosen, so nothing opens.
      onItemAdd(value) {
        remember(select, value);
        quiet = !select.multiple;
        this.setTextboxValue("");
        this.clearOptions();
        this.load("");
      },
      load(term, done) {
        wanted = term;
        const first = term ? [] : recent(select).map((key) => ["recent", key]);
        ask(addressOf(select, [["term", term], ...first]))
          .then((answer) => {
            if (term !== wanted) { done(); return; }
            after = answer.after || "";
            problem = "";
            done(answer.results.map(asOption));
          })
          .catch((error) => {
            if (term === wanted) { after = ""; problem = error.message; }
            done();
          });
      },
      shouldLoad: () => true,
      onLoad() { hint(); },
      onDropdownOpen() { hint(); },
      onChange() { select.dispatchEvent(new CustomEvent("lookup:changed", { bubbles: true })); },
      render: {
        option: (data) => {
          const shown = line("option", "");
          shown.append(element("span", "option-text", data.text));
          if (data.key) shown.append(keyOf(data.key));
          if (data.recent) shown.append(element("small", "recent-mark", "Recent"));
          return shown;
        },
        item: (data) => {
          const shown = line("item", "");
          const text = element("span", "item-text", data.text);
          shown.append(text);
          if (data.key) shown.append(keyOf(data.key));
          return shown;
        },
        no_results: () => line("no-results", problem || `No ${name.toLowerCase()} found`),
        loading: () => line("spinner-text", "Searching…"),
      },
    });

    function hint() {
      one(".more-hint", widget.dropdown)?.remove();
      if (!after) return;
      const more = element("button", "more-hint", "Show more");
      more.type = "button";
      more.tabIndex = -1; // the arrow keys lead on by themselves
      more.addEventListener("mousedown", (event) => { event.preventDefault(); goOn(); });
      widget.dropdown.append(more);
    }

    // The next page is put below what is there; what is marked stays marked.
    async function goOn(andStep = false) {
      stepping ||= andStep;
      if (!after || asking) return;
      asking = true;
      const term = wanted;
      try {
        const answer = await ask(addressOf(select, [["term", term], ["after", after]]));
        if (term !== wanted) return;
        after = answer.after || "";
        const { scrollTop } = widget.dropdown_content;
        const marked = widget.activeOption?.dataset.value;
        const place = all("[data-selectable]", widget.dropdown_content).length;
        widget.addOptions(answer.results.map(asOption));
        widget.refreshOptions(false);
        widget.dropdown_content.scrollTop = scrollTop;
        const options = all("[data-selectable]", widget.dropdown_content);
        const next = stepping ? options[place] : options.find((option) => option.dataset.value === marked);
        if (next) widget.setActiveOption(next);
        say(`${answer.results.length} more`);
        hint();
      } catch (error) {
        say(error.message);
      } finally {
        asking = stepping = false;
      }
    }

    widget.dropdown_content.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = widget.dropdown_content;
      if (scrollHeight - scrollTop - clientHeight < NEAR_END) goOn();
    }, { passive: true });
    // Before the widget itself takes the step to the last one.
    widget.wrapper.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" || !widget.isOpen || !after) return;
      const options = all("[data-selectable]", widget.dropdown_content);
      if (options.length && widget.activeOption === options.at(-1)) goOn(true);
    }, true);

    const open = widget.open.bind(widget);
    widget.open = () => { if (!quiet) open(); };
    for (const use of ["mousedown", "keydown"]) widget.wrapper.addEventListener(use, () => { quiet = false; }, true);
    select.leadHere = () => { quiet = true; widget.focus(); };
    // The select itself is only there to be sent; what is said of it is said of the field that people use.
    select.setAttribute("aria-hidden", "true");
    widget.control_input.setAttribute("dir", "auto");
    widget.control_input.setAttribute("aria-required", String(select.required));
    for (const attribute of ["aria-describedby", "aria-invalid"]) {
      if (select.hasAttribute(attribute)) widget.control_input.setAttribute(attribute, select.getAttribute(attribute));
    }
  }

  // ---- Records added and edited beside the form ------------------------------------------------

  const shownIn = (link) => one("select[data-lookup-url]", link.closest("[data-related]"));

  function editLink(select) {
    const link = one("[data-edit-related]", select.closest("[data-related]") || select.parentElement);
    if (!link || select.multiple) return;
    const option = select.value && select.tomselect?.options[select.value];
    link.hidden = !option || !select.dataset.editUrl;
    if (option) link.href = select.dataset.editUrl + (option.record || select.value);
  }

  // What was saved is asked for as this relation would offer it: that may not be every record.
  async function savedOption(select, key) {
    const answer = await ask(addressOf(select, [["key", key]]));
    return answer.results.length ? asOption(answer.results[0]) : null;
  }

  async function chooseSaved(select, key) {
    const option = key && await savedOption(select, key);
    if (!option) { say("Saved. It cannot be chosen here."); return; }
    const widget = select.tomselect;
    if (widget.options[option.id]) widget.updateOption(option.id, option);
    else widget.addOption(option);
    widget.addItem(option.id);
    select.leadHere();
    say(`${option.text} is chosen.`);
  }

  async function renameSaved(select, key) {
    const option = key && await savedOption(select, key);
    if (!option) return;
    if (select.tomselect.options[option.id]) select.tomselect.updateOption(option.id, option);
    for (const row of all(`[data-record="${CSS.escape(option.record)}"]`, select.closest("[data-related]"))) {
      one(".member-label", row).textContent = option.text;
    }
    say(`${option.text} is saved.`);
  }

  function onLink(event) {
    const link = event.target.closest?.("[data-add-related], [data-edit-related]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const select = shownIn(link);
    if (!select?.tomselect || !window.RelatedDialog) return;
    event.preventDefault();
    const then = "addRelated" in link.dataset ? chooseSaved : renameSaved;
    window.RelatedDialog.open(link.href, link, (key) => then(select, key));
  }

  // ---- Members ---------------------------------------------------------------------------------

  function memberRow(box, member, isMarked) {
    const row = element("li");
    row.dataset.record = member.record;
    const name = element("span", "member-name");
    const { showUrl, editUrl, name: relation, called } = box.dataset;
    const label = element(showUrl ? "a" : "span", "member-label", member.label);
    label.dir = "auto";
    if (showUrl) Object.assign(label, { href: showUrl + member.record, target: "_blank", rel: "noopener" });
    name.append(label);
    if (member.key) name.append(keyOf(member.key));
    row.append(name);
    if (editUrl) {
      const edit = element("a", "quiet-button small");
      Object.assign(edit, { href: editUrl + member.record, target: "_blank", rel: "noopener", title: `Edit ${called}` });
      edit.setAttribute("aria-label", `Edit ${member.label}`);
      edit.dataset.editRelated = "";
      edit.append(icon("pencil"));
      row.append(edit);
    }
    const remove = element("label", "member-remove");
    const tick = element("input", "check");
    Object.assign(tick, { type: "checkbox", name: `${relation}:remove`, value: member.value, checked: isMarked });
    remove.append(tick, " Remove", element("span", "visually-hidden", ` ${member.label}`));
    row.append(remove);
    return row;
  }

  function setUpMembers(box) {
    const list = one("[data-members-list]", box);
    const more = one("[data-members-more]", box);
    const within = one("[data-members-within]", box);
    const note = one("[data-members-note]", box);
    if (!list || !more) return;
    let after = one("[data-members-at]", box)?.value || "";
    let asked = 0;
    let waiting = null;
    // Only who joins and who leaves is sent.
    for (const input of [within, one("[data-members-at]", box)]) input?.removeAttribute("name");

    const rows = () => [...list.children];
    const isMarked = (row) => one("input[type=checkbox]", row).checked;

    async function load(fresh) {
      asked += 1;
      const mine = asked;
      const url = new URL(box.dataset.membersUrl, location.href);
      url.searchParams.set("term", within?.value.trim() || "");
      if (!fresh) url.searchParams.set("after", after);
      more.setAttribute("aria-busy", "true");
      try {
        const answer = await ask(url);
        if (mine !== asked) return;
        // Who is marked to leave stays, wherever one looks.
        if (fresh) for (const row of rows()) if (!isMarked(row)) row.remove();
        const there = new Set(rows().map((row) => row.dataset.record));
        const added = answer.members.filter((member) => !there.has(member.record)).map((member) => memberRow(box, member, false));
        list.append(...added);
        after = answer.after;
        more.hidden = !after;
        note.textContent = fresh && !answer.members.length ? "Nobody or nothing matches." : "";
        if (!fresh) one("input, a", added[0] || list)?.focus({ preventScroll: true });
        say(fresh ? `${answer.members.length}${after ? " or more" : ""} found` : `${added.length} more`);
      } catch (error) {
        note.textContent = error.message;
      } finally {
        more.removeAttribute("aria-busy");
      }
    }

    more.addEventListener("click", (event) => { event.preventDefault(); load(false); });
    within?.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => load(true), 250);
    });
    within?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the form is not sent
      clearTimeout(waiting);
      load(true);
    });
  }

  // ---- Everything together ---------------------------------------------------------------------

  function setUp(within) {
    for (const select of all("select[data-lookup-url]", within)) {
      if (!window.TomSelect || select.tomselect || select.closest("template")) continue;
      setUpLookup(select);
      editLink(select);
    }
    // With a script they open in a dialog.
    for (const link of window.RelatedDialog ? all("[data-add-related], [data-edit-related]", within) : []) {
      for (const name of ["title", "aria-label"]) link.setAttribute(name, link.getAttribute(name).replace(" (new tab)", ""));
    }
    for (const box of all("[data-members]", within)) {
      if ("ready" in box.dataset) continue;
      box.dataset.ready = "";
      setUpMembers(box);
    }
  }

  document.addEventListener("lookup:changed", (event) => editLink(event.target));
  document.addEventListener("click", onLink);
  // Controls that come later: in a popup over a list, in a dialog, in a new row.
  for (const name of ["panel:shown", "form:added"]) document.addEventListener(name, (event) => setUp(event.target));
  setUp(document);
})();
