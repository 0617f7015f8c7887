// A blind review: each note as the run left it, and what the reviewer marks in it. Offsets count code points. The work
// is kept in this page until it is saved as a file, which holds offsets and kinds and no text.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const notes = data.notes.map((text) => ({ text, points: codePoints(text), done: false, marks: [] }));
let current = 0;
let chosen = null; // {start, end} of the words that the keyboard has chosen
let resumeAt = 0; // where the keyboard continues when nothing is chosen
let unsaved = false;

const hueOf = (mark) => `k${data.kinds.indexOf(mark.kind) % 12}`;
const told = (count) => count.toLocaleString("en");
const here = () => notes[current];

function build() {
  at("kinds").append(
    ...data.kinds.map((kind, place) => {
      const button = element("button", { type: "button", class: `k${place}` }, element("kbd", {}, String(place + 1)), ` ${data.labels[place]}`);
      button.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
      button.addEventListener("click", () => mark(kind));
      return button;
    }),
  );
  at("list").append(
    ...notes.map((_, place) => {
      const button = element("button", { type: "button" }, element("bdi", {}, `Note ${place + 1}`), element("span", { class: "count" }));
      button.addEventListener("click", () => go(place));
      return element("li", {}, button);
    }),
  );
  at("done").addEventListener("click", done);
  at("reopen").addEventListener("click", reopen);
  at("save").addEventListener("click", save);
  at("load").addEventListener("click", () => at("file").click());
  at("file").addEventListener("change", load);
  at("reviewer").addEventListener("input", () => changed());
  at("show-keys").addEventListener("click", () => at("keys").showModal());
  at("text").addEventListener("click", (event) => {
    const node = event.target.closest("mark");
    if (!node || !getSelection().isCollapsed) return;
    const { start, end } = here().marks[Number(node.dataset.mark)];
    choose({ start, end });
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
}

function changed() {
  unsaved = true;
  at("save").classList.add("due");
}

function go(place) {
  current = Math.min(Math.max(place, 0), notes.length - 1);
  chosen = null;
  resumeAt = 0;
  getSelection().removeAllRanges();
  show();
  at("document").focus({ preventScroll: true });
  at("review").scrollIntoView({ block: "nearest" });
}

function show() {
  const note = here();
  at("document-title").textContent = `Note ${current + 1} of ${told(notes.length)}`;
  at("text").replaceChildren(textWithMarks(note));
  at("reopen").hidden = !note.done;
  at("mark-rows").replaceChildren(
    ...note.marks.map((mark, place) => {
      const button = element("button", { type: "button" }, "Remove");
      button.addEventListener("click", () => remove(place));
      const label = data.labels[data.kinds.indexOf(mark.kind)];
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, element("bdi", {}, sliced(note.points, mark.start, mark.end))),
        element("td", {}, element("span", { class: `chip ${hueOf(mark)}` }, label)),
        element("td", {}, button),
      );
    }),
  );
  showList();
}

