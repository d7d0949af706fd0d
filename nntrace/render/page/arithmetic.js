// The arithmetic of one entry: what it is made of, and the numbers put in so that they add up.
// The functions in ENTRIES compute an entry; v gives a number, add adds up, where chooses.

function* places(extents) {
  if (!extents.length) return yield [];
  for (let first = 0; first < extents[0]; first++) for (const rest of places(extents.slice(1))) yield [first, ...rest];
}

const choose = (condition, yes, no) => (condition ? yes : no);

// What an entry comes to from the numbers that `v` gives, and a record of each sum on the way:
// of a long one the largest terms are kept, and the rest is added up.
function compute(formula, step, v, row, column) {
  const root = { sums: {} };
  let context = root;
  const add = (name, extents, term) => {
    const outer = context,
      terms = [];
    for (const at of places(extents)) {
      context = { at, sums: {}, value: 0 };
      context.value = term(...at);
      terms.push(context);
    }
    context = outer;
    const sum = (some) => some.reduce((total, one) => total + one.value, 0);
    let kept = terms,
      rest = null;
    if (terms.length > RULES.mostTerms) {
      const size = (one) => (Number.isFinite(one.value) ? Math.abs(one.value) : Infinity);
      const largest = new Set([...terms].sort((a, b) => size(b) - size(a)).slice(0, RULES.keptTerms));
      kept = terms.filter((one) => largest.has(one));
      rest = { count: terms.length - kept.length, value: sum(terms.filter((one) => !largest.has(one))) };
    }
    outer.sums[name] = { kept, rest, value: sum(terms) };
    return outer.sums[name].value;
  };
  root.value = formula(v, add, choose, row, column, step.examples.length);
  return root;
}

// The same from the numbers as they are shown.
function recompute(formula, step, root, v, shownRest, row, column) {
  let context = root;
  const add = (name, extents, term) => {
    const outer = context,
      { kept, rest } = outer.sums[name];
    let total = 0;
    for (const one of kept) {
      context = one;
      total += term(...one.at);
    }
    context = outer;
    return rest ? total + Number(shownRest(rest.value)) : total;
  };
  return formula(v, add, choose, row, column, step.examples.length);
}

// Every entry that an entry is made of.
function madeOf(step, item, row, column) {
  const found = [];
  const formulas = ENTRIES[item.target];
  if (formulas)
    compute(formulas[0], step, (name, i, j) => (found.push([name, i, j]), entry(step, name, i, j)), row, column);
  return found;
}

// The arithmetic of an entry: which of the formulas, how its numbers are written, the result, and
// whether the shown numbers give it to the last digit. No more digits are shown than that takes.
function worked(step, item, row, column) {
  const result = entry(step, item.target, row, column);
  const v = (name, i, j) => entry(step, name, i, j);
  const formulas = ENTRIES[item.target];
  let number = 0,
    root = null;
  for (; number < formulas.length; number++) {
    root = compute(formulas[number], step, v, row, column);
    if (formulas.length === 1 || Math.abs(root.value - result) <= RULES.same * Math.abs(result)) break;
  }
  number = Math.min(number, formulas.length - 1);
  const least = Math.min(GUIDE.decimals, GUIDE.round ?? Infinity);
  const writing = (extra) => ({
    number: (name, i, j) => {
      const value = entry(step, name, i, j);
      return GUIDE.quantities[name].constant ? typed(value, 6 + extra) : alone(value, GUIDE.decimals, extra, least);
    },
    rest: (value) => alone(value, GUIDE.decimals, extra, least),
  });
  const made = { number, root, written: writing(0), result: cell(step, item.target, row, column), addsUp: true };
  if (!isNumber(result)) return made;
  const digits = [...Array(RULES.mostExtra).keys()];
  const settled = [made.result, ...digits.map((extra) => alone(result, GUIDE.decimals, extra, least))];
  made.result =
    settled.find((text) => Math.abs(Number(text) - result) < RULES.surely * lastDigit(text)) ?? settled.at(-1);
  for (const extra of digits) {
    const written = writing(extra);
    const shownNumber = (name, i, j) => Number(written.number(name, i, j));
    const value = recompute(formulas[number], step, root, shownNumber, written.rest, row, column);
    if (Math.abs(value - Number(made.result)) < RULES.surely * lastDigit(made.result)) return { ...made, written };
  }
  return { ...made, addsUp: false };
}

// The formula of the entry in [row, column] as MathML, each of its entries written by
// `leaf(node, name, row, column)`, the rest of a long sum by `rest`; it was computed as `root` says.
function filled(template, root, [row, column], leaf, rest) {
  const math = mathElement("math");
  math.innerHTML = template;
  fill(math, root, { i: row, j: column }, leaf, rest);
  return math;
}

function fill(node, context, letters, leaf, rest) {
  for (const child of [...node.children]) {
    if (child.dataset.each) {
      const { kept, rest: others } = context.sums[child.dataset.each];
      const names = child.dataset.over.split(",");
      const term = [...child.childNodes];
      child.replaceChildren();
      for (const one of kept) {
        if (child.children.length) child.append(mathElement("mo", "+"));
        const row = mathElement("mrow", ...term.map((part) => part.cloneNode(true)));
        const own = Object.fromEntries(names.map((name, place) => [name, one.at[place]]));
        child.append(row); // before it is filled: what stands before a number says whether it needs parentheses
        fill(row, one, { ...letters, ...own }, leaf, rest);
      }
      if (others) child.append(mathElement("mo", "+"), rest(others));
    } else if (child.dataset.row) {
      const at = (said) => (said in letters ? letters[said] : Number(said));
      child.append(...leaf(child, child.dataset.q, at(child.dataset.row), at(child.dataset.column)));
    } else fill(child, context, letters, leaf, rest);
  }
}

function mathElement(tag, ...children) {
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  made.append(...children);
  return made;
}

// Whether a negative number needs parentheses there: not where an expression begins.
function needsParentheses(leaf) {
  let node = leaf;
  while (!node.previousElementSibling && ["mrow", "math"].includes(node.parentNode.localName)) {
    if (node.parentNode.localName === "math") return false;
    node = node.parentNode;
  }
  if (node.previousElementSibling) return !/^[([{|=,]$/.test(node.previousElementSibling.textContent.trim());
  return node.parentNode.localName === "msup";
}
