// The loss of every step as a curve; one clicks on it to go there.

const WIDE = 1000,
  HIGH = 70,
  DECADES = 2;

function timeline(go) {
  const box = document.getElementById("timeline");
  const finite = CURVE.losses.filter(isNumber),
    count = Math.max(2, CURVE.places.at(-1) + 1);
  box.hidden = CURVE.kept.length < 2 || !finite.length;
  if (box.hidden) return () => {};
  const low = Math.min(...finite),
    high = Math.max(...finite);
  const logarithmic = low > 0 && high / low > 10 ** DECADES;
  const scale = logarithmic ? Math.log10 : (value) => value;
  const x = (place) => (WIDE * (place + 0.5)) / count;
  const y = (loss) =>
    high > low ? 6 + (HIGH - 12) * (1 - (scale(loss) - scale(low)) / (scale(high) - scale(low))) : HIGH / 2;
  const curve = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const points = CURVE.places
    .map((place, number) => [x(place), CURVE.losses[number]])
    .filter(([, loss]) => isNumber(loss));
  curve.append(
    svg("path", {
      class: "curve",
      d: `M${points.map(([left, loss]) => `${left.toFixed(2)} ${y(loss).toFixed(2)}`).join("L")}`,
    }),
  );
  const cursor = svg("line", { class: "cursor", y1: 0, y2: HIGH });
  curve.append(cursor);
  const dots = element("div", { class: "dots" });
  const losses = new Map(CURVE.places.map((place, number) => [place, CURVE.losses[number]]));
  const current = element("i", { class: "dot" });
  if (CURVE.kept.length <= 60)
    for (const place of CURVE.kept)
      if (isNumber(losses.get(place))) dots.append(placed(element("i", { class: "dot small" }), place));
  dots.append(current);
  const track = box.querySelector(".track");
  track.replaceChildren(curve, dots);
  const write = formatFor(high, GUIDE.decimals, null);
  box.querySelector(".high").textContent = display(write(high));
  box.querySelector(".low").textContent = display(write(low));
  box.querySelector(".scale").textContent = `loss of each step${logarithmic ? ", logarithmic" : ""}`;
  track.setAttribute("aria-valuemin", 1);
  track.setAttribute("aria-valuemax", STEPS.length);
  track.onclick = (event) => {
    const bounds = track.getBoundingClientRect(),
      place = ((event.clientX - bounds.left) / bounds.width) * count - 0.5;
    const distances = CURVE.kept.map((kept) => Math.abs(kept - place));
    go(distances.indexOf(Math.min(...distances)));
  };

  function placed(dot, place) {
    dot.style.left = `${(100 * x(place)) / WIDE}%`;
    dot.style.top = `${(100 * y(losses.get(place))) / HIGH}%`;
    return dot;
  }

  return (place) => {
    const kept = CURVE.kept[place],
      loss = losses.get(kept);
    cursor.setAttribute("x1", x(kept));
    cursor.setAttribute("x2", x(kept));
    current.hidden = !isNumber(loss);
    if (isNumber(loss)) placed(current, kept);
    track.setAttribute("aria-valuenow", place + 1);
    track.setAttribute("aria-valuetext", `${stepTitle(STEPS[place])}${isNumber(loss) ? `, loss ${write(loss)}` : ""}`);
  };
}