function showList() {
  let marks = 0;
  [...at("list").children].forEach((item, place) => {
    const button = item.firstChild;
    marks += notes[place].marks.length;
    button.dataset.done = notes[place].done;
    button.lastChild.textContent = notes[place].marks.length || (notes[place].done ? "0" : "");
    button.tabIndex = place === current ? 0 : -1;
    button.setAttribute("aria-label", `Note ${place + 1}, ${notes[place].done ? "done" : "open"}, ${notes[place].marks.length} marks`);
    if (place === current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    if (place === current) item.parentNode.scrollTop = Math.max(0, item.offsetTop - item.parentNode.offsetTop - 80);
  });
  const finished = notes.filter((note) => note.done).length;
  at("status").textContent = `${told(finished)} of ${told(notes.length)} notes done, ${told(marks)} ${marks === 1 ? "mark" : "marks"}`;
}

/** The text with the reviewer's marks and with the chosen words outlined; nothing but the text itself is in it. */
function textWithMarks(note) {
  const spans = [...note.marks, ...(chosen ? [chosen] : [])];
  const order = spans.map((_, place) => place).sort((a, b) => spans[a].start - spans[b].start || spans[b].end - spans[a].end);
  const nodes = document.createDocumentFragment();
  for (const { start, end, over } of pieces(note.points.length, order.map((place) => spans[place]))) {
    const text = sliced(note.points, start, end);
    const places = over.map((number) => order[number]);
    const own = places.filter((place) => place < note.marks.length);
    const isChosen = places.length > own.length;
    if (!places.length) nodes.append(text);
    else if (!own.length) nodes.append(element("span", { class: "chosen" }, text));
    else {
      const { kind } = note.marks[own[0]];
      const label = data.labels[data.kinds.indexOf(kind)];
      const node = element("mark", { class: `${hueOf(note.marks[own[0]])} first last${isChosen ? " chosen" : ""}`, title: label }, text);
      node.dataset.mark = own[0];
      nodes.append(node);
    }
  }
  return nodes;
}

/** What the mouse has selected in the text, else what the keyboard has chosen: code points, without blanks at the ends. */
function selectedRange() {
  const selection = getSelection();
  if (selection.rangeCount && !selection.isCollapsed) {
    const range = selection.getRangeAt(0);
    if (at("text").contains(range.startContainer) && at("text").contains(range.endContainer)) {
      const start = lengthUpTo(range.startContainer, range.startOffset);
      return trimmed(start, start + Array.from(range.toString()).length);
    }
  }
  return chosen;
}

function lengthUpTo(node, offset) {
  const before = document.createRange();
  before.selectNodeContents(at("text"));
  before.setEnd(node, offset);
  return Array.from(before.toString()).length;
}

function trimmed(start, end) {
  const { points } = here();
  while (start < end && !sliced(points, start, start + 1).trim()) start += 1;
  while (start < end && !sliced(points, end - 1, end).trim()) end -= 1;
  return start < end ? { start, end } : null;
}

function mark(kind) {
  const range = selectedRange();
  if (!range) {
    at("selected").textContent = "Select the text first, or choose a word with the arrow keys.";
    return;
  }
  const note = here();
  // One stretch has one mark: those that it touches give way to it.
  note.marks = note.marks.filter((other) => other.end <= range.start || range.end <= other.start);
  note.marks.push({ ...range, kind });
  note.marks.sort((a, b) => a.start - b.start);
  at("selected").textContent = `Marked as ${data.labels[data.kinds.indexOf(kind)]}: ${sliced(note.points, range.start, range.end)}`;
  getSelection().removeAllRanges();
  chosen = null;
  resumeAt = range.end;
  changed();
  show();
}

function remove(place) {
  here().marks.splice(place, 1);
  at("selected").textContent = "Removed.";
  changed();
  show();
}

function removeChosen() {
  const range = selectedRange();
  const place = range ? here().marks.findIndex((mark) => mark.start < range.end && range.start < mark.end) : -1;
  if (place >= 0) remove(place);
}

function words() {
  const { text } = here();
  const found = [];
  for (const match of text.matchAll(/[^\s]+/gu)) {
    const start = Array.from(text.slice(0, match.index)).length;
    found.push({ start, end: start + Array.from(match[0]).length });
  }
  return found;
}

/** Choose the word so many on from the chosen one, or take it in. */
function step(by, isMore) {
  const all = here().words ?? (here().words = words());
  if (!all.length) return;
  const last = all.findLastIndex((word) => word.start < (chosen ? chosen.end : resumeAt));
  const place = Math.min(Math.max(last + by, 0), all.length - 1);
  if (!isMore || !chosen) choose(all[place]);
  else choose({ start: chosen.start, end: Math.max(all[place].end, all.find((word) => word.end > chosen.start).end) });
}

function choose(range) {
  chosen = { start: range.start, end: range.end };
  getSelection().removeAllRanges();
  show();
  at("selected").textContent = `Chosen: ${sliced(here().points, range.start, range.end)}`;
  at("text").querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
}

function done() {
  here().done = true;
  changed();
  const next = notes.findIndex((note, place) => place > current && !note.done);
  const first = notes.findIndex((note) => !note.done);
  go(next >= 0 ? next : first >= 0 ? first : current);
  at("selected").textContent = first < 0 ? "All notes are done: save your work." : "";
}

function reopen() {
  here().done = false;
  changed();
  show();
}

function save() {
  const reviewer = at("reviewer").value.trim();
  if (!reviewer) {
    at("selected").textContent = "Give the reviewer's name first.";
    at("reviewer").focus();
    return;
  }
  const touched = notes.flatMap(({ done: isDone, marks }, place) =>
    isDone || marks.length ? [[place, { done: isDone, marks: marks.map(({ start, end, kind }) => [start, end, kind]) }]] : [],
  );
  const answers = { format: data.format, version: data.version, package: data.package, reviewer, notes: Object.fromEntries(touched) };
  const link = element("a", { download: `review-${data.package}-${reviewer.replace(/[^\p{L}\p{N}]+/gu, "-")}.json` });
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(answers, null, 1)}\n`], { type: "application/json" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  unsaved = false;
  at("save").classList.remove("due");
  at("selected").textContent = `Saved the work of ${reviewer}: see your browser's downloads.`;
}

async function load() {
  const [file] = at("file").files;
  if (!file) return;
  try {
    take(JSON.parse(await file.text()));
    at("selected").textContent = "Loaded.";
  } catch (error) {
    at("selected").textContent = error instanceof SyntaxError ? "That file is not a saved review." : error.message;
  }
  at("file").value = "";
}

/** Take up saved work in place of what is here. */
function take(answers) {
  if (answers.format !== data.format) throw new Error("That file is not a saved review.");
  if (answers.package !== data.package) throw new Error("That file is of another sample.");
  if (unsaved && !confirm("Work that is not saved will be replaced. Continue?")) return;
  for (const note of notes) Object.assign(note, { done: false, marks: [] });
  for (const [place, { done: isDone, marks }] of Object.entries(answers.notes)) {
    const kept = marks.filter(([start, end, kind]) => start < end && end <= notes[place].points.length && data.kinds.includes(kind));
    Object.assign(notes[place], { done: isDone, marks: kept.map(([start, end, kind]) => ({ start, end, kind })) });
  }
  at("reviewer").value = answers.reviewer;
  unsaved = false;
  at("save").classList.remove("due");
  const open = notes.findIndex((note) => !note.done);
  go(Math.max(open, 0));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !at("use-keys").checked || at("keys").open) return;
  const field = event.target.closest("input");
  if (field && field.type !== "checkbox") {
    if (event.key === "Escape") field.blur();
    return;
  }
  const onButton = event.target.closest("button, summary, a") !== null;
  const kind = data.kinds[Number(event.key) - 1];
  const actions = {
    ArrowRight: () => step(1, event.shiftKey),
    ArrowLeft: () => step(-1, event.shiftKey),
    ArrowDown: () => step(10, event.shiftKey),
    ArrowUp: () => step(-10, event.shiftKey),
    j: () => go(current + 1),
    k: () => go(current - 1),
    u: reopen,
    x: removeChosen,
    Delete: removeChosen,
    s: save,
    "?": () => at("keys").showModal(),
    ...(onButton ? {} : { Enter: done }),
  };
  const action = kind ? () => mark(kind) : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

build();
at("browser").hidden = false;
show();
