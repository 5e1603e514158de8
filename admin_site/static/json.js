// JSON as people type it: where it is wrong, in words, and laid out in lines without changing a digit.
(() => {
  "use strict";

  const DEPTH = 200;
  const SPACE = /[ \t\n\r]*/y;
  const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
  const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
  const WORD = /true|false|null/y;
  const LETTERS = /[\p{L}\p{N}_.-]+/uy;

  class Fault extends Error {
    constructor(text, at, words) {
      super(words);
      const before = text.slice(0, at).split("\n");
      this.line = before.length;
      this.column = [...before.at(-1)].length + 1;
      this.words = `Line ${this.line}, column ${this.column}: ${words}`;
    }
  }

  // Returns a tree of { type, text, members }; the text of a value is the very text that was typed.
  function read(text) {
    let at = 0;
    const fault = (words, place = at) => new Fault(text, place, words);
    const take = (pattern) => {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (!found || !found[0]) return "";
      at += found[0].length;
      return found[0];
    };
    const skip = () => { take(SPACE); };

    function string() {
      const found = take(STRING);
      if (found) return found;
      const rest = text.slice(at + 1);
      const end = rest.search(/["\n\r]/);
      if (end < 0 || rest[end] !== '"') throw fault("a text that begins here does not end in this line.");
      throw fault("a text holds a character that JSON writes with a backslash.");
    }

    function value(depth) {
      skip();
      if (depth > DEPTH) throw fault("this is nested too deeply.");
      if (at >= text.length) throw fault("something is missing at the end.");
      const first = text[at];
      if (first === "{") return object(depth);
      if (first === "[") return array(depth);
      if (first === '"') return { type: "string", text: string() };
      const word = take(WORD);
      if (word) return ended({ type: "word", text: word });
      const number = take(NUMBER);
      if (number) return ended({ type: "number", text: number });
      if (first === "'") throw fault("texts stand in double quotes.");
      if (first === "]" || first === "}") throw fault("there is a comma too many before this, or a value is missing.");
      if (first === ",") throw fault("a value is missing before this comma.");
      const start = at;
      const letters = take(LETTERS);
      throw fault(letters ? `${letters.slice(0, 40)} is no value. Texts stand in double quotes.` : "a value is expected.", start);
    }

    // 01, 1.2.3 and nullx begin well.
    function ended(node) {
      const start = at - node.text.length;
      const more = take(LETTERS);
      if (more) throw fault(`${(node.text + more).slice(0, 40)} is no value. Texts stand in double quotes.`, start);
      return node;
    }

    function array(depth) {
      const node = { type: "array", members: [] };
      at += 1;
      skip();
      if (text[at] === "]") { at += 1; return node; }
      for (;;) {
        node.members.push(value(depth + 1));
        skip();
        if (text[at] === "]") { at += 1; return node; }
        if (text[at] !== ",") throw fault(at < text.length ? "a comma or ] is expected." : "the list is not closed with ].");
        at += 1;
      }
    }

    function object(depth) {
      const node = { type: "object", members: [] };
      const names = new Set();
      at += 1;
      skip();
      if (text[at] === "}") { at += 1; return node; }
      for (;;) {
        skip();
        const start = at;
        if (text[at] !== '"') throw fault(text[at] === "}" ? "there is a comma too many before this." : at < text.length ? "a name in double quotes is expected." : "the object is not closed with }.");
        const name = string();
        if (names.has(JSON.parse(name))) throw fault(`the name ${name.slice(0, 40)} stands twice.`, start);
        names.add(JSON.parse(name));
        skip();
        if (text[at] !== ":") throw fault("a colon is expected after the name.");
        at += 1;
        node.members.push({ name, value: value(depth + 1) });
        skip();
        if (text[at] === "}") { at += 1; return node; }
        if (text[at] !== ",") throw fault(at < text.length ? "a comma or } is expected." : "the object is not closed with }.");
        at += 1;
      }
    }

    const root = value(0);
    skip();
    if (at < text.length) throw fault("nothing may follow here.");
    return root;
  }

  function write(node, indent = "") {
    if (!node.members) return node.text;
    const [open, close] = node.type === "array" ? "[]" : "{}";
    if (!node.members.length) return open + close;
    const inner = `${indent}  `;
    const lines = node.members.map((member) => inner + (node.type === "array" ? write(member, inner) : `${member.name}: ${write(member.value, inner)}`));
    return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
  }

  // What is wrong with a text, in words that say where; "" for JSON.
  function wordsFor(text) {
    try {
      read(text);
      return "";
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return fault.words;
    }
  }

  window.adminJson = { read, write, wordsFor };
})();
