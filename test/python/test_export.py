"""What is exported equals Python: families, poolings, modules, layouts."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, Normalize
from torch import nn

from conftest import FIXTURES
from fixtures.assemble import HIDDEN, seeded_dense, small_model
from fixtures.families import EXTRA, FAMILIES
from fixtures.golden import read_texts
from fixtures.legacy import rewrite
from running import manifest, run
from sentence_torch_export.export import export_model
from sentence_torch_export.reference import main as reference_main

TOLERANCE = 1e-5
MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
ACTIVATIONS = [
    "Tanh",
    "Identity",
    "ReLU",
    "GELU",
    "SiLU",
    "Sigmoid",
    "LeakyReLU",
    "Softplus",
    "GLU",
]


def check(folder: Path, output: Path, texts: list[str] | None = None) -> dict:
    """Export, run the result from its files, compare with Python; the manifest."""
    texts = texts or read_texts()
    report = export_model(str(folder), output)
    assert report.largest_difference <= TOLERANCE
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts)
    actual = run(output, texts)
    kept = report.manifest.get("truncateDim", report.manifest["dimension"])
    assert actual.shape == expected.shape == (len(texts), kept)
    assert np.abs(actual - expected).max() <= TOLERANCE
    assert np.ptp(expected, axis=0).max() > 1e-2, "the fixture must tell texts apart"
    return manifest(output)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_exports_and_equals_python(family, saved, tmp_path):
    facts = check(saved(small_model(family)), tmp_path / "out")
    takes_types = family in ("bert", "electra", "mobilebert", "deberta-v2")
    assert facts["inputs"] == [
        "input_ids",
        "attention_mask",
        *(["token_type_ids"] if takes_types else []),
    ]
    assert facts["maxSeqLength"] == 24
    assert facts["padding"]["side"] == "right"


@pytest.mark.parametrize("family", EXTRA)
def test_a_decoder_is_padded_on_the_left_and_reads_its_last_token(family, saved, tmp_path):
    facts = check(saved(small_model(family, "lasttoken", normalize=True)), tmp_path / "out")
    assert facts["padding"]["side"] == "left"


@pytest.mark.parametrize("modes", [*([mode] for mode in MODES), MODES, ["lasttoken", "cls"]])
def test_every_pooling_mode_and_concatenation_equals_python(modes, saved, tmp_path):
    facts = check(saved(small_model("bert", modes)), tmp_path / "out")
    assert facts["dimension"] == HIDDEN * len(modes)
    assert facts["modules"][1] == f"Pooling({', '.join(modes)})"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_keeps_its_activation(activation, saved, tmp_path):
    layer = seeded_dense(HIDDEN, 12, activation_function=getattr(nn, activation)())
    facts = check(saved(small_model(tail=[layer])), tmp_path / "out")
    assert facts["modules"][2] == f"Dense(16 -> 12, {activation})"
    assert facts["dimension"] == (6 if activation == "GLU" else 12)


def test_modules_in_any_order_equal_python(saved, tmp_path):
    tail = [
        Normalize(),
        seeded_dense(HIDDEN, HIDDEN, use_residual=True),
        LayerNorm(HIDDEN),
        Dropout(0.5),
        seeded_dense(HIDDEN, 8, bias=False, use_residual=True, activation_function=nn.GELU()),
    ]
    nn.init.normal_(tail[2].norm.weight)
    facts = check(saved(small_model(tail=tail)), tmp_path / "out")
    assert facts["modules"][2:] == [
        "Normalize",
        "Dense(16 -> 16, Tanh, residual)",
        "LayerNorm(16)",
        "Dropout(0.5)",
        "Dense(16 -> 8, GELU, residual)",
    ]


def test_prompts_and_similarity_reach_the_manifest(saved, tmp_path):
    model = small_model(
        prompts={"query": "query: ", "title": "T | "},
        default_prompt_name="title",
        similarity_fn_name="manhattan",
    )
    folder = saved(model, "prompted")
    report = export_model(str(folder), tmp_path / "out")
    facts = report.manifest
    assert facts["prompts"] == {"query": "query: ", "document": "", "title": "T | "}
    assert (facts["defaultPromptName"], facts["similarityFunction"]) == ("title", "manhattan")
    assert (facts["name"], facts["source"]["id"]) == ("prompted", "prompted")
    python = SentenceTransformer(str(folder), device="cpu")
    for name, text in facts["prompts"].items():
        expected = python.encode(read_texts(), prompt_name=name)
        assert np.abs(run(tmp_path / "out", read_texts(), text) - expected).max() <= TOLERANCE


def test_a_saved_truncate_dim_is_a_default_that_a_call_may_raise(saved, tmp_path):
    folder = saved(small_model(normalize=True, truncate_dim=5))
    facts = check(folder, tmp_path / "out")
    assert (facts["dimension"], facts["truncateDim"]) == (HIDDEN, 5)
    assert facts["modules"][-1] == "Normalize"
    python = SentenceTransformer(str(folder), device="cpu")
    for kept in (2, 9, HIDDEN):
        expected = python.encode(read_texts(), truncate_dim=kept)
        whole = run(tmp_path / "out", read_texts(), keep=kept)
        assert np.abs(whole - expected).max() <= TOLERANCE


def test_a_truncate_dim_that_cuts_nothing_is_left_out(saved, tmp_path):
    facts = check(saved(small_model(truncate_dim=HIDDEN + 1)), tmp_path / "out")
    assert facts["dimension"] == HIDDEN
    assert "truncateDim" not in facts


def test_parity_compares_what_encode_gives_by_default(saved, tmp_path):
    folder = saved(small_model("bert", truncate_dim=5))
    (tmp_path / "texts.json").write_text(json.dumps(["a", "b c"]))
    arguments = [str(folder), str(tmp_path / "texts.json"), str(tmp_path / "out.f32")]
    assert reference_main(arguments) == 0
    assert (tmp_path / "out.f32").stat().st_size == 2 * 5 * 4


def test_half_precision_weights_are_exported_in_float32(saved, tmp_path):
    folder = saved(small_model("bert", dense=True).to(torch.bfloat16))
    report = export_model(str(folder), tmp_path / "out")
    exact = SentenceTransformer(str(folder), model_kwargs={"dtype": torch.float32}, device="cpu")
    expected = exact.encode(read_texts())
    assert report.manifest["dtype"] == "float32"
    assert np.abs(run(tmp_path / "out", read_texts()) - expected).max() <= TOLERANCE


def test_a_plain_transformers_folder_gets_mean_pooling(tmp_path):
    model = small_model("bert")
    model[0].model.save_pretrained(tmp_path / "plain")
    model[0].tokenizer.save_pretrained(tmp_path / "plain")
    facts = check(tmp_path / "plain", tmp_path / "out")
    assert facts["modules"] == ["Transformer(BertModel)", "Pooling(mean)"]
    assert facts["source"]["sentenceTransformers"] is None


@pytest.mark.parametrize("name", ["lowered", "plain"])
def test_folders_of_the_old_layout_yield_the_vectors_of_todays_version(name, tmp_path):
    folder = FIXTURES / "legacy" / "source" / name
    report = export_model(str(folder), tmp_path / "out")
    expected = SentenceTransformer(str(folder), device="cpu").encode(read_texts())
    assert np.abs(run(tmp_path / "out", read_texts()) - expected).max() <= TOLERANCE
    assert report.manifest["maxSeqLength"] == (24 if name == "lowered" else 17)
    assert report.manifest["source"]["sentenceTransformers"] == "5.3.0"


def test_lowercase_of_a_new_folder_is_in_the_tokenizer_file(saved, tmp_path):
    model = small_model("roberta")
    folder = saved(model)
    settings = json.loads((folder / "sentence_bert_config.json").read_text())
    rewritten = json.dumps(settings | {"do_lower_case": True})
    (folder / "sentence_bert_config.json").write_text(rewritten)
    check(folder, tmp_path / "out")
    vectors = run(tmp_path / "out", ["Upper Case", "upper case", " upper case"])
    assert np.abs(vectors[0] - vectors[1]).max() <= TOLERANCE
    assert np.abs(vectors[1] - vectors[2]).max() > 1e-3, "leading spaces are kept"


def test_old_folders_keep_white_space_and_lower_in_the_tokenizer(saved, tmp_path):
    folder = saved(small_model("roberta"))
    rewrite(folder, do_lower_case=True)
    texts = ["  A text\n", "a text", "<MASK> A"]
    check(folder, tmp_path / "out")
    vectors = run(tmp_path / "out", texts)
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert np.abs(vectors - expected).max() <= TOLERANCE
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3, "white space is kept"


def test_positions_kept_for_padding_do_not_count_as_length(saved, tmp_path):
    folder = saved(small_model("roberta", max_seq_length=40))
    report = export_model(str(folder), tmp_path / "out")
    assert report.manifest["maxSeqLength"] == 38


def test_reference_writes_little_endian_float32(saved, tmp_path):
    folder = saved(small_model("bert", normalize=True))
    (tmp_path / "texts.json").write_text(json.dumps(read_texts()))
    arguments = [str(folder), str(tmp_path / "texts.json"), str(tmp_path / "out.f32")]
    assert reference_main(arguments) == 0
    written = np.fromfile(tmp_path / "out.f32", "<f4").reshape(len(read_texts()), HIDDEN)
    expected = SentenceTransformer(str(folder), device="cpu").encode(read_texts())
    assert np.array_equal(written, expected)


@pytest.mark.parametrize(
    "folder",
    sorted(path.parent for path in FIXTURES.glob("*/*/expected.json")),
    ids=lambda folder: f"{folder.parent.name}/{folder.name}",
)
def test_committed_fixtures_still_yield_their_vectors(folder):
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    facts = manifest(folder)
    for case in expected["cases"]:
        name = case["promptName"] or facts["defaultPromptName"]
        actual = run(folder, read_texts(), facts["prompts"][name] if name else "")
        assert np.abs(actual - np.array(case["vectors"])).max() <= TOLERANCE
