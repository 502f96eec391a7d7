"""What a CI system says about the job it runs, so that a pipeline need not repeat it.

A table of variables, no code per system. Flags win; what was taken, and from
where, is said on stderr. A variable that is set but empty is refused when its
value is needed: an empty commit is a broken pipeline, not a default.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import click

_VARIABLE = re.compile(r"\{(\w+)\}", re.ASCII)
_REMOTE = "refs/heads/origin/"


@dataclass(frozen=True, slots=True)
class System:
    """One CI system: the variable that gives it away, and templates to fill; the first that can be is."""

    name: str
    sign: str
    commit: tuple[str, ...]
    repository: tuple[str, ...]
    ref: tuple[str, ...]
    build: tuple[str, ...]
    run: tuple[str, ...] = ()
    """One execution of the job; a second attempt is another. Empty: a build is executed once."""
    builder: tuple[str, ...] = ()


SYSTEMS = (
    System(
        name="GitHub Actions",
        sign="GITHUB_ACTIONS",
        commit=("{GITHUB_SHA}",),
        repository=("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}",),
        ref=("{GITHUB_REF}",),
        build=("github/{GITHUB_RUN_ID}.{GITHUB_RUN_ATTEMPT}",),
        builder=("{GITHUB_SERVER_URL}/{GITHUB_WORKFLOW_REF}",),
    ),
    System(
        name="GitLab CI",
        sign="GITLAB_CI",
        commit=("{CI_COMMIT_SHA}",),
        repository=("{CI_PROJECT_URL}",),
        ref=("refs/tags/{CI_COMMIT_TAG}", "refs/heads/{CI_COMMIT_REF_NAME}"),
        build=("gitlab/{CI_PIPELINE_ID}",),
        # A job that is run again, which is how GitLab rolls back, stays in its pipeline under another id.
        run=("gitlab/{CI_PIPELINE_ID}.{CI_JOB_ID}", "gitlab/{CI_PIPELINE_ID}"),
        # As Fulcio writes the Build Signer URI of GitLab: the project, two slashes, the file, the ref.
        builder=(
            "{CI_PROJECT_URL}//{CI_CONFIG_PATH}@refs/tags/{CI_COMMIT_TAG}",
            "{CI_PROJECT_URL}//{CI_CONFIG_PATH}@refs/heads/{CI_COMMIT_REF_NAME}",
        ),
    ),
    System(
        name="Buildkite",
        sign="BUILDKITE",
        commit=("{BUILDKITE_COMMIT}",),
        repository=("{BUILDKITE_REPO}",),
        ref=("refs/tags/{BUILDKITE_TAG}", "refs/heads/{BUILDKITE_BRANCH}"),
        build=("buildkite/{BUILDKITE_PIPELINE_SLUG}/{BUILDKITE_BUILD_NUMBER}",),
        run=(
            "buildkite/{BUILDKITE_PIPELINE_SLUG}/{BUILDKITE_BUILD_NUMBER}.{BUILDKITE_RETRY_COUNT}",
            "buildkite/{BUILDKITE_PIPELINE_SLUG}/{BUILDKITE_BUILD_NUMBER}",
        ),
        builder=("https://buildkite.com/{BUILDKITE_ORGANIZATION_SLUG}/{BUILDKITE_PIPELINE_SLUG}",),
    ),
    System(
        name="CircleCI",
        sign="CIRCLECI",
        commit=("{CIRCLE_SHA1}",),
        repository=("{CIRCLE_REPOSITORY_URL}",),
        ref=("refs/tags/{CIRCLE_TAG}", "refs/heads/{CIRCLE_BRANCH}"),
        build=("circleci/{CIRCLE_WORKFLOW_ID}",),
    ),
    System(
        name="Jenkins",
        sign="JENKINS_URL",
        commit=("{GIT_COMMIT}",),
        repository=("{GIT_URL}",),
        ref=("refs/tags/{TAG_NAME}", "refs/heads/{GIT_BRANCH}"),
        build=("jenkins/{JOB_NAME}/{BUILD_NUMBER}",),
        builder=("{JOB_URL}",),
    ),
    System(
        name="the environment",
        sign="GIT_COMMIT",
        commit=("{GIT_COMMIT}",),
        repository=("{GIT_URL}",),
        ref=("refs/heads/{GIT_BRANCH}",),
        build=(),
    ),
)
FIELDS = ("commit", "repository", "ref", "build", "builder")


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of the job this process runs in."""

    system: System | None
    environment: Mapping[str, str] = field(repr=False)

    def value(self, name: str, given: str | None) -> str | None:
        """Return *given*, or else what the CI system says *name* is, and say so; None when neither does."""
        if given is not None or self.system is None:
            return given
        filled = self._filled(name, getattr(self.system, name), option=name)
        if filled is None:
            return None
        value, variables = _tidied(name, filled[0]), filled[1]
        click.echo(f"{name}: {value} (from {self.system.name}: {', '.join(variables)})", err=True)
        return value

    def needed(self, name: str, given: str | None) -> str:
        """Return what `value` does; a usage error when there is nothing."""
        value = self.value(name, given)
        if value is None:
            raise click.UsageError(f"missing --{name}, and no CI variable says it")
        return value

    def run(self) -> str | None:
        """Return the name of this execution of the job; None outside of CI, or when nothing names it."""
        if self.system is None:
            return None
        filled = self._filled("run", self.system.run or self.system.build, option="id")
        return filled and filled[0]

    def _filled(self, name: str, templates: tuple[str, ...], *, option: str) -> tuple[str, list[str]] | None:
        """Return the first of *templates* that can be filled, and the variables that filled it."""
        for template in templates:
            variables = _VARIABLE.findall(template)
            if not all(variable in self.environment for variable in variables):
                continue
            if empty := [variable for variable in variables if not self.environment[variable]]:
                if template is not templates[-1]:
                    continue  # GitLab and others set the tag of a branch's job to nothing
                raise click.UsageError(
                    f"{empty[0]} is empty, so there is no {name}; unset it or give --{option}"
                )
            return _VARIABLE.sub(lambda found: self.environment[found[1]], template), variables
        return None


def job(environment: Mapping[str, str]) -> Job:
    """Return the job that *environment* describes."""
    system = next((each for each in SYSTEMS if each.sign in environment), None)
    return Job(system, environment)


def _tidied(name: str, value: str) -> str:
    """Return *value* as the ledger keeps it: no credentials, and a branch as it is called at its origin."""
    if name == "repository" and value.startswith(("http://", "https://")):
        place = urlsplit(value)
        return urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2]))
    if name == "ref" and value.startswith(_REMOTE):
        return f"refs/heads/{value.removeprefix(_REMOTE)}"
    return value
