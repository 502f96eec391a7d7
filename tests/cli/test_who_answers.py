"""Who is behind a build: as it was reported, and by what is recorded of bots."""

from pathlib import Path
from typing import Any

import orjson

from tests.builders import COMMIT
from tests.cli.running import Ran, Shell

FORGE = "https://github.com"
DEPENDABOT = (FORGE, "49699333")
MERGER = ("git", "ann@acme.example")
ARTIFACT = "payments-api=sha256:" + "5f" * 32


def built(shell: Shell, build: str, *more: str) -> Ran:
    return shell(
        *("record", "build", "payments-api", "--build", build, "--commit", COMMIT),
        *("--repository", "https://github.com/acme/payments", "--artifact", ARTIFACT, *more),
    )


def people(shell: Shell, build: str, *more: str) -> Any:
    """What is answered about the people behind *build*."""
    return shell.done("who", f"payments-api/{build}", "-o", "json", *more).json["events"][0]["people"]


def say(shell: Shell, folder: Path, change: str, subject: str = DEPENDABOT[1]) -> Ran:
    """Propose that an account is a bot, or is not; the operator needs nobody."""
    file = folder / "change.json"
    file.write_bytes(orjson.dumps({change: {"identity": {"issuer": FORGE, "subject": subject}}}))
    return shell.done("access", "propose", str(file), "--reason", "it updates dependencies")


def test_a_bot_counts_as_who_merged_once_it_is_known_as_one(shiplog: Shell, tmp_path: Path) -> None:
    assert built(shiplog, "1", "--author", *DEPENDABOT, "--merged-by", *MERGER).code == 0
    author = {"issuer": FORGE, "subject": "49699333"}
    found = people(shiplog, "1")
    merger = found["merged_by"]
    assert merger["issuer"] == "git"
    assert merger["subject"].startswith("person:"), "the address is not in the record"
    assert found == {"author": author, "merged_by": merger, "bot": False, "answers": author}
    say(shiplog, tmp_path, "bot")
    assert people(shiplog, "1") == {**found, "bot": True, "answers": merger}
    assert people(shiplog, "1", "--known-at", "position:2") == found
    (row,) = shiplog.done("access", "list", "bots", "-o", "csv").out.splitlines()[1:]
    assert "49699333 of https://github.com" in row
    shown = shiplog.done("who", "payments-api/1").out
    assert f"{merger['subject']} of git, for 49699333 of https://github.com" in shown
    say(shiplog, tmp_path, "not_bot")
    assert people(shiplog, "1") == found
    assert shiplog.done("access", "list", "bots").out.splitlines()[1:] == []


def test_nobody_known_is_said_and_not_left_out(shiplog: Shell, tmp_path: Path) -> None:
    say(shiplog, tmp_path, "bot")
    assert built(shiplog, "1", "--author", *DEPENDABOT).code == 0
    assert people(shiplog, "1")["answers"] is None
    assert "nobody known, for 49699333 of https://github.com" in shiplog.done("who", "payments-api/1").out
    assert built(shiplog, "2").code == 0
    assert people(shiplog, "2") is None
    assert built(shiplog, "3", "--author", FORGE, "1234").code == 0
    assert "1234 of https://github.com" in shiplog.done("who", "payments-api/3").out


def test_who_is_behind_it_is_part_of_what_is_told(shiplog: Shell) -> None:
    first = built(shiplog, "1", "--author", *MERGER, "-o", "json").json
    again = built(shiplog, "1", "--author", *MERGER, "-o", "json").json
    assert (again["existing"], again["position"]) == (True, first["position"])
    assert built(shiplog, "1").code == built(shiplog, "1", "--author", *DEPENDABOT).code == 5


def test_half_an_identity_is_a_usage_error(shiplog: Shell) -> None:
    assert built(shiplog, "1", "--author", "git").code == 2
    assert built(shiplog, "1", "--author", "git", "").code == 2


def test_an_address_is_digested_as_everywhere(shiplog: Shell) -> None:
    built(shiplog, "1", "--author", *MERGER)
    built(shiplog, "2", "--merged-by", *MERGER)
    assert people(shiplog, "1")["author"] == people(shiplog, "2")["merged_by"]
