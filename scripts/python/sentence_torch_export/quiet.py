"""Silence of the libraries while the exporter speaks: progress lines, or one coded error."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

import huggingface_hub.utils
import transformers


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop tracer and deprecation warnings, load reports, retry logs and weight-loading bars."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    huggingface_hub.utils.logging.set_verbosity_error()
    previous = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
