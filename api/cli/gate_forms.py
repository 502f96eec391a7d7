"""A decision in the forms that pipelines show: Markdown, JUnit, SARIF."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from xml.etree.ElementTree import Element, SubElement, tostring  # only written

import orjson

from api.cli.client import Document

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"block": "error", "warn": "warning", "info": "note"}
_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in "&<>|`[]*_~\\"}
_GOOD = ("pass", "skip", "waived")


def reasons(rule: Document) -> list[str]:
    """Return, a line each, why a rule does not hold, and what can be done about it."""
    lines = [each["message"] + _beside(each) for each in rule["violations"]]
    if rule["error"]:
        lines.append(f"could not be evaluated: {rule['error']}")
    if rule["effective_on"]:
        lines.append(f"blocks from {rule['effective_on']} on")
    return [*lines, f"to do: {rule['fix']}"] if rule["status"] not in _GOOD else lines


def _beside(violation: Document) -> str:
    if violation["waiver"]:
        return f" (waived by {violation['waiver']} until {violation['waiver_expires']})"
    return f" (waits for {violation['awaits']})" if violation["awaits"] else ""


def _markdown(answer: Document, release: str) -> str:
    lines = [f"## Gate: {answer['verdict']}", "", f"`{release}`", ""]
    if answer["policy"] is not None:
        lines += [f"Policy `{answer['policy']['set']}`, `{answer['policy']['digest']}`", ""]
    if answer["because"]:
        lines += [_cell(answer["because"]), ""]
    if answer["rules"]:
        lines += ["| rule | status | why |", "|---|---|---|"]
        for each in answer["rules"]:
            why = "<br>".join(map(_cell, reasons(each))) or _cell(each["title"])
            lines.append(f"| {each['rule']} | {each['status']} | {why} |")
    return "\n".join(lines).rstrip("\n") + "\n"


def _cell(text: str) -> str:
    """Return *text* as it stands in a table; what others wrote starts no markup of theirs."""
    return " ".join(text.translate(_ENTITIES).split())


def _junit(answer: Document, release: str) -> str:
    rules = answer["rules"]
    failed = [each for each in rules if each["rule"] in answer["blocking"] and each["status"] == "fail"]
    errors = [each for each in rules if each["status"] == "error"]
    undecided = 0 if rules else int(not answer["permits"])
    suite = Element(
        "testsuite",
        name=f"shiplog gate {release}",
        tests=str(len(rules) or 1),
        failures=str(len(failed)),
        errors=str(len(errors) + undecided),
        skipped=str(sum(each["status"] == "skip" for each in rules)),
    )
    for each in rules:
        case = SubElement(suite, "testcase", classname="shiplog.gate", name=f"{each['rule']} {each['title']}")
        if each in failed or each in errors:
            kind = "error" if each in errors else "failure"
            SubElement(case, kind, message="; ".join(reasons(each)))
        elif each["status"] == "skip":
            SubElement(case, "skipped")
    if not rules:
        case = SubElement(suite, "testcase", classname="shiplog.gate", name="decision")
        SubElement(case, "error", message=answer["because"] or answer["verdict"])
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"


def _sarif(answer: Document, release: str) -> str:
    rules = [
        {
            "id": each["rule"],
            "shortDescription": {"text": each["title"]},
            "help": {"text": each["fix"]},
            "properties": {"tags": each["controls"]},
        }
        for each in answer["rules"]
    ]
    results = [
        {
            "ruleId": each["rule"],
            "level": _LEVELS[each["severity"]] if each["rule"] in answer["blocking"] else "warning",
            "message": {"text": line},
            "locations": [{"logicalLocations": [{"fullyQualifiedName": release}]}],
        }
        for each in answer["rules"]
        if each["status"] not in _GOOD
        for line in reasons(each)[:-1] or [each["title"]]
    ]
    if answer["because"]:
        where = [{"logicalLocations": [{"fullyQualifiedName": release}]}]
        results.append({"level": "error", "message": {"text": answer["because"]}, "locations": where})
    driver = {"name": "shiplog", "version": version("shiplog"), "rules": rules}
    runs = [{"tool": {"driver": driver}, "results": results}]
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


WRITERS: Mapping[str, Callable[[Document, str], str]] = {
    "md": _markdown,
    "junit": _junit,
    "sarif": _sarif,
}
