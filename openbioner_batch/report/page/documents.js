// The documents of the sample, rendered one at a time. What is shown depends on `view` alone, which the address holds:
// #documents?doc=12&type=drug&type=gene&score=0.8&find=aspirin&labels=1

const HUES = 12;
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const documents = data.documents.map((one) => ({
  ...one,
  marks: one.marks.map(([start, end, type, score, text, note]) => ({ start, end, type, score, text, note, judged: null })),
  reviewed: null, // the types that a reviewer has looked for throughout
}));
const view = { doc: 0, types: new Set(data.types.keys()), score: 0, find: "", labels: data.types.length > HUES, empty: false };
let listed = [];
let selected = -1;

const hueOf = (mark) => `k${mark.type % HUES}`;
const nameOf = (mark) => data.types[mark.type];
const shownMarks = (one) => one.marks.filter((mark) => view.types.has(mark.type) && mark.score >= view.score);
const told = (count) => count.toLocaleString("en");
const isFiltered = () => view.types.size < data.types.length || view.score > 0;

function mention(one, mark) {
  return one.text === undefined ? mark.text : sliced(codePoints(one.text), mark.start, mark.end);
}

function matches(one) {
  if (isFiltered() && !view.empty && !shownMarks(one).length) return false;
  const words = view.find.trim().toLowerCase();
  if (!words) return true;
  return [one.id, one.text ?? "", ...one.marks.map((mark) => mark.text)].some((text) => text.toLowerCase().includes(words));
}

/** The type buttons, the list of documents and what listens to them, made once. */
function build() {
  const buttons = data.types.map((name, type) => {
    const button = element("button", { type: "button", class: `chip k${type % HUES}` }, name);
    button.addEventListener("click", () => toggleType(type));
    return button;
  });
  const all = element("button", { type: "button" }, "All");
  const none = element("button", { type: "button" }, "None");
  all.addEventListener("click", () => change({ types: new Set(data.types.keys()) }));
  none.addEventListener("click", () => change({ types: new Set() }));
  at("type-filters").append(...buttons, all, none);
  at("list").append(
    ...documents.map((one, place) => {
      const button = element("button", { type: "button" }, element("bdi", {}, one.id), element("span", { class: "count" }));
      button.addEventListener("click", () => change({ doc: place }));
      return element("li", {}, button);
    }),
  );
  at("score").addEventListener("input", (event) => change({ score: Number(event.target.value) }));
  at("find").addEventListener("input", (event) => change({ find: event.target.value }));
  at("labels").addEventListener("change", (event) => change({ labels: event.target.checked }));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("show-keys").addEventListener("click", () => at("keys").showModal());
  at("text").addEventListener("click", (event) => {
    const node = event.target.closest("mark");
    if (node) select(Number(node.dataset.marks.split(" ").pop()));
  });
  at("mark-table").addEventListener("toggle", showTable);
  if (data.judging) buildJudging();
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => readAddress() && show());
}

function toggleType(type) {
  const types = new Set(view.types);
  if (!types.delete(type)) types.add(type);
  change({ types });
}

function change(news) {
  Object.assign(view, news);
  show();
  writeAddress();
}

/** Everything as `view` says. */
function show() {
  selected = -1;
  [...at("type-filters").children].slice(0, data.types.length).forEach((button, type) => {
    button.setAttribute("aria-pressed", view.types.has(type));
  });
  at("score").value = view.score;
  at("score-shown").textContent = view.score.toFixed(2);
  if (at("find").value !== view.find) at("find").value = view.find;
  at("labels").checked = view.labels;
  at("text").classList.toggle("labelled", view.labels);
  listed = documents.flatMap((one, place) => (matches(one) ? [place] : []));
  if (!listed.includes(view.doc) && listed.length) [view.doc] = listed;
  showList();
  showDocument();
}

function showList() {
  const within = new Set(listed);
  let spans = 0;
  [...at("list").children].forEach((item, place) => {
    const count = within.has(place) ? shownMarks(documents[place]).length : 0;
    const button = item.firstChild;
    const isCurrent = within.has(place) && place === view.doc;
    spans += count;
    item.hidden = !within.has(place);
    button.lastChild.textContent = count;
    button.tabIndex = isCurrent ? 0 : -1;
    if (isCurrent) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    if (isCurrent) item.parentNode.scrollTop = Math.max(0, item.offsetTop - item.parentNode.offsetTop - 80);
  });
  const [left, all, found] = [listed.length, documents.length, spans].map(told);
  at("status").textContent = `${left} of ${all} documents, ${found} ${spans === 1 ? "span" : "spans"}`;
}

