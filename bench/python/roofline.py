"""The best matrix products that oneDNN and MKL reach on this machine, for the shapes of a model.

    python roofline.py '[[K, N, times], ...]'

Each line on standard input is answered by one line, after another pass over all shapes:
`{"float32": x, "bfloat16": x, "int8": x}` in operations per second. A model runs all of its
shapes, so the rate is that of their sum, each as often as a layer has it; each shape counts with
the best it has ever reached.
"""

import json
import sys
import time

import torch

ROWS = (512, 2048)
SECONDS = 0.05
LINEAR = torch.ops.mkldnn._linear_pointwise


def onednn(weight, rows, dtype):
    """The product with weights packed by oneDNN, on which it is fastest."""
    x = torch.randn(rows, weight.shape[1]).to(dtype)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.to(dtype), rows)
    bias = torch.zeros(weight.shape[0], dtype=dtype)
    return lambda: LINEAR(x, packed, bias, "none", [], "")


def plain(weight, rows, dtype):
    """What torch does with any weights: MKL for float32."""
    x, weight = torch.randn(rows, weight.shape[1]).to(dtype), weight.to(dtype)
    return lambda: torch.nn.functional.linear(x, weight)


def int8(weight, rows):
    """Bytes in, bytes out: what oneDNN reaches when nothing has to be quantized on the way."""
    columns = weight.shape[0]
    x = torch.randint(0, 255, (rows, weight.shape[1]), dtype=torch.uint8)
    values = torch.randint(-127, 127, weight.shape, dtype=torch.int8)
    packed = torch.ops.onednn.qlinear_prepack(values, list(x.shape))
    scales, zeros = torch.full((columns,), 0.01), torch.zeros(columns, dtype=torch.int64)

    def run():
        torch.ops.onednn.qlinear_pointwise(
            x, 0.02, 128, packed, scales, zeros, None, 0.05, 128, torch.uint8, "none", [], ""
        )

    return run


def candidates(shape):
    """Type -> ways to do the product."""
    weight = torch.randn(shape[1], shape[0])
    ways = {"float32": [], "bfloat16": [], "int8": []}
    for rows in ROWS:
        work = 2 * rows * shape[0] * shape[1]
        for name, dtype in [("float32", torch.float32), ("bfloat16", torch.bfloat16)]:
            ways[name] += [(work, make(weight, rows, dtype)) for make in (onednn, plain)]
        ways["int8"].append((work, int8(weight, rows)))
    return ways


def best_rate(work, run):
    """Operations per second of the fastest of many calls."""
    end = time.perf_counter() + SECONDS
    fastest = float("inf")
    while (started := time.perf_counter()) < end:
        run()
        fastest = min(fastest, time.perf_counter() - started)
    return work / fastest


def main():
    shapes = [tuple(shape) for shape in json.loads(sys.argv[1])]
    ways = [candidates(shape) for shape in shapes]
    best = [dict.fromkeys(way, 0.0) for way in ways]
    work = [k * n * times for k, n, times in shapes]
    with torch.inference_mode():
        for _ in sys.stdin:
            for way, reached in zip(ways, best, strict=True):
                for name, runs in way.items():
                    reached[name] = max(reached[name], *(best_rate(*run) for run in runs))
            rates = {
                name: sum(work) / sum(w / b[name] for w, b in zip(work, best, strict=True))
                for name in best[0]
            }
            print(json.dumps(rates), flush=True)


if __name__ == "__main__":
    main()
