"""What SBOMs came to, at hand for whoever asks again: a file never changes under its digest."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock

from adapters.sbom import licences
from domain.sbom import Sbom, Summary
from domain.sbom_evidence import SbomEvidence

AT_HAND_MAX = 100_000
"""Names of licences in all of them, each SBOM counting as ten more: at most some 60 MB, usually 3 MB."""
_EACH = 10


class Summaries:
    """Summaries by what they were made from; None: it cannot be read. Safe to call from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._at_hand: OrderedDict[SbomEvidence, Summary | None] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def known(self, sboms: Iterable[SbomEvidence]) -> dict[SbomEvidence, Summary | None]:
        """Return those of *sboms* that are at hand."""
        with self._lock:
            found = {each: self._at_hand[each] for each in sboms if each in self._at_hand}
            for each in found:
                self._at_hand.move_to_end(each)
        return found

    def remember(self, made: Mapping[SbomEvidence, Summary | None]) -> None:
        """Keep what was *made*, and let go of what was asked for longest ago."""
        with self._lock:
            for each, summary in made.items():
                if each not in self._at_hand:
                    self._at_hand[each] = summary
                    self._weight += _weight(summary)
            while self._weight > AT_HAND_MAX:
                _, summary = self._at_hand.popitem(last=False)
                self._weight -= _weight(summary)


def summary_of(sbom: Sbom) -> Summary:
    """Return what *sbom* comes to."""
    inside = [each for each in sbom.components if each.is_inside]
    without = sum(not each.coordinates.version for each in inside) + sbom.unreadable
    return Summary(sbom.format, len(inside), without, licences.counted(each.licences for each in inside))


def _weight(summary: Summary | None) -> int:
    return _EACH + (0 if summary is None else len(summary.licences))
