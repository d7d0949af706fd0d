// The network: a column of nodes for each layer, their numbers as text and shade, weights as lines.
// What nodes and lines stand for depends on the phase; the guide says it for each layer.

const ACROSS = 230;
const DOWN = 64;
const RADIUS = 28;
const MARGIN = 70;
const TOP = 46;
const ROOM = 50; // for a number in a node

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// The drawing of a step in a phase; of a batch that of the example in `column`. Of a large layer the
// ends are drawn, and the node that is `near`.
function drawing(place, phase, column, near) {
  const step = STEPS[place];
  const has = (name) => name !== null && name in step.values;
  const layers = GUIDE.layers.map((layer, number) => {
    const [nodes, edges] = (layer.at[phase] ?? [null, null]).map((names) => [names].flat().filter(has));
    return {
      number,
      heading: layer.heading,
      nodes,
      edges,
      rows: shown(layer.nodes, near.layer === number ? near.node : null),
    };
  });
  const loss = (phase === "forward" || phase === "loss") && has(GUIDE.loss) ? GUIDE.loss : null;
  const tallest = Math.max(...layers.map(({ rows }) => rows.length));
  const width = 2 * MARGIN + ACROSS * (layers.length - (loss ? 0 : 1));
  const height = TOP + DOWN * tallest + 8;
  const spot = ({ number, rows }, order) => [
    MARGIN + ACROSS * number,
    TOP + DOWN * ((tallest - rows.length) / 2 + order + 0.5),
  ];
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "network", "aria-hidden": "true" });
  picture.style.maxWidth = `${1.25 * width}px`;
  if (loss) picture.append(...lossBox(place, loss, MARGIN + ACROSS * layers.length, TOP + (DOWN * tallest) / 2));
  for (const layer of layers.slice(1)) picture.append(...lines(place, layers[layer.number - 1], layer, spot));
  for (const layer of layers) picture.append(...heading(layer, spot), ...circles(place, layer, column, spot));
  return picture;
}

// The weights from one layer to the next, and the numbers of a few.
function lines(place, from, to, spot) {
  const step = STEPS[place];
  const [sources, targets] = [from.rows.length, to.rows.length];
  const along = sources <= 2 ? 0.62 : 0.38; // there the labels of crossing lines do not meet
  const few = sources <= 2 || targets <= 2;
  const largest = Math.max(0, ...to.edges.map((name) => size(step.values[name])));
  const made = [];
  to.rows.forEach((row, order) =>
    from.rows.forEach((col, before) => {
      if (row === null || col === null || !to.edges.length) return;
      const [x1, y1] = spot(from, before);
      const [x2, y2] = spot(to, order);
      const group = linked(place, to.edges, row, col, svg("line", { x1, y1, x2, y2, class: "reach" }));
      to.edges.forEach((name, which) => {
        const old = which < to.edges.length - 1;
        const strength = part(entry(step, name, row, col), largest);
        const look = `edge ${signOf(entry(step, name, row, col))}${old ? " old" : ""}`;
        group.append(
          svg("line", { x1, y1, x2, y2, class: look, "stroke-width": (old ? 4 : 0) + 0.8 + 4.2 * strength }),
        );
      });
      const text = to.edges.map((name) => brief(step, name, row, col)).join(" → ");
      const at = { x: x1 + along * (x2 - x1), y: y1 + along * (y2 - y1) + 4 };
      group.append(svg("text", { ...at, class: `weight${few ? "" : " more"}` }, text));
      made.push(group);
    }),
  );
  return made;
}

// What stands over a layer: what it is, and what is drawn of it.
function heading(layer, spot) {
  const [x] = spot(layer, 0);
  const [name, , ...others] = layer.heading.split(" · "); // how many nodes it has is to be seen
  const shows =
    layer.nodes.length > 1 ? layer.nodes.join(" → ") : [...layer.edges.slice(-1), ...layer.nodes].join(", ");
  return [
    svg("text", { x, y: 14, class: "layer" }, [name, ...others].join(" · ")),
    svg("text", { x, y: 31, class: "shows" }, shows),
  ];
}

// The nodes of a layer with their numbers, in an update the old one above the new one.
function circles(place, layer, column, spot) {
  const step = STEPS[place];
  const names = layer.nodes;
  const name = names.at(-1);
  const col = name && shape(step, name)[1] > 1 ? column : 0;
  const largest = Math.max(0, ...names.map((each) => size(step.values[each].map((row) => [row[col]]))));
  return layer.rows.map((node, order) => {
    const [cx, cy] = spot(layer, order);
    if (node === null) return svg("text", { x: cx, y: cy + 6, class: "gap" }, "⋮");
    if (!name) return svg("circle", { cx, cy, r: RADIUS, class: "node blank" });
    const row = shape(step, name)[0] > 1 ? node : 0; // a bias that the layer shares is one number
    const value = entry(step, name, row, col);
    const circle = svg("circle", { cx, cy, r: RADIUS, class: `node ${signOf(value)}` });
    circle.style.setProperty("--shade", part(value, largest).toFixed(3));
    const texts = names.map((each, which) => {
      const old = which < names.length - 1;
      const y = cy + 4 + (names.length > 1 ? 13 * which - 7 : 0);
      return fitting(brief(step, each, row, col), { x: cx, y, class: old ? "value old" : "value" });
    });
    return linked(place, names, row, col, circle, ...texts);
  });
}

function lossBox(place, name, x, y) {
  const text = fitting(brief(STEPS[place], name, 0, 0), { x, y: y + 14, class: "value" });
  const box = svg("rect", { x: x - 42, y: y - 24, width: 84, height: 48, rx: 8, class: "node blank" });
  return [
    svg("line", { x1: x - ACROSS + RADIUS, y1: y, x2: x, y2: y, class: "to-loss" }),
    linked(place, [name], 0, 0, box, svg("text", { x, y: y - 5, class: "shows" }, name), text),
  ];
}

// Something that stands for an entry of a quantity (of an old and a new one), and leads to it.
function linked(place, names, row, col, ...children) {
  const step = STEPS[place];
  const name = names.at(-1);
  const said = names.map((each) => `${label(step, each, row, col)} = ${cell(step, each, row, col)}`).join(" → ");
  const href = ITEM.has(name) ? address(place, name, row, col) : null;
  const attributes = { href, tabindex: -1, "data-q": name, "data-row": row, "data-column": col };
  return svg("a", attributes, svg("title", {}, said), ...children);
}

// A number that fits into a node.
function brief(step, name, row, column) {
  const text = display(cell(step, name, row, column));
  return text.length <= 7 ? text : display(typed(entry(step, name, row, column), 3));
}

function fitting(text, attributes) {
  const squeezed = text.length > 7 ? { textLength: ROOM, lengthAdjust: "spacingAndGlyphs" } : {};
  return svg("text", { ...attributes, ...squeezed }, text);
}

const signOf = (value) => (!isNumber(value) ? "unknown" : value > 0 ? "positive" : value < 0 ? "negative" : "zero");
const part = (value, largest) => (largest && isNumber(value) ? Math.abs(value) / largest : 0);

function size(values) {
  let largest = 0;
  for (const value of values.flat()) if (isNumber(value)) largest = Math.max(largest, Math.abs(value));
  return largest;
}
