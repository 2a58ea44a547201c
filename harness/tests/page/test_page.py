"""The HTML report in a browser: what is seen, clicked, filtered, printed; and what a hostile target cannot do."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

from chromium import Page
from conftest import COMMAND, ROOT, page, rewrite, run

SCENARIO = "cancel/with-filled-form"
ROW = f"tr[data-id='{SCENARIO}']"
VISIBLE = "[...document.querySelectorAll('#matrix tbody tr:not(.detail)')].filter((row) => !row.hidden).length"


def count(tab: Page, selector: str) -> int:
    found = tab.run(f"document.querySelectorAll({json.dumps(selector)}).length")
    assert isinstance(found, int)
    return found


def text(tab: Page, selector: str) -> str:
    return str(tab.run(f"document.querySelector({json.dumps(selector)}).textContent"))


def test_overview_says_at_a_glance_what_failed(tab: Page, red: Path, red_page: Path) -> None:
    run = json.loads((red / "run.json").read_text())
    tab.open(red_page)
    assert text(tab, ".big") == "Failed"
    assert f"{run['counts']['FAIL']} FAIL" in text(tab, ".counts")
    assert "SB-031 the form is returned" in text(tab, ".failures li")
    assert count(tab, "#matrix tbody tr") == len(run["scenarios"])
    assert count(tab, "#requirement-matrix tbody tr") == len(run["requirements"])
    first = tab.run("[...document.querySelectorAll('#matrix tbody tr')].map((row) => row.querySelector('button').textContent.trim().slice(-4))")
    assert first[: run["counts"]["FAIL"]] == ["FAIL"] * run["counts"]["FAIL"]


def test_opens_fast_and_small(tab: Page, red_page: Path) -> None:
    assert red_page.stat().st_size < 1_500_000
    tab.call("Performance.enable")
    tab.open(red_page)
    assert count(tab, "*") < 12_000
    figures = {each["name"]: each["value"] for each in tab.call("Performance.getMetrics")["metrics"]}
    assert figures["ScriptDuration"] < 1.0, figures  # of CPU, as a bound that holds on a busy machine, too


def test_a_red_scenario_explains_itself(tab: Page, red_page: Path) -> None:
    tab.open(red_page)
    tab.click(ROW + " button")
    assert tab.run(f"document.querySelector({json.dumps(ROW + ' button')}).getAttribute('aria-expanded')") == "true"
    assert "First difference, attribute type of iq: expected result, got error." in text(tab, ".finding")
    marks = tab.run("[...document.querySelectorAll('.pair mark')].map((mark) => mark.textContent)")
    assert marks == ["type='result'", "type='error'"]
    assert text(tab, ".play .failed-step").strip().endswith("Bard receives:")
    assert text(tab, ".play .check.bad").strip().endswith("relies on SB-031 the form is returned")
    assert "expected result, got error" in text(tab, ".diagram .arrow.bad")
    assert "type='error'" in text(tab, ".stanza mark")
    assert re.fullmatch(rf".*buddycheck run --target prosody-stock --seed 1 {SCENARIO}", text(tab, ".rerun code"))
    assert "XEP-0267" in text(tab, ".finding .required")
    tab.click(ROW + " button")
    assert count(tab, "tr.detail") == 0


def test_set_up_is_folded_and_there(tab: Page, red_page: Path) -> None:
    tab.open(red_page, "#s/0/disco/feature-advertised-to-stranger-server")
    tab.settle()
    before = count(tab, ".diagram .arrow")
    assert count(tab, ".diagram .fold") >= 1
    tab.click(".diagram .fold")
    assert count(tab, ".diagram .arrow") > before
    assert tab.run("document.querySelector('.diagram .fold').getAttribute('aria-expanded')") == "true"
    assert "stream header" in text(tab, ".diagram")
    tab.click(".diagram .fold")
    assert count(tab, ".diagram .arrow") == before


def test_a_click_on_an_arrow_shows_its_stanza(tab: Page, red_page: Path) -> None:
    tab.open(red_page, "#s/0/" + SCENARIO)
    tab.settle()
    tab.click(".diagram .arrow:not(.bad) .hit")
    shown = text(tab, ".stanza pre")
    assert shown.startswith("<iq ") and "\n  <command " in shown and "server-buddy" in shown


def test_keyboard_alone_is_enough(tab: Page, red_page: Path) -> None:
    tab.open(red_page)
    tab.key("/", 191)
    assert tab.run("document.activeElement.id") == "search"
    tab.type("with-filled-form")
    assert tab.run(VISIBLE) == 1
    tab.run(f"document.querySelector({json.dumps(ROW + ' button')}).focus()")
    tab.key("Enter", 13)
    assert count(tab, "tr.detail") == 1
    tab.run("document.querySelector('.diagram .arrow[role=button]').focus()")
    tab.key("Enter", 13)
    assert "<command" in text(tab, ".stanza pre")
    tab.run("document.querySelector('.diagram .fold').focus()")
    tab.key("Space", 32)
    assert tab.run("document.activeElement.getAttribute('aria-expanded')") == "true"  # and the focus stays there


def test_every_control_has_a_name(tab: Page, red_page: Path) -> None:
    tab.open(red_page, "#s/0/" + SCENARIO)
    tab.settle()
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "link", "textbox", "searchbox", "checkbox", "combobox", "graphics-symbol"}
    controls = [each for each in nodes if not each.get("ignored") and each.get("role", {}).get("value") in roles]
    assert len(controls) > 300
    assert [each for each in controls if not each.get("name", {}).get("value")] == []


def test_filters(tab: Page, red: Path, red_page: Path) -> None:
    run = json.loads((red / "run.json").read_text())
    tab.open(red_page)
    total = tab.run(VISIBLE)
    for name in ("bad", "open", "warn", "none"):
        tab.click(f"#scenarios input[value={name}]")
    assert tab.run(VISIBLE) == run["counts"]["PASS"] + run["counts"].get("INFO", 0)
    assert text(tab, "#shown") == f"{tab.run(VISIBLE)} of {total} shown"
    for name in ("bad", "open", "warn", "none"):
        tab.click(f"#scenarios input[value={name}]")
    tab.run("(() => { const s = document.querySelector('#area'); s.value = 'disco'; s.dispatchEvent(new Event('input', {bubbles: true})); })()")
    assert tab.run(VISIBLE) == sum(each["area"] == "disco" for each in run["scenarios"])
    tab.run("document.querySelector('#search').focus()")
    tab.type("SB-051")
    assert 0 < tab.run(VISIBLE) < 5
    tab.run("document.querySelector('#search-requirements').focus()")
    tab.type("SB-051")
    assert text(tab, "#shown-requirements").startswith("1 of ")


def test_open_all_that_failed_and_print(tab: Page, red: Path, red_page: Path) -> None:
    tab.open(red_page)
    tab.run("(() => { const s = document.querySelector('#search'); s.value = 'disco/'; s.dispatchEvent(new Event('input', {bubbles: true})); })()")
    tab.click("#open-failed")
    assert count(tab, "tr.detail") == json.loads((red / "run.json").read_text())["counts"]["FAIL"]
    hidden = tab.run("[...document.querySelectorAll('tr.detail')].every((row) => row.hidden === row.previousElementSibling.hidden)")
    assert hidden is True
    assert tab.pdf().startswith(b"%PDF")


def test_several_runs_are_one_matrix(tab: Page, red: Path, green: Path, tmp_path: Path) -> None:
    tab.open(page(tmp_path / "both.html", red, green))
    head = tab.run("[...document.querySelectorAll('#matrix thead th')].map((each) => each.textContent)")
    assert head == ["scenario", "prosody-stock", "reference"]
    cells = tab.run(f"[...document.querySelector({json.dumps(ROW)}).querySelectorAll('button')].map((each) => each.textContent.trim().slice(-4))")
    assert cells == ["FAIL", "PASS"]
    total = tab.run(VISIBLE)
    tab.click("#differ")
    assert 0 < tab.run(VISIBLE) < total
    tab.click(ROW + " button[data-run='1']")
    assert "on reference" in text(tab, "tr.detail h3")
    tab.click(ROW + " button[data-run='0']")
    assert count(tab, "tr.detail") == 1 and "on prosody-stock" in text(tab, "tr.detail h3")
    assert [each.strip() for each in tab.run("[...document.querySelectorAll('.compare th a')].map((each) => each.textContent)")] == head[1:]
    for width in (1400, 390):
        tab.look(width, 900)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width


def test_findings_that_one_stanza_shows_are_one_card(tab: Page, green: Path, tmp_path: Path) -> None:
    """As a server that asks the peer although the administrator cancelled would have made them."""
    folder = tmp_path / "forbidden"
    shutil.copytree(green, folder)
    run = json.loads((folder / "run.json").read_text())
    spoiled = next(each for each in run["scenarios"] if each["id"] == SCENARIO)
    result = spoiled["results"][0]
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    shown = next(each for each in lines if each.get("scenario") == SCENARIO and each["kind"] == "stanza" and "canceled" in each["data"])
    stanza = {"actor": "Bard", "line": shown["n"], "stanza": shown["data"][:600]}
    for check in result["checks"]:
        check.update(verdict="FAIL", detail="", evidence={"kind": "forbidden", **stanza})
    result["checks"][0]["evidence"] = {"kind": "condition", "condition": "@type = 'error' and cmd:command/@status = '${x}'", "values": {"x": "7"}, **stanza}
    spoiled["verdict"] = result["verdict"] = "FAIL"
    (folder / "run.json").write_text(json.dumps(run))
    tab.open(page(tmp_path / "forbidden.html", folder), "#s/0/" + SCENARIO)
    tab.settle()
    assert (count(tab, ".finding"), count(tab, ".finding .head")) == (1, len(result["checks"]))
    assert tab.run("[...document.querySelectorAll('.finding mark')].map((each) => each.textContent)") == ["type='result'", "status='canceled'"]
    assert "It came, and it was forbidden." in text(tab, ".finding") and "where ${x} is '7'" in text(tab, ".finding")
    assert count(tab, ".diagram .arrow.bad") == 1


def test_what_did_not_come_and_what_a_hook_answered(tab: Page, green: Path, tmp_path: Path) -> None:
    folder = tmp_path / "missed"
    shutil.copytree(green, folder)
    run = json.loads((folder / "run.json").read_text())
    spoiled = next(each for each in run["scenarios"] if each["id"] == "in/approve-twice")
    result = spoiled["results"][0]
    first, second = result["checks"][:2]
    refusals = [{"actor": "Bard", "line": 3, "stanza": "<iq type='error'/>"}, {"actor": "Kyd"}]
    first.update(verdict="FAIL", detail="", evidence={
        "kind": "missed", "actor": "Marlowe", "expected": "<presence type='subscribed'/>", "streams": "reset", "refusals": refusals})
    second.update(verdict="FAIL", detail="", at={"file": "a.scs", "line": 3, "play_line": 2}, evidence={
        "kind": "answer", "step": "the target shows Marlowe as to", "address": "m.test", "hook": "approve", "answer": "m.test both", "others": 2})
    place = {"file": "in/approve-twice.scs", "line": 9, "phrase": {"file": "phrases/a.scs", "line": 4}, "play_line": 1}
    result["trouble"] = {"verdict": "INCONCLUSIVE", "text": "the fence was lost", "at": place, "evidence": None}
    result["unexpected"] = [{"kind": "unexpected", "actor": "Kyd", "line": 2, "stanza": "<presence type='probe'/>"}]
    spoiled["verdict"] = result["verdict"] = "FAIL"
    (folder / "run.json").write_text(json.dumps(run))
    tab.open(page(tmp_path / "missed.html", folder), "#s/0/in/approve-twice")
    tab.settle()
    assert "did not come: presence subscribed" in text(tab, ".diagram .missed")
    shown = tab.run("[...document.querySelectorAll('.finding')].map((each) => each.textContent)")
    assert len(shown) == 4
    assert "the fence was lost" in shown[0] and "scenarios/in/approve-twice.scs:9 (phrases/a.scs:4)" in shown[0]
    for words in ("It did not come: Marlowe received nothing", "The streams of Marlowe: reset.", "Bard was refused before, line 3 of the journal:<iq type='error'/>",
                  "The last request of Kyd was not answered."):
        assert words in shown[1]
    assert "(hook approve) says, which has 2 more lines, about others:m.test both" in shown[2]
    assert "Kyd received something that nobody asked for" in shown[3] and "<presence type='probe'/>" in shown[3]
    failed = tab.run("[...document.querySelectorAll('.play .failed-step')].map((each) => [...each.parentNode.children].indexOf(each) + 1)")
    assert failed == [1, 2]
    assert "hook answered: approve" in text(tab, ".diagram .said.bad")
    assert tab.run("(() => { const p = document.querySelector('.play'), m = p.querySelector('.failed-step'); return m.offsetTop >= p.scrollTop; })()")


CARDS = "[...document.querySelectorAll('tr.detail .finding, tr.detail .failed-step, tr.detail .check.bad')].map((each) => each.textContent)"


def test_a_run_of_before_evidence_had_fields_shows_the_same(tab: Page, red: Path, tmp_path: Path) -> None:
    """Out of its texts, which end earlier in a long stanza."""
    folder = tmp_path / "older"
    shutil.copytree(red, folder)
    run = json.loads((folder / "run.json").read_text())
    for scenario in run["scenarios"]:
        for result in scenario["results"]:
            del result["trouble"], result["unexpected"]
            for check in result["checks"]:
                for key in ("play_line", "at", "evidence"):
                    check.pop(key, None)
    (folder / "run.json").write_text(json.dumps(run))
    shown = []
    for each in (red, folder):
        tab.open(page(tmp_path / "page.html", each))
        tab.run("(() => { const s = document.querySelector('#search'); s.value = 'disco/'; s.dispatchEvent(new Event('input', {bubbles: true})); })()")
        tab.click("#open-failed")
        shown.append(tab.run(CARDS))
    assert len(shown[0]) > 20
    assert shown[0] == shown[1]


def test_xml_of_any_kind_is_shown_as_it_came(tab: Page, green: Path, tmp_path: Path) -> None:
    odd = ["<a b='1' c=\"it's\">x&lt;y<![CDATA[<z>]]></a>", "<a><b></a>", "<a", "", "plain", "<p:q xmlns:p='u'><p:r/>t<!-- c --></p:q>", "<a b=1/>", "<a/><b/>", "\x00\ufffe"]
    folder = tmp_path / "odd"
    shutil.copytree(green, folder)

    def spoil(entry: dict[str, object]) -> dict[str, object]:
        if entry["kind"] == "stanza" and entry.get("scenario") == SCENARIO:
            entry["data"] = odd[int(str(entry["n"])) % len(odd)]
        return entry

    rewrite(folder, spoil)
    tab.open(page(tmp_path / "odd.html", folder), "#s/0/" + SCENARIO)
    tab.settle()
    shown = tab.run("[...document.querySelectorAll('.diagram .arrow[role=button]')].map((each) => "
                    "{ each.dispatchEvent(new MouseEvent('click')); return document.querySelector('.stanza pre').textContent; })")
    assert len(shown) > 2
    pretty = ["<a b='1' c=\"it's\">x&lt;y<![CDATA[<z>]]></a>\n", "<p:q xmlns:p='u'>t<!-- c -->\n  <p:r/>\n</p:q>\n"]
    assert {each for each in shown} <= {*odd, *pretty, "</stream:stream>"} | {each for each in shown if "stream:stream" in each}


EVIL = "</script><script>window.owned = 1</script><img src=x onerror='window.owned = 1'><svg onload='window.owned = 1'/>"


def test_a_hostile_target_gets_no_script_into_the_page(tab: Page, red: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    shutil.copytree(red, folder)

    def spoil(entry: dict[str, object]) -> dict[str, object]:
        for key in ("data", "detail"):
            if key in entry and entry["kind"] in ("stanza", "hook", "close", "dns", "end-of-play"):
                entry[key] = EVIL if entry.get("n", 0) % 2 else f"<message><body>{EVIL}</body></message>"  # type: ignore[operator]
        return entry

    rewrite(folder, spoil)
    run = json.loads((folder / "run.json").read_text())
    run["target"].update(product=EVIL, software={"name": EVIL, "version": "\"'><b onclick=1>"}, name=EVIL)
    run.update(notes=[EVIL], abort={"step": EVIL, "reason": EVIL})
    kinds = itertools.cycle(["missed", "condition", "forbidden", "answer", "list", "comparison", "fault", "lost", EVIL])
    for each in run["scenarios"]:
        each.update(title=EVIL)
        for result in each["results"]:
            result.update(reason=EVIL, failure=EVIL)
            for check in result["checks"]:
                difference = dict.fromkeys(("where", "mode", "expected", "got"), EVIL)
                evidence = dict.fromkeys(("stanza", "expected", "streams", "actor", "condition", "step", "hook", "address", "answer", "left", "right", "said"), EVIL)
                evidence.update(line=470, difference=difference, refusals=[{"actor": EVIL, "line": 1, "stanza": EVIL}], values={EVIL: EVIL})
                check.update(text=EVIL, detail=EVIL, evidence={**evidence, "kind": next(kinds)})
    for each in run["requirements"]:
        each.update(why_none=EVIL)
    (folder / "run.json").write_text(json.dumps(run))
    made = page(tmp_path / "evil.html", folder)
    markup = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", made.read_text(), flags=re.S)
    assert "<img" not in markup and "onload='" not in markup and markup.count("<script") == 1
    tab.open(made)
    tab.run("(() => { const s = document.querySelector('#search'); s.value = ''; })()")
    tab.click("#open-failed")
    for fold in range(3):
        tab.run("document.querySelectorAll('.diagram .fold[aria-expanded=false]').forEach((each) => each.dispatchEvent(new MouseEvent('click')))")
    tab.run("document.querySelectorAll('.diagram .arrow[role=button]').forEach((each) => each.dispatchEvent(new MouseEvent('click')))")
    tab.settle()
    assert tab.run("typeof window.owned") == "undefined"
    assert count(tab, "img") == 0 and count(tab, "script") == 2
    assert count(tab, "[onerror], [onload], [onclick]") == 0
    # And if markup got in some day, the page's own policy would not let it run.
    tab.run("document.body.insertAdjacentHTML('beforeend', \"<img src=x onerror='window.owned = 1'>\")")
    tab.settle()
    assert tab.run("typeof window.owned") == "undefined"
    assert all("Content Security Policy" in each for each in tab.errors)
    tab.errors.clear()


def test_light_dark_narrow_and_print_keep_everything_in_view(tab: Page, red_page: Path) -> None:
    tab.open(red_page, "#s/0/" + SCENARIO)
    for width, dark in ((1400, False), (1400, True), (390, False), (390, True)):
        tab.look(width, 900, dark)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width
        back, ink = tab.run("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        assert (int(re.findall(r"\d+", back)[0]) < 100) == dark and (int(re.findall(r"\d+", ink)[0]) > 150) == dark
    tab.look(800, 1100, dark=True, media="print")
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.run("getComputedStyle(document.querySelector('#scenarios form')).display") == "none"


def test_what_failed_newly_stands_above_all_else(tab: Page, red: Path, green: Path, tmp_path: Path) -> None:
    out = tmp_path / "compared.html"
    command = [str(COMMAND), "report", str(red), "--baseline", str(green), "--out", str(out)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    tab.open(out)
    found = json.loads(subprocess.run([str(COMMAND), "compare", str(green), str(red), "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False).stdout)
    assert f"{len(found['new_failures'])} regressions, exit 1" in text(tab, ".compared")
    assert "the targets differ: reference and prosody-stock" in text(tab, ".compared .note")
    assert count(tab, ".compared .failures li") == len(found["new_failures"]) > 5
    tab.click(".compared .failures li a")
    first = found["new_failures"][0]["scenario"]
    assert tab.run(f"document.querySelector(\"tr[data-id='{first}']\").nextElementSibling.classList.contains('detail')")


def test_history_of_one_target(tab: Page, tmp_path: Path) -> None:
    profile = tmp_path / "fixture"
    shutil.copytree(ROOT / "fixtures" / "reference", profile, ignore=shutil.ignore_patterns("*.[ch]"))
    good = (profile / "target.toml").read_text().replace("${fixture}/../..", str(ROOT))
    bad = good.replace('reference.conf"]', 'reference.conf", "--fault", "M024"]')
    assert bad != good
    runs = []
    for month, text_of in (("03", bad), ("01", good), ("02", bad), ("04", good)):  # not in the order of time
        (profile / "target.toml").write_text(text_of)
        runs.append(run(tmp_path / month, "--target", str(profile), "cancel"))
        document = json.loads((runs[-1] / "run.json").read_text())
        (runs[-1] / "run.json").write_text(json.dumps({**document, "started": f"2026-{month}-01T10:00:00Z"}))
    tab.open(page(tmp_path / "history.html", *runs))
    assert text(tab, "h1") == "reference: 4 runs"
    heads = tab.run("[...document.querySelectorAll('.history thead tr:first-child th a')].map((each) => each.textContent.slice(0, 7))")
    assert heads == ["2026-01", "2026-02", "2026-03", "2026-04"]
    marked = "[...document.querySelectorAll('.history thead tr:first-child th')].map((each) => Boolean(each.querySelector('.mark')))"
    assert tab.run(marked) == [False, False, True, False, False, False]
    row = f".history tr[data-id='{SCENARIO}']"
    cells = tab.run(f"[...document.querySelectorAll(\"{row} td:not(.since)\")].map((each) => each.className)")
    assert cells == ["good", "bad first", "bad", "good"]
    assert text(tab, row + " .since").strip() == "green again; red in 2 of 4 runs"
    assert "came to the same in all runs" in text(tab, ".history .note")
    tab.click(row + " td.first a")
    assert text(tab, "tr.detail h3").startswith(SCENARIO + " on reference 2026-02-01")
    assert count(tab, "tr.detail .diagram .arrow") > 3
    tab.click(row + " td.good a")
    assert "Left out: it was green, and there is a newer run here." in text(tab, "tr.detail .sides")
    three = page(tmp_path / "three.html", *sorted(runs)[:3])
    tab.open(three)
    assert text(tab, row + " .since a") == "2026-02-01 10:00"
    tab.look(390, 900)
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")


def test_what_the_run_found_out_about_the_target(tab: Page, green: Path, green_page: Path, tmp_path: Path) -> None:
    tab.open(green_page)
    assert count(tab, ".overview .banner") == 0 and "command sessions" not in text(tab, ".facts")
    assert "a quiet window of 60 ms" in text(tab, ".facts")
    folder = tmp_path / "hasty"
    shutil.copytree(green, folder)
    run = json.loads((folder / "run.json").read_text())
    run["end"]["one_session"] = True
    run["end"]["hasty"] = {"ms": 98.4, "given_ms": 60.0, "quiet_ms": 196.8, "again": 1, "scenarios": [SCENARIO]}
    (folder / "run.json").write_text(json.dumps(run))
    tab.open(page(tmp_path / "hasty.html", folder))
    assert text(tab, ".overview .banner.warn").startswith("Quiet window too short: an answer overtook what was due before it by 98 ms")
    facts = text(tab, ".facts")
    assert "a quiet window of 60 ms, raised to 197 ms" in facts and "one for each requester; plays with an administrator took turns" in facts
    tab.run("document.querySelector('.overview .moves').parentNode.open = true")
    tab.click(".overview .moves a")
    assert count(tab, "tr.detail") == 1 and SCENARIO in text(tab, "tr.detail h3")


def test_words_and_colours_are_explained(tab: Page, red_page: Path) -> None:
    tab.open(red_page, "#s/0/" + SCENARIO)
    tab.settle()
    assert "requirements that" in text(tab, ".overview .legend") and count(tab, ".overview .legend rect") == 5
    assert "Each arrow is a stanza" in text(tab, ".scenario .legend")
    explained = text(tab, "#words")
    for verdict in ("PASS", "FAIL", "WARN", "INFO", "SKIP", "UNREACHABLE", "INCONCLUSIVE", "ERROR", "FLAKY", "XFAIL", "XPASS", "HARD"):
        assert verdict in explained