function showDocument() {
  const one = listed.length ? documents[view.doc] : undefined;
  at("document").hidden = at("mark-table").hidden = !one;
  at("selected").textContent = one ? "" : "No document is left: change the filters.";
  at("mark-table").open = one !== undefined && one.text === undefined;
  if (!one) return;
  at("document-title").textContent = one.id;
  at("document-place").textContent = one.place;
  at("text").replaceChildren();
  at("cut").hidden = !one.cut?.[0];
  if (one.text === undefined) at("text").append("The text is not in this page.");
  else at("text").append(markedText(codePoints(one.text), shownMarks(one), hueOf, nameOf));
  if (one.cut?.[0]) {
    const [characters, spans] = one.cut.map(told);
    at("cut").textContent = `${characters} more characters with ${spans} spans are left out here.`;
  }
  if (data.judging) showJudging();
  showTable();
}

function showTable() {
  const one = documents[view.doc];
  if (!at("mark-table").open || !one) return;
  at("mark-rows").replaceChildren(
    ...shownMarks(one).map((mark) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, element("bdi", {}, mention(one, mark))),
        element("td", {}, element("span", { class: `chip ${hueOf(mark)}` }, nameOf(mark))),
        element("td", { class: "number" }, mark.score.toFixed(2)),
        element("td", { class: "number" }, `${mark.start}–${mark.end}`),
        element("td", {}, [mark.note, mark.judged].filter(Boolean).join(", ")),
      ),
    ),
  );
}

/** Choose one of the marks that are shown, by number, and describe it. */
function select(number) {
  const one = documents[view.doc];
  const marks = shownMarks(one);
  if (!marks.length) return;
  selected = Math.min(Math.max(number, 0), marks.length - 1);
  const mark = marks[selected];
  let first = true;
  for (const node of at("text").querySelectorAll("mark")) {
    const isOn = node.dataset.marks.split(" ").includes(String(selected));
    node.classList.toggle("on", isOn);
    if (isOn && first) node.focus();
    first = first && !isOn;
  }
  const note = [mark.note, mark.judged].filter(Boolean).map((word) => `, ${word}`).join("");
  at("selected").textContent =
    `${mention(one, mark)} – ${nameOf(mark)}, score ${mark.score.toFixed(2)}, characters ${mark.start} to ${mark.end}${note}`;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !at("use-keys").checked || at("keys").open) return;
  const field = event.target.closest("input, textarea, select");
  if (field && field.type !== "checkbox") {
    if (event.key === "Escape") field.blur();
    return;
  }
  const inList = event.target.closest("#list") !== null;
  const actions = {
    j: () => step(1),
    k: () => step(-1),
    n: () => select(selected + 1),
    p: () => select(selected - 1),
    0: () => change({ types: new Set(data.types.keys()), score: 0 }),
    "/": () => at("find").focus(),
    "?": () => at("keys").showModal(),
    ...(data.judging ? judgingKeys(event) : {}),
    ...(inList ? { ArrowDown: () => step(1, true), ArrowUp: () => step(-1, true) } : {}),
  };
  const type = Number(event.key) - 1;
  const action = actions[event.key] ?? (type >= 0 && type < data.types.length ? () => toggleType(type) : null);
  if (!action) return;
  event.preventDefault();
  action();
}

function step(by, keepFocus) {
  const place = listed.indexOf(view.doc) + by;
  if (place < 0 || place >= listed.length) return;
  change({ doc: listed[place] });
  at("documents").scrollIntoView({ block: "nearest" });
  (keepFocus ? at("list").children[view.doc].firstChild : at("document")).focus({ preventScroll: true });
}

/** Whether the address holds a view, which is then taken up. */
function readAddress() {
  const [part, query] = location.hash.split("?");
  if (part !== "#documents" || query === undefined) return false;
  const linked = new URLSearchParams(query);
  const types = linked.getAll("type").map((name) => data.types.indexOf(name));
  view.doc = Math.min(Math.max(Number(linked.get("doc") ?? 1) || 1, 1), documents.length) - 1;
  view.types = new Set(linked.has("type") ? types.filter((type) => type >= 0) : data.types.keys());
  view.score = Math.min(Math.max(Number(linked.get("score")) || 0, 0), 1);
  view.find = linked.get("find") ?? "";
  view.labels = linked.has("labels") ? linked.get("labels") === "1" : data.types.length > HUES;
  return true;
}

function writeAddress() {
  const query = new URLSearchParams({ doc: view.doc + 1 });
  if (view.types.size < data.types.length) {
    for (const type of view.types) query.append("type", data.types[type]);
    if (!view.types.size) query.append("type", "");
  }
  if (view.score) query.set("score", view.score);
  if (view.find) query.set("find", view.find);
  if (view.labels !== data.types.length > HUES) query.set("labels", Number(view.labels));
  history.replaceState(null, "", `#documents?${query}`);
}

if (documents.length) {
  build();
  at("browser").hidden = false;
  if (readAddress()) requestAnimationFrame(() => at("documents").scrollIntoView());
  show();
}
