"""People: which identities are of one person, by what was recorded of them.

Duties are segregated between people, not between strings (SOD-10).
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from domain.access.change import Link, Unlink, pair
from domain.identity import Identity
from domain.revised import RevisedMap

IDENTITIES_MAX = 20
"""How many one person may be known by."""

Person = tuple[Identity, ...]
"""All identities of somebody, in order."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A link that holds."""

    link: Link
    since: datetime
    said: tuple[int, ...]
    """Versions of the events that proposed and confirmed it: they say who joined the two."""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who has more than one identity."""

    links: RevisedMap[tuple[Identity, Identity], Linked] = field(default_factory=RevisedMap)
    persons: RevisedMap[Identity, Person] = field(default_factory=RevisedMap)

    def person_of(self, identity: Identity) -> Person:
        """Return all identities of whoever has *identity*."""
        return self.persons.get(identity) or (identity,)

    def joined(self, link: Link | Unlink) -> Person:
        """Return who the two would be together."""
        return tuple(sorted({*self.person_of(link.one), *self.person_of(link.other)}))

    def with_link(self, linked: Linked) -> "People":
        """Return everybody, the two of *linked* being one."""
        link = linked.link
        links = self.links.with_value(pair(link.one, link.other), linked)
        return People(links, _known_as(self.persons, self.joined(link)))

    def without_link(self, unlink: Unlink) -> "People":
        """Return everybody without that link; the two stay one when others still join them."""
        everyone = self.person_of(unlink.one)
        left = People(self.links.without(pair(unlink.one, unlink.other)), self.persons)
        for person in left.parts_of(everyone):
            left = People(left.links, _known_as(left.persons, person))
        return left

    def parts_of(self, identities: Person) -> tuple[Person, ...]:
        """Return the persons that *identities* are by the links between them alone."""
        parts = {identity: frozenset({identity}) for identity in identities}
        for one, other in combinations(identities, 2):
            if (one, other) in self.links:
                whole = parts[one] | parts[other]
                parts.update(dict.fromkeys(whole, whole))
        return tuple(sorted(tuple(sorted(part)) for part in set(parts.values())))


def _known_as(persons: RevisedMap[Identity, Person], person: Person) -> RevisedMap[Identity, Person]:
    for identity in person:
        if len(person) > 1:
            persons = persons.with_value(identity, person)
        elif identity in persons:
            persons = persons.without(identity)
    return persons
