// Filters the section "Where it came from": a span of days, a country and a port, chosen in a chart, a list or the form.
// Bundled with Vega-Embed, whose charts are interpreted, not compiled: the page's policy allows no code made of text.
const data = JSON.parse(document.getElementById("report-data").textContent);
const ALL = -2;
const LISTED = 10;
const DAY = 86400000;
const start = Date.parse(data.first);
const whole = { first: 0, last: data.spans - 1, country: ALL, port: ALL };
let chosen = { ...whole };
const views = {};

const element = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString(data.language);
const dayOf = (span) => new Date(Math.min(start + span * data.spanDays * DAY, Date.parse(data.last)));
const lastDayOf = (span) => new Date(Math.min(start + ((span + 1) * data.spanDays - 1) * DAY, Date.parse(data.last)));
const written = (day) => day.toLocaleDateString(data.locale, { timeZone: "UTC", dateStyle: "medium" });
const iso = (day) => day.toISOString().slice(0, 10);

function counts() {
  const found = { spans: new Array(data.spans).fill(0), countries: new Map(), ports: new Map(), events: 0 };
  const add = (map, key, events) => map.set(key, (map.get(key) || 0) + events);
  for (let at = 0; at < data.cells.length; at += 4) {
    const [span, port, country, events] = data.cells.slice(at, at + 4);
    const inSpan = span >= chosen.first && span <= chosen.last;
    const inPort = chosen.port === ALL || port === chosen.port;
    const inCountry = chosen.country === ALL || country === chosen.country;
    if (inPort && inCountry) found.spans[span] += events;
    if (inSpan && inPort) add(found.countries, country, events);
    if (inSpan && inCountry) add(found.ports, port, events);
    if (inSpan && inPort && inCountry) found.events += events;
  }
  return found;
}

function bars(found) {
  return found.spans.map((events, span) => ({
    day: iso(dayOf(span)),
    end: iso(new Date(lastDayOf(span).getTime() + DAY)),
    events: data.observed[span] ? events : null,
    chosen: span >= chosen.first && span <= chosen.last,
    label: `${written(dayOf(span))}: ${number(events)}`,
  }));
}

function place(code, found) {
  const at = data.countries.indexOf(code);
  const events = (at >= 0 && found.countries.get(at)) || 0;
  const step = events ? `heat${data.steps.filter((limit) => events >= limit).length}` : "land";
  const label = code in data.names ? `${data.names[code]}: ${number(events)}` : "";
  return { country: code, events, step, label, chosen: at >= 0 && at === chosen.country };
}

function list(id, rows, choose) {
  const most = Math.max(1, ...rows.map((row) => row.events));
  const body = element(id);
  const template = element("row-template").content.firstElementChild;
  body.replaceChildren(
    ...rows.map((row) => {
      const line = template.cloneNode(true);
      const button = line.querySelector("button");
      button.textContent = row.name;
      button.setAttribute("aria-pressed", row.chosen);
      button.addEventListener("click", () => choose(row.chosen ? ALL : row.key));
      line.querySelector("data").textContent = number(row.events);
      line.querySelector("data").value = row.events;
      line.querySelector("rect").setAttribute("width", (100 * row.events) / most);
      return line;
    }),
  );
}

function lists(found) {
  const rows = (map, name, key) =>
    [...map.entries()]
      .filter(([at]) => at >= 0)
      .map(([at, events]) => ({ key: at, name: name(at), events, chosen: chosen[key] === at }))
      .sort((one, other) => other.events - one.events)
      .slice(0, LISTED);
  list("country-list", rows(found.countries, (at) => data.names[data.countries[at]], "country"), (country) =>
    update({ country }),
  );
  list("port-list", rows(found.ports, (at) => data.portNames[at], "port"), (port) => update({ port }));
}

