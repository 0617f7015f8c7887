// Judging the spans of the sample: right, wrong, or missing. The work is kept in this page until it is saved as JSONL, a
// document a line: {"id", "text", "spans": [{"start", "end", "type"}], "reviewed_types": [...], "wrong": [{...}]}. Spans
// are those that hold once the judgements are applied; of a reviewed type they are all that the text has.

const RIGHT = "right";
const WRONG = "wrong";
const ADDED = "added";
const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|\S/gu;
let unsaved = false;

const current = () => (listed.length ? documents[view.doc] : undefined);
const isAt = (span) => (mark) => mark.start === span.start && mark.end === span.end && mark.type === span.type;

function buildJudging() {
  at("judge-type").append(...data.types.map((name, type) => element("option", { value: type }, name)));
  const buttons = { right: () => judge(RIGHT), wrong: () => judge(WRONG), undo: () => judge(null), missing: addMissing, save: saveJudged };
  for (const [name, action] of Object.entries({ ...buttons, reviewed: toggleReviewed, load: () => at("judge-file").click() })) {
    at(`judge-${name}`).addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
    at(`judge-${name}`).addEventListener("click", action);
  }
  at("judge-file").addEventListener("change", loadJudged);
  at("judge-empty").addEventListener("change", (event) => change({ empty: event.target.checked }));
  window.addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
}

function judgingKeys(event) {
  const onButton = event.target.closest("button, summary, a") !== null;
  return {
    r: () => judge(RIGHT),
    w: () => judge(WRONG),
    u: () => judge(null),
    m: addMissing,
    t: nextType,
    d: toggleReviewed,
    a: () => change({ empty: !view.empty }),
    s: saveJudged,
    ...(onButton ? {} : { ArrowRight: () => stepWord(1, event.shiftKey), ArrowLeft: () => stepWord(-1, event.shiftKey) }),
  };
}

function nextType() {
  const type = (Number(at("judge-type").value) + 1) % data.types.length;
  at("judge-type").value = type;
  at("selected").textContent = `Missing words are marked as ${data.types[type]}.`;
}

/** What the page shows of judgements beside the text. */
function showJudging() {
  const one = current();
  at("judge-empty").checked = view.empty;
  if (!one) return;
  at("judging").hidden = one.text === undefined;
  for (const node of at("text").querySelectorAll("mark")) {
    const mark = shownMarks(one)[Number(node.dataset.marks.split(" ").pop())];
    if (mark.judged) node.classList.add(`judged-${mark.judged}`);
  }
  at("judge-reviewed").setAttribute("aria-pressed", one.reviewed !== null);
  at("judge-save").classList.toggle("due", unsaved);
  [...at("list").children].forEach((item, place) => (item.firstChild.dataset.done = documents[place].reviewed !== null));
  const reviewed = documents.filter((other) => other.reviewed).length;
  const judged = documents.flatMap((other) => other.marks).filter((mark) => mark.judged).length;
  const types = one.reviewed ? `; this one for ${one.reviewed.map((type) => data.types[type]).join(", ") || "no type"}` : "";
  at("judged").textContent =
    `${told(reviewed)} of ${told(documents.length)} documents reviewed, ${told(judged)} ${judged === 1 ? "span" : "spans"} judged${types}`;
}

function changed() {
  unsaved = true;
  show();
}

/** Judge the chosen span and choose the next one; a span that was added and is wrong is gone. */
function judge(verdict) {
  const one = current();
  const place = selected;
  const mark = one && shownMarks(one)[place];
  if (!mark) {
    at("selected").textContent = "Choose a span first: n and p, or a click.";
    return;
  }
  const isGone = mark.judged === ADDED && verdict !== RIGHT;
  if (isGone) one.marks.splice(one.marks.indexOf(mark), 1);
  else if (mark.judged !== ADDED) mark.judged = verdict;
  changed();
  const left = shownMarks(one).length;
  if (left) select(Math.min(isGone || verdict === null ? place : place + 1, left - 1));
  else at("selected").textContent = "No span is left in this document.";
}

