// A print has the whole trace: every equation of every step in the page.

function printed() {
  const pages = STEPS.map((step) => {
    const section = element("section", {}, element("h2", {}, stepTitle(step)));
    let phase = null;
    let heading = null;
    let group = null;
    for (const item of ITEMS) {
      if (item.phase !== phase) section.append(element("h3", {}, GUIDE.phases[item.phase]));
      if (item.phase !== phase || item.heading !== heading) {
        if (item.heading) section.append(element("h4", {}, item.heading));
        section.append((group = element("div", { class: item.formulas.length ? null : "given" })));
      }
      [phase, heading] = [item.phase, item.heading];
      group.append(printedItem(step, item));
    }
    return section;
  });
  pages[0].querySelector("h2").after(drawing(0, ITEMS.at(0).phase, 0, {}));
  return pages;
}

function printedItem(step, item) {
  const [formula] = item.formulas;
  const line = element("div", { class: "printed" });
  if (formula) line.append(math(`${GUIDE.quantities[item.target].math}<mo>=</mo>${formula.math}`));
  if (formula && GUIDE.detail !== "values") {
    line.append(...formula.operands.map(([q, transposed]) => matrix(step, q, { transposed })));
    line.append(element("span", { class: "gives" }, "="));
  }
  line.append(matrix(step, item.target, { role: "result" }));
  const whole = element("div", { class: "item" }, line);
  if (!formula || GUIDE.detail !== "entries") return whole;
  const [rows, columns] = shape(step, item.target).map((count) => shown(count).filter((place) => place !== null));
  for (const row of rows) {
    for (const column of columns) {
      const made = worked(step, item, row, column);
      const numbers = numbersPutIn(step, item, made, [row, column], () => null);
      whole.append(element("div", { class: "entry" }, equality(step, item, made, [row, column], numbers)));
    }
  }
  return whole;
}

addEventListener("beforeprint", () => byId("print").replaceChildren(...printed()));
addEventListener("afterprint", () => byId("print").replaceChildren());
