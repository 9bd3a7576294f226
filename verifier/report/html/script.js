"use strict";
// Stepping through the schedules of the page. Everything shown comes from the JSON beside it, as text: no markup is
// ever made of it.
(() => {
  const schedules = JSON.parse(document.getElementById("data")?.textContent || "[]");
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const one = (query, from = document) => from.querySelector(query);
  const id = (name) => document.getElementById(name);
  const make = (name, text = "", kind = "") => {
    const made = document.createElement(name);
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  // On paper nothing can be opened, so everything is; afterwards it is as it was.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((d) => (d.open = true));
  });
  window.addEventListener("afterprint", () => closed.forEach((d) => (d.open = false)));
  if (!schedules.length) return;
  const at = schedules.map((s) => s.error);
  let chosen = 0;

  const row = (...cells) => {
    const made = make("tr");
    made.append(...cells);
    return made;
  };
  const head = (text) => {
    const made = make("th", text);
    made.scope = "row";
    return made;
  };

  function goroutine(now, moved) {
    const words = { moves: "can move", waits: "waits", returned: "has returned", idle: "not started" };
    const status = make("td", "", "where");
    status.append(make("span", words[now.status], "status"));
    if (now.choices.length > 1) status.append(make("span", ` in ${now.choices.length} ways`));
    if (now.operation) status.append(make("span", ` in ${now.operation}`, "status"));
    if (now.text) status.append(make("code", now.text, "here"), make("small", ` ${now.line}`));
    now.because.forEach((why) => status.append(make("span", why, "why")));
    const made = row(head(now.name), status);
    const gone = now.status === "returned" || now.status === "idle";
    made.className = [now.status === "waits" ? "waits" : gone ? "gone" : "", moved ? "moving" : ""].join(" ").trim();
    return made;
  }

  function locks(schedule, moment) {
    const drawn = moment.holds.map((h) =>
      row(head(h.lock), make("td", `${h.how} ${h.who}`), make("td", h.since)));
    const held = new Set(moment.holds.map((h) => h.lock));
    const free = schedule.locks.filter((l) => !held.has(l)).map((l) => row(head(l), make("td", "free", "gone"), make("td")));
    return [...drawn, ...free];
  }

  function pairs(now, before) {
    const old = new Map(before);
    return now.map(([name, value]) => {
      const cell = make("td");
      cell.append(make("code", value));
      const made = row(head(name), cell);
      if (before && old.get(name) !== value) made.className = "fresh";
      return made;
    });
  }

  function state(schedule, step) {
    const table = one(".state");
    if (!schedule.moments) {
      all("table, details", table).forEach((t) => (t.hidden = true));
      id("unwalked").hidden = false;
      id("unwalked").textContent = "The states of this schedule are not in this file.";
      return;
    }
    const moment = schedule.moments[step.moment];
    const before = step.moment ? schedule.moments[step.moment - 1] : null;
    const named = (m) => schedule.columns.map((name, n) => [name, m.objects[n]]);
    all("table, details", table).forEach((t) => (t.hidden = false));
    id("unwalked").hidden = true;
    const movers = new Set(all(`#schedule-${chosen} tr[data-goroutine]`)
      .filter((r) => one(`.moves[data-row="${at[chosen]}"]`, r)).map((r) => r.dataset.goroutine));
    id("goroutines").replaceChildren(...moment.goroutines.map((g) => goroutine(g, movers.has(g.name))));
    id("locks").replaceChildren(...locks(schedule, moment));
    id("locks-table").hidden = !id("locks").children.length;
    id("objects").replaceChildren(...pairs(named(moment), before && named(before)));
    id("objects-table").hidden = !schedule.columns.length;
    id("cells").replaceChildren(...pairs(moment.cells, before && before.cells));
    id("cell-count").textContent = `(${moment.cells.length})`;
    id("moment").textContent = step.when;
  }

  function source(schedule, step) {
    all(".line.step").forEach((l) => l.classList.remove("step"));
    all(".tags").forEach((t) => t.replaceChildren());
    const lines = step.at.map(([file, line]) => id(`f${file}l${line}`)).filter(Boolean);
    lines.forEach((l) => l.classList.add("step"));
    const moment = schedule.moments?.[step.moment];
    (moment?.goroutines || []).filter((g) => g.at).forEach((g) => {
      const tag = make("span", g.status === "waits" ? `${g.name} waits` : g.name, g.status === "waits" ? "waits" : "");
      one(".tags", id(`f${g.at[0]}l${g.at[1]}`))?.append(tag);
    });
    const stands = moment?.goroutines.find((g) => g.at)?.at;
    const file = step.at.length ? step.at[0][0] : stands ? stands[0] : 0;
    open(file);
    const line = lines[0] || (stands && id(`f${stands[0]}l${stands[1]}`));
    const box = line?.closest("pre");
    if (box) box.scrollTop = line.offsetTop - box.clientHeight / 2;
  }

  function open(file) {
    all(".file").forEach((f) => (f.hidden = Number(f.dataset.file) !== file));
    if (id("file")) id("file").value = String(file);
  }

  function graph(schedule, step) {
    const path = schedule.path || [];
    if (schedule.picture !== undefined) {
      all(".graph").forEach((g) => (g.hidden = Number(g.dataset.picture) !== schedule.picture));
    }
    const pairsOf = new Set(path.slice(1).map((spot, n) => `${path[n]}-${spot}`));
    const order = new Map();
    path.forEach((spot, n) => { if (!order.has(spot)) order.set(spot, n); });
    const here = path.length ? path[Math.min(step.moment + (step.done ? 0 : 1), path.length - 1)] : -1;
    all(".graph:not([hidden])").forEach((g) => {
      all(".arrow", g).forEach((a) => {
        const on = pairsOf.has(a.dataset.arrow);
        a.classList.toggle("on", on);
        const line = one("path", a);
        line.setAttribute("marker-end", `url(#head-${g.dataset.picture}${on ? "-on" : ""})`);
      });
      all(".spot", g).forEach((s) => {
        const spot = Number(s.dataset.spot);
        s.classList.toggle("on", order.has(spot));
        s.classList.toggle("now", spot === here);
        one("circle", s).setAttribute("r", order.has(spot) ? "9" : "6");
        one("text", s).textContent = order.has(spot) ? order.get(spot) : "";
        if (spot === here) one(".spot-says", g).textContent = one("title", s).textContent;
      });
    });
  }

  function draw(quiet) {
    const schedule = schedules[chosen];
    const step = schedule.rows[at[chosen]];
    const last = schedule.rows.length - 1;
    const panel = id(`schedule-${chosen}`);
    all("[data-schedule]").forEach((p) => (p.hidden = p !== panel));
    all('[role="tab"]').forEach((t, n) => {
      t.setAttribute("aria-selected", String(n === chosen));
      t.tabIndex = n === chosen ? 0 : -1;
    });
    all(".timeline [data-row]", panel).forEach((c) => c.classList.toggle("current", Number(c.dataset.row) === at[chosen]));
    all(".timeline [data-go]", panel).forEach((b) => {
      const now = Number(b.dataset.go) === at[chosen];
      b.tabIndex = now ? 0 : -1;
      if (now) b.setAttribute("aria-current", "step"); else b.removeAttribute("aria-current");
    });
    const column = one("thead .current", panel);
    const box = column?.closest(".scroll");
    if (box) box.scrollLeft = column.offsetLeft - (box.clientWidth - column.offsetWidth) / 2;
    id("position").textContent = `step ${at[chosen]} of ${last}`;
    id("now").textContent = step.say;
    for (const [name, off] of [["first", !at[chosen]], ["back", !at[chosen]], ["on", at[chosen] === last], ["last", at[chosen] === last]]) {
      id(`go-${name}`).setAttribute("aria-disabled", String(off));
    }
    const cursor = one(".cursor", panel);
    if (cursor) {
      const x = Number(cursor.dataset.left) + Number(cursor.dataset.step) * at[chosen];
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    id("go-error").hidden = !schedule.bad;
    state(schedule, step);
    source(schedule, step);
    graph(schedule, step);
    if (quiet) return;
    try {
      history.replaceState(null, "", `#schedule-${chosen}`);
    } catch {
      // In a frame without an origin of its own, where some viewers show attachments, addresses cannot be changed.
    }
  }

  const go = (step) => {
    at[chosen] = Math.max(0, Math.min(step, schedules[chosen].rows.length - 1));
    draw(true);
  };
  const choose = (n) => {
    if (n < 0 || n >= schedules.length) return;
    chosen = n;
    draw(false);
  };
  const moves = {
    first: () => go(0), back: () => go(at[chosen] - 1), on: () => go(at[chosen] + 1), last: () => go(Infinity),
    error: () => schedules[chosen].bad && go(schedules[chosen].error),
  };
  Object.entries(moves).forEach(([name, move]) => id(`go-${name}`).addEventListener("click", move));
  all("[data-go]").forEach((b) => b.addEventListener("click", () => go(Number(b.dataset.go))));
  all("[data-show]").forEach((b) => b.addEventListener("click", () => choose(Number(b.dataset.show))));
  id("file")?.addEventListener("change", (e) => open(Number(e.target.value)));
  all(".spot").forEach((s) => s.addEventListener("click", () => {
    const n = (schedules[chosen].path || []).indexOf(Number(s.dataset.spot));
    const found = schedules[chosen].rows.findIndex((r) => r.moment === n);
    if (n >= 0 && found >= 0) go(found);
    else one(".spot-says", s.closest(".graph")).textContent = one("title", s).textContent;
  }));

  const keys = { ArrowLeft: moves.back, ArrowRight: moves.on, Home: moves.first, End: moves.last, e: moves.error };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(select|input|textarea)$/i.test(event.target.tagName)) return;
    const number = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
    const tab = event.target.getAttribute?.("role") === "tab";
    if (number >= 0) choose(number);
    else if (tab && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      choose(chosen + (event.key === "ArrowLeft" ? -1 : 1));
      id(`tab-${chosen}`).focus();
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });

  const asked = /^#schedule-(\d+)$/.exec(location.hash);
  chosen = asked && Number(asked[1]) < schedules.length ? Number(asked[1]) : 0;
  draw(true);
})();
