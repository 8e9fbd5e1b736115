"use strict";
(() => {
const DATA = JSON.parse(document.getElementById("data").textContent);
const VIEWS = Object.fromEntries(DATA.views.map(view => [view.name, view]));
const BLUE = "#0072b2", ORANGE = "#d55e00", LINE = "#767676", PALE = "#9aa7b4";

// ---- what is shown, computed from what is stored (no document needed)

const stateAt = (view, at) => view.states[at.reduce((index, i, k) => index * view.sliders[k].values.length + i, 0)];

/** Values of n coordinates along time, from their basis and the start. */
function along(basis, n, [x, y]) {
  const out = [];
  for (let i = 0; i < basis.length; i += 3 * n) {
    const point = [];
    for (let c = 0; c < n; c++) {
      const [a, b, rest] = [basis[i + 3 * c], basis[i + 3 * c + 1], basis[i + 3 * c + 2]];
      point.push((a * x + b * y + rest) / DATA.scale);
    }
    out.push(point);
  }
  return out;
}

const timesOf = (duration, n) => Array.from({ length: n }, (_, i) => duration * (i / (n - 1)) ** 2);

/** Path, times, and both costs over time of what is stored as a basis. */
function combined(view, state, start) {
  const points = along(state.basis, 2, start), times = timesOf(state.duration, points.length);
  if (!view.hessian) return { points, times };
  const [[a, b], [, d]] = view.hessian, [cx, cy] = view.optimum[0];
  const loss = points.map(([x, y]) => 0.5 * (a * (x - cx) ** 2 + 2 * b * (x - cx) * (y - cy) + d * (y - cy) ** 2));
  const width = state.controls || 2;
  const effort = state.control ? along(state.control, width, start).map(u => 0.5 * u.reduce((s, c) => s + c * c, 0)) : null;
  return { points, times, loss, effort };
}

/** A path as it is stored, mirrored to the side of the start. */
function plain(record, side) {
  const unscaled = key => record[key].map(x => x / DATA.scale), flat = unscaled("points");
  const points = flat.filter((_, i) => i % 2 === 0).map((x, i) => [x, side * flat[2 * i + 1]]);
  return { points, times: unscaled("times"), loss: unscaled("loss"), effort: unscaled("effort") };
}

/** What is shown of a view whose paths are stored for some starts: those of the nearest one, or of its mirror image. */
function nearest(view, state, start, at) {
  const side = start[1] < 0 ? -1 : 1, distance = ([x, y]) => Math.hypot(x - start[0], y - Math.abs(start[1]));
  const i = view.starts.reduce((best, s, k) => distance(s) < distance(view.starts[best]) ? k : best, 0);
  return { state, start, nearest: [view.starts[i][0], side * view.starts[i][1]], best: plain(state.paths[i], side),
    other: plain(view.others[at[view.contours_by]].paths[i], side), facts: state.facts, J: state.actions[i], otherJ: state.otherActions[i] };
}

const action = (form, [x, y]) => form === undefined ? undefined : form ? form[0] * x * x + form[1] * x * y + form[2] * y * y + form[3] * x + form[4] * y + form[5] : null;

/** All that a view shows at a position of its sliders and a start. */
function shown(view, at, start) {
  const state = stateAt(view, at);
  if (state.reason) return { state, start, facts: [] };
  if (state.paths) return nearest(view, state, start, at);
  const best = combined(view, state, start);
  const other = state.other === undefined ? null : combined(view, view.others[state.other], start);
  return { state, start, best, other, facts: state.facts, J: action(state.action, start), otherJ: action(state.otherAction, start) };
}

function snippet(view, at, shownStart) {
  const start = shownStart.nearest || shownStart.start;
  let text = view.python[stateAt(view, at).python || 0];
  view.sliders.forEach((slider, k) => { text = text.replaceAll(`{${slider.name}}`, slider.values[at[k]]); });
  return text.replaceAll("{x}", start[0].toFixed(2)).replaceAll("{y}", start[1].toFixed(2));
}

const format = x => x === null ? "infinite" : Math.abs(x) < 5e-5 ? "0" : String(Number(x.toPrecision(4))).replace("-", "−");
const symbol = text => text === "oo" ? "∞" : text;

// ---- drawing

function element(parent, tag, attributes = {}, text) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}
function draw(parent, tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}
const pointsText = (xs, ys) => xs.map((x, i) => `${x.toFixed(1)},${ys[i].toFixed(1)}`).join(" ");
const polyline = (parent, xs, ys, style) => draw(parent, "polyline", { points: pointsText(xs, ys), fill: "none", "stroke-width": 2.5, ...style });

function ticks(low, high) {
  const raw = (high - low) / 4, power = 10 ** Math.floor(Math.log10(raw)), unit = [1, 2, 5, 10].find(m => m * power >= raw) * power;
  const out = [];
  for (let k = Math.ceil(low / unit - 1e-9); k * unit <= high + 1e-9 * unit; k++) out.push(Number((k * unit).toPrecision(6)));
  return out;
}

/** Empty axes in a picture of 460 units width; returns the maps from data to picture. */
function axes(picture, [x0, x1], [y0, y1], height, xLabel, yLabel) {
  const left = 52, right = 450, top = 10, bottom = height - 40;
  const X = x => left + (x - x0) / (x1 - x0) * (right - left), Y = y => bottom - (y - y0) / (y1 - y0) * (bottom - top);
  for (const x of ticks(x0, x1)) {
    draw(picture, "line", { x1: X(x), x2: X(x), y1: bottom, y2: bottom + 4, stroke: LINE });
    draw(picture, "text", { x: X(x), y: bottom + 18, "text-anchor": "middle" }, format(x));
  }
  for (const y of ticks(y0, y1)) {
    draw(picture, "line", { x1: left - 4, x2: left, y1: Y(y), y2: Y(y), stroke: LINE });
    draw(picture, "text", { x: left - 7, y: Y(y) + 4, "text-anchor": "end" }, format(y));
  }
  draw(picture, "path", { d: `M${left},${top}V${bottom}H${right}`, fill: "none", stroke: LINE });
  draw(picture, "text", { x: (left + right) / 2, y: height - 4, "text-anchor": "middle" }, xLabel);
  draw(picture, "text", { x: 13, y: (top + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 13 ${(top + bottom) / 2})` }, yLabel);
  return { X, Y, left, right, top, bottom };
}

function drawMap(view, at, what, picture) {
  picture.replaceChildren();
  const frame = view.frame, { X, Y, left, right, top, bottom } = axes(picture, [-frame, frame], [-frame, frame], 448, "θ₁", "θ₂");
  const clip = draw(draw(picture, "defs", {}), "clipPath", { id: `clip-${view.name}` });
  draw(clip, "rect", { x: left, y: top, width: right - left, height: bottom - top });
  const inside = draw(picture, "g", { "clip-path": `url(#clip-${view.name})` });
  draw(inside, "rect", { class: "map", x: left, y: top, width: right - left, height: bottom - top, fill: "#fff" });
  for (const line of view.contours[view.contours_by === undefined ? 0 : at[view.contours_by]]) {
    const xs = line.filter((_, i) => i % 2 === 0).map(X), ys = line.filter((_, i) => i % 2).map(Y);
    polyline(inside, xs, ys, { stroke: PALE, "stroke-width": 1, "pointer-events": "none" });
  }
  const track = (path, style) => polyline(inside, path.points.map(p => X(p[0])), path.points.map(p => Y(p[1])), { ...style, "pointer-events": "none" });
  if (what.other) track(what.other, { stroke: ORANGE, "stroke-dasharray": "7 4" });
  if (what.best) {
    track(what.best, { stroke: BLUE });
    what.best.points.forEach((p, i) => i % 3 === 0 && draw(inside, "circle", { cx: X(p[0]), cy: Y(p[1]), r: 2.6, fill: BLUE, "pointer-events": "none" }));
  }
  for (const [k, track] of (what.state.tracks || []).entries()) {
    const xs = track.filter((_, i) => i % 2 === 0).map(x => X(x / DATA.scale)), ys = track.filter((_, i) => i % 2).map(y => Y(y / DATA.scale));
    polyline(inside, xs, ys, { stroke: k ? ORANGE : "#000", "stroke-dasharray": k ? "7 4" : "2 3", "pointer-events": "none" });
  }
  const optima = view.optimum.length && Array.isArray(view.optimum[0][0]) ? view.optimum[at[view.contours_by]] : view.optimum;
  for (const [x, y] of optima) draw(inside, "path", { d: `M${X(x) - 8},${Y(y)}h16M${X(x)},${Y(y) - 8}v16`, stroke: "#000", "stroke-width": 2, "pointer-events": "none" });
  if (what.state.rest) draw(inside, "circle", { cx: X(what.state.rest[0]), cy: Y(what.state.rest[1]), r: 5, fill: "#000", "pointer-events": "none" });
  if (what.state.ellipse) {
    const [cx, cy, a, b, c, d] = what.state.ellipse, round = Array.from({ length: 61 }, (_, i) => [Math.cos(i * Math.PI / 30), Math.sin(i * Math.PI / 30)]);
    polyline(inside, round.map(([p, q]) => X(cx + a * p + b * q)), round.map(([p, q]) => Y(cy + c * p + d * q)), { stroke: "#000", "stroke-width": 1.3, "stroke-dasharray": "2 3", "pointer-events": "none" });
  }
  const [x, y] = what.start;
  draw(picture, "circle", { class: "start", cx: X(x), cy: Y(y), r: 11, fill: "#fff", stroke: "#000", "stroke-width": 2.5, tabindex: 0, role: "slider",
    "aria-label": "start of the learner; arrow keys move it", "aria-valuetext": `${x.toFixed(2)}, ${y.toFixed(2)}`, "aria-valuenow": x.toFixed(2) });
  if (what.nearest) draw(picture, "circle", { cx: X(what.nearest[0]), cy: Y(what.nearest[1]), r: 4, fill: BLUE, "pointer-events": "none" });
}

function drawCosts(view, what, picture) {
  picture.replaceChildren();
  if (!what.best) return;
  const series = what.state.tracks ? coordinate(what) : costs(view, what), end = what.best.times[what.best.times.length - 1] / (what.nearest ? 1 : 2);
  const values = series.flatMap(s => s.values.filter((_, i) => s.path.times[i] <= end)), low = Math.min(0, ...values), top = Math.max(1e-6, ...values);
  const { X, Y, right } = axes(picture, [0, end], [low, low + 1.05 * (top - low)], 300, "time (s)", what.state.tracks ? "θ₁, mean" : "cost per second");
  series.forEach((s, k) => {
    const n = s.path.times.filter(t => t <= end).length;
    polyline(picture, s.path.times.slice(0, n).map(X), s.values.slice(0, n).map(Y), { stroke: s.colour, "stroke-dasharray": s.dash });
    const y = 20 + 18 * k;
    polyline(picture, [right - 225, right - 190], [y, y], { stroke: s.colour, "stroke-dasharray": s.dash });
    draw(picture, "text", { x: right - 183, y: y + 4 }, s.name);
  });
}

function costs(view, what) {
  const series = [];
  const add = (path, colour, name) => {
    series.push({ path, values: path.loss, colour, dash: "", name: `kL, ${name}` });
    if (path.effort) series.push({ path, values: path.effort, colour, dash: "2 3", name: `cost of change, ${name}` });
  };
  add(what.best, BLUE, "optimal");
  if (what.other) add(what.other, ORANGE, view.other_name.split(" in ")[0]);
  return series;
}

/** First coordinate of weights, optimum and belief along time. */
function coordinate({ best, state }) {
  const first = track => track.filter((_, i) => i % 2 === 0).map(x => x / DATA.scale);
  return [{ values: best.points.map(p => p[0]), colour: BLUE, dash: "", name: "weight" }, { values: first(state.tracks[0]), colour: "#000", dash: "2 3", name: "optimum" },
    { values: first(state.tracks[1]), colour: ORANGE, dash: "7 4", name: "believed optimum" }].map(s => ({ ...s, path: best }));
}

// ---- a view

const memory = {};  // position and start of each view

function makeView(view) {
  const panel = document.getElementById(`panel-${view.name}`);
  const mine = memory[view.name] = { at: view.sliders.map(s => s.first), start: [...view.start] };
  element(panel, "p", { class: "words" }, view.question);
  const controls = element(panel, "div", { class: "controls" });
  view.sliders.forEach((slider, k) => {
    const box = element(controls, "div"), id = `${view.name}-${slider.name}`;
    const name = element(box, "label", { for: id }, `${slider.label} = `);
    mine["out" + k] = element(name, "output", { for: id });
    const range = mine["range" + k] = element(box, "input", { type: "range", id, min: 0, max: slider.values.length - 1, step: 1 });
    range.addEventListener("input", () => { mine.at[k] = Number(range.value); update(view); });
    mine["ticks" + k] = element(box, "div", { class: "ticks", "aria-hidden": "true" });
  });
  const columns = element(panel, "div", { class: "columns" }), first = element(columns, "div"), second = element(columns, "div");
  mine.map = draw(first, "svg", { viewBox: "0 0 460 448", role: "group", "aria-label": "map of the loss with paths" });
  mine.legend = element(first, "p", { class: "note" });
  mine.rule = element(second, "div", { class: "rule scroll" });
  mine.facts = element(element(second, "div", { class: "scroll" }), "table");
  mine.costs = draw(second, "svg", { viewBox: "0 0 460 300", role: "img", "aria-label": "costs over time" });
  programBox(panel, mine);
  dragging(view, mine);
}

function programBox(panel, mine) {
  element(panel, "h2", {}, "The same in Python");
  const button = element(panel, "button", { class: "copy", type: "button" }, "copy as Python");
  mine.program = element(panel, "pre", { tabindex: 0 });
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(mine.program.textContent); }
    catch { const range = document.createRange(); range.selectNodeContents(mine.program); getSelection().removeAllRanges(); getSelection().addRange(range); document.execCommand("copy"); }
    button.textContent = "copied"; setTimeout(() => { button.textContent = "copy as Python"; }, 1500);
  });
}

function dragging(view, mine) {
  const move = event => {
    const box = mine.map.getBoundingClientRect(), unit = 460 / box.width;
    const x = ((event.clientX - box.left) * unit - 251) / 199 * view.frame, y = -((event.clientY - box.top) * unit - 209) / 199 * view.frame;
    setStart(view, x, y);
  };
  mine.map.addEventListener("pointerdown", event => {
    if (!event.target.matches(".map, .start")) return;
    event.preventDefault(); mine.map.setPointerCapture(event.pointerId); mine.held = true; move(event);
  });
  mine.map.addEventListener("pointermove", event => { if (mine.held) move(event); });
  for (const end of ["pointerup", "pointercancel"]) mine.map.addEventListener(end, () => { mine.held = false; });
  mine.map.addEventListener("keydown", event => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (!step) return;
    event.preventDefault(); setStart(view, mine.start[0] + step[0], mine.start[1] + step[1]);
    mine.map.querySelector(".start").focus();
  });
}

