"""Who answers for a build as the author of what was built: a person, or nobody that is known."""

from dataclasses import dataclass

from domain.access.access import Access
from domain.access.people import Person
from domain.build import Source
from domain.identity import Identity


@dataclass(frozen=True, slots=True)
class Answering:
    """The people behind a source, as they were reported, and which of them answers for it."""

    author: Identity | None
    merged_by: Identity | None
    bot: bool
    """Whether the author is a bot, by what was recorded of it."""
    answers: Identity | None
    """The author; of a bot, who merged. None: nobody knows, which is never to be taken for nobody."""


def answering(access: Access, source: Source) -> Answering:
    """Return who is behind *source*, by what *access* says of bots."""
    author, merged_by = source.author, source.merged_by
    bot = author is not None and author in access.bots
    answers = merged_by if bot else author
    if answers is not None and answers in access.bots:
        answers = None  # merged by a bot as well
    return Answering(author, merged_by, bot, answers)


def answers_for(access: Access, source: Source) -> Person | None:
    """Return all identities of the person who answers for *source* as its author.

    None when that is not known: no author was reported, or it is a bot and nobody says who merged. A rule
    that asks whether somebody else approved has to fail then.
    """
    answers = answering(access, source).answers
    return None if answers is None else access.person_of(answers)
