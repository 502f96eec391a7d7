"""`shiplog demo`: this project's own deliveries, their provenance, questions, and an attack on the record."""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from api import first_trust, wiring
from api.cli import client, clock, exits, parameters
from api.cli.client import Client
from api.cli.in_process import InProcess
from api.cli.lazy import CONTEXT
from api.demo import proving, tampering
from api.demo.inventory import write_sbom
from api.demo.project import Commit, Project, digest_of
from api.demo.story import STAGES, Made, Story
from api.settings import Settings
from domain import instant

HISTORY_MAX = 30
MARKER = "made-by-shiplog-demo"
STATE = "http://127.0.0.1:8642/v1/environments/prod/state"


@click.command("demo", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog demo --folder /tmp/demo")
@click.option(
    "--folder",
    type=parameters.Text("folder", Path),
    default=Path(".demo"),
    show_default=True,
    help="Where to put the ledger and the wheels; a ledger the demo made there before is replaced.",
)
def demo(folder: Path) -> int:
    """Record this project itself, ask the ledger about it, and try to falsify it.

    Nothing is made up: the commits, the wheels, their provenance, the environment's SBOM
    and what is deployed are this project's own. It works without git history, and says so.
    """
    started = time.perf_counter()
    home = _fresh_home(folder.resolve())
    _use(home)
    settings = Settings.from_environment(os.environ)
    wiring.initialise(settings)
    first_trust.give(settings, root=True, now=clock.now)
    _say(f"\nA new ledger in {_short(home)}. Recording this project itself:\n")
    project = Project.found()
    moments = _record(project, settings, folder.resolve())
    proven = _prove(project, moments.made, folder.resolve())
    _ask(moments)
    noticed = _attack(home, folder.resolve() / "tampered")
    _say(f"\nThat took {time.perf_counter() - started:.1f} s. The ledger is yours to ask:")
    _say(f"\n  export SHIPLOG_HOME={home}")
    for hint in (
        "shiplog at staging",
        "shiplog release list shiplog@prod",
        f"shiplog who {moments.made.commit[:10]}",
        f"shiplog evidence list {digest_of(moments.made.wheel)}",
        f"shiplog at prod@{moments.before_rollback} -o json",
        "TOKEN=$(shiplog token issue me --scope read --for 1d)",
        "shiplog serve",
        f"curl -H 'Authorization: Bearer '$TOKEN {STATE}  # while that serves",
    ):
        _say(f"  {hint}")
    return exits.DONE if proven and noticed else exits.UNEXPECTED


@dataclass(frozen=True, slots=True)
class Moments:
    """What the questions are about."""

    made: Made
    """What runs in the end."""
    before_rollback: str
    """When the bad release was running."""
    late_position: int
    """The last position before the late report."""


def _record(project: Project, settings: Settings, folder: Path) -> Moments:
    transport = InProcess(settings)
    try:
        api = Client(transport)

        def post(path: str, body: Mapping[str, object]) -> Mapping[str, object]:
            return client.read(api.post(path, body))

        story = Story(post, _say, _now, repository=project.root.name)
        older, newer = _sources(project, story, folder)
        sbom = folder / "shiplog.cdx.json"
        count = write_sbom(sbom)
        _say(f"listed     {count} components of this environment in {sbom.name} (CycloneDX 1.6)")
        return _tell(story, api, older, newer, sbom)
    finally:
        transport.close()


def _sources(project: Project, story: Story, folder: Path) -> tuple[Made, Made]:
    """Build the wheels of the last two commits that changed what is shipped; one twice if there is one."""
    if not project.has_history:
        _say("           no git history here: the source is named by the SHA-256 over its files")
        made = replace(_built(project, project.fingerprint(), folder), named_by="sha256")
        return made, made
    commits = project.history(limit=HISTORY_MAX)
    story.declare_history(list(commits))
    shipped = project.releasable() or commits[-1:]
    wheels = [_built(_tree(project, commit, folder), commit.sha, folder) for commit in shipped]
    return wheels[0], wheels[-1]


def _tree(project: Project, commit: Commit, folder: Path) -> Project:
    trees = folder / "trees" / commit.sha
    return Project(trees) if trees.exists() else project.unpack(commit, trees)


def _built(tree: Project, name: str, folder: Path) -> Made:
    return Made(f"local/{name[:12]}", name, tree.build_wheel(folder / "wheels" / name))


def _tell(story: Story, api: Client, older: Made, newer: Made, sbom: Path) -> Moments:
    for environment in STAGES:
        story.configure(environment, SHIPLOG_BIND="127.0.0.1:8642", SHIPLOG_THREADS="4")
    story.record_build(older, sbom if older is newer else None, ref=None)
    for environment in STAGES:
        story.deploy(environment, story.release(environment, older), older)
    if newer is not older:
        story.record_build(newer, sbom, ref=None)
        for environment in STAGES:
            story.deploy(environment, story.release(environment, newer), newer)
    story.configure("prod", SHIPLOG_BIND="127.0.0.1:8642", SHIPLOG_THREADS="8")
    good = story.release("prod", newer)
    story.deploy("prod", good, newer)
    story.configure("prod", SHIPLOG_BIND="127.0.0.1:8642", SHIPLOG_THREADS="800")
    bad = story.release("prod", newer)
    wrong = story.deploy("prod", bad, newer)
    before_rollback = _now()
    story.roll_back("prod", good, reason=f"release {bad} does not start: {wrong}")
    story.observe("prod", newer, sbom)
    late = api.ask("v1", "ledger")["ledger"]["position"]
    _report_late(story, before_rollback)
    return Moments(newer, before_rollback, late)


def _report_late(story: Story, happened: str) -> None:
    """Report something that happened before what is recorded already."""
    line = {"service": "shiplog", "environment": "prod", "slot": "canary", "occurred_at": happened}
    story.post("/v1/removals", {**line, "reason": "the canary was taken down; reported late"})
    story.say("reported   late: a canary slot of shiplog@prod was taken down before the rollback")


def _prove(project: Project, made: Made, folder: Path) -> bool:
    """Check the provenance of our own wheel, and somebody else's; return whether it came out as it must."""
    _say("\nNow see what its provenance proves.\n")
    proven = proving.own_wheel(made, folder / "evidence", repository=project.root.name, say=_say, ask=_run)
    proven = proving.somebody_elses(project.root, say=_say, ask=_run) and proven
    if not proven:
        _say("That came out otherwise than it must. That is a defect of shiplog; please report it.")
    return proven


def _ask(moments: Moments) -> None:
    _say("\nNow ask it.")
    _run("What runs in prod?", "at", "prod")
    _run("And just before the rollback?", "at", f"prod@{moments.before_rollback}")
    _run("What did the rollback change?", "diff", f"prod@{moments.before_rollback}", "prod")
    _run("Everything this service ran in prod:", "timeline", "shiplog", "--environment", "prod")
    _run("Every change of prod, numbered without gaps:", "changes", "prod")
    _run(
        "The same list, as known before the late report:",
        "changes",
        "prod",
        "--known-at",
        f"position:{moments.late_position}",
    )
    _run("Does prod run what was deployed there?", "drift", "prod")
    _run("Where did this commit run?", "where", moments.made.commit[:12])
    _run("Is the record what was signed?", "verify")


def _attack(home: Path, tampered: Path) -> bool:
    """Change one byte in a copy and verify it; return whether that was noticed, as it must be."""
    _say("\nNow change one byte of one event in a copy of the database, behind its back:")
    position = tampering.copy_with_one_byte_changed(home / "ledger.db", tampered / "ledger.db")
    shutil.copytree(home / "keys", tampered / "keys", dirs_exist_ok=True)
    _say(f"           the byte belongs to the event at position {position}")
    _use(tampered)
    code = _run("Is the copy what was signed?", "verify")
    _use(home)
    if code != exits.BROKEN:
        _say("verify did not notice. That is a defect of shiplog; please report it.")
    return code == exits.BROKEN


def _run(question: str, *command: str) -> int:
    """Ask through the same command line that anyone uses, showing what was typed."""
    from api.cli.main import main  # noqa: PLC0415 - it imports this module on demand

    _say(f"\n# {question}\n$ shiplog {' '.join(command)}")
    code = main(list(command))
    if code != exits.DONE:
        _say(f"(exit {code})")
    return code


def _fresh_home(folder: Path) -> Path:
    """Return an empty home in *folder*; refuses to replace a ledger the demo did not make."""
    home = folder / "home"
    if home.exists():
        if not (home / MARKER).exists():
            raise exits.Failure(exits.CONFLICT, f"{home} is there, and the demo did not make it")
        shutil.rmtree(home)
    home.mkdir(parents=True, mode=0o700)
    (home / MARKER).touch()
    return home


def _use(home: Path) -> None:
    """Make *home* the ledger of this process, whatever the environment said."""
    for name in [name for name in os.environ if name.startswith("SHIPLOG_")]:
        del os.environ[name]
    os.environ["SHIPLOG_HOME"] = str(home)


def _now() -> str:
    return instant.text(clock.now())


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _say(line: str) -> None:
    click.echo(line)