function setStart(view, x, y) {
  const clamp = z => Math.round(100 * Math.max(-view.frame, Math.min(view.frame, z))) / 100;
  memory[view.name].start = [clamp(x), clamp(y)];
  update(view);
}

function update(view) {
  const mine = memory[view.name], what = shown(view, mine.at, mine.start);
  view.sliders.forEach((slider, k) => {
    const text = symbol(slider.values[mine.at[k]]);
    mine["range" + k].value = mine.at[k];
    mine["range" + k].setAttribute("aria-valuetext", text);
    mine["out" + k].textContent = `${text} ${slider.unit}`;
  });
  markCritical(view, mine, what);
  drawMap(view, mine.at, what, mine.map);
  drawCosts(view, what, mine.costs);
  showFacts(view, mine, what);
  mine.program.textContent = what.state.reason ? "# " + what.state.reason : snippet(view, mine.at, what);
  saveAddress();
}

/** Mark the critical discount below the slider of the discount, between the steps around it. */
function markCritical(view, mine, what) {
  const [name, values] = what.facts[0] || [];
  if (!view.starts || !name) return;
  const steps = view.sliders[0].values.map(Number), above = steps.findIndex(s => s > values[0]);
  const place = above - 1 + (values[0] - steps[above - 1]) / (steps[above] - steps[above - 1]);
  mine.ticks0.replaceChildren();
  element(mine.ticks0, "span", { style: `left:calc(8px + (100% - 16px) * ${place / (steps.length - 1)})` }, `▲ γ_c = ${format(values[0])}`);
}

