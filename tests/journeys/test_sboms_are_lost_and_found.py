"""What SBOMs list is made anew from events and files, the same; and a lost file stops nothing."""

from pathlib import Path

import pytest

from adapters.readmodels.component_tables import COMPONENT_TABLES
from adapters.readmodels.rebuild import Rebuilt
from api import wiring
from tests.http.world import FIRST, Document, World, build, image
from tests.sbom_story import Builder, handed_in, listing, plain

PROD = {"service": "payments-api", "environment": "prod"}
JINJA2 = "pkg:pypi/jinja2"
DERIVED = {table.name for table in COMPONENT_TABLES}


def rebuilt(world: World, *, check: bool = False) -> Rebuilt:
    with wiring.rebuilding(world.settings, now=world.clock) as lent:
        return lent.run(lambda _: None, check=check)


def asked(world: World) -> Document:
    answer = world.answer("components", purl=JINJA2)
    return {name: answer[name] for name in ("intervals", "unlisted", "listed")}


def file_of(world: World, digest: str) -> Path:
    hex_ = digest.removeprefix("sha256:")
    return world.settings.home / "blobs" / hex_[:2] / hex_[2:4] / hex_


@pytest.fixture
def running(any_world: World) -> World:
    """One release runs whose SBOM came before its build, and is verified."""
    world, builder = any_world, Builder()
    builder.is_trusted_by(world)
    handed_in(world, builder.attests(image("ci/1"), listing(jinja2="3.1.2")))
    build(world, "ci/1", FIRST)
    world.recorded("configs", **PROD, entries={"LOG_LEVEL": {"value": "info"}})
    world.recorded("releases", **PROD, build="ci/1")
    world.recorded("deployments", **PROD, release=1)
    handed_in(world, plain(flask="3.0.0"), image("ci/1"))
    return world


def test_a_rebuild_makes_the_same_of_events_and_files(running: World) -> None:
    before = asked(running)
    assert before["intervals"][0]["verified"]
    assert rebuilt(running, check=True).differing == ()
    assert rebuilt(running).differing == ()
    assert asked(running) == before


def test_a_lost_file_is_unknown_and_stops_neither_rebuild_nor_report(running: World) -> None:
    before = asked(running)
    sboms = running.answer(f"artifacts/{image('ci/1')}/components")["sboms"]
    lost = file_of(running, sboms[0]["evidence"])
    content = lost.read_bytes()
    lost.unlink()
    found = rebuilt(running)
    assert found.differing is not None
    assert set(found.differing) <= DERIVED
    assert "build_sbom_v2" in found.differing

    # What is lost is unknown, and not absent.
    (unknown,) = asked(running)["unlisted"]
    assert [each["why"] for each in unknown["lacking"]] == ["claimed"]
    inside = running.answer(f"artifacts/{image('ci/1')}/components")
    assert (inside["read"]["verified"], inside["unreadable"][0]["evidence"]) == (False, sboms[0]["evidence"])

    # The same artifact is built again, while its SBOM is lost.
    running.recorded(
        "builds",
        service="payments-api",
        build="ci/2",
        source={"repository": "https://git.example/acme/payments-api", "commit": FIRST},
        artifacts=[{"name": "payments-api", "digest": image("ci/1")}],
    )

    # Whoever has the file hands it in again; a rebuild finds what it lists.
    again = running.client.post("/v1/evidence", data=content, content_type="application/json")
    assert again.status_code == 200
    assert lost.exists()
    rebuilt(running)
    assert asked(running) == before
    assert rebuilt(running, check=True).differing == ()


def test_an_altered_file_counts_as_lost(running: World) -> None:
    sboms = running.answer(f"artifacts/{image('ci/1')}/components")["sboms"]
    file_of(running, sboms[0]["evidence"]).write_bytes(plain(jinja2="3.1.3"))
    rebuilt(running)
    answer = asked(running)
    assert (answer["intervals"], answer["listed"], len(answer["unlisted"])) == ([], False, 1)
    inside = running.answer(f"artifacts/{image('ci/1')}/components", evidence=sboms[0]["evidence"])
    assert (inside["read"], len(inside["unreadable"])) == (None, 1)
