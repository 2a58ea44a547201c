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
      const missing = difference && difference.path && difference.value === null && !difference.done && difference.path.startsWith(path + "@");
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

  const EVENTS = {closed: "the target closes the stream", opened: "the target opens a stream"}; // which steps wait for like for stanzas
  const EVENT = /^<(\w+)[^>]*xmlns='urn:x-buddycheck:stream'/;
  const awaited = (expected) => EVENTS[(EVENT.exec(expected) || [])[1]];

  /* Findings that one stanza shows, or that the same thing shows, are one card. */
  function groupedFindings(checks) {
    const groups = new Map();
    for (const check of checks) {
      const found = check.evidence;
      const key = !found ? check.id : found.line && !found.expected ? "line " + found.line : JSON.stringify(found);
      groups.set(key, [...(groups.get(key) || []), check]);
    }
    return [...groups.values()];
  }

  /* The answer of a hook is a list of all peers: the lines about the one in question come first, the others are folded. */
  function listing(found) {
    const lines = (found.answer || "").split("\n").filter(Boolean);
    const own = lines.filter((line) => !found.address || line.includes(found.address));
    const others = lines.filter((line) => !own.includes(line));
    const left = others.length ? "" : found.others ? `, which has ${found.others} more line${found.others === 1 ? "" : "s"}, about others` : "";
    return [el("p", {}, "This does not hold: ", el("code", {class: "want"}, found.step.replace(/:$/, "")), found.address ? ` (${found.address})` : "", "."),
      el("p", {}, `The target's answer (hook ${found.hook}) says${left}:`),
      el("pre", {tabindex: "0"}, own.length ? el("mark", {}, own.join("\n")) : found.address ? "(nothing about " + found.address + ")" : "(nothing)"),
      others.length ? el("details", {}, el("summary", {}, others.length + " lines about others"), el("pre", {tabindex: "0"}, others.join("\n"))) : null];
  }

  /* "iq/command@status" as people say it. */
  function whereWords(where) {
    const [path, attribute] = where.split("@");
    if (attribute) return ["attribute ", el("code", {}, attribute), " of ", el("code", {}, path)];
    return where.endsWith("/text()") ? ["text of ", el("code", {}, where.slice(0, -7))] : ["at ", el("code", {}, where)];
  }

  function missed(found) {
    const parts = [];
    if (found.difference) {
      const got = found.difference.got;
      parts.push(el("p", {}, "First difference, ", ...whereWords(found.difference.where), ": expected ", el("code", {class: "want"}, found.difference.expected),
        ", got ", got === null ? "nothing there" : el("code", {class: "got"}, got), "."));
    } else {
      parts.push(el("p", {}, `It did not come: ${found.actor} received nothing that was still to be taken.`));
    }
    if (found.streams) parts.push(el("p", {}, `The streams of ${found.actor}: ${found.streams}.`));
    for (const each of found.refusals || []) {
      parts.push(each.line ? el("div", {class: "refusal"}, el("p", {}, `${each.actor} was refused before, line ${each.line} of the journal:`), pretty(each.stanza, null))
        : el("p", {}, `The last request of ${each.actor} was not answered.`));
    }
    return parts;
  }

  const WORDS = {forbidden: "It came, and it was forbidden.", order: "It came too early.", rule: "This stanza breaks a rule that holds in every scenario; no line of the script asks for it.",
    unexpected: "It came unasked. No requirement that this step decides forbids it."};

  /* What was seen, in words; the stanzas stand below. */
  function words(found) {
    const values = Object.entries(found.values || {}).map(([name, value]) => `\${${name}} is '${value}'`).join(", ");
    switch (found.kind) {
      case "missed": return missed(found);
      case "condition": return [el("p", {}, "This does not hold: ", el("code", {class: "want"}, found.condition), values ? " where " + values : "")];
      case "answer": return listing(found);
      case "list": return [el("p", {}, `The list shows ${found.address} as `, el("code", {class: "got"}, found.answer), ".")];
      case "comparison": return [el("p", {}, "This does not hold: ", el("code", {class: "want"}, found.step.replace(/:$/, "")), " where the values are ",
        el("code", {class: "got"}, found.left), " and ", el("code", {class: "got"}, found.right), ".")];
      case "fault": return [el("p", {}, "What the target sent is no XML stream: ", el("code", {class: "got"}, found.said), ".")];
      default: return [WORDS[found.kind] ? el("p", {}, WORDS[found.kind]) : el("pre", {tabindex: "0"}, found.said || "")];
    }
  }

  function findingHead(check, index, group) {
    const requirement = data.requirements[check.id];
    const same = (other) => JSON.stringify(other.evidence) === JSON.stringify(check.evidence);
    return [
      el("p", {class: "head"}, chip(check.verdict), " ", el("a", {href: "#q/" + check.id}, check.id + (check.part ? "/" + check.part : "")),
        " ", el("small", {}, check.strictness), " ", el("b", {}, check.text)),
      requirement ? el("p", {class: "required"}, requirement[0] + " ", el("small", {}, "[" + requirement[1] + "]")) : null,
      ...(check.evidence && !group.slice(index + 1).some(same) ? words(check.evidence) : []), // below the last of them
      check.place ? el("p", {class: "place"}, "scenarios/" + check.place) : null,
    ];
  }

  /* The whole stanza from the journal, unless the judge saw something that is written there in another way, such as the end of a stream. */
  function seen(event, found) {
    const whole = event ? event.text.trim() : "";
    const shown = found.stanza || "";
    return whole && whole.startsWith(shown.slice(0, 60)) ? whole : shown + (found.octets ? `... (${found.octets} octets)` : "");
  }

  function markedIn(found) {
    return found.difference ? {path: found.difference.where, value: found.difference.got} : found.condition ? {named: named(found.condition)} : null;
  }

  /* Expected and received side by side. */
  function pair(found, result, conditions) {
    const box = el("div", {class: "pair"});
    if (found.expected) {
      const event = awaited(found.expected.trim());
      box.append(el("div", {class: "expected"}, el("h5", {}, "expected"),
        event ? el("p", {}, event) : pretty(found.expected.trim(), found.difference && {path: found.difference.where, value: undefined})));
    }
    if (found.line) {
      const event = result.events.find((each) => each.n === found.line);
      box.append(el("div", {class: "got"}, el("h5", {}, `${found.expected ? "the closest that came" : "got"}, line ${found.line} of the journal`),
        pretty(seen(event, found), found.difference ? markedIn(found) : {named: conditions})));
    }
    return box.childElementCount ? box : null;
  }

  function findingCard(group, result) {
    const conditions = group.flatMap((each) => (each.evidence && each.evidence.condition ? named(each.evidence.condition) : []));
    return el("div", {class: "finding " + tone(group[0].verdict)}, ...group.flatMap(findingHead).filter(Boolean),
      group[0].evidence ? pair(group[0].evidence, result, conditions) : "");
  }

  const placeWords = (at) => `scenarios/${at.file}:${at.line}` + (at.phrase ? ` (${at.phrase.file}:${at.phrase.line})` : "") + (at.row ? `, row ${at.row.file}:${at.row.line}` : "");

  /* Why the play did not come to its end, or what it was that nobody asked for. */
  function troubleCard(verdict, text, at, found, result) {
    return el("div", {class: "finding " + tone(verdict)}, el("p", {class: "head"}, chip(verdict), " ", el("b", {}, text)),
      ...(found ? [...words(found), pair(found, result, [])] : []).filter(Boolean), at ? el("p", {class: "place"}, placeWords(at)) : "");
  }

  function cards(result) {
    const made = groupedFindings(result.checks.filter(isBad)).map((group) => findingCard(group, result));
    const {trouble} = result;
    if (trouble && !["SKIP", "UNREACHABLE"].includes(trouble.verdict)) made.unshift(troubleCard(trouble.verdict, trouble.text, trouble.at, trouble.evidence, result));
    for (const each of result.unexpected || []) made.push(troubleCard("INFO", each.actor + " received something that nobody asked for", null, each, result));
    return made;
  }

  /* --- The script as played --- */

  function script(play, result) {
    const pre = el("pre", {class: "play", tabindex: "0", "aria-label": "The script as played"});
    const rows = play.split("\n").map((line) => ({line}));
    const at = (number) => rows[number - 1] || {};
    for (const check of result.checks) {
      const row = at(check.line);
      if (!row.check || (isBad(check) && !isBad(row.check))) row.check = check; // of those for each peer of a group the one that is wrong
      if (check.step) at(check.step).step = check.verdict;
    }
    if (result.stopped) at(result.stopped).step = result.trouble ? result.trouble.verdict : result.verdict;
    for (const row of rows) {
      const classes = ["line"];
      if (row.step) classes.push("failed-step", tone(row.step));
      if (row.check) classes.push("check", tone(row.check.verdict));
      const word = row.check ? (data.symbols[row.check.verdict] || "?") : row.step ? "▶" : " ";
      const said = row.check ? row.check.verdict + ": " : row.step ? (tone(row.step) === "none" ? "The play ends here: " : "Failed step: ") : "";
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

  /* Everything that shows that something is not as it must be: checks, trouble, what came unasked. */
  function shownBy(result) {
    const {trouble} = result;
    return [...result.checks.filter(isBad), ...(trouble ? [{verdict: trouble.verdict, id: "", text: trouble.text, evidence: trouble.evidence}] : []),
      ...(result.unexpected || []).map((found) => ({verdict: "INFO", id: "", text: "nobody asked for it", evidence: found}))].filter((each) => each.evidence);
  }

  function hookAnswer(result, found) {
    const answers = result.events.filter((event) => event.kind === "hook-answer" && event.detail.startsWith(found.hook + ":"));
    return answers.filter((event) => found.answer && event.detail.includes(found.answer)).pop() || answers.pop();
  }

  function diagram(scenario, result, show) {
    const bad = new Map(); // by the line of the journal
    const missed = [];
    const mark = (check, event) => {
      if (event && !bad.has(event.n)) bad.set(event.n, {check, found: check.evidence});
    };
    for (const check of shownBy(result)) {
      const found = check.evidence;
      if (found.line) mark(check, {n: found.line});
      else if (found.kind === "missed") missed.push({check, found});
      else if (found.kind === "fault") mark(check, result.events.find((event) => event.kind === "fault" && event.actor === found.actor));
      else if (found.kind === "answer") mark(check, hookAnswer(result, found));
    }
    const box = el("div", {class: "diagram"});
    const open = new Set();
    const legend = el("p", {class: "legend"}, "Each arrow is a stanza, at its left the time since the play began. ",
      bad.size ? el("span", {}, el("b", {class: "bad"}, "✗"), " not as it must be") : "", missed.length ? el("span", {}, "dashed: expected, did not come") : "",
      el("span", {}, "▸ folded, click to open"));
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
    const whole = el("div", {}, box, legend);
    const first = result.events.find((event) => bad.has(event.n) && event.dir);
    if (first) show(first, bad.get(first.n));
    return whole;
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
    const actor = names.includes(found.actor) ? found.actor : names.find((name) => name !== null);
    const left = Math.min(x(null), x(actor)), right = Math.max(x(null), x(actor));
    return svg("g", {class: "arrow bad missed", role: "img", "aria-label": "Expected, but it did not come: " + check.text},
      svg("line", {x1: x(null), x2: x(actor), y1: y, y2: y}),
      svg("text", {x: (left + right) / 2, y: y - 5, "text-anchor": "middle"}, cut("✗ did not come: " + (awaited(found.expected) || describe(found.expected)), Math.floor((right - left) / 6.4))),
      svg("title", {}, (check.id + " " + check.text).trim()));
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
    const first = row.bad && row.bad.found.difference;
    const wrong = first ? `${first.where}: expected ${first.expected}, got ${first.got === null ? "nothing" : first.got}` : row.bad ? row.bad.check.text : "";
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
    if (!raw.results.length) made.append(el("p", {class: "banner open"}, "Not run."), script(data.plays[raw.play], {checks: []}));
    for (const each of raw.results) made.append(repetition(scenario, each, raw.results.length > 1));
    made.append(el("p", {class: "place"}, "scenarios/" + raw.file + (raw.row ? ", row scenarios/" + raw.row : "")));
    return made;
  }

  function repetition(scenario, raw, several) {
    const names = ["id", "part", "strictness", "verdict", "text", "line", "step", "place", "evidence"];
    const checks = raw.checks.map((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])));
    const result = {...raw, checks, events: expand(raw.events)};
    const view = el("div", {class: "stanza", "aria-live": "polite"}, el("p", {class: "nothing"}, "Choose an arrow to see its stanza."));
    const show = (event, bad) => {
      const first = bad && bad.found.difference;
      view.replaceChildren(
        el("h5", {}, `line ${event.n} of the journal, ${event.dir === "out" ? event.actor + " → target" : "target → " + event.actor}`, event.stream ? el("small", {}, " stream " + event.stream) : null),
        bad ? el("p", {class: "bad"}, "✗ ", first ? `expected ${first.where} to be '${first.expected}', got ${first.got === null ? "nothing" : `'${first.got}'`}` : bad.check.text) : "",
        pretty(bad ? seen(event, bad.found) : event.text.trim(), bad ? markedIn(bad.found) : null),
        event.detail ? el("p", {}, event.detail) : "");
    };
    const found = cards(result);
    const ahead = el("p", {class: "head"}, several ? `Repetition ${raw.repeat}: ` : "", chip(raw.verdict), ` ${raw.reason || ""} `, el("small", {}, raw.ms.toFixed(0) + " ms"));
    const parts = [ahead];
    if (found.length) parts.push(el("div", {class: "findings"}, el("h4", {}, tone(raw.verdict) === "bad" ? "What is wrong" : "What was found"), ...found));
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
