// Controls that are quicker than the text they stand for. The text alone is sent, and nothing changes it but people.
(() => {
  "use strict";

  const json = window.adminJson;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const begun = new WeakMap();

  function make(tag, attributes = {}, ...content) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...content);
    return element;
  }

  function icon(name, turned = false) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", turned ? "icon turned" : "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", one("svg.icon use").getAttribute("href").replace(/#.*/, `#${name}`));
    svg.append(use);
    return svg;
  }

  const button = (name, label, turned = false) => make("button", { type: "button", class: "quiet-button", "aria-label": label, title: label }, icon(name, turned));
  const wordsButton = (words) => make("button", { type: "button", class: "btn" }, words);

  // What was typed into a helper is written into the field that is sent.
  function put(field, text) {
    if (field.value === text) return;
    field.value = text;
    field.dispatchEvent(new CustomEvent("input", { bubbles: true, detail: "widget" }));
  }

  // Somebody else's writing, such as a draft that comes back, is read anew.
  function onOthersInput(field, read) {
    field.addEventListener("input", (event) => { if (event.detail !== "widget") read(); });
  }

  // ---- JSON ----------------------------------------------------------------------------------

  function setUpJson(area) {
    const state = make("span", { class: "json-state", role: "status" });
    const format = wordsButton("Format");
    const tools = make("div", { class: "json-tools" }, format, state);
    area.after(tools);
    let timer;
    const check = () => {
      clearTimeout(timer);
      const words = area.value.trim() ? json.wordsFor(area.value) : "";
      area.setCustomValidity(words);
      if (state.textContent !== words) state.textContent = words;
      format.hidden = !area.value.trim();
    };
    area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(check, 300); });
    // Before the words beside the field are chosen, which happens on the form.
    area.addEventListener("focusout", check);
    area.form?.addEventListener("submit", check, true);
    format.addEventListener("click", () => {
      check();
      if (!area.validity.customError) put(area, json.write(json.read(area.value)));
    });
    check();
    return { tools, check };
  }

  // ---- Rows: lists, and texts by name --------------------------------------------------------

  const MOST_ROWS = 200;
  const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
  const DAY = /^[1-9]\d{3}-\d{2}-\d{2}$/;

  const textOf = (node) => (node.type === "string" ? JSON.parse(node.text) : node.text === "null" ? null : node.text);

  // Returns the rows that a text stands for, null for no list at all, undefined where it has no rows.
  function rowsOf(text, of) {
    if (!text.trim()) return null;
    let root;
    try { root = json.read(text); } catch { return undefined; }
    const isPairs = of === "pairs";
    if (root.type !== (isPairs ? "object" : "array") || root.members.length > MOST_ROWS) return undefined;
    if (root.members.some((member) => (isPairs ? member.value : member).members)) return undefined;
    if (isPairs && root.members.some(({ value }) => value.type !== "string" && value.text !== "null")) return undefined;
    return root.members.map((member) => (isPairs ? { name: JSON.parse(member.name), text: textOf(member.value) } : { text: textOf(member) }));
  }

  function textOfRow(row, of) {
    if (row.text === null) return "null";
    if ((of === "number" && NUMBER.test(row.text)) || of === "boolean") return row.text;
    return JSON.stringify(row.text);
  }

  function textOfRows(rows, of) {
    if (rows === null) return "";
    if (of === "pairs") return `{${rows.map((row) => `${JSON.stringify(row.name)}: ${textOfRow(row, of)}`).join(", ")}}`;
    const typed = rows.filter((row) => row.text !== "" || of === "text");
    return `[${typed.map((row) => textOfRow(row, of)).join(", ")}]`;
  }

  function setUpRows(box) {
    const area = one("textarea", box);
    const { rows: of, label, placeholder } = box.dataset;
    const isPairs = of === "pairs";
    const choices = of === "boolean" ? [["true", "Yes"], ["false", "No"]] : JSON.parse(box.dataset.choices || "[]");
    const { tools } = setUpJson(area);
    const list = make("div", { class: "rows-list", role: "list" });
    const voice = make("span", { class: "visually-hidden", role: "status" });
    const add = make("button", { type: "button", class: "btn" }, icon("plus"), "Add");
    const nothing = wordsButton("");
    const note = make("span", { class: "rows-note" });
    const asText = wordsButton("Edit as text");
    const asRows = wordsButton("Edit as rows");
    const foot = make("div", { class: "rows-tools" }, add, note, nothing, asText, voice);
    const pane = make("div", { class: "rows-pane", role: "group", "aria-label": label }, list, foot);
    const described = area.getAttribute("aria-describedby");
    if (described) pane.setAttribute("aria-describedby", described);
    box.prepend(pane);
    tools.prepend(asRows);
    let rows;

    const write = () => {
      const names = isPairs && rows ? rows.map((row) => row.name) : [];
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      put(area, textOfRows(rows, of));
      area.setCustomValidity(twice === undefined ? "" : `The name “${twice}” stands twice.`);
    };
    const place = (index) => list.children[index];
    const focus = (index) => {
      const row = place(Math.min(index, list.children.length - 1));
      (row ? one(".row-value:not([hidden])", row) || one("button", row) : add).focus();
    };

    function input(row, index) {
      const about = `${label}, ${isPairs ? `value of ${row.name || "row"}` : "row"} ${isPairs && row.name ? "" : index + 1}`.trim();
      if (choices.length) {
        const known = choices.some(([value]) => value === row.text);
        const select = make("select", { class: "form-select row-value", "aria-label": about },
          make("option", { value: "" }, "Not set"),
          ...(known || row.text === null || row.text === "" ? choices : [...choices, [row.text, row.text]]).map(([value, words]) => make("option", { value }, words)));
        select.value = row.text ?? "";
        select.addEventListener("change", () => { row.text = select.value || null; write(); });
        return select;
      }
      const isLong = /[\n\r]/.test(row.text ?? "");
      const type = of === "date" && (!row.text || DAY.test(row.text)) ? "date" : "text";
      const field = isLong
        ? make("textarea", { class: "form-control row-value", rows: 2, dir: "auto", "aria-label": about })
        : make("input", { class: "form-control row-value", type, dir: "auto", autocomplete: "off", "aria-label": about, placeholder, inputmode: of === "number" ? "decimal" : null });
      field.value = row.text ?? "";
      field.addEventListener("input", () => { row.text = field.value; write(); });
      return field;
    }

    function drawRow(row, index) {
      const line = make("div", { class: "rows-item", role: "listitem" });
      if (isPairs) {
        const name = make("input", { class: "form-control row-name", dir: "auto", autocomplete: "off", "aria-label": `${label}, name ${index + 1}`, placeholder: "Name" });
        name.value = row.name;
        name.addEventListener("input", () => { row.name = name.value; write(); });
        line.append(name);
      }
      const field = input(row, index);
      line.append(field);
      if (!choices.length) {
        const empty = make("span", { class: "row-null" }, "No value");
        const off = button("ban", "No value");
        const show = () => {
          const isNull = row.text === null;
          field.hidden = isNull;
          empty.hidden = !isNull;
          off.setAttribute("aria-pressed", String(isNull));
        };
        off.addEventListener("click", () => {
          row.text = row.text === null ? field.value : null;
          show();
          write();
          if (row.text !== null) field.focus();
        });
        show();
        line.append(empty, off);
      }
      if (!isPairs) {
        const up = button("arrow-up", "Move up");
        const down = button("arrow-up", "Move down", true);
        up.addEventListener("click", () => move(index, -1, 0));
        down.addEventListener("click", () => move(index, 1, 1));
        up.classList.add("row-up");
        down.classList.add("row-down");
        line.append(up, down);
      }
      const remove = button("x", "Remove");
      remove.addEventListener("click", () => { take(index); });
      line.append(remove);
      line.addEventListener("keydown", (event) => onKey(event, index));
      return line;
    }

    function draw() {
      list.replaceChildren(...(rows || []).map(drawRow));
      const isEmpty = !rows || !rows.length;
      note.textContent = rows === null ? "No value" : isEmpty ? (isPairs ? "Nothing in it" : "Empty list") : "";
      nothing.hidden = !isEmpty || (rows !== null && !("null" in box.dataset));
      nothing.textContent = rows === null ? (isPairs ? "Keep it empty" : "Make it an empty list") : "Make it no value";
    }

    function insert(index) {
      rows = rows || [];
      rows.splice(index, 0, isPairs ? { name: "", text: "" } : { text: choices.length ? null : "" });
      draw();
      write();
      (one(".row-name", place(index)) || one(".row-value", place(index))).focus();
    }

    function take(index) {
      rows.splice(index, 1);
      draw();
      write();
      focus(index);
      voice.textContent = `Removed. ${rows.length} left.`;
    }

    function move(index, by, which) {
      const to = index + by;
      if (to < 0 || to >= rows.length) return;
      rows.splice(to, 0, ...rows.splice(index, 1));
      draw();
      write();
      if (which === undefined) focus(to);
      else {
        const there = one([".row-up", ".row-down"][which], place(to));
        there.focus();
      }
      voice.textContent = `Now row ${to + 1} of ${rows.length}.`;
    }

    function onKey(event, index) {
      if (event.isComposing) return;
      const isField = event.target.matches(".row-value, .row-name");
      if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && !isPairs) {
        event.preventDefault();
        move(index, event.key === "ArrowUp" ? -1 : 1);
      } else if (event.key === "Enter" && isField && event.target.tagName === "INPUT" && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        insert(index + 1);
      } else if (event.key === "Backspace" && event.target.matches("input.row-value") && event.target.value === "" && !isPairs) {
        event.preventDefault();
        take(index);
        if (index > 0) focus(index - 1);
      }
    }

    function show(asRowsNow) {
      pane.hidden = !asRowsNow;
      area.hidden = asRowsNow;
      tools.hidden = asRowsNow;
      asRows.hidden = rows === undefined;
      if (asRowsNow) area.leadHere = () => focus(0);
      else delete area.leadHere;
    }

    function read() {
      rows = rowsOf(area.value, of);
      if (rows !== undefined) draw();
      show(rows !== undefined);
    }

    add.addEventListener("click", () => insert(rows ? rows.length : 0));
    nothing.addEventListener("click", () => { rows = rows === null ? [] : null; draw(); write(); nothing.focus(); });
    asText.addEventListener("click", () => { show(false); area.focus(); });
    asRows.addEventListener("click", () => { read(); if (!pane.hidden) focus(0); });
    onOthersInput(area, () => {
      if (pane.hidden) asRows.hidden = rowsOf(area.value, of) === undefined;
      else read();
    });
    for (const each of area.labels || []) each.addEventListener("click", () => area.leadHere?.());
    read();
  }

  // ---- Ranges --------------------------------------------------------------------------------

  const RANGE = /^\s*([[(])\s*"?([^,"]*?)"?\s*,\s*"?([^,"]*?)"?\s*([\])])\s*$/;
  const PICKERS = { date: ["date", DAY], datetime: ["datetime-local", /^[1-9]\d{3}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?$/] };
  PICKERS.instant = PICKERS.datetime;

  function setUpRange(box) {
    const field = one("input", box);
    const { range: ends, label } = box.dataset;
    const [picker, fits] = PICKERS[ends] || ["text", /^/];
    const option = (value, words) => make("option", { value }, words);
    const state = make("select", { class: "form-select range-state", "aria-label": label }, option("none", "Not set"), option("range", "A range"), option("empty", "The empty range"));
    const end = (words) => {
      const input = make("input", { class: "form-control", type: "text", autocomplete: "off", placeholder: "No limit", "aria-label": `${label}, ${words.toLowerCase()}`, inputmode: ends === "number" ? "decimal" : null, step: ends === "number" || ends === "date" ? null : "1" });
      const included = make("input", { type: "checkbox", class: "check" });
      const line = make("div", { class: "range-end" }, make("span", { class: "range-word" }, words), input, make("label", { class: "check-line" }, included, " included"));
      return { input, included, line };
    };
    const lower = end("From");
    const upper = end("Until");
    const both = [lower, upper];
    const pane = make("div", { class: "range-pane", role: "group", "aria-label": label }, state, ...both.map((each) => each.line));
    const described = field.getAttribute("aria-describedby");
    if (described) pane.setAttribute("aria-describedby", described);
    field.before(pane);

    const show = () => {
      for (const each of both) {
        each.line.hidden = state.value !== "range";
        each.included.disabled = each.input.value === "" && !each.input.validity.badInput;
      }
    };
    const write = () => {
      show();
      if (state.value === "none") put(field, "");
      else if (state.value === "empty") put(field, "empty");
      else {
        const from = lower.input.value !== "" && lower.included.checked ? "[" : "(";
        const until = upper.input.value !== "" && upper.included.checked ? "]" : ")";
        put(field, `${from}${lower.input.value},${upper.input.value}${until}`);
      }
    };
    const fill = ({ input }, text) => {
      input.type = !text || fits.test(text) ? picker : "text";
      input.value = text.replace(" ", input.type === "datetime-local" ? "T" : " ");
    };
    const read = () => {
      const text = field.value.trim();
      const match = RANGE.exec(text);
      const isKnown = !text || text.toLowerCase() === "empty" || match;
      pane.hidden = !isKnown;
      field.hidden = Boolean(isKnown);
      if (!isKnown) { delete field.leadHere; return; }
      field.leadHere = () => (state.value === "range" ? lower.input : state).focus();
      state.value = match ? "range" : text ? "empty" : "none";
      fill(lower, match ? match[2] : "");
      fill(upper, match ? match[3] : "");
      lower.included.checked = !match || match[1] === "[" || !match[2];
      upper.included.checked = Boolean(match) && match[4] === "]" && Boolean(match[3]);
      show();
    };
    state.addEventListener("change", () => { write(); if (state.value === "range") lower.input.focus(); });
    for (const { input, included } of both) {
      input.addEventListener("input", write);
      included.addEventListener("change", write);
    }
    onOthersInput(field, read);
    for (const each of field.labels || []) each.addEventListener("click", () => field.leadHere?.());
    read();
  }

  // ---- Texts that grow, and how many characters are left -------------------------------------

  const canGrow = CSS.supports("field-sizing", "content");

  function setUpGrowing(area) {
    if (canGrow) return;
    const grow = () => {
      area.style.blockSize = "auto";
      area.style.blockSize = `${Math.min(area.scrollHeight + 2, innerHeight * 0.6)}px`;
    };
    area.addEventListener("input", grow);
    grow();
  }

  function setUpCounter(field) {
    const limit = Number(field.dataset.length);
    const left = make("p", { class: "characters-left", "aria-live": "polite", hidden: true });
    field.after(left);
    const stored = field.value;
    const count = () => {
      const length = [...field.value].length;
      const over = length - limit;
      left.hidden = length < limit * 0.8 || limit < 10;
      left.classList.toggle("over", over > 0);
      const number = Math.abs(over);
      left.textContent = over > 0 ? `${number.toLocaleString("en")} character${number === 1 ? "" : "s"} too many` : `${number.toLocaleString("en")} character${number === 1 ? "" : "s"} left`;
      field.setCustomValidity(over > 0 && field.value !== stored ? `Enter at most ${limit} characters (these are ${length}).` : "");
    };
    field.addEventListener("input", count);
    count();
  }

  // ---- A time that the clocks show twice -----------------------------------------------------

  const two = (number) => String(number).padStart(2, "0");

  // Minutes that the clocks of a zone are ahead of UTC at an instant.
  function offsetAt(instant, zone) {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(instant);
    const part = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
    return Math.round((Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - instant) / 60000);
  }

  // The offsets that a time of the clocks may have: two where they were turned back.
  function offsetsOf(clock, zone) {
    const at = Date.parse(`${clock}Z`);
    if (Number.isNaN(at)) return [];
    const near = new Set([-24, 24].map((hours) => offsetAt(at + hours * 3600000, zone)));
    return [...near].filter((offset) => offsetAt(at - offset * 60000, zone) === offset).sort((one_, other) => other - one_);
  }

  function setUpClock(input) {
    const zone = input.form?.elements[":zone"]?.value;
    const span = input.closest(".with-zone");
    if (!zone || !span || !one(".zone", span)) return;
    const offer = () => {
      if (input.type !== "datetime-local" || !input.value) return;
      const offsets = offsetsOf(input.value, zone);
      if (offsets.length < 2) return;
      const clock = input.value.replace("T", " ") + (input.value.length === 16 ? ":00" : "");
      input.type = "text";
      input.value = clock;
      one(`.either`, span.parentElement)?.remove();
      const choices = offsets.map((offset, index) => {
        const told = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
        return make("button", { type: "button", class: "btn", "data-fill": input.id, value: clock + told, "aria-pressed": "false" }, `${index ? "Second" : "First"} time, UTC${told}`);
      });
      span.after(make("span", { class: "either", role: "group", "aria-label": "Which of the two times" }, ...choices));
    };
    // A picker tells each digit: only what stands when it is left is asked about.
    input.addEventListener("blur", offer);
  }

  function onFill(event) {
    const choice = event.target.closest("button[data-fill]");
    const input = choice && document.getElementById(choice.dataset.fill);
    if (!input) return;
    input.value = choice.value;
    for (const each of all("button[data-fill]", choice.parentElement)) each.setAttribute("aria-pressed", String(each === choice));
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // ---- Slugs ---------------------------------------------------------------------------------

  // As services write them: Latin letters lose their marks, those of other scripts stay.
  const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i" };

  function slugOf(text, limit) {
    const plain = [...text.normalize("NFC").toLowerCase()].map((letter) => {
      if (letter in LETTERS) return LETTERS[letter];
      const base = letter.normalize("NFD");
      return /^[a-z]/.test(base) ? base.replace(/\p{M}/gu, "") : letter;
    }).join("");
    const slug = plain.replace(/['’]/g, "").replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
    if ([...slug].length <= limit) return slug;
    const cut = [...slug].slice(0, limit).join("");
    const whole = [...slug][limit] === "-" ? cut : cut.replace(/-[^-]*$/, "");
    return (whole || cut).replace(/-+$/, "");
  }

  function setUpSlug(box) {
    const slug = one("input, textarea", box);
    const prefix = slug.name.slice(0, slug.name.lastIndexOf("|") + 1);
    const sources = box.dataset.slugOf.split(" ").map((name) => slug.form.elements[prefix + name]).filter((field) => field && "value" in field);
    const limit = Number(slug.dataset.length) || Infinity;
    let made = slug.value === "" ? "" : null;
    const write = () => {
      if (made === null || slug.value !== made) return;
      made = slugOf(sources.map((field) => field.value).join(" "), limit);
      put(slug, made);
    };
    slug.addEventListener("input", (event) => {
      if (event.detail === "widget") return;
      made = slug.value === "" ? "" : null;
    });
    for (const field of sources) field.addEventListener("input", write);
    write();
  }

  // ---- Everything together -------------------------------------------------------------------

  const WIDGETS = [
    ["[data-rows]", setUpRows],
    ["[data-range]", setUpRange],
    ["textarea[data-json]", (area) => { if (!area.closest("[data-rows]")) setUpJson(area); }],
    ["textarea[data-grows]", setUpGrowing],
    ["[data-length]", setUpCounter],
    [".with-zone input", setUpClock],
    ["[data-slug-of]", setUpSlug],
  ];

  function setUp(within) {
    for (const [selector, begin] of WIDGETS) {
      for (const element of all(selector, within)) {
        const known = begun.get(element) || new Set();
        if (known.has(selector)) continue;
        begun.set(element, known.add(selector));
        begin(element);
      }
    }
  }

  setUp(document);
  document.addEventListener("click", onFill);
  // Rows and dialogs come later.
  new MutationObserver((changes) => {
    if (changes.some((change) => [...change.addedNodes].some((node) => node.nodeType === 1 && one("form, .field, .form-control", node) && !node.closest(".rows-pane")))) setUp(document);
  }).observe(document.body, { childList: true, subtree: true });
})();
