"""A licence is met however it is written: in an expression, in any case, under its old name."""

import pytest

from adapters.sbom import licences

CASES = {
    "MIT": {"MIT"},
    "mit": {"MIT"},
    "MIT AND AGPL-3.0-only": {"MIT", "AGPL-3.0-only"},
    "(Apache-2.0 OR agpl-3.0-or-later)": {"Apache-2.0", "AGPL-3.0-or-later"},
    "AGPL-3.0": {"AGPL-3.0-only"},
    "GPL-2.0+": {"GPL-2.0-or-later"},
    "gpl-2.0-only WITH Classpath-exception-2.0": {"GPL-2.0-only"},
    "LicenseRef-scancode-proprietary": {"LicenseRef-scancode-proprietary"},
    "Apache License 2.0": set(),
    "SSPL-1.0, or whatever you like": {"SSPL-1.0"},
}


@pytest.mark.parametrize("text", CASES)
def test_it_is_named_as_it_stands_and_as_spdx_has_it(text: str) -> None:
    assert licences.named([text]) == {text, *CASES[text]}


def test_a_component_counts_once_for_each_licence() -> None:
    assert licences.counted([["MIT", "mit"], ["MIT OR ISC"]]) == {
        "MIT": 2,
        "mit": 1,
        "ISC": 1,
        "MIT OR ISC": 1,
    }


def test_a_long_text_counts_as_it_stands() -> None:
    text = "MIT " * 400
    assert licences.named([text]) == {text}