function showFacts(view, mine, what) {
  const { state } = what;
  mine.rule.replaceChildren();
  element(mine.rule, "div", {}, `Optimal rule: ${state.name || "it has no name in the catalogue"}`);
  const math = view.formulas[state.formula];
  if (math) element(mine.rule, "div").innerHTML = math;
  for (const note of [state.reason, state.note]) if (note) element(mine.rule, "p", { class: "note" }, note);
  mine.facts.replaceChildren();
  const row = (name, text) => { const line = element(mine.facts, "tr"); element(line, "th", { scope: "row" }, name); element(line, "td", {}, text); };
  if (what.best && what.J !== undefined) row("J of the optimal path [loss·s]", format(what.J));
  if (what.other && what.otherJ !== undefined) row(`J of the ${view.other_name}`, format(what.otherJ));
  for (const [name, values] of what.facts) row(name, values.length === 4 ? matrix(values) : values.map(format).join(", "));
  mine.legend.textContent = `Drag the circle (or focus it and use the arrow keys). Blue: optimal path (dots: every third stored time)${what.other ? `; orange, dashed: ${view.other_name}` : what.state.tracks ? "; black, dotted: optimum; orange, dashed: belief" : ""}; + optimum. ${view.how}`;
}

// ---- the first tab: what is my rule optimal for?

