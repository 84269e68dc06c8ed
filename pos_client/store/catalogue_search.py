"""Finding products by what was typed: by the beginnings of words, and failing that by letters in common.

Full-text hits are taken in rowid order up to a bound and ranked here, so that a search costs the same among a
million products as among a thousand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import sqlcipher3.dbapi2 as driver

from pos_client.store.connection import Driver

_CANDIDATES = 400
_MAX_TERMS = 8
_MAX_TERM = 40
_ALIKE = 0.4
"""The least share of a term's trigrams that a name must have to be offered for it."""
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Text that SQLite can take: no lone surrogates, no NUL."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def find_numbers(connection: Driver, text: str, limit: int, column: str = "") -> list[int]:
    """Product numbers, best first. With `column` only that one is looked in, and for whole words."""
    terms = _terms(text)
    if not terms:
        return []
    if column:
        return _words(connection, [f'{column} : "{term}"' for term in terms], limit)
    numbers = _words(connection, [f'"{term}"*' for term in terms], _CANDIDATES)
    if numbers:
        return _by_popularity(connection, numbers)[:limit]
    return _alike(connection, terms)[:limit]


def _terms(text: str) -> list[str]:
    """Words as the full-text index cuts them, quotable because only letters and digits are left."""
    composed = unicodedata.normalize("NFC", plain(text))
    return [term[:_MAX_TERM] for term in _WORD.findall(composed)[:_MAX_TERMS]]


def folded(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words(connection: Driver, queries: Sequence[str], limit: int) -> list[int]:
    return _match(connection, "product_words", " AND ".join(queries), limit)


def _match(connection: Driver, table: str, query: str, limit: int) -> list[int]:
    try:
        rows = connection.execute(
            f"select rowid from {table} where {table} match ? order by rowid limit ?", (query, limit)
        ).fetchall()
    except driver.OperationalError as reason:
        if "fts5" not in str(reason):
            raise
        # A letter that is newer than the index's alphabet cuts the word in two there, and two are a phrase,
        # which this index does not hold: nothing is called that.
        return []
    return [row[0] for row in rows]


def _by_popularity(connection: Driver, numbers: Sequence[int]) -> list[int]:
    marks = ", ".join("?" * len(numbers))
    rows = connection.execute(
        f"select number from product where number in ({marks}) order by popularity desc, number", numbers
    ).fetchall()
    return [row[0] for row in rows]


def _alike(connection: Driver, terms: Sequence[str]) -> list[int]:
    """By trigrams in common with the terms that begin no word; the others must fit as they are."""
    fitting = [f'"{term}"*' for term in terms if _words(connection, [f'"{term}"*'], 1)]
    odd = [folded(term) for term in terms if f'"{term}"*' not in fitting]
    candidates = set(_words(connection, fitting, _CANDIDATES)) if fitting else set()
    if not fitting:
        for term in odd:
            candidates.update(_sharing_trigrams(connection, term))
            candidates.update(_words(connection, [f'"{term[:2]}"*'], _CANDIDATES))
    return _ranked(connection, sorted(candidates), odd)


def _sharing_trigrams(connection: Driver, term: str) -> list[int]:
    """One slip of the finger leaves the trigrams before it or after it whole, so either half will do."""
    found = trigrams(folded(term))
    if not found:
        return []
    half = (len(found) + 1) // 2
    halves = {_all_of(found[:half]), _all_of(found[-half:])}
    return _match(connection, "product_trigrams", " OR ".join(sorted(halves)), _CANDIDATES)


def _all_of(found: Sequence[str]) -> str:
    return "(" + " AND ".join(f'"{one}"' for one in found) + ")"


def trigrams(word: str) -> list[str]:
    return [word[start : start + 3] for start in range(len(word) - 2)]


def _ranked(connection: Driver, numbers: Sequence[int], odd: Sequence[str]) -> list[int]:
    marks = ", ".join("?" * len(numbers))
    rows = connection.execute(
        f"select number, name, popularity from product where number in ({marks})", numbers
    ).fetchall()
    wanted = [(_pairs(term), len(term) + 1) for term in odd]
    scored = [(_likeness(folded(name), wanted), popularity, -number) for number, name, popularity in rows]
    return [-number for likeness, _, number in sorted(scored, reverse=True) if likeness >= _ALIKE]


def _likeness(name: str, wanted: Sequence[tuple[set[str], int]]) -> float:
    """How much of the worst fitting term is in the name, 0 to 1: pairs of letters in common against all (Dice).

    Words are cut to about the term's length, because the term may be only their beginning.
    """
    words = _WORD.findall(name)
    worst = 1.0
    for pairs, length in wanted:
        best = 0.0
        for word in words:
            theirs = _pairs(word[:length])
            best = max(best, 2 * len(pairs & theirs) / (len(pairs) + len(theirs)))
        worst = min(worst, best)
    return worst


def _pairs(word: str) -> set[str]:
    padded = f" {word} "
    return {padded[start : start + 2] for start in range(len(padded) - 1)}
