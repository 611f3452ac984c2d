# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether the address blocks of a network fit AWS and each other; says so without asking AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from .findings import Finding

# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
LARGEST, SMALLEST = 16, 28

Blocks = dict[str, IPv4Network]


def check_blocks(vpc: str, subnets: Mapping[str, Sequence[str]], vpc_variable: str) -> Iterator[Finding]:
    """What is wrong with a VPC's block and its subnets', which are given by the variable they come from."""
    places = {
        f"{variable}[{index}]": text for variable, texts in sorted(subnets.items()) for index, text in enumerate(texts)
    }
    blocks: Blocks = {}
    for where, text in {vpc_variable: vpc, **places}.items():
        block, problem, mend = parse_block(text)
        if block:
            blocks[where] = block
        else:
            yield Finding(where, problem, mend)
    vpc_block = blocks.pop(vpc_variable, None)
    if vpc_block:
        yield from _outside(blocks, vpc_block, vpc_variable)
    yield from _overlapping(blocks)


def parse_block(text: str) -> tuple[IPv4Network | None, str, str]:
    """The block, or what is wrong with the text and how to mend it."""
    try:
        block = IPv4Network(text, strict=False)
    except ValueError:
        return None, f"'{text}' is not an IPv4 block.", "Write one such as 10.0.0.0/16."
    if "/" not in text or not LARGEST <= block.prefixlen <= SMALLEST:
        return None, f"{text} has a size that AWS does not take.", f"Choose one from /{LARGEST} to /{SMALLEST}."
    if str(block) != text:
        # AWS would silently make the block it thinks is meant, and the next run would find a difference.
        return None, f"{text} does not begin its block.", f"Write {block}."
    return block, "", ""


def _outside(blocks: Blocks, vpc: IPv4Network, vpc_variable: str) -> Iterator[Finding]:
    for where, block in blocks.items():
        if not block.subnet_of(vpc):
            yield Finding(where, f"{block} is outside the VPC's {vpc} ({vpc_variable}).", "Choose a block inside it.")


def _overlapping(blocks: Blocks) -> Iterator[Finding]:
    for (where, block), (other_where, other) in combinations(blocks.items(), 2):
        if block.overlaps(other):
            yield Finding(where, f"{block} overlaps {other} ({other_where}).", "Give one of them another block.")
