// What belongs together is marked: an entry, and what it is made of or, if it is an operand, what is made of it.

const MARKED = "#matrices [data-row], #drawing [data-row], #arithmetic [data-row]";

// Marks the entry `at` (its quantity, row and column) as `how`, and those that belong to it; nothing if it is null.
function mark(at, how) {
  for (const marked of document.querySelectorAll(`.${how}, .${how}-of`)) marked.classList.remove(how, `${how}-of`);
  if (!at) return;
  const own = at.join(" ");
  const others = new Set(belonging(at).map((other) => other.join(" ")));
  for (const one of document.querySelectorAll(MARKED)) {
    const its = placeOf(one).join(" ");
    if (its === own) one.classList.add(how);
    else if (others.has(its)) one.classList.add(`${how}-of`);
  }
}

function belonging([name, row, column]) {
  const step = STEPS[here.place];
  const item = ITEMS[here.item];
  if (name === item.target) return madeOf(step, item, row, column);
  const uses = ([q, i, j]) => q === name && i === row && j === column;
  const results = [...byId("matrices").querySelectorAll(".result [data-row]")].map(placeOf);
  return results.filter(([, i, j]) => madeOf(step, item, i, j).some(uses));
}

const placeOf = ({ dataset }) => [dataset.q, Number(dataset.row), Number(dataset.column)];

// Pointing at an entry marks it, pointing at a quantity in the formula its matrix.
function pointed(event) {
  const one = event.target.closest?.("[data-q]");
  const named = one?.closest("#formula") ? one.dataset.q : null;
  for (const figure of document.querySelectorAll(".matrix"))
    figure.classList.toggle("named", figure.dataset.of === named);
  const at = one?.matches(MARKED) ? placeOf(one) : null;
  byId("page").classList.toggle("pointing", at !== null);
  mark(at, "hover");
}
