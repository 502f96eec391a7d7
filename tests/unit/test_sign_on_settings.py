"""Where people log in, as settings: together or not at all, and the secret is never shown."""

import sys
from pathlib import Path

import pytest

from api import wiring
from api.settings import Settings
from domain.errors import LedgerUnavailable, MalformedValue
from tests.http import world as worlds

SECRET = "the-clients-own-9a3f"  # noqa: S105 - of no client
ALL = {
    "SHIPLOG_HOME": "/srv",
    "SHIPLOG_PUBLIC_URL": "https://ledger.example",
    "SHIPLOG_OIDC_ISSUER": "https://sso.example/realms/acme",
    "SHIPLOG_OIDC_CLIENT_ID": "shiplog",
    "SHIPLOG_OIDC_CLIENT_SECRET": SECRET,
}


def test_all_of_them() -> None:
    settings = Settings.from_environment(ALL)
    assert settings.oidc_issuer == "https://sso.example/realms/acme"
    assert (settings.oidc_client_id, settings.oidc_client_secret) == ("shiplog", SECRET)
    assert (settings.oidc_scopes, settings.oidc_groups) == ("openid profile", "groups")
    assert SECRET not in repr(settings)


def test_what_else_can_be_said() -> None:
    more = {"SHIPLOG_OIDC_SCOPES": "openid groups", "SHIPLOG_OIDC_GROUPS": "https://acme.example/groups"}
    settings = Settings.from_environment({**ALL, **more})
    assert (settings.oidc_scopes, settings.oidc_groups) == tuple(more.values())


@pytest.mark.parametrize("missing", [name for name in ALL if name != "SHIPLOG_HOME"])
def test_they_are_set_together(missing: str) -> None:
    some = {name: value for name, value in ALL.items() if name != missing}
    with pytest.raises(MalformedValue, match="are set together") as refused:
        Settings.from_environment(some)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ISSUER", "http://sso.example", "expected an https URL"),
        ("ISSUER", "https://sso.example/?a=b", "expected an https URL"),
        ("ISSUER", "https://root@sso.example/", "expected an https URL"),
        ("ISSUER", "sso.example", "expected an https URL"),
        ("SCOPES", "profile", "expected openid among them"),
        ("SCOPES", "openidprofile", "expected openid among them"),
        ("GROUPS", "my groups", "not the name of a claim"),
        ("CLIENT_ID", "ünal", "no printable ASCII"),
        ("CLIENT_SECRET", f"{SECRET}\n", "no printable ASCII"),
    ],
)
def test_what_cannot_be_meant(name: str, value: str, says: str) -> None:
    with pytest.raises(MalformedValue, match=says) as refused:
        Settings.from_environment({**ALL, f"SHIPLOG_OIDC_{name}": value})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_in_clear_on_this_machine_alone(host: str) -> None:
    issuer = f"http://{host}:8080/realms/acme"
    assert Settings.from_environment({**ALL, "SHIPLOG_OIDC_ISSUER": issuer}).oidc_issuer == issuer


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.make(tmp_path / "home")
    monkeypatch.setitem(sys.modules, "authlib", None)
    with pytest.raises(LedgerUnavailable, match=r"pip install 'shiplog\[sso\]'"):
        wiring.wire(Settings.from_environment({**ALL, "SHIPLOG_HOME": str(tmp_path / "home")}))
