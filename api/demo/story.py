"""What the demo records: builds, configurations, releases and deployments that really happen here.

Running a release means importing its wheel, in a process of its own, with its
configuration as the environment. A deployment failed when that process says so.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.demo.project import Commit, digest_of

SERVICE = "shiplog"
REPORTER = "demo"
STAGES = ("staging", "prod")
SMOKE_SECONDS_MAX = 30
_SMOKE = """
import sys
sys.path.insert(0, sys.argv[1])
import os
from api.settings import Settings
print(Settings.from_environment(os.environ).bind)
"""
"""What a twelve-factor process does first: read its configuration. The wheel comes first on the path."""

Post = Callable[[str, Mapping[str, object]], Mapping[str, object]]
"""Send a report to the API and return its answer."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A wheel that was built, and from what."""

    build: str
    commit: str
    wheel: Path
    named_by: str = "gitCommit"
    """What `commit` is, as in-toto names digests: without git it is the `sha256` over the files."""


@dataclass(slots=True)
class Story:
    """Tells the ledger what happens, as it happens."""

    post: Post
    say: Say
    now: Callable[[], str]
    """The current instant, RFC 3339."""
    repository: str
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    """The plain configuration of each environment, as last recorded."""

    def declare_history(self, commits: list[Commit]) -> None:
        """Take over what branch history says ran from when on: the head of the first-parent line."""
        for commit in commits:
            line = {
                "service": SERVICE,
                "environment": "mainline",
                "occurred_at": commit.committed_at,
                "label": commit.sha[:12],
                "commit": commit.sha,
                "source": self.repository,
            }
            self.post("/v1/declarations", line)
        self.say(f"declared   {len(commits)} commits of this project's own history")

    def record_build(self, made: Made, sbom: Path | None, *, ref: str | None) -> None:
        """Record a wheel, with its SBOM when there is one."""
        files = [made.wheel] if sbom is None else [made.wheel, sbom]
        report = {
            "service": SERVICE,
            "build": made.build,
            "occurred_at": self.now(),
            "outcome": "succeeded",
            "source": {"repository": self.repository, "commit": made.commit}
            | ({} if ref is None else {"ref": ref}),
            "builder": f"python -m build, CPython {sys.version.split()[0]}",
            "artifacts": [{"name": file.name, "digest": digest_of(file)} for file in files],
        }
        answer = self.post("/v1/builds", report)
        self.say(f"built      {made.wheel.name} from {made.commit[:12]}  (event {answer['position']})")

    def configure(self, environment: str, **plain: str) -> None:
        """Record the configuration of an environment: plain values, and one secret."""
        self.settings[environment] = plain
        entries: dict[str, object] = {key: {"value": value} for key, value in plain.items()}
        entries["SHIPLOG_TOKEN"] = {"secret": f"not a real token for {environment}"}
        self.post("/v1/configs", self._about(environment) | {"entries": entries})
        self.say(f"configured {SERVICE}@{environment}: " + ", ".join(f"{k}={v}" for k, v in plain.items()))

    def release(self, environment: str, made: Made) -> int:
        """Join the build with the configuration in force; return the release's number."""
        answer = self.post("/v1/releases", self._about(environment) | {"build": made.build})
        number = answer["release"]
        assert isinstance(number, int), "a release has a number"
        self.say(f"released   {SERVICE}@{environment}#{number}  ({made.build})")
        return number

    def deploy(self, environment: str, number: int, made: Made) -> str | None:
        """Run the release and record that; return what went wrong, if anything did."""
        attempt = f"{environment}-{number}"
        report = self._about(environment) | {"release": number, "deployment": attempt}
        self.post("/v1/deployments", report | {"outcome": "started"})
        self.post("/v1/deployments", report | {"outcome": "succeeded", "occurred_at": self.now()})
        wrong = smoke(made.wheel, self.settings[environment])
        state = "and it answers" if wrong is None else f"and it does not: {wrong}"
        self.say(f"deployed   {SERVICE}@{environment}#{number}, {state}")
        return wrong

    def roll_back(self, environment: str, number: int, reason: str) -> None:
        """Run an earlier release again, and say why."""
        report = self._about(environment) | {
            "release": number,
            "deployment": f"{environment}-{number}-again",
            "rollback": True,
            "reason": reason,
        }
        self.post("/v1/deployments", report)
        self.say(f"rolled back {SERVICE}@{environment} to #{number}")

    def observe(self, environment: str, made: Made, sbom: Path) -> None:
        """Report what really lies there now."""
        seen = {"service": SERVICE, "artifacts": [digest_of(made.wheel), digest_of(sbom)]}
        report = {
            "environment": environment,
            "occurred_at": self.now(),
            "reporter": REPORTER,
            "running": [seen],
        }
        self.post("/v1/observations", report)
        self.say(f"observed   {environment}: the digests of what is there")

    def _about(self, environment: str) -> dict[str, object]:
        return {
            "service": SERVICE,
            "environment": environment,
            "occurred_at": self.now(),
            "reporter": REPORTER,
        }


def smoke(wheel: Path, settings: Mapping[str, str]) -> str | None:
    """Start the release in *wheel* with *settings* as its environment; return what it says is wrong."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own wheel
        [sys.executable, "-c", _SMOKE, str(wheel)],
        env={**environment, **settings},
        capture_output=True,
        timeout=SMOKE_SECONDS_MAX,
        check=False,
    )
    if done.returncode == 0:
        return None
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return last[0].rpartition(": ")[2][:200] if last else f"exit {done.returncode}"