/** Mark the chosen words; spans of the same type that they overlap are wrong, as their bounds are. */
function addMissing() {
  const one = current();
  const range = selectedRange();
  if (!one || !range) {
    at("selected").textContent = "Select the words first, or choose them with the arrow keys.";
    return;
  }
  const span = { ...range, type: Number(at("judge-type").value) };
  const words = sliced(codePoints(one.text), span.start, span.end);
  const same = one.marks.find(isAt(span));
  one.marks = one.marks.filter((mark) => mark === same || mark.judged !== ADDED || mark.type !== span.type || !overlaps(mark, span));
  for (const mark of one.marks) if (mark !== same && mark.type === span.type && overlaps(mark, span)) mark.judged = WRONG;
  if (same) same.judged = same.judged === ADDED ? ADDED : RIGHT;
  else insert(one, { ...span, score: 1, text: words, note: "", judged: ADDED });
  view.types.add(span.type);
  getSelection().removeAllRanges();
  changed();
  at("selected").textContent = `Marked as ${data.types[span.type]}: ${words}`;
  one.resumeAt = span.end;
}

const overlaps = (a, b) => a.start < b.end && b.start < a.end;

function insert(one, mark) {
  one.marks.push(mark);
  one.marks.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** A document is reviewed for the types that are shown: all that the text has of them is marked. */
function toggleReviewed() {
  const one = current();
  if (!one) return;
  if (!one.reviewed && view.score > 0) {
    at("selected").textContent = "Spans of low scores are hidden: set the score to 0 (key 0) before a document is reviewed.";
    return;
  }
  if (!one.reviewed && !view.types.size) {
    at("selected").textContent = "No type is shown: a document is reviewed for the types that are.";
    return;
  }
  one.reviewed = one.reviewed ? null : [...view.types].sort((a, b) => a - b);
  changed();
  at("selected").textContent = one.reviewed ? "Reviewed." : "Open again.";
}

/** The node and offset of a place in the text, in code points; the names of types between are no text. */
function textNodes() {
  const isText = (node) => (node.parentNode.classList?.contains("label") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const walker = document.createTreeWalker(at("text"), NodeFilter.SHOW_TEXT, isText);
  const found = [];
  let start = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = Array.from(node.data).length;
    found.push({ node, start, end: start + length });
    start += length;
  }
  return found;
}

/** What is selected in the text, in code points, without blanks at its ends; null for nothing. */
function selectedRange() {
  const selection = getSelection();
  const one = current();
  if (!one || one.text === undefined || !selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!at("text").contains(range.startContainer) || !at("text").contains(range.endContainer)) return null;
  const points = codePoints(one.text);
  let start = Infinity;
  let end = -1;
  for (const piece of textNodes()) {
    if (!range.intersectsNode(piece.node)) continue;
    const within = (container, offset, otherwise) =>
      container === piece.node ? piece.start + Array.from(piece.node.data.slice(0, offset)).length : otherwise;
    start = Math.min(start, within(range.startContainer, range.startOffset, piece.start));
    end = Math.max(end, within(range.endContainer, range.endOffset, piece.end));
  }
  while (start < end && !sliced(points, start, start + 1).trim()) start += 1;
  while (start < end && !sliced(points, end - 1, end).trim()) end -= 1;
  return start < end ? { start, end } : null;
}

function selectRange({ start, end }) {
  const range = document.createRange();
  for (const piece of textNodes()) {
    const offset = (place) => Array.from(piece.node.data).slice(0, place - piece.start).join("").length;
    if (piece.start <= start && start < piece.end) range.setStart(piece.node, offset(start));
    if (piece.start < end && end <= piece.end) range.setEnd(piece.node, offset(end));
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

/** Choose the word so many on from the chosen one, or take it in. */
function stepWord(by, isMore) {
  const one = current();
  if (!one || one.text === undefined) return;
  one.words ??= [...one.text.matchAll(WORD)].map((match) => {
    const start = Array.from(one.text.slice(0, match.index)).length;
    return { start, end: start + Array.from(match[0]).length };
  });
  if (!one.words.length) return;
  const chosen = selectedRange();
  const last = one.words.findLastIndex((word) => word.start < (chosen ? chosen.end : (one.resumeAt ?? 0)));
  const word = one.words[Math.min(Math.max(last + by, 0), one.words.length - 1)];
  const first = chosen && one.words.find((other) => other.end > chosen.start);
  const range = isMore && chosen ? { start: chosen.start, end: Math.max(word.end, first.end) } : word;
  selectRange(range);
  at("selected").textContent = `Chosen: ${sliced(codePoints(one.text), range.start, range.end)}`;
}

/** A document as it is saved; undefined where nothing in it was judged. */
function judgedDocument(one) {
  const plain = ({ start, end, type }) => ({ start, end, type: data.types[type] });
  const holds = (mark) => mark.judged !== WRONG && (mark.judged || one.reviewed?.includes(mark.type));
  const wrong = one.marks.filter((mark) => mark.judged === WRONG).map(plain);
  const spans = one.marks.filter(holds).map(plain);
  if (one.text === undefined || !(one.reviewed || one.marks.some((mark) => mark.judged))) return undefined;
  return { id: one.id, text: one.text, spans, reviewed_types: (one.reviewed ?? []).map((type) => data.types[type]), wrong };
}

function saveJudged() {
  const lines = documents.map(judgedDocument).filter((one) => one !== undefined);
  if (!lines.length) {
    at("selected").textContent = "Nothing is judged yet.";
    return;
  }
  const link = element("a", { download: "reviewed-spans.jsonl" });
  const text = lines.map((one) => `${JSON.stringify(one)}\n`).join("");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  unsaved = false;
  showJudging();
  at("selected").textContent = `Saved ${told(lines.length)} ${lines.length === 1 ? "document" : "documents"}, with their texts: see your browser's downloads.`;
}

async function loadJudged() {
  const [file] = at("judge-file").files;
  if (!file) return;
  try {
    const lines = (await file.text()).split("\n").filter((line) => line.trim());
    const taken = lines.map((line) => takeJudged(JSON.parse(line))).filter(Boolean).length;
    unsaved = false;
    show();
    at("selected").textContent = `Loaded ${told(taken)} of ${told(lines.length)} documents; the others are not of this page.`;
  } catch {
    at("selected").textContent = "That file is no saved work: expected a document a line, as this page saves them.";
  }
  at("judge-file").value = "";
}

/** Take up a saved document in place of what is here; whether the page has it. */
function takeJudged(saved) {
  const one = documents.find((other) => other.id === saved.id && other.text === saved.text);
  if (!one) return false;
  const known = ({ start, end, type }) => ({ start, end, type: data.types.indexOf(type) });
  const places = (spans) => spans.map(known).filter(({ type }) => type >= 0);
  const [right, wrong] = [places(saved.spans), places(saved.wrong ?? [])];
  one.marks = one.marks.filter((mark) => mark.judged !== ADDED);
  for (const mark of one.marks) {
    mark.judged = right.some((span) => isAt(span)(mark)) ? RIGHT : wrong.some((span) => isAt(span)(mark)) ? WRONG : null;
  }
  const points = codePoints(one.text);
  for (const span of right.filter((other) => !one.marks.some(isAt(other)))) {
    insert(one, { ...span, score: 1, text: sliced(points, span.start, span.end), note: "", judged: ADDED });
  }
  const types = saved.reviewed_types.map((name) => data.types.indexOf(name)).filter((type) => type >= 0);
  one.reviewed = types.length ? types : null;
  return true;
}
