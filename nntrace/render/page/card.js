// What is shown of the place where one is: the list of equations, the drawing, the current equation.

function showList(current) {
  const list = byId("list");
  if (!list.children.length) {
    let phase = null,
      heading = null,
      group = null;
    for (const item of ITEMS) {
      if (item.phase !== phase) list.append(element("h3", {}, GUIDE.phases[item.phase]));
      if (item.phase !== phase || item.heading !== heading) {
        if (item.heading) list.append(element("h4", {}, item.heading.split(" · ")[0]));
        list.append((group = element("ul", { class: item.formulas.length ? null : "given" })));
      }
      [phase, heading] = [item.phase, item.heading];
      const short = element("span", { class: "name" }, item.target),
        full = element("span", { class: "full" }, item.text);
      group.append(element("li", {}, element("a", { "data-item": item.target, title: item.text }, short, full)));
    }
  }
  for (const link of list.querySelectorAll("a")) {
    link.href = address(here.place, link.dataset.item);
    if (link.dataset.item === current.target) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const link = list.querySelector("[aria-current]");
  list.scrollTo({ top: link.offsetTop - list.clientHeight / 2, left: link.offsetLeft - list.clientWidth / 2 });
}

function showDrawing(step, item, drawn) {
  const near = { layer: drawn?.[1], node: here.row };
  const caption = element("figcaption", {});
  if (step.examples.length > 1) {
    const choice = element("select", { "aria-label": "Example in the drawing" });
    step.examples.forEach((number, column) =>
      choice.append(new Option(`example ${number}`, column, false, column === example)),
    );
    choice.onchange = () => (
      (example = Number(choice.value)),
      showDrawing(step, item, drawn),
      mark([item.target, here.row, here.column], "chosen")
    );
    caption.append(choice);
  }
  const old = item.phase === "update" ? ", grey: before the update" : "";
  caption.append(
    element(
      "span",
      {},
      `Lines: thicker is larger; `,
      element("b", { class: "key positive" }, "full"),
      " positive, ",
      element("b", { class: "key negative" }, "dashed"),
      ` negative${old}`,
    ),
  );
  byId("drawing").replaceChildren(drawing(here.place, item.phase, example, near), caption);
}

function showCard(step, item) {
  const heading = [GUIDE.phases[item.phase], item.heading].filter(Boolean).join(" · ");
  byId("where").textContent = heading;
  const target = GUIDE.quantities[item.target];
  const [first, ...others] = item.formulas;
  const formula = byId("formula");
  formula.replaceChildren(
    math(first ? `${operand(item.target, target.math)}<mo>=</mo>${first.math}` : target.math, {
      display: "block",
      alttext: item.text,
    }),
  );
  for (const other of others)
    formula.append(element("p", { class: "computed" }, "computed as ", math(other.math, { alttext: other.text })));
  byId("why").innerHTML = item.why ?? ""; // sentences of ours, with formulas
  showMatrices(step, item);
  showArithmetic(step, item);
  for (const part of formula.querySelectorAll("mrow[data-q]")) {
    part.setAttribute("tabindex", 0);
    part.setAttribute("role", "link");
  }
}

const operand = (name, markup) => `<mrow data-q="${name}">${markup}</mrow>`;

function showMatrices(step, item) {
  const used = madeOf(step, item, here.row, here.column),
    result = item.target;
  const near = (name) =>
    [1, 2].map((part) => {
      const all = new Set(used.filter(([other]) => other === name).map((made) => made[part]));
      return all.size === 1 ? [...all][0] : null;
    });
  const figures = (item.formulas[0]?.operands ?? []).map(([name, transposed]) =>
    matrix(step, name, {
      transposed,
      near: near(name),
      link: (row, column) => linkTo(origin(here.place, name, row, column).to),
    }),
  );
  const own = matrix(step, result, {
    near: [here.row, here.column],
    role: "result",
    link: (row, column) => address(here.place, result, row, column),
  });
  if (figures.length) figures.push(element("span", { class: "gives", "aria-hidden": "true" }, "="));
  byId("matrices").replaceChildren(...figures, own);
}

const linkTo = (to) => to && address(...to);