function makeInverse() {
  const panel = document.getElementById("panel-inverse"), mine = memory.inverse = { rule: 0, level: 4, slopes: [3, 1, 1, 2] };
  mine.rule = Math.max(0, DATA.rules.findIndex(r => r.name === "gradient_descent"));
  element(panel, "p", { class: "words" }, "Pick a rule, or type one. Many assumptions lead to one motion: this is the set of all that do, near a minimum of a quadratic loss (or of the loss that the rule itself descends).");
  const controls = element(panel, "div", { class: "controls" });
  const box = element(controls, "div");
  element(box, "label", { for: "pick" }, "rule");
  mine.pick = element(box, "select", { id: "pick" });
  DATA.rules.forEach((rule, i) => element(mine.pick, "option", { value: i }, rule.name));
  element(mine.pick, "option", { value: DATA.rules.length }, "my own: type its slopes");
  mine.pick.addEventListener("change", () => { mine.rule = Number(mine.pick.value); updateInverse(); });
  mine.slopeBox = element(controls, "div", { role: "group", "aria-label": "slopes R of the motion −R(θ − rest)" });
  mine.fields = ["R₁₁", "R₁₂", "R₂₁", "R₂₂"].map((name, i) => {
    element(mine.slopeBox, "label", { for: `slope${i}` }, ` ${name} [1/s] `);
    const field = element(mine.slopeBox, "input", { type: "number", step: "any", id: `slope${i}`, value: mine.slopes[i] });
    field.style.width = "5em";
    field.addEventListener("input", () => { mine.slopes[i] = field.valueAsNumber; updateInverse(); });
    return field;
  });
  mine.levelBox = element(controls, "div");
  const name = element(mine.levelBox, "label", { for: "level" }, "if its discount γ is ");
  mine.out = element(name, "output", { for: "level" });
  mine.range = element(mine.levelBox, "input", { type: "range", id: "level", min: 0, max: DATA.discounts.length - 1, step: 1 });
  mine.range.addEventListener("input", () => { mine.level = Number(mine.range.value); updateInverse(); });
  const columns = element(panel, "div", { class: "columns" });
  mine.words = element(columns, "dl", { class: "words" });
  mine.pictures = element(columns, "div");
  programBox(panel, mine);
}

