"""Certificates: what is in one."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tarfile
from xml.etree import ElementTree

from buddycheck import judge, model
from certificates import ALL, JOURNAL_PATH, PRODUCT, SEALED, UNSUBSCRIBED, Files, Workshop, journal, verify


def test_a_certificate_is_valid_and_says_what_it_is(shop: Workshop) -> None:
    done = shop.call("verify", "product.tar.gz", "--allowed-signers", "vendor.allowed")
    assert (done.status, done.err) == (0, "buddycheck: product.tar.gz: valid\n")
    assert "statement: Vendor, Product 1.2: PASSED, 2026-11-22T12:00:00Z\n" in done.out
    assert "signature: good, by vendor@example.org with the ED25519 key SHA256:" in done.out
    assert "journal: 3 plays judged again, every verdict is as in run.json\n" in done.out
    assert "core: reached as far as it was tested\n" in done.out


def test_without_allowed_signers_it_is_said_that_the_signer_was_not_checked(shop: Workshop) -> None:
    done = shop.call("verify", "product.tar.gz")
    assert done.status == 0 and "WHOSE KEY THAT IS WAS NOT CHECKED" in done.out


def test_a_bundle_can_be_unpacked_and_is_the_same_each_time(shop: Workshop, files: Files) -> None:
    assert tuple(sorted(files)) == ALL
    first = (shop.root / "product.tar.gz").read_bytes()
    shop.certify()
    assert (shop.root / "product.tar.gz").read_bytes() == first
    with tarfile.open(shop.root / "product.tar.gz") as archive:
        assert {each.name.partition("/")[0] for each in archive} == {"product"}
        assert {(each.uid, each.gid, each.mode) for each in archive} == {(0, 0, 0o644)}
    assert verify(shop, files).status == 0


def test_the_statement_is_an_in_toto_statement_of_a_test_result(shop: Workshop, files: Files) -> None:
    stated = json.loads(files["statement.json"])
    assert (stated["_type"], stated["predicateType"]) == ("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/test-result/v0.1")
    predicate = stated["predicate"]
    assert (predicate["result"], predicate["passedTests"], predicate["warnedTests"], predicate["failedTests"]) == ("PASSED", ["demo/approved", "demo/quiet"], [], [])
    assert "url" not in predicate
    named = {each["name"]: each["digest"]["sha256"] for each in [*stated["subject"], *predicate["configuration"]]}
    assert named == {name: hashlib.sha256(files[name]).hexdigest() for name in SEALED}
    assert [each["name"] for each in predicate["configuration"]] == [name for name in SEALED if name.startswith("scenarios/")]
    assert predicate["buddycheck"]["product"] == PRODUCT
    assert predicate["buddycheck"]["not_tested"] == [{"why": "the profile has no hook 'restart'", "scenarios": ["demo/kept"]}]


def test_a_link_to_the_run_is_in_the_statement(shop: Workshop) -> None:
    assert shop.certify("--url", "https://ci.example.org/7", out="linked.tar.gz").status == 0
    assert json.loads(shop.files("linked.tar.gz")["statement.json"])["predicate"]["url"] == "https://ci.example.org/7"
    assert shop.call("verify", "linked.tar.gz", "--allowed-signers", "vendor.allowed").status == 0


def test_what_failed_is_said_in_all_of_its_parts(own: Workshop) -> None:
    own.run(journal(UNSUBSCRIBED, "FAIL"))
    assert "FAILED (1 passed, 0 with a warning, 1 failed)" in own.certify().out
    files = own.files()
    assert json.loads(files["statement.json"])["predicate"]["failedTests"] == ["demo/approved"]
    assert "core        not reached" in files["conformance.txt"].decode()
    assert "demo/approved: A request is approved\n      FAIL: TT-1 it is approved" in files["conformance.txt"].decode()
    assert b'<p class="big">FAILED</p>' in files["conformance.html"]
    assert own.call("verify", "product.tar.gz").status == 0


def test_expected_failures_are_shown_and_are_failures(own: Workshop) -> None:
    entry = {"scenario": "demo/approved", "requirement": "TT-1", "part": None, "verdict": None, "reason": "known <https://bugs.example.org/1>",
             "place": "/home/vendor/expect/demo.toml:3"}
    expectations = {"file": "/home/vendor/expect/demo.toml", "entries": [entry], "expired": []}
    document = own.document
    own.document = lambda folder: document(folder)  # type: ignore[method-assign]
    own.run(journal(UNSUBSCRIBED, "FAIL"))
    run = json.loads((own.root / "run" / "run.json").read_text())
    run["expectations"] = expectations
    found = judge.again(run, own.root / "run" / "journal.jsonl", own.root / "scenarios", own.places, own.environ, JOURNAL_PATH)
    outcome = model.outcome_of(run)
    outcome.end = {**run["end"], "exit": 0}
    outcome.results = sorted(found.results.values(), key=lambda each: each.scenario)
    run.update(end=outcome.end, **json.loads(json.dumps(model.judged(outcome, found.known))))
    (own.root / "run" / "run.json").write_text(model.text(run))
    assert run["counts"] == {"XFAIL": 1, "SKIP": 1, "PASS": 1} and run["exit"] == 0
    assert "FAILED (1 passed, 0 with a warning, 1 failed)" in own.certify().out
    text = own.files()["conformance.txt"].decode()
    assert "XFAIL (expected): known <https://bugs.example.org/1>" in text
    assert "By the file demo.toml" in text and "demo/approved, TT-1: known" in text
    assert own.call("verify", "product.tar.gz").status == 0
    assert not [name for name, content in own.files().items() if b"/home/" in content]


def test_the_doap_snippet_is_what_projects_publish(files: Files) -> None:
    names = {"d": "http://usefulinc.com/ns/doap#", "x": "https://linkmauve.fr/ns/xmpp-doap#", "r": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
    project = ElementTree.fromstring(files["doap.xml"]).find("d:Project", names)
    assert project is not None and project.findtext("d:name", "", names) == PRODUCT
    [supported] = project.findall("d:implements/x:SupportedXep", names)
    xep = supported.find("x:xep", names)
    assert xep is not None and xep.get(f"{{{names['r']}}}resource") == "https://xmpp.org/extensions/xep-0267.html"
    assert [supported.findtext(f"x:{each}", "", names) for each in ("version", "status")] == ["0.5", "partial"]
    assert "1 of 2 hard requirements hold; 1 were not tested" in supported.findtext("x:note", "", names)


def test_no_place_of_the_machine_and_no_key_is_in_it(shop: Workshop, files: Files) -> None:
    secret = (shop.root / "vendor").read_bytes().split(b"\n")[1]
    for name, content in files.items():
        assert str(shop.root).encode() not in content and b"/home/" not in content and b"/opt/" not in content, name
        assert secret not in content
    assert json.loads(files["run.json"])["rerun"] == "buddycheck run --target target.toml --seed 7"


def test_the_page_needs_nothing_else(files: Files) -> None:
    """Its policy admits its own style and nothing more; there is no script, and nothing is loaded."""
    page = files["conformance.html"].decode()
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert not re.search(r"<script|<img|<link|src=|url\(|@import", page)
    body = page.partition("</head>")[2]
    assert body.count("<section") == body.count("</section>") == 7 and body.count("<h1>") == 1


def test_names_that_are_markup_are_text(own: Workshop) -> None:
    own.run()
    assert own.call("certify", "run", "--as", "<b>A & B</b> \"1\"", "--key", "vendor", "--out", "x.tgz").status == 0
    files = own.files("x.tgz")
    assert b"<b>A" not in files["conformance.html"] and b"&lt;b&gt;A &amp; B&lt;/b&gt;" in files["conformance.html"]
    assert ElementTree.fromstring(files["doap.xml"]) is not None
    assert own.call("verify", "x.tgz").status == 0


def test_a_certificate_of_before_evidence_had_fields_is_valid(own: Workshop) -> None:
    run = own.run(journal(answer=UNSUBSCRIBED, approved="FAIL"))
    for scenario in run["scenarios"]:
        for result in scenario["results"]:
            del result["trouble"], result["unexpected"]
            for check in result["checks"]:
                for key in judge.EVIDENCE:
                    check.pop(key, None)
    (own.root / "run" / "run.json").write_text(model.text(run))
    assert own.certify().status == 0
    assert verify(own, own.files()).status == 0
