// The contrast of every visible text in the page with what is behind it, the lowest first: [ratio, element, class, text].
(() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (...colours) => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data).join("").trim();
    const style = getComputedStyle(node);
    if (!text || !node.checkVisibility() || style.clipPath !== "none" || node.tagName === "SCRIPT") continue;
    const behind = [];
    for (let under = node; under; under = under.parentElement) behind.unshift(getComputedStyle(under).backgroundColor);
    const [over, below] = [rgb(...behind, style.fill && node.ownerSVGElement ? style.fill : style.color), rgb(...behind)]
      .map(light).sort((a, b) => b - a);
    found.push([(over + 0.05) / (below + 0.05), node.tagName, node.className.toString(), text.slice(0, 20)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
})()