/**
 * A rule θ̇ = −R(θ − μ) that is typed, judged here: without drift it is optimal exactly if N = RH⁻¹ is symmetric and
 * positive, and then it is at every γ, for the inverse metric (R² + γR)H⁻¹. The least drift is left to the program.
 */
function typedRule(R) {
  const { hessian: H, rest, same, answers } = DATA.typed, scale = H[0] * H[3] - H[1] * H[2];
  const times = (p, q) => [p[0] * q[0] + p[1] * q[2], p[0] * q[1] + p[1] * q[3], p[2] * q[0] + p[3] * q[2], p[2] * q[1] + p[3] * q[3]];
  const inverse = [H[3], -H[1], -H[2], H[0]].map(x => x / scale), N = times(R, inverse), size = Math.hypot(...N);
  const head = { name: "my own", title: "Motion −R(θ − optimum) with the slopes R that you type, on the loss of curvature " + matrix(H) + ". This verdict is computed on this page, by the closed form N = RH⁻¹; those of the named rules are stored." };
  if (!R.every(Number.isFinite) || !size) return { ...head, reason: "Type four numbers, not all of them 0." };
  const [mean, spread] = principal([N[0], (N[1] + N[2]) / 2, (N[1] + N[2]) / 2, N[3]]), low = mean - spread, high = mean + spread;
  const turning = Math.abs(N[1] - N[2]) / (Math.SQRT2 * size), some = turning < same && high > 0 && low > -same * high;
  const limited = some && low <= same * high ? ", with control of 1 of 2 directions" : "";
  const why = turning >= same ? `the antisymmetric part of RH⁻¹ is ${format(turning)} of its norm` : "RH⁻¹ has a negative eigenvalue: it climbs the loss along some direction";
  const verdict = some ? `the rule is optimal at every horizon, each with its own metric, without drift${limited}.`
    : `the rule is optimal for no metric without drift, at any horizon (${why}). The least drift has no closed form: the program below computes it.`;
  const kind = some ? "any horizon" : "drift", answer = answers[kind], square = times(R, R);
  const reach = DATA.discounts.map(level => some ? times(square.map((x, i) => x + level * R[i]), inverse) : null);
  const python = answer.python.replace("{slopes}", `[[${R[0]}, ${R[1]}], [${R[2]}, ${R[3]}]]`);
  return { ...head, ...answer, kind, verdict, python, hessian: H, slope: R, rest, reach, drift: reach.map(() => null) };
}

