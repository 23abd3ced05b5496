"""The process of one Python engine; contender/engine/protocol.ts describes what it speaks.

    python engine.py '{"engine": "torch", "folder": ..., ...}'

`torch` is sentence-transformers as it is. `onnx` is the same library with the transformer run by
onnxruntime, as its own ONNX backend does it; that backend needs `optimum-onnx`, which refuses the
newest `transformers`.
"""

import json
import os
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()


def open_model(start):
    import torch
    from sentence_transformers import SentenceTransformer

    if start.get("threads"):
        torch.set_num_threads(start["threads"])
    model = SentenceTransformer(start["folder"], device="cpu")
    if start["engine"] == "onnx":
        use_onnxruntime(model, start)
    return model


def use_onnxruntime(model, start):
    """The first module keeps its tokenizer; its forward runs the ONNX graph."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    if start.get("threads"):
        options.intra_op_num_threads = start["threads"]
    session = onnxruntime.InferenceSession(
        start["graph"], options, providers=["CPUExecutionProvider"]
    )
    names = [entry.name for entry in session.get_inputs()]

    def forward(features, **_):
        inputs = {name: features[name].numpy() for name in names}
        features["token_embeddings"] = torch.from_numpy(session.run(None, inputs)[0])
        return features

    model[0].forward = forward
    for name in ("embeddings", "encoder"):
        setattr(model[0].auto_model, name, torch.nn.Identity())  # the weights are in the graph


class Engine:
    """Answers one request after the other."""

    def __init__(self, start):
        self.model = open_model(start)
        self.lists = {}

    def texts(self, options):
        name = options["texts"]
        if name not in self.lists:
            self.lists[name] = json.loads(Path(name).read_text(encoding="utf-8"))
        texts = self.lists[name]
        first = options["from"]
        return [texts[(first + i) % len(texts)] for i in range(options["count"])]

    def run(self, texts, batch):
        return self.model.encode(texts, batch_size=batch or 32, show_progress_bar=False)

    def encode(self, options):
        texts = self.texts(options)
        started = time.perf_counter()
        self.run(texts, options.get("batch"))
        return {"ms": (time.perf_counter() - started) * 1000}

    def single(self, options):
        latencies = []
        for text in self.texts(options):
            started = time.perf_counter()
            self.run([text], 1)
            latencies.append((time.perf_counter() - started) * 1000)
        return {"latenciesMs": latencies}

    def vectors(self, options):
        rows = self.run(self.texts(options), options.get("batch"))
        rows.astype("<f4").tofile(options["out"])
        return {"dimension": rows.shape[1]}

    def memory(self, _):
        return {"peakRssMB": peak_rss_mb()}

    def versions(self, _):
        from importlib.metadata import version

        names = ["torch", "sentence-transformers", "transformers"]
        return {"Python": sys.version.split()[0], **{name: version(name) for name in names}}


def peak_rss_mb():
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    replies = os.fdopen(3, "w", buffering=1, encoding="utf-8")

    def send(identity, **outcome):
        replies.write(json.dumps({"id": identity, **outcome}) + "\n")

    try:
        engine = Engine(json.loads(sys.argv[1]))
    except Exception as error:  # the other side says what failed
        send(0, error=repr(error))
        sys.exit(1)
    send(0, result={"loadMs": (time.perf_counter() - STARTED) * 1000})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = getattr(engine, request["task"])(request["options"])
            send(request["id"], result=result)
        except Exception as error:  # the other side says what failed
            send(request["id"], error=repr(error))


if __name__ == "__main__":
    main()
