// The network: a column of nodes for each layer, their numbers as text and shade, weights as lines.
// What nodes and lines stand for depends on the phase; the guide says it for each layer.

const ACROSS = 230,
  DOWN = 64,
  RADIUS = 28,
  MARGIN = 70,
  TOP = 46;

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const signOf = (value) => (!isNumber(value) ? "unknown" : value > 0 ? "positive" : value < 0 ? "negative" : "zero");

// The drawing of a step in a phase; of a batch that of the example in `column`.
function drawing(place, phase, column, near) {
  const step = STEPS[place],
    layers = GUIDE.layers;
  const has = (name) => name !== null && name in step.values;
  const at = layers.map((layer) => (layer.at[phase] ?? [null, null]).map((names) => [names].flat().filter(has)));
  const columns = layers.map((layer, number) => shown(layer.nodes, number === near.layer ? near.node : null));
  const tallest = Math.max(...columns.map((nodes) => nodes.length));
  const loss = (phase === "forward" || phase === "loss") && has(GUIDE.loss) ? GUIDE.loss : null;
  const width = 2 * MARGIN + ACROSS * (layers.length - 1 + (loss ? 1 : 0)),
    height = TOP + DOWN * tallest + 8;
  const spot = (layer, order) => [
    MARGIN + ACROSS * layer,
    TOP + (DOWN * (tallest - columns[layer].length)) / 2 + DOWN * (order + 0.5),
  ];
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "network", "aria-hidden": "true" });
  picture.style.maxWidth = `${1.25 * width}px`;
  const link = (name, row, col, ...children) =>
    svg(
      "a",
      {
        href: ITEM.has(name) ? address(place, name, row, col) : null,
        tabindex: -1,
        "data-q": name,
        "data-row": row,
        "data-column": col,
      },
      ...children,
    );

  layers.forEach((layer, number) => {
    const [, names] = at[number];
    if (!number || !names.length) return;
    const largest = Math.max(...names.map((name) => size(step.values[name])));
    const [sources, targets] = [columns[number - 1].length, columns[number].length];
    const along = sources <= 2 ? 0.62 : 0.38; // there the labels of crossing lines do not meet
    const few = sources <= 2 || targets <= 2;
    columns[number].forEach((row, order) =>
      columns[number - 1].forEach((col, from) => {
        if (row === null || col === null) return;
        const [x1, y1] = spot(number - 1, from),
          [x2, y2] = spot(number, order);
        const said = names.map((name) => `${label(step, name, row, col)} = ${cell(step, name, row, col)}`).join(" → ");
        const group = link(names.at(-1), row, col, svg("title", {}, said));
        group.append(svg("line", { x1, y1, x2, y2, class: "reach" }));
        names.forEach((name, which) => {
          const value = entry(step, name, row, col),
            strength = largest && isNumber(value) ? Math.abs(value) / largest : 0;
          const old = names.length > 1 && which === 0;
          group.append(
            svg("line", {
              x1,
              y1,
              x2,
              y2,
              class: `edge ${signOf(value)}${old ? " old" : ""}`,
              "stroke-width": (old ? 4 : 0) + 0.8 + 4.2 * strength,
            }),
          );
        });
        const text = names.map((name) => brief(step, name, row, col)).join(" → ");
        group.append(
          svg(
            "text",
            { x: x1 + along * (x2 - x1), y: y1 + along * (y2 - y1) + 4, class: `weight${few ? "" : " more"}` },
            text,
          ),
        );
        picture.append(group);
      }),
    );
  });

  layers.forEach((layer, number) => {
    const [names, weights] = at[number],
      [x] = spot(number, 0);
    const shows = [...weights.slice(-1), ...names.slice(-1)].join(", ");
    picture.append(
      svg(
        "text",
        { x, y: 14, class: "layer" },
        layer.heading
          .split(" · ")
          .filter((_, part) => part !== 1)
          .join(" · "),
      ),
    );
    picture.append(svg("text", { x, y: 31, class: "shows" }, names.length > 1 ? `${names.join(" → ")}` : shows));
    const col = names.length && shape(step, names[0])[1] > 1 ? column : 0;
    const largest = Math.max(0, ...names.map((name) => size(step.values[name].map((row) => [row[col]]))));
    columns[number].forEach((row, order) => {
      const [cx, cy] = spot(number, order);
      if (row === null) return picture.append(svg("text", { x: cx, y: cy + 6, class: "gap" }, "⋮"));
      const name = names.at(-1),
        value = name ? entry(step, name, row, col) : null;
      const shade = name && largest && isNumber(value) ? Math.abs(value) / largest : 0;
      const circle = svg("circle", { cx, cy, r: RADIUS, class: `node ${name ? signOf(value) : "blank"}` });
      circle.style.setProperty("--shade", shade.toFixed(3));
      const texts = names.map((each, which) =>
        svg(
          "text",
          {
            x: cx,
            y: cy + 4 + (names.length > 1 ? 13 * which - 7 : 0),
            class: names.length > 1 && !which ? "value old" : "value",
          },
          brief(step, each, row, col),
        ),
      );
      const said = names.map((each) => `${label(step, each, row, col)} = ${cell(step, each, row, col)}`).join(" → ");
      picture.append(name ? link(name, row, col, svg("title", {}, said), circle, ...texts) : svg("g", {}, circle));
    });
  });

  if (loss) {
    const [x1, y1] = [MARGIN + ACROSS * (layers.length - 1) + RADIUS, TOP + (DOWN * tallest) / 2];
    const x = MARGIN + ACROSS * layers.length;
    picture.prepend(svg("line", { x1, y1, x2: x, y2: y1, class: "to-loss" }));
    picture.append(
      link(
        loss,
        0,
        0,
        svg("title", {}, `${loss} = ${cell(step, loss, 0, 0)}`),
        svg("rect", { x: x - 42, y: y1 - 24, width: 84, height: 48, rx: 8, class: "node blank" }),
        svg("text", { x, y: y1 - 5, class: "shows" }, loss),
        svg("text", { x, y: y1 + 14, class: "value" }, brief(step, loss, 0, 0)),
      ),
    );
  }
  return picture;
}

// A number that fits into a node.
function brief(step, name, row, column) {
  const text = display(cell(step, name, row, column));
  return text.length <= 7 ? text : display(typed(entry(step, name, row, column), 3));
}

function size(values) {
  let largest = 0;
  for (const value of values.flat()) if (isNumber(value)) largest = Math.max(largest, Math.abs(value));
  return largest;
}