function updateInverse() {
  const mine = memory.inverse, own = mine.rule === DATA.rules.length, level = DATA.discounts[mine.level];
  const rule = own ? typedRule(mine.slopes) : DATA.rules[mine.rule];
  mine.slopeBox.hidden = !own;
  mine.pick.value = mine.rule; mine.range.value = mine.level; mine.out.textContent = `${level} /s`;
  mine.words.replaceChildren(); mine.pictures.replaceChildren();
  const say = (title, text) => { element(mine.words, "dt", {}, title); element(mine.words, "dd", {}, text); };
  say("Rule", rule.title);
  mine.levelBox.hidden = !own && !(rule.reach && (rule.reach.some(Boolean) || rule.drift.some(Boolean)));
  if (rule.reason) {
    say("Its assumptions cannot be read here", rule.reason);
    mine.program.textContent = own ? "" : `import steersman as sm\n\nprint(sm.rules.${rule.name}().card())\n`;
  } else {
    say("What it is optimal for", rule.verdict);
    say("What all its explanations share", rule.common);
    say("What cannot be told from its motion", rule.untold);
    say("What would decide", rule.decides);
    mine.program.textContent = rule.python.replaceAll("{discount}", level);
    drawInverse(mine, rule, level);
  }
  saveAddress();
}

