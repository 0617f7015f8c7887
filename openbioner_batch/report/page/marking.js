"use strict";
// A text with its marks in it. Offsets count code points, as the run does; JavaScript's strings count in UTF-16.

/** The text as something that can be sliced by code points. */
function codePoints(text) {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

function sliced(points, start, end) {
  const piece = points.slice(start, end);
  return typeof piece === "string" ? piece : piece.join("");
}

/**
 * The text cut at every edge of a mark: pieces of {start, end, over}, where `over` are the numbers of the marks that
 * cover the piece, the one that begins last (of these the shortest) at the end.
 */
function pieces(length, marks) {
  const edges = [...new Set([0, length, ...marks.flatMap((mark) => [mark.start, mark.end])])].sort((a, b) => a - b);
  const found = [];
  let next = 0;
  let over = [];
  for (let place = 0; place + 1 < edges.length; place += 1) {
    const start = edges[place];
    over = over.filter((number) => marks[number].end > start);
    while (next < marks.length && marks[next].start === start) {
      over.push(next);
      next += 1;
    }
    found.push({ start, end: edges[place + 1], over: [...over] });
  }
  return found;
}

/**
 * Nodes of the text with its marks: the innermost mark colours a piece, the others underline it. The type's name
 * follows each mark, invisible by default, so that it is read out.
 */
function markedText(points, marks, hueOf, nameOf) {
  const nodes = document.createDocumentFragment();
  for (const { start, end, over } of pieces(points.length, marks)) {
    const text = sliced(points, start, end);
    if (!over.length) {
      nodes.append(text);
      continue;
    }
    const top = over[over.length - 1];
    const node = element("mark", { class: hueOf(marks[top]) }, text);
    node.dataset.marks = over.join(" ");
    node.classList.toggle("first", marks[top].start === start);
    node.classList.toggle("last", marks[top].end === end);
    node.style.boxShadow = over
      .slice(0, -1)
      .map((number, place) => `0 ${2 + 3 * place}px 0 0 var(--${hueOf(marks[number])})`)
      .join(", ");
    if (over.some((number) => marks[number].start === start)) node.tabIndex = -1;
    nodes.append(node);
    const closed = over.filter((number) => marks[number].end === end).reverse();
    for (const number of closed) nodes.append(element("span", { class: `label ${hueOf(marks[number])}` }, nameOf(marks[number])));
  }
  return nodes;
}

/** An element with attributes and children, which are nodes or text. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
