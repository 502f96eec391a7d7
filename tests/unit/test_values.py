"""Values exist only when they are well-formed; each has one spelling."""

from collections.abc import Callable

import pytest

from domain import canonical, names, prefix, report, target
from domain.actor import Actor, ActorKind
from domain.build import Artifact, Source
from domain.config_version import Entry
from domain.digest import Digest
from domain.errors import ContradictoryReport, LedgerError, MalformedValue, SecretInClear
from domain.observation import Observed
from domain.prefix import Prefix
from domain.report import Report
from domain.target import Target
from tests.builders import COMMIT, NOON, digest

HEX = "0" * 64
KEYED = f"hmac-sha256:{HEX}"
LINE = "x" * 1000

REFUSED: list[tuple[str, Callable[[], object], type[LedgerError]]] = [
    # digests
    ("a digest without its algorithm", lambda: Digest(HEX), MalformedValue),
    ("a digest of another algorithm", lambda: Digest(f"sha512:{HEX}"), MalformedValue),
    ("a digest in upper case", lambda: Digest(f"sha256:{'A' * 64}"), MalformedValue),
    ("a digest that is too short", lambda: Digest(f"sha256:{HEX[1:]}"), MalformedValue),
    ("a digest that is too long", lambda: Digest(f"sha256:{HEX}0"), MalformedValue),
    ("a digest with a line after it", lambda: Digest(f"sha256:{HEX}\n"), MalformedValue),
    # keys: services, environments, slots
    ("an empty key", lambda: names.key("", "service"), MalformedValue),
    ("a key in upper case", lambda: names.key("Prod", "environment"), MalformedValue),
    ("a key that starts with a dash", lambda: names.key("-prod", "environment"), MalformedValue),
    ("a key with a space", lambda: names.key("pro d", "environment"), MalformedValue),
    ("a key with a slash", lambda: names.key("a/b", "service"), MalformedValue),
    ("a key with an at sign", lambda: names.key("a@b", "service"), MalformedValue),
    ("a key of 101 letters", lambda: names.key("a" * 101, "service"), MalformedValue),
    ("a key beyond ASCII", lambda: names.key("prød", "environment"), MalformedValue),
    ("a slot that is no key", lambda: target.slot("EU"), MalformedValue),
    # targets
    ("a target without an environment", lambda: Target.parse("payments-api"), MalformedValue),
    ("a target with an empty environment", lambda: Target.parse("payments-api@"), MalformedValue),
    ("a target with an empty service", lambda: Target.parse("@prod"), MalformedValue),
    ("a target with two environments", lambda: Target.parse("a@b@c"), MalformedValue),
    # names: builds, deployments, reporters
    ("an empty name", lambda: names.name("", "build"), MalformedValue),
    ("a name with a space", lambda: names.name("a b", "build"), MalformedValue),
    ("a name that starts with a dot", lambda: names.name(".a", "build"), MalformedValue),
    ("a name of 201 letters", lambda: names.name("a" * 201, "build"), MalformedValue),
    ("a report id that is no name", lambda: Report(digest(), id="a b"), MalformedValue),
    ("a reporter that is no name", lambda: Report(digest(), reporter=""), MalformedValue),
    # lines
    ("an empty line", lambda: names.line("", "reason"), MalformedValue),
    ("a blank line", lambda: names.line(" \u00a0 ", "reason"), MalformedValue),
    ("a line of 1001 characters", lambda: names.line(f"{LINE}x", "reason"), MalformedValue),
    ("a line with a line break", lambda: names.line("a\nb", "reason"), MalformedValue),
    ("a line with a tab", lambda: names.line("a\tb", "reason"), MalformedValue),
    ("a line with a null", lambda: names.line("a\0b", "reason"), MalformedValue),
    ("a line with half a surrogate pair", lambda: names.line("a\ud800", "reason"), MalformedValue),
    ("a line that turns the next one around", lambda: names.line("a\u202eb", "reason"), MalformedValue),
    # commits
    ("a short commit", lambda: names.commit(COMMIT[:7]), MalformedValue),
    ("a commit in upper case", lambda: names.commit(COMMIT.upper()), MalformedValue),
    ("a commit of 41 digits", lambda: names.commit(f"{COMMIT}0"), MalformedValue),
    ("a branch for a commit", lambda: names.commit("main"), MalformedValue),
    # actors, sources, artifacts
    ("an actor without an issuer", lambda: Actor(ActorKind.TOKEN, "", "ci"), MalformedValue),
    ("an actor without a subject", lambda: Actor(ActorKind.TOKEN, "ci", " "), MalformedValue),
    ("a source without a repository", lambda: Source("", COMMIT), MalformedValue),
    ("a source with a branch for a commit", lambda: Source("shop", "main"), MalformedValue),
    ("a source with an empty ref", lambda: Source("shop", COMMIT, ""), MalformedValue),
    ("an artifact without a name", lambda: Artifact("", digest()), MalformedValue),
    ("an artifact with an empty purl", lambda: Artifact("shop", digest(), ""), MalformedValue),
    # configuration entries
    ("an empty configuration key", lambda: Entry("", value="x"), MalformedValue),
    ("a configuration key with a space", lambda: Entry("A B", value="x"), MalformedValue),
    ("a configuration key that starts with a digit", lambda: Entry("1A", value="x"), MalformedValue),
    ("a configuration key of 201 letters", lambda: Entry("A" * 201, value="x"), MalformedValue),
    ("an entry with neither value nor secret", lambda: Entry("A"), ContradictoryReport),
    ("an entry with both", lambda: Entry("A", value="x", secret=KEYED), ContradictoryReport),
    ("a secret in clear", lambda: Entry("A", secret="hunter2"), MalformedValue),  # noqa: S106 - what is refused
    ("a value with a bell", lambda: Entry("A", value="\a"), MalformedValue),
    ("a value with half a surrogate pair", lambda: Entry("A", value="\udfff"), MalformedValue),
    ("a value of 8193 characters", lambda: Entry("A", value="x" * 8193), MalformedValue),
    ("an AWS key", lambda: Entry("A", value="AKIA" + "A" * 16), SecretInClear),
    ("a GitHub token", lambda: Entry("A", value="ghp_" + "a" * 36), SecretInClear),
    ("a GitHub token of the finer kind", lambda: Entry("A", value="github_pat_" + "a" * 22), SecretInClear),
    ("a GitLab token", lambda: Entry("A", value="glpat-" + "a" * 20), SecretInClear),
    ("a Slack token", lambda: Entry("A", value="xoxb-" + "1" * 10), SecretInClear),
    ("a Stripe key", lambda: Entry("A", value="sk_live_" + "a" * 24), SecretInClear),
    ("a private key", lambda: Entry("A", value="-----BEGIN EC PRIVATE KEY-----"), SecretInClear),
    ("a password in a URL", lambda: Entry("A", value="postgres://app:hunter2@db/shop"), SecretInClear),
    # observations
    ("a slot seen running nothing", lambda: Observed("shop", "main", ()), ContradictoryReport),
    ("65 artifacts in one slot", lambda: _seen(65), ContradictoryReport),
    ("an artifact seen twice", lambda: Observed("shop", "main", (digest(),) * 2), ContradictoryReport),
    ("a service seen in upper case", lambda: Observed("Shop", "main", (digest(),)), MalformedValue),
    ("a slot seen in upper case", lambda: Observed("shop", "EU", (digest(),)), MalformedValue),
    # sequences and prefixes
    ("a negative sequence", lambda: report.checked_sequence(-1), MalformedValue),
    ("a sequence of 2**31", lambda: report.checked_sequence(2**31), MalformedValue),
    ("a position that is no number", lambda: prefix.parse_known_at("position:first"), MalformedValue),
    ("an empty position", lambda: prefix.parse_known_at("position:"), MalformedValue),
    ("a negative position", lambda: prefix.parse_known_at("position:-1"), MalformedValue),
    ("a position of 16 digits", lambda: prefix.parse_known_at("position:" + "1" * 16), MalformedValue),
    ("a position in other digits", lambda: prefix.parse_known_at("position:\u0661"), MalformedValue),
    ("an instant without an offset", lambda: prefix.parse_known_at("2026-03-01T12:00:00"), MalformedValue),
]


