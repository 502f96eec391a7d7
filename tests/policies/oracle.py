"""What the rules of `regulated` mean, once more, in plain Python, by somebody who does not read CEL."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain import instant

Facts = Mapping[str, Any]
Found = tuple[str, str]
Given = Mapping[str, Any]

RULES: dict[str, Callable[[Facts, Given], Iterator[Found]]] = {}


def rule(id_: str) -> Callable[[Callable[[Facts, Given], Iterator[Found]]], None]:
    def note(function: Callable[[Facts, Given], Iterator[Found]]) -> None:
        RULES[id_] = function

    return note


@rule("PROV-001")
def _levels(f: Facts, p: Given) -> Iterator[Found]:
    if not f["artifacts"]:
        yield "artifacts", ""
    good = {
        each["artifact"]
        for each in f["provenance"]
        if each["level"] >= p["min_level"] and not each["distrusted"]
    }
    yield from (("covered", a["digest"]) for a in f["artifacts"] if a["digest"] not in good)


@rule("PROV-002")
def _source(f: Facts, p: Given) -> Iterator[Found]:
    if not f["provenance"]:
        yield "present", ""
    for check, wrong in (
        ("repository", lambda e: not e["repository"] or e["repository"] != f["source"]["repository"]),
        ("commit", lambda e: not e["commit"] or e["commit"] != f["source"]["commit"]),
        ("builder", lambda e: e["builder"] not in p["builders"]),
        ("uploader", lambda e: "differs" in (e["repository_agrees"], e["commit_agrees"])),
    ):
        yield from ((check, each["ref"]) for each in f["provenance"] if wrong(each))


@rule("PROV-003")
def _protected(f: Facts, _: Given) -> Iterator[Found]:
    if not f["source"]["protected"]:
        yield "protected", ""


@rule("BLD-001")
def _build(f: Facts, _: Given) -> Iterator[Found]:
    if f["build"]["outcome"] != "succeeded":
        yield "succeeded", ""
    if f["build"]["identity"] not in ("verified", "reported"):
        yield "witnessed", ""


@rule("SBOM-001")
def _sboms(f: Facts, p: Given) -> Iterator[Found]:
    if not f["artifacts"]:
        yield "present", ""
    good = {s["artifact"] for s in f["sboms"] if s["format"] in p["formats"] and s["components"] > 0}
    yield from (("described", a["digest"]) for a in f["artifacts"] if a["digest"] not in good)
    most = p["max_without_version"]
    yield from (("versions", s["ref"]) for s in f["sboms"] if s["without_version"] > most)


@rule("SBOM-002")
def _licences(f: Facts, p: Given) -> Iterator[Found]:
    if not f["sboms"]:
        yield "known", ""
    held = {name for s in f["sboms"] for name in s["licences"]}
    yield from (("licence", name) for name in p["denied"] if name in held)


@rule("VULN-001")
def _scans(f: Facts, p: Given) -> Iterator[Found]:
    if not f["artifacts"]:
        yield "present", ""
    now = instant.parse(f["evaluation"]["time"])
    recent = {
        s["artifact"]
        for s in f["scans"]
        if timedelta(0) <= now - instant.parse(s["scanned_at"]) <= p["max_scan_age"]
    }
    yield from (("scanned", a["digest"]) for a in f["artifacts"] if a["digest"] not in recent)
    for each in f["findings"]:
        late = each["age_days"] > p["grace_days"].get(each["severity"], float("inf"))
        if each["vex"] not in ("not_affected", "fixed") and (each["exploited"] or late):
            yield "finding", each["id"]


@rule("TEST-001")
def _tests(f: Facts, p: Given) -> Iterator[Found]:
    built = instant.parse(f["build"]["finished_at"])
    mine = {a["digest"] for a in f["artifacts"]}
    passed = {
        t["suite"]
        for t in f["tests"]
        if t["result"] == "passed"
        and not t["failed"]
        and t["artifact"] in mine
        and instant.parse(t["finished_at"]) >= built
    }
    yield from (("passed", suite) for suite in p["suites"] if suite not in passed)
    for each in f["tests"]:
        if each["suite"] in p["suites"] and each["result"] == "failed":
            yield "failed", each["suite"]


@rule("CONF-001")
def _config(f: Facts, _: Given) -> Iterator[Found]:
    config = f["config"]
    if not config["approved"] or config["approved_digest"] != config["digest"]:
        yield "approved", ""
    if not config["author"] or not set(config["approvers"]) - {config["author"]}:
        yield "independent", ""


@rule("APPR-001")
def _approvals(f: Facts, p: Given) -> Iterator[Found]:
    if f["people"]["unknown"] or not f["people"]["authors"]:
        yield "authors", ""
    now = instant.parse(f["evaluation"]["time"])
    involved = {f["promotion"]["requester"], *f["people"]["authors"]}
    people = {
        a["approver"]
        for a in f["approvals"]
        if a["meaning"] == "approved"
        and a["binds"]
        and instant.parse(a["approved_at"]) <= now < instant.parse(a["expires_at"])
    }
    if len(people - involved) < p["min_approvers"]:
        yield "enough", ""
    for each in f["approvals"]:
        if each["meaning"] == "rejected" and each["binds"]:
            yield "rejected", each["approver"]


@rule("APPR-003")
def _fresh(f: Facts, _: Given) -> Iterator[Found]:
    for each in f["approvals"]:
        counts = each["meaning"] == "approved" and each["binds"]
        if counts and not (each["fresh"] and each["method"] in ("session", "local")):
            yield "fresh", each["approver"]


@rule("REV-001")
def _reviews(f: Facts, _: Given) -> Iterator[Found]:
    people = f["people"]
    if not people["commits"]:
        yield "known", ""
    for each in people["commits"]:
        if not each["author"] or not set(each["reviewers"]) - {each["author"]}:
            yield "reviewed", each["commit"]
    yield from (("people", each) for each in people["unknown"])


@rule("FRZ-001")
def _freezes(f: Facts, _: Given) -> Iterator[Found]:
    now = instant.parse(f["evaluation"]["time"])
    for each in f["freezes"]:
        there = {"*", f["promotion"]["environment"]} & set(each["environments"])
        this = {"*", f["release"]["service"]} & set(each["services"])
        if instant.parse(each["starts_at"]) <= now < instant.parse(each["ends_at"]) and there and this:
            yield "freeze", each["id"]


@rule("SOAK-001")
def _soak(f: Facts, p: Given) -> Iterator[Found]:
    before = f["promotion"]["from_environment"]
    if before not in p["environments"]:
        yield "where", ""
    mine = {a["digest"] for a in f["artifacts"]}
    there = [
        s for s in f["soak"] if before and mine and s["environment"] == before and mine <= set(s["artifacts"])
    ]
    if not there:
        yield "ran", ""
    spans = [instant.parse(s["until"]) - instant.parse(s["since"]) for s in there]
    if spans and max(spans) < p["min_soak"]:
        yield "long-enough", ""
    for each in f["soak"]:
        if each["environment"] == before and (each["incidents"] or each["rollbacks"]):
            yield "quiet", each["ref"]


@rule("RPLY-001")
def _replays(f: Facts, _: Given) -> Iterator[Found]:
    release = f["release"]
    if release["newer_ran"] and not (release["rollback"] and release["allowed_before"]):
        yield "replay", ""


@rule("SIGN-001")
def _signers(f: Facts, _: Given) -> Iterator[Found]:
    yield from (("distrusted", a["ref"]) for a in f["attestations"] if a["distrusted"])


@rule("GLASS-001")
def _glass(f: Facts, _: Given) -> Iterator[Found]:
    now = instant.parse(f["evaluation"]["time"])
    for each in f["reviews"]:
        if not each["done"] and instant.parse(each["due_at"]) <= now:
            yield "overdue", each["promotion"]


@rule("CHG-001")
def _reason(f: Facts, p: Given) -> Iterator[Found]:
    if not f["promotion"]["reason"]:
        yield "reason", ""
    if p["ticket"] and not f["promotion"]["ticket"]:
        yield "ticket", ""
