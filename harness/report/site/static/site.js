"use strict";
// Only adds to pages that can be read without it. Text goes in as text, never as markup; nothing is fetched.

const make = (tag, text = "", attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// What a link asks for and nobody measured is offered too, by its name: another value's answer is not what was asked.
const fill = (select, values, chosen) => {
  const unknown = chosen && !values.includes(chosen) ? [make("option", `${plain(chosen)} (unknown)`, { value: chosen })] : [];
  select.replaceChildren(...unknown, ...values.map((value) => make("option", value, { value })));
  if (chosen) select.value = chosen;
};

const plain = (text) => text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 60);
const unique = (values) => [...new Set(values)];
const parts = (text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
const byVersion = (one, other) => {
  const [left, right] = [parts(one), parts(other)];
  for (let place = 0; place < Math.max(left.length, right.length); place += 1) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference) return difference;
  }
  return one.localeCompare(other);
};

// The question of the start page

const ORDER = ["✗", "?", "☠", "!", "✓", "·", "-"];
const TOLD = { "✗": "affected", "✓": "not affected", "☠": "cannot serve", "?": "inconclusive", "!": "not built", "·": "not run", "-": "not possible" };

const titled = (failure) => {
  const told = make("span");
  told.append(make("a", failure.title, { class: "title", href: failure.page }));
  return told;
};

// Wine and containers are ways to have a machine of these kinds.
const machine = (platform) => (platform.startsWith("docker:") ? "linux" : platform.replace(/-wine$/, ""));

const concerns = (failure, asked) => !failure.platforms || failure.platforms.includes(machine(asked.platform));

// Where to go: what every history that is shown says, else the judged releases further on that are free of the failure.
const advised = (data, shown, asked, place) => {
  const said = unique(shown.map((one) => one.advice));
  if (said.length === 1 && said[0]) return said[0];
  const releases = data.releases[asked.subject];
  const free = releases.filter((_, at) => at > place && shown.every((one) => one.verdicts[at] === "✓"));
  if (!free.length) return "no later release that was judged is free of it";
  const some = free.slice(0, 6).join(", ");
  return `free of it: ${some}${free.length > 6 ? ` and ${free.length - 6} more` : ""}; others after it have it, or were not judged`;
};

const answer = (data, failure, asked) => {
  const place = data.releases[asked.subject].indexOf(asked.version);
  if (!concerns(failure, asked)) {
    const item = make("li");
    const told = titled(failure);
    told.append(make("small", `does not concern ${machine(asked.platform)}: it can exist on ${failure.platforms.join(", ")} only`));
    item.append(make("span", "- no concern", { class: "badge untested" }), told);
    return item;
  }
  const there = failure.series.filter((one) => one.platform === asked.platform && one.verdicts[place] !== " ");
  const exact = there.filter((one) => one.python === asked.python);
  const used = exact.length ? exact : there;
  const item = make("li");
  if (!used.length) {
    const platforms = unique(failure.series.map((one) => one.platform));
    const told = titled(failure);
    if (platforms.length && !platforms.includes(asked.platform)) told.append(make("small", `measured on ${platforms.join(", ")} only`));
    item.append(make("span", "· not measured", { class: "badge untested" }), told);
    return item;
  }
  const symbols = unique(used.map((one) => one.verdicts[place]));
  const symbol = ORDER.find((one) => symbols.includes(one));
  const shown = used.filter((one) => one.verdicts[place] === symbol);
  item.classList.toggle("has", symbol === "✗");
  item.append(make("span", `${symbol} ${TOLD[symbol]}`, { class: `badge ${data.words[symbol]}` }));
  const told = titled(failure);
  const where = symbols.length > 1 ? ` (${unique(shown.map((one) => one.variant)).join(", ")})` : "";
  const elsewhere = exact.length ? "" : `; not measured on Python ${asked.python}, this is Python ${unique(shown.map((one) => one.python)).join(", ")}`;
  const advice = symbol === "✗" ? advised(data, shown, asked, place) : "";
  if (advice || where || elsewhere) {
    const small = make("small");
    small.append(make("b", advice), `${where}${elsewhere}`);
    told.append(small);
  }
  item.append(told);
  const name = shown[0].name;
  item.append(make("a", "the evidence", { href: name ? `cells/${name[0]}-${asked.version}_${name[1]}.html` : failure.page }));
  return item;
};