function drawInverse(mine, rule, level) {
  const picture = draw(mine.pictures, "svg", { viewBox: "0 0 460 448", role: "img", "aria-label": `motion of ${rule.name} about its rest point, and cheap directions of change` });
  const { X, Y } = axes(picture, [-1, 1], [-1, 1], 448, "θ₁ − rest", "θ₂ − rest");
  const reach = rule.reach[mine.level], drift = rule.drift[mine.level];
  ellipses(picture, X, Y, rule.hessian);
  if (rule.kind !== "momentum") arrows(picture, X, Y, rule.slope.map(x => -x), BLUE, "");
  if (drift) arrows(picture, X, Y, drift, ORANGE, "3 2");
  if (reach) {
    const [mean, spread, angle] = principal(reach), size = Math.sqrt(2 / (mean + Math.hypot(spread, 0) + mean - spread)) * 0.62;
    const long = size * Math.sqrt(mean + spread), short = size * Math.sqrt(Math.max(0, mean - spread));
    const round = Array.from({ length: 61 }, (_, i) => [long * Math.cos(i * Math.PI / 30), short * Math.sin(i * Math.PI / 30)]);
    const turn = ([p, q]) => [p * Math.cos(angle) - q * Math.sin(angle), p * Math.sin(angle) + q * Math.cos(angle)];
    const line = round.map(turn);
    polyline(picture, line.map(p => X(p[0])), line.map(p => Y(p[1])), { stroke: "#000", "stroke-width": 2.5 });
  }
  const words = ["Grey: equal loss."];
  if (rule.kind !== "momentum") words.push("Blue arrows: the motion of the rule, the same at every discount.");
  if (reach) words.push(`Black: equal cost of change at γ = ${level} /s (long axis: the cheap direction); inverse metric ηk BG⁻¹Bᵀ = ${matrix(reach)}.`);
  if (drift) words.push(`Orange, dashed: the drift that this discount needs, A = ${matrix(drift)} /s${rule.kind === "decay or tasks" ? " (about 0)" : ""}; its arrows have a scale of their own.`);
  if (!reach && rule.reach.some(Boolean)) words.push(`At γ = ${level} /s no drift and metric of this form exist.`);
  element(mine.pictures, "p", { class: "note" }, words.join(" "));
}

const matrix = m => `(${format(m[0])}, ${format(m[1])}; ${format(m[2])}, ${format(m[3])})`;

/** Mean and half difference of the eigenvalues of a symmetric matrix, and the angle of the larger one. */
function principal([a, b, , d]) {
  return [(a + d) / 2, Math.hypot((a - d) / 2, b), 0.5 * Math.atan2(2 * b, a - d)];
}

function ellipses(picture, X, Y, hessian) {
  const [mean, spread, angle] = principal(hessian);
  for (const r of [0.2, 0.4, 0.6, 0.8]) {
    const long = r, short = r * Math.sqrt((mean - spread) / (mean + spread));  // short across the steep direction
    const line = Array.from({ length: 61 }, (_, i) => [short * Math.cos(i * Math.PI / 30), long * Math.sin(i * Math.PI / 30)])
      .map(([p, q]) => [p * Math.cos(angle) - q * Math.sin(angle), p * Math.sin(angle) + q * Math.cos(angle)]);
    polyline(picture, line.map(p => X(p[0])), line.map(p => Y(p[1])), { stroke: PALE, "stroke-width": 1 });
  }
}

function arrows(picture, X, Y, [a, b, c, d], colour, dash) {
  const grid = [-0.9, -0.6, -0.3, 0, 0.3, 0.6, 0.9], most = 0.9 * Math.hypot(a, b, c, d);
  for (const x of grid) for (const y of grid) {
    const u = a * x + b * y, v = c * x + d * y, speed = Math.hypot(u, v), scale = 0.24 / most;
    if (speed < 1e-3 * most) continue;
    const tip = [x + u * scale, y + v * scale], [px, py] = [X(tip[0]), Y(tip[1])], turn = Math.atan2(Y(tip[1]) - Y(y), X(tip[0]) - X(x));
    draw(picture, "line", { x1: X(x), y1: Y(y), x2: px, y2: py, stroke: colour, "stroke-width": 1.6, "stroke-dasharray": dash });
    const head = [turn + 2.6, turn - 2.6].map(t => `${(px + 6 * Math.cos(t)).toFixed(1)},${(py + 6 * Math.sin(t)).toFixed(1)}`);
    draw(picture, "polygon", { points: `${px.toFixed(1)},${py.toFixed(1)} ${head.join(" ")}`, fill: colour });
  }
}

// ---- tabs and the address

const TABS = [...document.querySelectorAll("[role=tab]")];
const names = TABS.map(tab => tab.id.slice(4));
let current = "inverse", loading = false;

