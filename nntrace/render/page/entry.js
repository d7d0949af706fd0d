// The current entry: its formula, its numbers put in, and where each of these comes from.

function showArithmetic(step, item) {
  const { row, column } = here;
  if (!item.formulas.length) return byId("arithmetic").replaceChildren(given(step, item, row, column));
  const made = worked(step, item, row, column);
  const comesFrom = (name, i, j) => origin(here.place, name, i, j);
  const symbols = filled(
    item.formulas[made.number].entry,
    made.root,
    [row, column],
    (leaf, name, i, j) => [mathElement("mtext", label(step, name, i, j))],
    (others) => mathElement("mtext", `(${counted(others.count, "other term")})`),
  );
  symbols.prepend(mathElement("mtext", label(step, item.target, row, column)), mathElement("mo", "="));
  const numbers = numbersPutIn(step, item, made, [row, column], (...at) => linkTo(comesFrom(...at).to));
  const remarks = [...longSums(made.root)].map(
    ({ kept, rest }) =>
      `The sum has ${counted(kept.length + rest.count, "term")}: shown are the ${kept.length} largest.`,
  );
  if (!made.addsUp) remarks.push("≈: no number of digits makes the shown numbers add up to the result.");
  const sources = operandTable(step, numbers, comesFrom);
  byId("arithmetic").replaceChildren(
    element("div", { class: "line" }, ...pieces(symbols)),
    element("div", { class: "line numbers" }, ...pieces(equality(step, item, made, [row, column], numbers))),
    ...remarks.map((remark) => element("p", { class: "size" }, remark)),
    element("div", { class: "scroll" }, sources),
  );
}

// What is said of a number that no equation of the step gives.
function given(step, item, row, column) {
  const { says, to } = origin(here.place, item.target, row, column);
  const source = to && to[0] !== here.place ? element("a", { href: linkTo(to) }, says) : says;
  const value = display(cell(step, item.target, row, column));
  return element("p", {}, `${label(step, item.target, row, column)} = ${value}: `, source);
}

// The formula of an entry with its numbers, each a link if `link(name, row, column)` gives one.
function numbersPutIn(step, item, made, place, link) {
  const leaf = (node, name, i, j) => {
    const text = made.written.number(name, i, j);
    const said = label(step, name, i, j);
    const to = link(name, i, j) ?? null;
    const attributes = {
      title: said,
      "aria-label": `${said} = ${text}`,
      "data-q": name,
      "data-row": i,
      "data-column": j,
    };
    const number = mathElement("mtext", element(to ? "a" : "span", { ...attributes, href: to }, display(text)));
    const inside = text.startsWith("-") && needsParentheses(node);
    return inside ? [parenthesis("("), number, parenthesis(")")] : [number];
  };
  const rest = ({ count, value }) =>
    mathElement("mtext", `(${counted(count, "other term")}: ${display(made.written.rest(value))})`);
  return filled(item.formulas[made.number].entry, made.root, place, leaf, rest);
}

function parenthesis(sign) {
  const made = mathElement("mo", sign);
  made.setAttribute("stretchy", "false");
  return made;
}

// The entry, its numbers put in, the result.
function equality(step, item, made, [row, column], numbers) {
  numbers.prepend(mathElement("mtext", label(step, item.target, row, column)), mathElement("mo", "="));
  if (item.formulas[made.number].text !== item.formulas[made.number].operands[0]?.[0])
    // b1_new = b1 says it all
    numbers.append(mathElement("mo", made.addsUp ? "=" : "≈"), mathElement("mtext", display(made.result)));
  return numbers;
}

// A line of mathematics does not break: in pieces, each from an operator on, it does.
function pieces(line) {
  const made = [mathElement("math")];
  for (const part of [...line.children].flatMap((part) => (part.dataset.each ? [...part.children] : [part]))) {
    const between = part.localName === "mo" && /[=≈+−]/.test(part.textContent);
    if (between && made.at(-1).children.length > 1) {
      made.push(mathElement("math"));
      part.setAttribute("form", "infix"); // it has what is left of it in the piece before
    }
    made.at(-1).append(part);
  }
  for (const piece of made) piece.setAttribute("tabindex", -1); // else what scrolls could be a stop of its own
  return made;
}

function* longSums(context) {
  for (const sum of Object.values(context.sums)) {
    if (sum.rest) yield sum;
    for (const term of sum.kept.slice(0, 1)) yield* longSums(term);
  }
}

// Where each number of the arithmetic comes from, each once.
function operandTable(step, numbers, comesFrom) {
  const rows = new Map();
  for (const { dataset } of numbers.querySelectorAll("mtext > [data-q]")) {
    const at = [dataset.q, Number(dataset.row), Number(dataset.column)];
    const name = label(step, ...at);
    const { says, to } = comesFrom(...at);
    const cells = [to ? element("a", { href: linkTo(to) }, name) : name, display(cell(step, ...at)), says];
    rows.set(name, element("tr", {}, ...cells.map((content) => element("td", {}, content))));
  }
  return element("table", { class: "operands" }, element("caption", {}, "where they come from"), ...rows.values());
}
