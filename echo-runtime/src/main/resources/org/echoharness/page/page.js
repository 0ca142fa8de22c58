
"use strict";
// What the page can do without this script: show everything. What the script adds: filters, bytes in hexadecimal, keys.
// It reads the rows from the page each time, so that the live page may add, change and remove rows.
const echoPage = (() => {
  const all = document.getElementById("all");
  if (!all) return null;
  const rows = () => Array.from(all.querySelectorAll(":scope > .c"));
  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    made.append(...children);
    return made;
  };

  // --- filters ---
  const ENDS = { fin: "FIN", rst: "RST", rejected: "rejected", open: "open", mismatch: "mismatch of a script" };
  const end = make("select", { id: "f-end" });
  const fault = make("select", { id: "f-fault" });
  const number = make("input", { id: "f-number", class: "num", type: "search", placeholder: "3, 10-20", inputmode: "text" });
  const text = make("input", { id: "f-text", type: "search", placeholder: "in addresses and bytes" });
  const bytes = make("select", { id: "f-bytes" },
    make("option", { value: "auto" }, "text, or hex if binary"), make("option", { value: "text" }, "text"), make("option", { value: "hex" }, "hex with offsets"));
  const clear = make("button", { type: "button" }, "Clear");
  const unfold = make("button", { type: "button" }, "Unfold all");
  const status = make("output", { role: "status" });
  const label = (name, control) => make("label", { for: control.id }, name, control);
  const key = (name) => make("kbd", {}, name);
  const tools = make("form", { class: "tools", role: "search", "aria-label": "Filter connections" },
    label("End", end), label("Fault", fault), label("Number", number), label("Text", text), clear, label("Show bytes as", bytes), unfold,
    make("div", { class: "keys" }, "Keys: ", key("\u2191"), " ", key("\u2193"), " to the next connection, ", key("Enter"), " unfolds, ", key("/"), " filters, ", key("h"), " hex, ", key("Esc"), " clears"));
  const fold = make("details", { class: "fold" }, make("summary", {}, "Filter", status), tools);
  fold.open = matchMedia("(min-width: 45rem)").matches;
  document.getElementById("list").after(fold);

  // Leaves a list alone that a person uses now.
  const options = (select, any, values) => {
    const known = JSON.stringify(values);
    if (select.echoKnown === known || select === document.activeElement) return;
    select.echoKnown = known;
    const chosen = select.value;
    select.replaceChildren(make("option", { value: "" }, any), ...values.map(([value, shown]) => make("option", { value }, shown)));
    if (values.some(([value]) => value === chosen)) select.value = chosen;
  };
  const count = (lists) => {
    const counts = new Map();
    for (const list of lists) for (const each of list) counts.set(each, (counts.get(each) || 0) + 1);
    return [...counts];
  };
  const ends = (row) => row.dataset.e.split(" ");
  const faults = (row) => row.dataset.f ? row.dataset.f.split("\n") : [];
  const fill = () => {
    const list = rows();
    options(end, "any", count(list.map(ends)).map(([name, n]) => [name, `${ENDS[name]} (${n})`]));
    const found = count(list.map(faults)).sort((a, b) => b[1] - a[1]);
    const with_ = list.filter((row) => row.dataset.f).length;
    const marks = found.slice(0, 200).map(([name, n]) => ["=" + name, `${name.length > 60 ? name.slice(0, 60) + "\u2026" : name} (${n})`]);
    options(fault, "any or none", [["some", `with a fault (${with_})`], ["none", `without (${list.length - with_})`], ...marks]);
  };
  const numbers = (value) => {
    const ranges = value.split(/[\s,]+/).filter(Boolean).map((part) => /^#?(\d+)(?:-(\d*))?$/.exec(part));
    if (ranges.some((range) => !range)) return null;
    return ranges.map((range) => [Number(range[1]), range[2] === undefined ? Number(range[1]) : range[2] === "" ? Infinity : Number(range[2])]);
  };
  const texts = new WeakMap();
  // The text as it was written: what is shown in hexadecimal is found as text, too.
  const textOf = (row) => {
    let found = texts.get(row);
    if (found === undefined) {
      const parts = [];
      row.querySelectorAll("summary .w, summary .y, .k > p, .ends, .h, .chg").forEach((part) => parts.push(part.textContent));
      row.querySelectorAll(".a").forEach((part) => parts.push(Array.from(part.querySelectorAll("pre.b"), (pre) => plain(bytesOf(pre))).join("")));
      found = parts.join("\n").toLowerCase();
      texts.set(row, found);
    }
    return found;
  };
  // What a row must have to be shown. The live page finds text by other means.
  const test = () => {
    const ranges = numbers(number.value);
    const wanted = text.value.toLowerCase();
    return (row) => {
      const n = Number(row.dataset.n);
      return (!end.value || ends(row).includes(end.value))
        && (!fault.value || (fault.value === "some" ? row.dataset.f !== "" : fault.value === "none" ? row.dataset.f === "" : faults(row).includes(fault.value.slice(1))))
        && (ranges === null || ranges.length === 0 || ranges.some(([from, to]) => from <= n && n <= to))
        && (!wanted || (page.hasText ? page.hasText(row, wanted) : textOf(row).includes(wanted)));
    };
  };
  const filter = () => {
    const fits = test();
    for (const row of rows()) row.hidden = !fits(row);
    countShown();
  };
  const countShown = () => {
    const ranges = numbers(number.value);
    number.setAttribute("aria-invalid", String(ranges === null));
    const list = rows();
    const shown = list.filter((row) => !row.hidden).length;
    nameFold();
    status.textContent = ranges === null ? "Number: write numbers and ranges, such as 3, 10-20"
      : shown === list.length ? `${shown} ${shown === 1 ? "connection" : "connections"}` : `${shown} of ${list.length} connections`;
  };
  const isToUnfold = () => rows().some((row) => !row.hidden && !row.open);
  const nameFold = () => {
    const name = isToUnfold() ? "Unfold all" : "Fold all";
    if (unfold.textContent !== name) unfold.textContent = name;
  };
  let waiting = 0;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); };

  // --- bytes ---
  const ESCAPES = { n: 10, r: 13, t: 9, "\\": 92 };
  const encoder = new TextEncoder();
  // The bytes that an element shows, of text with escapes or of a dump.
  const bytesOf = (pre) => {
    if (pre.echoBytes) return pre.echoBytes;
    const found = [];
    if (pre.classList.contains("x")) {
      for (const line of pre.textContent.split("\n")) {
        const hex = line.slice(line.indexOf(" ") + 1, line.indexOf(" ") + 49);
        for (const two of hex.match(/[0-9a-f]{2}/g) || []) found.push(parseInt(two, 16));
      }
    } else {
      for (const node of pre.childNodes) {
        if (node.nodeName === "I") {
          for (const one of node.textContent.match(/\\x..|\\./g) || []) found.push(one[1] === "x" ? parseInt(one.slice(2), 16) : ESCAPES[one[1]]);
        } else if (node.nodeType === 3) {
          found.push(...encoder.encode(node.data.replaceAll("\n", "")));
        }
      }
    }
    pre.echoBytes = Uint8Array.from(found);
    pre.echoFirst = { isHex: pre.classList.contains("x"), nodes: Array.from(pre.childNodes) };
    return pre.echoBytes;
  };
  const plain = (of) => new TextDecoder().decode(of);
  const hex = (of, offset) => {
    const lines = [];
    for (let at = 0; at < of.length; at += 16) {
      const line = of.subarray(at, at + 16);
      const digits = Array.from(line, (b) => b.toString(16).padStart(2, "0")).join(" ").padEnd(47);
      lines.push(`${(offset + at).toString(16).padStart(8, "0")}  ${digits}  ${Array.from(line, (b) => b >= 32 && b < 127 ? String.fromCharCode(b) : ".").join("")}\n`);
    }
    return lines.join("");
  };
  const escaped = (of) => {
    const nodes = [];
    const add = (part, isEscape) => {
      const last = nodes[nodes.length - 1];
      if (last && last.isEscape === isEscape) last.text += part; else nodes.push({ text: part, isEscape });
    };
    for (let at = 0; at < of.length;) {
      const b = of[at];
      const length = b < 0x80 ? 1 : b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
      let char = "";
      try { char = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(of.subarray(at, at + length)); } catch { char = ""; }
      if (char !== "\\" && /^[\p{L}\p{N}\p{P}\p{S} ]$/u.test(char)) {
        add(char, false);
        at += length;
      } else {
        const letter = Object.keys(ESCAPES).find((each) => ESCAPES[each] === b);
        add(letter ? "\\" + letter : "\\x" + b.toString(16).padStart(2, "0"), true);
        if (b === 10) add("\n", false);
        at++;
      }
    }
    return nodes.map((node) => node.isEscape ? make("i", {}, node.text) : node.text);
  };
  const show = (pre) => {
    const of = bytesOf(pre);
    const first = pre.echoFirst;
    const isHex = bytes.value === "auto" ? first.isHex : bytes.value === "hex";
    if (isHex === pre.classList.contains("x")) return;
    pre.classList.toggle("x", isHex);
    pre.replaceChildren(...(isHex === first.isHex ? first.nodes : isHex ? [hex(of, Number(pre.dataset.o))] : escaped(of)));
  };
  // Only what is unfolded is changed; the rest follows when it is unfolded.
  const showAll = (within) => within.querySelectorAll("pre.b").forEach(show);
  const showBytes = () => rows().filter((row) => row.open).forEach(showAll);
  all.addEventListener("toggle", (event) => { if (event.target.open) showAll(event.target); nameFold(); }, true);

  // --- keys ---
  const move = (by) => {
    const shown = rows().filter((row) => !row.hidden);
    const now = document.activeElement ? document.activeElement.closest(".c") : null;
    const at = now ? shown.indexOf(now) + by : by > 0 ? 0 : shown.length - 1;
    const next = shown[Math.max(0, Math.min(shown.length - 1, at))];
    if (next) next.querySelector("summary").focus();
  };
  const reset = () => { end.value = fault.value = number.value = text.value = ""; filter(); };
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.nodeName);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping && !tools.contains(event.target)) return;
    if (event.key === "Escape") { reset(); return; }
    if (isTyping) return;
    if (event.key === "/") { event.preventDefault(); fold.open = true; text.focus(); }
    if (event.key === "h") { bytes.value = bytes.value === "hex" ? "auto" : "hex"; showBytes(); }
    const onRow = document.activeElement && document.activeElement.matches && document.activeElement.matches(".c > summary");
    if (event.key === "j" || (event.key === "ArrowDown" && onRow)) { event.preventDefault(); move(1); }
    if (event.key === "k" || (event.key === "ArrowUp" && onRow)) { event.preventDefault(); move(-1); }
  });

  tools.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  for (const field of [number, text]) field.addEventListener("input", later);
  for (const field of [end, fault]) { field.addEventListener("change", filter); field.addEventListener("blur", fill); }
  bytes.addEventListener("change", showBytes);
  clear.addEventListener("click", reset);
  unfold.addEventListener("click", () => {
    const isToOpen = isToUnfold();
    rows().filter((row) => !row.hidden).forEach((row) => { row.open = isToOpen; });
    nameFold();
  });
  const openNamed = () => {
    const named = /^#c\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null;
    if (named) { named.hidden = false; named.open = true; named.scrollIntoView(); }
  };
  addEventListener("hashchange", openNamed);
  let opened = [];
  addEventListener("beforeprint", () => { opened = rows().filter((row) => !row.open && !row.hidden); opened.forEach((row) => { row.open = true; }); });
  addEventListener("afterprint", () => opened.forEach((row) => { row.open = false; }));
  const page = { all, make, rows, fill, test, filter, countShown, showAll, text, tools, status, openNamed, hasText: null };
  fill();
  filter();
  openNamed();
  return page;
})();
