// Quantities as tables: each entry is a link, and is found again by its quantity, row and column.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function math(markup, attributes = {}) {
  const made = mathElement("math");
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.innerHTML = markup;
  return made;
}

// A quantity of a step under its name. `link(row, column)` is where an entry leads to; `near` is the entry
// that must not be left out of a large one; a transposed quantity has its rows and columns exchanged.
function matrix(step, name, { transposed = false, near = [null, null], link, role = "operand" } = {}) {
  const [rows, columns] = shape(step, name);
  const indices = [shown(rows, near[0]), shown(columns, near[1])];
  const [down, across] = transposed ? [indices[1], indices[0]] : indices;
  const table = element("table", { role: "presentation" });
  for (const i of down) {
    const line = table.insertRow();
    for (const j of across) {
      const [row, column] = transposed ? [j, i] : [i, j];
      if (row === null || column === null)
        line.append(element("td", { class: "gap" }, i === null && j === null ? "⋱" : i === null ? "⋮" : "…"));
      else line.insertCell().append(number(step, name, row, column, link, role));
    }
  }
  const named = GUIDE.quantities[name].math;
  const size = rows * columns > 1 ? ` ${transposed ? `${columns}×${rows}` : `${rows}×${columns}`}` : "";
  const caption = element("figcaption", {}, math(transposed ? `<msup><mrow>${named}</mrow><mo>⊤</mo></msup>` : named));
  caption.append(element("span", { class: "size" }, size));
  const figure = element(
    "figure",
    { class: `matrix ${role}`, "data-of": name, "aria-label": `${name}${size}` },
    caption,
  );
  figure.append(element("div", { class: size ? "brackets" : "single" }, table));
  if (rows > RULES.whole || columns > RULES.whole) figure.append(element("p", { class: "size" }, extremes(step, name)));
  return figure;
}

function number(step, name, row, column, link, role) {
  const text = cell(step, name, row, column);
  const said = `${label(step, name, row, column)} = ${text}`;
  const attributes = { "data-q": name, "data-row": row, "data-column": column, title: said, "aria-label": said };
  const to = link?.(row, column);
  if (!to) return element("span", attributes, display(text));
  return element("a", { ...attributes, href: to, tabindex: role === "result" ? null : -1 }, display(text));
}

// The size of what is not shown whole.
function extremes(step, name) {
  const values = step.values[name].flat().filter(isNumber),
    write = formatOf(step, name);
  let low = Infinity,
    high = -Infinity,
    squares = 0;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    squares += value * value;
  }
  const norm = Math.sqrt(squares);
  return `norm ${display(formatFor(norm, GUIDE.decimals, null)(norm))}, min ${display(write(low))}, max ${display(write(high))}`;
}