const UNKNOWN = { subject: (now) => plain(now.subject), version: (now) => `${plain(now.subject)} ${plain(now.version)}`, python: (now) => `Python ${plain(now.python)}`, platform: (now) => plain(now.platform) };

const nothing = (now, unknown) => {
  const item = make("li");
  item.append(make("span", "· unknown", { class: "badge untested" }), make("span", `Nothing was measured of ${UNKNOWN[unknown](now)}.`));
  return item;
};

const ask = () => {
  const form = document.getElementById("question");
  if (!form) return;
  const data = JSON.parse(document.getElementById("data").textContent);
  const fields = form.elements;
  let asked = new URLSearchParams(location.hash.slice(1));
  const series = () => data.failures.filter((one) => one.subject === fields.subject.value).flatMap((one) => one.series);
  const offer = () => {
    const releases = data.releases[fields.subject.value] ?? [];
    fill(fields.version, [...releases].reverse(), asked.get("version"));
    fill(fields.python, unique(series().map((one) => one.python)).sort(byVersion).reverse(), asked.get("python"));
    fill(fields.platform, unique(series().map((one) => one.platform)).sort(), asked.get("platform"));
  };
  const tell = () => {
    const now = Object.fromEntries(new FormData(form));
    const about = data.failures.filter((one) => one.subject === now.subject);
    const known = { subject: Object.keys(data.releases), version: data.releases[now.subject] ?? [], python: series().map((one) => one.python), platform: series().map((one) => one.platform) };
    const unknown = Object.keys(known).find((name) => !known[name].includes(now[name]));
    const answers = unknown ? [nothing(now, unknown)] : about.map((one) => answer(data, one, now));
    document.getElementById("answers").replaceChildren(...answers);
  };
  fill(fields.subject, Object.keys(data.releases), asked.get("subject"));
  offer();
  tell();
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    asked = new URLSearchParams(new FormData(form));
    if (event.target === fields.subject) {
      asked = new URLSearchParams();
      offer();
    }
    tell();
    // Replaced, not added to, so that "back" leaves the page; the link can be given to somebody.
    history.replaceState(null, "", `#${new URLSearchParams(new FormData(form))}`);
  });
};

// Filter and sort of the cells

const filter = (table) => {
  const form = document.querySelector(`form[data-for="${table.id}"]`);
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const chosen = [...table.tHead.rows[0].cells].filter((cell) => "choose" in cell.dataset).map((cell) => {
    const values = unique([...table.tBodies[0].rows].map((row) => row.cells[cell.cellIndex].textContent.trim())).sort(byVersion);
    const select = make("select");
    select.append(make("option", "all", { value: "" }), ...values.map((value) => make("option", value, { value })));
    const label = make("label", `${cell.textContent} `);
    label.append(select);
    form.append(label);
    return { select, column: cell.cellIndex };
  });
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter((word) => word);
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = words.every((word) => text.includes(word))
        && chosen.every(({ select, column }) => !select.value || row.cells[column].textContent.trim() === select.value);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    document.getElementById("shown").textContent = `${shown} of ${rows.length} cells`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
};

const sortable = (table) => {
  for (const cell of table.tHead.rows[0].cells) {
    const button = make("button", cell.textContent, { type: "button" });
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[cell.cellIndex].textContent;
      const compare = cell.dataset.order === "version" ? byVersion : (one, other) => one.localeCompare(other);
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [key(row), row]).sort((one, other) => (down ? -1 : 1) * compare(one[0], other[0]));
      body.replaceChildren(...rows.map(([, row]) => row));
    });
  }
};

ask();
for (const table of document.querySelectorAll("table[data-sortable]")) {
  filter(table);
  sortable(table);
}
