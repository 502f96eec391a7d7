"""One Chromium for all tests here, and a server with a login provider for each."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from api.settings import Settings
from tests.browser.places import Places, open_places
from tests.http import world as worlds

FLAGS = (
    "--no-sandbox",  # which needs privileges that containers do not have
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def chromium() -> str:
    """Return where Chromium is; a skip where there is none, unless it is required."""
    named = os.environ.get("SHIPLOG_TEST_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing = "no Chromium: install chromium, or name one in SHIPLOG_TEST_CHROMIUM"
        if os.environ.get("SHIPLOG_TEST_BROWSER_REQUIRED") == "1":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="package")  # while playwright runs, nothing else in this thread can use asyncio
def browser() -> Iterator[Browser]:
    """A browser without anybody's cookies; each of its contexts is somebody's."""
    where = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger with its first event only, to be copied."""
    return worlds.make(tmp_path_factory.mktemp("empty") / "home")


@pytest.fixture
def places(empty_ledger: Settings, tmp_path: Path) -> Iterator[Places]:
    """A ledger of this test's own, served, and where its people log in."""
    with open_places(empty_ledger, tmp_path / "home") as lent:
        yield lent