def _seen(count: int) -> Observed:
    return Observed("shop", "main", tuple(digest(str(n)) for n in range(count)))


@pytest.mark.parametrize(
    ("make", "refusal"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_malformed_does_not_exist(make: Callable[[], object], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: names.key("a" * 100, "service"),
        lambda: names.key("0.1_a-b", "slot"),
        lambda: names.name("A" * 200, "build"),
        lambda: names.name("ci/pipelines:42+x@y=z-1.2_3", "build"),
        lambda: names.line("x" * 1000, "reason"),
        lambda: names.line("größer als zuvor 🚀", "reason"),
        lambda: names.commit(COMMIT),
        lambda: names.commit("0" * 64),
        lambda: Entry("a" * 200, value="x" * 8192),
        lambda: Entry("A/b.c-D_1", value=""),
        lambda: Entry("A", value="two\nlines\tand a tab"),
        lambda: Entry("A", secret=KEYED),
        lambda: Entry("A", value="https://example.com:8080/@team"),
        lambda: _seen(64),
        lambda: report.checked_sequence(2**31 - 1),
    ],
)
def test_what_is_well_formed_to_its_bounds_exists(make: Callable[[], object]) -> None:
    make()


def test_a_refused_value_does_not_show_the_secret() -> None:
    with pytest.raises(SecretInClear) as refusal:
        Entry("DB_URL", value="postgres://app:hunter2@db/shop")
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(MalformedValue) as refused:
        Entry("DB_PASSWORD", secret="hunter2")  # noqa: S106 - what must not be shown
    assert "hunter2" not in str(refused.value)


def test_a_digest_names_bytes() -> None:
    assert str(Digest.of(b"")) == ("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert f"sha256:{digest().hex}" == str(digest())


def test_a_target_is_written_as_it_is_parsed() -> None:
    assert str(Target.parse("payments-api@prod")) == "payments-api@prod"
    assert Target.parse("payments-api@prod") == Target("payments-api", "prod")


def test_two_actors_are_the_same_only_with_the_same_issuer() -> None:
    assert Actor(ActorKind.PERSON, "https://a.example", "1") != Actor(
        ActorKind.PERSON, "https://b.example", "1"
    )


# -- canonical documents


def test_a_document_has_one_byte_string() -> None:
    document = {"b": [1, True, None], "a": {"ü": "\n\u2028é"}, "A": -(2**53) + 1}
    assert canonical.encode(document) == (
        '{"A":-9007199254740991,"a":{"ü":"\\n\u2028é"},"b":[1,true,null]}'.encode()
    )


def test_the_order_of_members_does_not_matter() -> None:
    assert canonical.digest({"a": 1, "b": 2}) == canonical.digest({"b": 2, "a": 1})


def test_what_has_no_number_has_no_bytes() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical.encode({"a": float("nan")})


# -- reports


def test_a_report_without_an_id_occupies_one_key() -> None:
    assert report.keys(Report(digest()), digest("natural")) == (digest("natural"),)


def test_a_report_with_an_id_occupies_that_of_its_reporter_too() -> None:
    of_ci = report.keys(Report(digest(), reporter="ci", id="run-1"), digest("natural"))
    of_cd = report.keys(Report(digest(), reporter="cd", id="run-1"), digest("natural"))
    assert of_ci[0] == of_cd[0] == digest("natural")
    assert of_ci[1] != of_cd[1]


def test_keys_of_different_parts_differ() -> None:
    assert report.key("a", "bc") != report.key("ab", "c")


def test_the_fingerprint_depends_on_the_kind() -> None:
    assert report.fingerprint("build", {"a": 1}) != report.fingerprint("config", {"a": 1})


def test_the_sequence_ranks_before_the_fingerprint() -> None:
    low, high = Digest(f"sha256:{'0' * 64}"), Digest(f"sha256:{'f' * 64}")
    assert report.rank(0, low) < report.rank(0, high) < report.rank(1, low) < report.rank(1, high)
    assert report.rank(report.SEQUENCE_MAX, high) < 2**63


# -- prefixes


def test_known_at_is_a_position_or_an_instant() -> None:
    assert prefix.parse_known_at("position:1042") == 1042
    assert prefix.parse_known_at("position:0") == 0
    assert prefix.parse_known_at("2026-03-01T12:00:00Z") == NOON


def test_a_question_about_later_than_a_prefix_can_know_is_clamped() -> None:
    known = Prefix(1, NOON, digest())
    latest = NOON.replace(minute=5)
    assert prefix.clamped(NOON, known) == NOON
    assert prefix.clamped(latest, known) == latest
    assert prefix.clamped(NOON.replace(hour=13), known) == latest
