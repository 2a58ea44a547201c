"use strict";
/* The page's script: filters, and the details of a scenario, made when somebody opens them. Whatever comes from a run gets into the
   page as text (textContent, setAttribute) and never as markup. */
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const byId = (id) => document.getElementById(id);
  const FOLDS = ["", "stream set-up, dialback, DNS", "fence", "after the play", "more"];
  const SHOWN = 150; // events of a diagram that are not folded
  const WIDTH = 660, NARROWEST = 170; // of a diagram, and of a column in it
  const ROW = 34, HEAD = 46, TIMES = 64;

  let data = null;
  const ready = unpack().then((found) => { data = found; });

  async function unpack() {
    const bytes = Uint8Array.from(atob(byId("data").textContent), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  }

  function make(space, name, attributes, children) {
    const element = space ? document.createElementNS(space, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }
  const el = (name, attributes, ...children) => make(null, name, attributes, children);
  const svg = (name, attributes, ...children) => make(SVG, name, attributes, children);
  const tone = (verdict) => data.tones[verdict] || "open";
  const chip = (verdict) => el("span", {class: "chip " + tone(verdict)}, el("span", {"aria-hidden": "true"}, data.symbols[verdict] || "?"), " " + verdict);
  const isBad = (check) => !["PASS", "UNDECIDED"].includes(check.verdict);

  /* --- XML as people read it --- */

  /* The one element that a text is, as {name, local, attributes: [{name, local, value}], children, text}, values as they are on the wire;
     null where it is no such thing. Not the browser's parser: what it says about bad XML is markup of its own. */
  function parse(text) {
    const top = {children: [], text: ""};
    const open = [top];
    const token = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([^\s\/<>"'=]+)((?:\s+[^\s=\/<>"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
    while (token.lastIndex < text.length) {
      const found = token.exec(text);
      if (!found) return null;
      const [whole, closing, name, attributes, empty] = found;
      const within = open[open.length - 1];
      if (!name) {
        if (!whole.startsWith("<?")) within.text += whole;
      } else if (closing) {
        if (open.length < 2 || open.pop().name !== name) return null;
      } else {
        const element = {name, local: name.split(":").pop(), children: [], text: "", attributes: []};
        for (const each of attributes.matchAll(/([^\s=]+)\s*=\s*(["'])([\s\S]*?)\2/g)) {
          element.attributes.push({name: each[1], local: each[1].split(":").pop(), value: each[3]});
        }
        within.children.push(element);
        if (!empty) open.push(element);
      }
    }
    return open.length === 1 && top.children.length === 1 && !top.text.trim() ? top.children[0] : null;
  }

  const attribute = (element, name) => (element.attributes.find((each) => each.name === name) || {}).value || "";
  const plain = (value) => value.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name) => ({lt: "<", gt: ">", quot: "\"", apos: "'", amp: "&"})[name]);

  /* What a condition (XPath) looks at: the attributes that it names, with the element where it says which. */
  function named(condition) {
    return [...condition.matchAll(/(?:([\w.-]+)(?:\[[^\]]*\])?\/|\[(?:[^\]]*?\b)?)?@([\w.-]+)/g)].map((found) => ({element: found[1], attribute: found[2]}));
  }

  /* Lines of an element; `difference` is marked where it stands: {path, value}, or {named}: attributes that a condition names. */
  function pretty(text, difference) {
    const root = parse(text);
    const pre = el("pre", {class: "xml", tabindex: "0"});
    if (!root) {
      pre.append(text);
      return pre;
    }
    const mark = (path, value, what) => difference && !difference.done && difference.path === path &&
      (difference.value === undefined || difference.value === plain(value)) ? (difference.done = true, el("mark", {}, what)) : what;
    const write = (node, path, indent) => {
      const attributes = [];
      for (const each of node.attributes) {
        const quote = each.value.includes("'") ? "\"" : "'";
        const shown = each.name + "=" + quote + each.value + quote;
        const looked = difference && difference.named && difference.named.some((name) =>
          name.attribute === each.local && (name.element ? name.element === node.local : node === root));
        attributes.push(" ", looked ? el("mark", {class: "looked"}, shown) : mark(path + "@" + each.local, each.value, shown));
      }
      const missing = difference && difference.path && difference.value === "nothing" && !difference.done && difference.path.startsWith(path + "@");
      if (missing && !attribute(node, difference.path.slice(path.length + 1))) {
        difference.done = true;
        attributes.push(" ", el("mark", {}, "(no " + difference.path.slice(path.length + 1) + ")"));
      }
      pre.append(indent, "<", mark(path, node.local, el("b", {}, node.name)), ...attributes);
      if (node.children.length) {
        pre.append(">" + node.text.trim() + "\n");
        node.children.forEach((child) => write(child, path + "/" + child.local, indent + "  "));
        pre.append(indent + "</", el("b", {}, node.name), ">\n");
      } else if (node.text) {
        pre.append(">", mark(path + "/text()", node.text, node.text), "</", el("b", {}, node.name), ">\n");
      } else {
        pre.append("/>\n");
      }
    };
    write(root, root.local, "");
    return pre;
  }

  function describe(text) {
    const root = parse(text);
    if (!root) return text.replace(/\s+/g, " ").slice(0, 60);
    const error = root.children.find((each) => each.local === "error");
    const child = root.children.find((each) => each.local !== "error");
    const words = [root.name, attribute(root, "type") || (root.local === "presence" ? "available" : "")];
    if (root.local === "iq" && child) {
      const space = attribute(child, "xmlns").split(/[/#:]/).slice(-2).join("#");
      words.push(child.local === "query" ? space : child.local === "command" ? "" : child.local);
      for (const key of ["node", "action", "status"]) {
        const value = attribute(child, key);
        words.push(key === "node" ? value.split("#").pop() : value);
      }
    } else if (child && root.local !== "presence") {
      words.push(child.local);
    }
    if (error && error.children.length) words.push(error.children[0].local);
    return words.filter(Boolean).join(" ");
  }

  /* --- Findings --- */

  /* What a finding says in its detail, taken apart where it has one of the known forms. */
  function evidence(check) {
    const detail = check.detail || "";
    const where = /line (\d+) of the journal: ([^\n]*)/.exec(detail) || [];
    const found = {line: Number(where[1] || 0), raw: where[2] || "", note: ""};
    const expected = /^expected: ([\s\S]*?)\n(closest, line|(\S+) received nothing)/.exec(detail);
    const first = /first difference at (\S+) \(([^)]*)\): expected '([\s\S]*)', got '([\s\S]*?)'(?:\n|$)/.exec(detail);
    const condition = /^does not hold: ([\s\S]*)\non line \d+ of the journal: /.exec(detail);
    if (expected) {
      found.expected = expected[1];
      found.nobody = expected[3] || null;
    }
    if (first) found.first = {path: first[1], mode: first[2], expected: first[3], got: first[4]};
    if (condition) [found.condition, found.values] = condition[1].split(/\nwhere (?=\$)/);
    if (/^forbidden, but it came/.test(detail)) found.note = "It came, and it was forbidden.";
    if (/^came too early/.test(detail)) found.note = "It came too early.";
    if (/^line \d+ of the journal: /.test(detail)) found.note = "This stanza breaks the rule.";
    found.known = Boolean(expected || condition || found.note);
    return found;
  }

  /* Findings that one stanza shows are one card: [[check, evidence], ...]. */
  function groupedFindings(checks) {
    const groups = [];
    for (const check of checks) {
      const found = evidence(check);
      const same = groups.find(([[other, its]]) => (found.line && !found.expected ? its.line === found.line && !its.expected : check.detail && check.detail === other.detail));
      if (same) same.push([check, found]);
      else groups.push([[check, found]]);
    }
    return groups;
  }

  /* The answer of a hook is a list of all peers: the lines about the one in question come first, the others are folded. */
  function listing(detail) {
    const found = /^([^\n]*\(([^)\s]+)\)[^\n]*was:)\n([\s\S]*)$/.exec(detail);
    if (!found) return el("pre", {tabindex: "0"}, detail);
    const lines = found[3].split("\n");
    const own = lines.filter((line) => line.includes(found[2]));
    const others = lines.filter((line) => !line.includes(found[2]));
    return el("div", {}, el("p", {}, found[1]),
      el("pre", {tabindex: "0"}, own.length ? el("mark", {}, own.join("\n")) : "(nothing about " + found[2] + ")"),
      others.length ? el("details", {}, el("summary", {}, others.length + " lines about others"), el("pre", {tabindex: "0"}, others.join("\n"))) : "");
  }

  function findingHead([check, found], index, group) {
    const requirement = data.requirements[check.id];
    const parts = [
      el("p", {class: "head"}, chip(check.verdict), " ", el("a", {href: "#q/" + check.id}, check.id + (check.part ? "/" + check.part : "")),
        " ", el("small", {}, check.strictness), " ", el("b", {}, check.text)),
      requirement ? el("p", {class: "required"}, requirement[0] + " ", el("small", {}, "[" + requirement[1] + "]")) : null,
    ];
    if (found.first) {
      parts.push(el("p", {}, "First difference at ", el("code", {}, found.first.path), ": expected ", el("code", {class: "want"}, found.first.expected),
        ", got ", el("code", {class: "got"}, found.first.got), "."));
    } else if (found.nobody) {
      parts.push(el("p", {}, "It did not come: " + found.nobody + " received nothing that was still to be taken."));
    } else if (found.condition) {
      parts.push(el("p", {}, "This does not hold: ", el("code", {class: "want"}, found.condition), found.values ? " where " + found.values : ""));
    } else if (found.note) {
      parts.push(el("p", {}, found.note));
    }
    const again = group.slice(index + 1).some(([other]) => other.detail === check.detail); // it stands below the last of them
    if (!found.known && check.detail && !again) parts.push(listing(check.detail));
    parts.push(el("p", {class: "place"}, check.place));
    return parts;
  }

  /* The whole stanza from the journal, unless the judge saw something that is written there in another way, such as the end of a stream. */
  function seen(event, found) {
    const whole = event.text.trim();
    return found.raw && !whole.startsWith(found.raw.slice(0, 60)) ? found.raw : whole;
  }

  function markedIn(found) {
    return found.first ? {path: found.first.path, value: found.first.got} : found.condition ? {named: named(found.condition)} : null;
  }

  function findingCard(group, result) {
    const [check, found] = group[0];
    const event = result.events.find((each) => each.n === found.line);
    const conditions = group.flatMap(([, each]) => (each.condition ? named(each.condition) : []));
    const card = el("div", {class: "finding " + tone(check.verdict)}, ...group.flatMap(findingHead).filter(Boolean));
    const pair = el("div", {class: "pair"});
    if (found.expected) {
      const want = found.first && {path: found.first.path, value: undefined};
      pair.append(el("div", {class: "expected"}, el("h5", {}, "expected"), pretty(found.expected.trim(), want)));
    }
    if (event) {
      pair.append(el("div", {class: "got"}, el("h5", {}, "got, line " + event.n + " of the journal"),
        pretty(seen(event, found), found.first ? markedIn(found) : {named: conditions})));
    }
    if (pair.childElementCount) card.append(pair);
    return card;
  }

  /* --- The script as played --- */

  const CHECK = /^\t+(?:relies on )?[A-Z]{2}-[A-Z0-9-]+(?:\/\S+)? /;

  /* The check that a line of the script stands for: by its number; where a step is played for each peer of a group, so that numbers run ahead
     of the lines, by what it says, and of several the one that is wrong. */
  function checkOf(line, lines, checks, numbered) {
    const says = (check) => {
      const rest = line.trim().replace(/^relies on /, "").replace(/^\S+ /, "");
      return line.includes(check.id) && (rest === check.text || rest.startsWith(check.text + ":"));
    };
    const alone = lines.filter((each) => each.trim() === line.trim()).length === 1;
    if (numbered && says(numbered) && !alone) return numbered;
    const found = checks.filter((check) => check.number && says(check));
    return found.find(isBad) || (numbered && says(numbered) ? numbered : found[0]) || null;
  }

  function script(play, result) {
    const byNumber = new Map(result.checks.map((check) => [check.number, check]));
    const pre = el("pre", {class: "play", tabindex: "0", "aria-label": "The script as played"});
    const unmet = /'([^'\n]+)' was not met/.exec(result.reason || "");
    const lines = play.split("\n");
    const rows = [];
    const steps = []; // the last step of each indentation
    let number = 0;
    lines.forEach((line, index) => {
      const indent = /^\t*/.exec(line)[0].length;
      if (line.trim() && !/^\s*</.test(line) && !CHECK.test(line)) steps[indent] = index;
      const check = CHECK.test(line) ? checkOf(line, lines, result.checks, byNumber.get(++number)) : null;
      rows.push({line, check});
      if (check && isBad(check)) {
        rows[index].bad = check.verdict;
        rows[steps[Math.max(0, indent - 1)] || 0].step = check.verdict;
      }
      if (unmet && line.trim() === unmet[1] && lines.filter((each) => each.trim() === unmet[1]).length === 1) rows[index].step = result.verdict;
    });
    for (const row of rows) {
      const classes = ["line"];
      if (row.step) classes.push("failed-step", tone(row.step));
      if (row.check) classes.push("check", tone(row.check.verdict));
      const word = row.check ? (data.symbols[row.check.verdict] || "?") : row.step ? "▶" : " ";
      const said = row.check ? row.check.verdict + ": " : row.step ? "Failed step: " : "";
      pre.append(el("span", {class: classes.join(" ")}, el("span", {class: "sign", "aria-hidden": "true"}, word),
        said ? el("span", {class: "hidden"}, said) : null, row.line.replaceAll("\t", "  ") + "\n"));
    }
    return pre;
  }

  /* --- The sequence diagram --- */

  function columns(scenario, result) {
    const side = (kind) => (/peer|remote/i.test(kind) ? 1 : 0);
    const cast = scenario.actors.map(([name, kind]) => ({name, side: side(kind)}));
    for (const event of result.events) {
      if (event.actor && !cast.some((each) => each.name === event.actor)) cast.push({name: event.actor, side: 1});
    }
    const names = [...cast.filter((each) => !each.side).map((each) => each.name), null, ...cast.filter((each) => each.side).map((each) => each.name)];
    const used = names.filter((name) => name === null || result.events.some((event) => event.actor === name));
    return used.length > 1 ? used : names;
  }

  /* Rows: events, and groups of those that are folded. */
  function grouped(result, bad, open) {
    const rows = [];
    let plain = 0;
    result.events.forEach((event, index) => {
      if (event.kind === "begin") return;
      const marked = bad.get(event.n);
      let fold = marked ? 0 : event.fold;
      if (!fold && !marked && ++plain > SHOWN) fold = 4;
      const last = rows[rows.length - 1];
      if (!fold) {
        rows.push({event, bad: marked});
      } else if (last && last.group) {
        last.group.push(event);
        last.folds.add(fold);
      } else {
        rows.push({group: [event], folds: new Set([fold]), key: index});
      }
    });
    return rows.flatMap((row) => (row.group && open.has(row.key) ? [{...row, isOpen: true}, ...row.group.map((event) => ({event, unfolded: true}))] : [row]));
  }

  function diagram(scenario, result, show) {
    const bad = new Map();
    const missed = [];
    for (const check of result.checks.filter(isBad)) {
      const found = evidence(check);
      if (found.line && !bad.has(found.line)) bad.set(found.line, {check, found});
      if (found.nobody) missed.push({check, found});
      const hook = (/; the answer of hook (\S+) was:/.exec(check.detail || "") || [])[1];
      const answer = hook && result.events.filter((event) => event.kind === "hook-answer" && event.detail.startsWith(hook + ":")).pop();
      if (answer && !bad.has(answer.n)) bad.set(answer.n, {check, found});
    }
    const box = el("div", {class: "diagram"});
    const open = new Set();
    const draw = () => {
      const focused = box.contains(document.activeElement) && document.activeElement.dataset.key;
      box.replaceChildren(picture(scenario, result, grouped(result, bad, open), missed, show, (key) => {
        open.has(key) ? open.delete(key) : open.add(key);
        draw();
      }));
      if (focused) {
        const again = box.querySelector("[data-key='" + focused + "']");
        if (again) again.focus();
      }
    };
    draw();
    const first = result.events.find((event) => bad.has(event.n) && event.dir);
    if (first) show(first, bad.get(first.n));
    return box;
  }

  function button(group, act) {
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "0");
    group.addEventListener("click", act);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        act();
      }
    });
    return group;
  }

  function picture(scenario, result, rows, missed, show, toggle) {
    const names = columns(scenario, result);
    const column = Math.max(NARROWEST, (WIDTH - TIMES) / names.length);
    const x = (name) => TIMES + column / 2 + Math.max(0, names.indexOf(name)) * column;
    const width = TIMES + names.length * column;
    const end = rows.findIndex((row) => row.event && row.event.kind === "end-of-play");
    const list = [...rows];
    list.splice(end < 0 ? list.length : end, 0, ...missed.map((each) => ({missed: each})));
    const height = HEAD + list.length * ROW + 16;
    const start = result.events.length ? result.events[0].t : 0;
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "Sequence diagram", class: names.length > 4 ? "wide" : null});
    root.append(svg("defs", {}, svg("marker", {id: "tip", viewBox: "0 0 10 10", refX: "9", refY: "5", markerWidth: "11", markerHeight: "11", markerUnits: "userSpaceOnUse", orient: "auto-start-reverse"},
      svg("path", {d: "M0 0 10 5 0 10z", class: "tip"}))));
    for (const name of names) {
      const label = name === null ? scenario.target : name;
      root.append(svg("line", {class: "life", x1: x(name), x2: x(name), y1: 34, y2: height - 8}),
        svg("rect", {class: name === null ? "actor target" : "actor", x: x(name) - 70, y: 6, width: 140, height: 28, rx: 5}),
        svg("text", {class: "name", x: x(name), y: 25, "text-anchor": "middle"}, cut(label, 20)));
    }
    list.forEach((row, index) => {
      const y = HEAD + index * ROW + 20;
      if (row.group) root.append(foldRow(row, y, width, toggle));
      else if (row.missed) root.append(missedRow(row.missed, y, x, names));
      else root.append(eventRow(row, y, x, width, start, show));
    });
    return root;
  }

  const cut = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);
  const time = (event, start) => "+" + ((event.t - start) / 1000).toFixed(1);

  function foldRow(row, y, width, toggle) {
    const words = `${row.isOpen ? "▾" : "▸"} ${row.group.length} × ${[...row.folds].map((fold) => FOLDS[fold]).join("; ")}`;
    const group = svg("g", {class: "fold", "aria-expanded": String(Boolean(row.isOpen)), "aria-label": words, "data-key": row.key},
      svg("rect", {x: TIMES, y: y - 14, width: width - TIMES - 8, height: 20, rx: 10}),
      svg("text", {x: TIMES + 12, y}, words));
    return button(group, () => toggle(row.key));
  }

  function missedRow({check, found}, y, x, names) {
    const actor = names.includes(found.nobody) ? found.nobody : names.find((name) => name !== null);
    const left = Math.min(x(null), x(actor)), right = Math.max(x(null), x(actor));
    return svg("g", {class: "arrow bad missed", role: "img", "aria-label": "Expected, but it did not come: " + check.text},
      svg("line", {x1: x(null), x2: x(actor), y1: y, y2: y}),
      svg("text", {x: (left + right) / 2, y: y - 5, "text-anchor": "middle"}, cut("✗ did not come: " + describe(found.expected || ""), Math.floor((right - left) / 6.4))),
      svg("title", {}, check.id + " " + check.text));
  }

  function eventRow(row, y, x, width, start, show) {
    const {event} = row;
    const stamp = svg("text", {class: "time", x: TIMES - 8, y, "text-anchor": "end"}, time(event, start));
    const classes = [row.bad ? (tone(row.bad.check.verdict) === "bad" ? "bad" : "bad mild") : "", row.unfolded ? "unfolded" : ""];
    if (!event.dir || !event.actor || event.kind === "close" || event.kind === "open") {
      const words = note(event);
      const shown = cut(words, Math.floor((width - TIMES - 16) / 6.2));
      const half = shown.length * 3.1;
      const centre = Math.max(TIMES + half + 6, Math.min(width - half - 6, event.actor ? x(event.actor) : x(null)));
      return svg("g", {class: ["said", ...classes].join(" ")}, stamp,
        event.kind === "end-of-play" ? svg("line", {class: "rule", x1: TIMES, x2: width - 8, y1: y + 6, y2: y + 6}) : null,
        svg("text", {x: centre, y, "text-anchor": "middle"}, shown), svg("title", {}, words));
    }
    const from = event.dir === "out" ? x(event.actor) : x(null), to = event.dir === "out" ? x(null) : x(event.actor);
    const room = Math.floor(Math.abs(to - from) / 6.4);
    const words = event.kind === "stanza" ? describe(event.text) : event.kind === "header" ? "stream header" : event.kind === "end" ? "end of stream" : event.kind;
    const who = event.dir === "out" ? event.actor + " to the target" : "the target to " + event.actor;
    const wrong = row.bad ? (row.bad.found.first ? `${row.bad.found.first.path}: expected ${row.bad.found.first.expected}, got ${row.bad.found.first.got}` : row.bad.check.text) : "";
    const group = svg("g", {class: ["arrow", ...classes].join(" "), "aria-label": `${time(event, start)} ms, ${who}: ${words}${wrong ? "; not as it must be: " + wrong : ""}`, "data-key": "n" + event.n},
      svg("rect", {class: "hit", x: 0, y: y - 18, width: width, height: ROW - 4}), stamp,
      svg("line", {x1: from, x2: to, y1: y, y2: y, "marker-end": "url(#tip)"}),
      svg("text", {x: (from + to) / 2, y: y - 5, "text-anchor": "middle"}, cut((row.bad ? "✗ " : "") + words, room)),
      wrong ? svg("text", {class: "wrong", x: (from + to) / 2, y: y + 12, "text-anchor": "middle"}, cut(wrong, room + 14)) : null,
      svg("title", {}, words));
    return button(group, () => show(event, row.bad));
  }

  function note(event) {
    switch (event.kind) {
      case "hook": return "hook: " + event.detail;
      case "hook-answer": return "hook answered: " + event.detail;
      case "end-of-play": return "end of the play: " + event.detail;
      case "open": return (event.dir === "in" ? "the target connects" : "connection opened") + " (stream " + event.stream + ")";
      case "close": return "connection closed: " + event.detail + " (stream " + event.stream + ")";
      case "dns": return "DNS: " + event.detail;
      default: return event.kind + (event.detail ? ": " + event.detail : "");
    }
  }

  /* --- The section of a scenario --- */

  function expand(list) {
    const names = ["n", "t", "kind", "actor", "dir", "stream", "text", "detail", "fold"];
    return list.map((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])));
  }

  function section(run, id) {
    const raw = data.runs[run].scenarios[id];
    const scenario = {...raw, target: data.runs[run].target, older: data.runs[run].older};
    const command = data.runs[run].rerun + " " + id;
    const copy = el("button", {type: "button"}, "Copy");
    copy.addEventListener("click", () => navigator.clipboard.writeText(command).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Select it"; }));
    const made = el("section", {class: "scenario", "aria-label": id},
      el("h3", {tabindex: "-1"}, id, data.runs.length > 1 ? el("small", {}, " on " + data.runs[run].name) : null),
      el("p", {class: "what"}, el("b", {}, raw.title), raw.description ? " " + raw.description.replace(/\s+/g, " ") : ""),
      el("p", {class: "rerun"}, "Run it again: ", el("code", {}, command), " ", copy));
    if (!raw.results.length) made.append(el("p", {class: "banner open"}, "Not run."), script(data.plays[raw.play], {checks: [], reason: ""}));
    for (const each of raw.results) made.append(repetition(scenario, each, raw.results.length > 1));
    made.append(el("p", {class: "place"}, "scenarios/" + raw.file + (raw.row ? ", row scenarios/" + raw.row : "")));
    return made;
  }

  function repetition(scenario, raw, several) {
    const names = ["id", "part", "strictness", "verdict", "text", "number", "detail", "place"];
    const checks = raw.checks.map((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])));
    const result = {...raw, checks, events: expand(raw.events)};
    const view = el("div", {class: "stanza", "aria-live": "polite"}, el("p", {class: "nothing"}, "Choose an arrow to see its stanza."));
    const show = (event, bad) => {
      const first = bad && bad.found.first;
      view.replaceChildren(
        el("h5", {}, `line ${event.n} of the journal, ${event.dir === "out" ? event.actor + " → target" : "target → " + event.actor}`, event.stream ? el("small", {}, " stream " + event.stream) : null),
        bad ? el("p", {class: "bad"}, "✗ ", first ? `expected ${first.path} to be '${first.expected}', got '${first.got}'` : bad.check.text) : "",
        pretty(bad ? seen(event, bad.found) : event.text.trim(), bad ? markedIn(bad.found) : null),
        event.detail ? el("p", {}, event.detail) : "");
    };
    const bad = checks.filter(isBad);
    const ahead = el("p", {class: "head"}, several ? `Repetition ${raw.repeat}: ` : "", chip(raw.verdict), ` ${raw.reason || ""} `, el("small", {}, raw.ms.toFixed(0) + " ms"));
    const parts = [ahead];
    if (bad.length) parts.push(el("div", {class: "findings"}, el("h4", {}, tone(raw.verdict) === "bad" ? "What is wrong" : "What was found"), ...groupedFindings(bad).map((group) => findingCard(group, result))));
    parts.push(el("div", {class: "sides"},
      el("div", {}, el("h4", {}, "Script as played"), script(data.plays[scenario.play], result)),
      el("div", {}, el("h4", {}, "What crossed the wire ", el("small", {}, "times in ms")), result.events.some((event) => event.dir) ? diagram(scenario, result, show) : el("p", {class: "nothing"}, scenario.older && tone(raw.verdict) === "good" ? "Left out: it was green, and there is a newer run here." : "Nothing."), view)));
    if (raw.failure) parts.push(el("details", {class: "text"}, el("summary", {}, "The same as text"), el("pre", {tabindex: "0"}, raw.failure)));
    return el("div", {class: "repetition"}, ...parts);
  }

  /* --- The list --- */

  const table = byId("matrix");
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row, id: row.dataset.id, area: row.dataset.area, buttons: [...row.querySelectorAll("button[data-run]")],
    text: (row.textContent + " " + row.dataset.requirements + " " + [...row.querySelectorAll("button")].map((each) => each.title).join(" ")).toLowerCase(),
  }));
  const rowOf = new Map(rows.map((each) => [each.id, each]));
  const toneOf = (element) => ["bad", "open", "warn", "good", "none"].find((name) => element.classList.contains(name));
  rows.forEach((each) => {
    each.tones = each.buttons.map(toneOf);
    each.differ = new Set(each.buttons.map((button) => button.textContent.trim())).size > 1;
  });

  function open(id, run, focus) {
    const entry = rowOf.get(id);
    const pressed = entry && entry.buttons.find((each) => each.dataset.run === String(run));
    if (!pressed || !data.runs[run].scenarios[id]) return;
    const next = entry.row.nextElementSibling;
    if (next && next.classList.contains("detail")) next.remove();
    const wasOpen = pressed.getAttribute("aria-expanded") === "true";
    entry.buttons.forEach((each) => each.setAttribute("aria-expanded", "false"));
    if (wasOpen && !focus) return;
    pressed.setAttribute("aria-expanded", "true");
    const detail = el("tr", {class: "detail"}, el("td", {colspan: String(entry.row.cells.length)}, section(run, id)));
    detail.hidden = entry.row.hidden;
    entry.row.after(detail);
    const marked = detail.querySelector(".play .failed-step");
    if (marked) {
      const play = marked.closest(".play");
      play.scrollTop = marked.offsetTop - play.clientHeight / 3;
    }
    if (focus) {
      entry.row.hidden = detail.hidden = false;
      detail.querySelector("h3").focus({preventScroll: true});
      entry.row.scrollIntoView();
    }
  }

  table.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[data-run]");
    if (pressed) ready.then(() => open(pressed.closest("tr").dataset.id, Number(pressed.dataset.run), false));
  });

  function filter() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const tones = new Set([...document.querySelectorAll("input[name=tone]:checked")].map((each) => each.value));
    const area = byId("area").value;
    const differ = byId("differ") && byId("differ").checked;
    let shown = 0;
    for (const each of rows) {
      const fits = words.every((word) => each.text.includes(word)) && (!area || each.area === area) &&
        each.tones.some((name) => tones.has(name)) && (!differ || each.differ);
      each.row.hidden = !fits;
      const next = each.row.nextElementSibling;
      if (next && next.classList.contains("detail")) next.hidden = !fits;
      shown += fits;
    }
    byId("shown").textContent = `${shown} of ${rows.length} shown`;
  }

  const requirements = [...byId("requirement-matrix").tBodies[0].rows].map((row) => ({
    row, text: row.textContent.toLowerCase(), tones: [...row.querySelectorAll(".chip")].map(toneOf),
  }));

  function filterRequirements() {
    const words = byId("search-requirements").value.toLowerCase().split(/\s+/).filter(Boolean);
    const tones = new Set([...document.querySelectorAll("input[name=rtone]:checked")].map((each) => each.value));
    let shown = 0;
    for (const each of requirements) {
      const fits = words.every((word) => each.text.includes(word)) && each.tones.some((name) => tones.has(name));
      each.row.hidden = !fits;
      shown += fits;
    }
    byId("shown-requirements").textContent = `${shown} of ${requirements.length} shown`;
  }

  function follow() {
    let target;
    try {
      target = decodeURIComponent(location.hash.slice(1));
    } catch (error) {
      return; // somebody wrote that address by hand
    }
    const found = /^s\/(\d+)\/(.+)$/.exec(target);
    if (found) {
      ready.then(() => open(found[2], Number(found[1]), true));
    } else if (target) {
      const row = byId(target);
      if (row && row.hidden) row.hidden = false;
      if (row) row.scrollIntoView();
    }
  }

  document.querySelectorAll("form.filters").forEach((form) => {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
  });
  byId("scenarios").querySelector("form").addEventListener("input", filter);
  byId("requirements").querySelector("form").addEventListener("input", filterRequirements);
  byId("open-failed").addEventListener("click", () => ready.then(() => {
    for (const each of rows) {
      const failed = each.buttons.find((button, index) => ["bad", "open"].includes(each.tones[index]));
      if (failed && failed.getAttribute("aria-expanded") !== "true") open(each.id, Number(failed.dataset.run), false);
    }
  }));
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => { // the same link again moves, too
    const link = event.target.closest("a[href^='#s/']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      byId("search").focus();
    }
  });
  filter();
  filterRequirements();
  follow();
  ready.then(() => { document.documentElement.dataset.ready = "yes"; });
})();
