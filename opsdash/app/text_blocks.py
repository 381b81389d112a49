"""The blocks of a page of text: what of them holds some words, and how they stand on a wide screen.

A block is what stands between empty lines; its first line may be a heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opsdash.widgets.line import Line, Role, beside

Block = Sequence[Line]


def blocks_of(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines in blocks, without the empty lines between them."""
    found: list[list[Line]] = [[]]
    for parts in lines:
        if plain(parts):
            found[-1].append(parts)
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def stacked(blocks: Iterable[Block]) -> list[Line]:
    """Blocks under one another, an empty line between them."""
    lines = [parts for block in blocks for parts in (*block, ())]
    return lines[:-1]


def side_by_side(blocks: Sequence[Block], width: int) -> list[Line]:
    """Blocks in two columns in their order, as even as can be."""
    total = sum(len(block) + 1 for block in blocks)
    left, height = 0, 0
    while left < len(blocks) and height + (len(blocks[left]) + 1) / 2 <= total / 2:
        height += len(blocks[left]) + 1
        left += 1
    return beside(stacked(blocks[:left]), stacked(blocks[left:]), width)


def holding(blocks: Iterable[Block], words: str) -> list[list[Line]]:
    """The lines that hold every one of the words, under the headings of their blocks.

    A heading that holds them keeps its whole block.
    """
    wanted = words.lower().split()
    found = []
    for block in blocks:
        head = [parts for parts in block[:1] if parts and parts[0].role is Role.HEADING]
        kept = [parts for parts in block[len(head) :] if _holds(parts, wanted)]
        if head and _holds(head[0], wanted):
            found.append(list(block))
        elif kept:
            found.append([*head, *kept])
    return found


def _holds(parts: Line, wanted: Sequence[str]) -> bool:
    text = plain(parts).lower()
    return all(word in text for word in wanted)


def plain(parts: Line) -> str:
    """A line without its roles and trailing spaces."""
    return "".join(part.text for part in parts).rstrip()