function show(name) {
  current = names.includes(name) ? name : "inverse";
  TABS.forEach((tab, i) => {
    const on = names[i] === current;
    tab.setAttribute("aria-selected", on); tab.tabIndex = on ? 0 : -1;
    document.getElementById(`panel-${names[i]}`).hidden = !on;
  });
  if (current === "inverse") updateInverse(); else update(VIEWS[current]);
}
TABS.forEach((tab, i) => {
  tab.addEventListener("click", () => show(names[i]));
  tab.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { const next = (i + step + TABS.length) % TABS.length; show(names[next]); TABS[next].focus(); }
  });
});

function saveAddress() {
  if (loading) return;
  const mine = memory[current], address = new URLSearchParams({ view: current });
  if (current === "inverse") { if (mine.rule < DATA.rules.length) address.set("rule", DATA.rules[mine.rule].name); else address.set("slopes", mine.slopes.join(",")); address.set("discount", DATA.discounts[mine.level]); }
  else { VIEWS[current].sliders.forEach((s, k) => address.set(s.name, s.values[mine.at[k]])); address.set("start", mine.start.join(",")); }
  history.replaceState(null, "", "#" + address);
}

function loadAddress() {
  const address = new URLSearchParams(location.hash.slice(1)), name = address.get("view");
  loading = true;
  if (VIEWS[name]) {
    const mine = memory[name];
    VIEWS[name].sliders.forEach((s, k) => { const i = s.values.indexOf(address.get(s.name)); if (i >= 0) mine.at[k] = i; });
    const start = (address.get("start") || "").split(",").map(Number);
    if (start.length === 2 && start.every(Number.isFinite)) setStart(VIEWS[name], ...start);
  } else {
    const i = DATA.rules.findIndex(r => r.name === address.get("rule")), level = DATA.discounts.indexOf(Number(address.get("discount")));
    if (i >= 0) memory.inverse.rule = i;
    const slopes = (address.get("slopes") || "").split(",").map(Number);
    if (slopes.length === 4 && slopes.every(Number.isFinite)) {
      memory.inverse.rule = DATA.rules.length;
      slopes.forEach((x, k) => { memory.inverse.slopes[k] = x; memory.inverse.fields[k].value = x; });
    }
    if (level >= 0) memory.inverse.level = level;
  }
  show(name);
  loading = false;
}

/** With the address #selftest the page writes what it shows at some states, and how long a change takes, into itself. */
function selfTest() {
  const results = [], took = [];
  for (const view of DATA.views) {
    const step = Math.max(1, Math.floor(view.states.length / 12));
    for (let index = 0; index < view.states.length; index += step) {
      let rest = index;
      const at = view.sliders.map(() => 0);
      for (let k = at.length - 1; k >= 0; k--) { const n = view.sliders[k].values.length; at[k] = rest % n; rest = (rest - at[k]) / n; }
      const start = [Math.round(100 * view.frame * 0.8 * Math.sin(index + 1)) / 100, Math.round(100 * view.frame * 0.8 * Math.cos(2 * index)) / 100];
      const what = shown(view, at, start);
      memory[view.name].at = at; memory[view.name].start = start;
      show(view.name);
      const begin = performance.now();
      update(view);
      memory[view.name].map.getBoundingClientRect();
      took.push(performance.now() - begin);
      const text = view.sliders.map((s, k) => s.values[at[k]]);
      results.push({ view: view.name, at, values: text, start, points: what.best && what.best.points, times: what.best && what.best.times,
        J: what.J === undefined ? null : what.J, facts: what.facts, python: what.state.reason ? null : snippet(view, at, what) });
    }
  }
  took.sort((a, b) => a - b);
  const own = [[3, 0, 0, 0.5], [3, 0.5, 3, 2], [1, 2, -2, 1], [-1, 0, 0, -1], [1, 0, 0, 0], [2, 0.1, 0.6, 0.7]];
  const typed = own.map(R => { const { kind, reach, python, verdict } = typedRule(R); return { R, kind, reach, python, verdict }; });
  const report = { results, typed, median: took[took.length >> 1], longest: took[took.length - 1], errors };
  element(document.body, "pre", { id: "selftest" }, JSON.stringify(report));
}

const errors = [];
addEventListener("error", event => errors.push(event.message));
makeInverse();
DATA.views.forEach(makeView);
if (location.hash === "#selftest") selfTest(); else { loadAddress(); addEventListener("hashchange", loadAddress); }
})();
