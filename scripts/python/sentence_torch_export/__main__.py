"""Entry point of `python -m sentence_torch_export`."""

import sys

from .cli import main

sys.exit(main())
