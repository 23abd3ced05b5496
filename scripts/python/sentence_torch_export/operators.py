"""The operators native code runs; it refuses every other one, and so does the exporter."""

import re
from collections.abc import Iterator
from pathlib import Path

import torch

from .errors import refused

# The loader compiles this very file in.
LIST = Path(__file__).resolve().parents[3] / "native" / "model" / "operators.inc"


def allowed() -> frozenset[str]:
    """The names in the list, one quoted name with a comma per line."""
    return frozenset(re.findall(r'^\s*"([^"]+)",', LIST.read_text(encoding="utf-8"), re.MULTILINE))


def check_operators(subject: str, module: torch.jit.ScriptModule) -> None:
    """Refuse a module that native code would refuse to load."""
    unknown = sorted(operators(module) - allowed())
    if unknown:
        raise refused(
            subject,
            f"its trace uses operators that native code doesn't run: {', '.join(unknown)} "
            f"(those it runs are in {'/'.join(LIST.parts[-3:])})",
        )


def operators(module: torch.jit.ScriptModule) -> set[str]:
    """Every operator `forward` can reach: inlined, in all blocks, as the loader looks at it."""
    return {node.kind() for node in nodes(module.inlined_graph)}


def nodes(block: torch._C.Graph | torch._C.Block) -> Iterator[torch._C.Node]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes(inner)
