"""TorchScript files without debug records."""

from pathlib import Path

import torch

# Written by torch into every archive by itself.
OWN_RECORDS = ("version", "byteorder", ".data/serialization_id", ".format_version")


def save(module: torch.jit.ScriptModule, path: Path) -> None:
    """`torch.jit.save`, then a copy record by record without `*.debug_pkl`.

    Those records hold nothing but the source lines of the exporting machine, paths included, and
    are a third of a small model. torch's own writer keeps tensors aligned to 64 bytes.
    """
    full = path.with_name(f"{path.name}.full")
    module.save(str(full))
    try:
        copy_without_debug_records(full, path)
    finally:
        full.unlink(missing_ok=True)


def copy_without_debug_records(source: Path, target: Path) -> None:
    reader = torch._C.PyTorchFileReader(str(source))
    writer = torch._C.PyTorchFileWriter(str(target))
    for name in reader.get_all_records():
        if name in OWN_RECORDS or name.endswith(".debug_pkl"):
            continue
        record = reader.get_record(name)
        writer.write_record(name, record, len(record))
    writer.write_end_of_file()


def load(path: Path) -> torch.jit.ScriptModule:
    """As native code loads it: on the CPU, in eval mode."""
    return torch.jit.load(str(path), map_location="cpu").eval()


def freeze(module: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    """As native code runs it: weights as constants of the graph."""
    return torch.jit.freeze(module)
