"""in-toto layouts, verified in memory at an instant that is given.

The library's own `in_toto_verify` runs the commands of a layout, reads files and asks the wall clock; only
its judgement of rules is used here. Steps (in-toto specification v0.9, section 5.2), labelled in the code
of the modules that take them:

1. its owners signed the layout (`laid_out`);
2. it has not expired;
3. it is one that can be judged safely: no inspection, no key under two names, rules that leave no gap;
4. each link is by a key that may do its step; others are dropped, so that nobody can spoil a step with
   noise (`links`);
5. which of them are about what is asked, and that none of them says otherwise (`accounts`);
6. as many keys as each step demands, all saying the same (`steps`);
7. what each step took and left fits the rules.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from domain.digest import Digest
from domain.errors import LedgerError
from domain.evidence import EvidenceRefused, Reason
from domain.evidence_port import PinnedKey
from domain.supply_chain import LayoutJudged, LayoutNotHeld


class InTotoLayouts:
    """Implements `LayoutVerifier`."""

    def verify_layout(
        self,
        layout: bytes,
        owners: Sequence[PinnedKey],
        files: Iterable[bytes],
        *,
        artifact: Mapping[str, str] | None = None,
        distrusted: Collection[Digest] = (),
        one_owner: bool = False,
        at: datetime,
    ) -> LayoutJudged:
        """See `LayoutVerifier.verify_layout`."""
        from adapters.evidence import laid_out, links, steps  # noqa: PLC0415 - 0.5 s, and only when needed

        try:
            read = laid_out.read(layout, owners, at=at, one_owner=one_owner)
            counted = links.counted(files, read, distrusted, at=at)
            judged = steps.judge(read, counted, artifact)
        except (EvidenceRefused, LedgerError):
            raise
        except Exception as wrong:  # whatever a library says about a file from outside
            words = f"{type(wrong).__name__}: {' '.join(str(wrong).split())[:200]}"
            raise EvidenceRefused(Reason.NOT_VERIFIED, words) from wrong
        if any(each.failures for each in judged.steps):
            raise LayoutNotHeld(judged)
        return judged