function draw() {
  const found = counts();
  lists(found);
  element("status").textContent = data.texts.status.replace("{n}", number(found.events));
  element("from").value = iso(dayOf(chosen.first));
  element("to").value = iso(lastDayOf(chosen.last));
  element("country").value = chosen.country;
  element("port").value = chosen.port;
  if (views.timeline) views.timeline.data("bars", bars(found)).runAsync();
  if (views.map) {
    const dots = data.dots.filter((dot) => data.countries.includes(dot.country));
    const filled = (shape) => ({ ...shape, ...place(shape.country, found) });
    views.map.data("shapes", data.shapes.map(filled)).data("dots", dots.map(filled)).runAsync();
  }
}

function update(change) {
  chosen = { ...chosen, ...change };
  if (chosen.first > chosen.last) chosen.last = chosen.first;
  draw();
}

function spanOf(time, round) {
  const span = round((time - start) / DAY / data.spanDays);
  return Math.max(0, Math.min(data.spans - 1, span));
}

function brushed(name, value) {
  const [range] = Object.values(value || {});
  if (!range) return update({ first: whole.first, last: whole.last });
  const [from, to] = range.map(Number);
  update({ first: spanOf(from, Math.floor), last: spanOf(to, (at) => Math.ceil(at) - 1) });
}

function clicked(event, item) {
  const at = item && item.datum ? data.countries.indexOf(item.datum.country) : -1;
  if (at >= 0) update({ country: at === chosen.country ? ALL : at });
}

function tooltip(handler, event, item, value) {
  const box = element("tooltip");
  box.hidden = !value || !event;
  if (box.hidden) return;
  box.textContent = value;
  box.style.left = `${Math.min(event.pageX + 12, document.documentElement.clientWidth - box.offsetWidth - 8)}px`;
  box.style.top = `${event.pageY + 14}px`;
}

async function chart(id, height) {
  const place = element(id);
  const width = place.clientWidth;
  const drawing = document.createElement("div");
  // What it shows, its place describes, and the form does what a pointer does here.
  drawing.setAttribute("aria-hidden", "true");
  const spec = { ...data.specs[id], width, height: height(width), autosize: { type: "fit", contains: "padding" } };
  const options = { ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip };
  const { view } = await vegaEmbed(drawing, spec, options);
  place.replaceChildren(drawing);
  if (views[id]) views[id].finalize();
  views[id] = view;
  return view;
}

async function charts() {
  const timeline = await chart("timeline", () => 170);
  timeline.addSignalListener("span", brushed);
  const map = await chart("map", (width) => width * data.mapHeight);
  map.addEventListener("click", clicked);
  draw();
}

function options(id, all, names) {
  const choices = [[ALL, all], ...names];
  element(id).replaceChildren(...choices.map(([value, name]) => new Option(name, value)));
  element(id).addEventListener("change", (event) => update({ [id]: Number(event.target.value) }));
}

function form() {
  const byName = data.countries.map((code, at) => [at, data.names[code]]);
  byName.sort((one, other) => one[1].localeCompare(other[1], data.locale));
  options("country", data.texts.all_countries, byName);
  options("port", data.texts.all_ports, [...data.portNames.entries(), [-1, data.texts.other_ports]]);
  for (const id of ["from", "to"]) {
    element(id).min = data.first;
    element(id).max = data.last;
  }
  element("from").addEventListener("change", (event) => update({ first: spanOf(Date.parse(event.target.value || data.first), Math.floor) }));
  element("to").addEventListener("change", (event) => update({ last: spanOf(Date.parse(event.target.value || data.last), Math.floor) }));
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  element("reset").addEventListener("click", () => {
    chosen = { ...whole };
    charts();
  });
  document.documentElement.classList.add("scripted");
}

if (data.spans) {
  let width = document.documentElement.clientWidth;
  window.addEventListener("resize", () => {
    if (width !== document.documentElement.clientWidth && !matchMedia("print").matches) charts();
    width = document.documentElement.clientWidth;
  });
  form();
  charts().then(() => document.documentElement.classList.add("drawn"));
}
