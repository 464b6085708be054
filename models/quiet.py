"""Loading, saving and training without the library's own bars and warnings, which would break into our output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging


@contextmanager
def no_library_bars() -> Iterator[None]:
    """Progress bars of transformers off inside, as they were outside."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@contextmanager
def no_library_words() -> Iterator[None]:
    """Only errors of transformers inside: that a checkpoint leaves out the encoder's weights is how it is meant."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with no_library_bars():
            yield
    finally:
        logging.set_verbosity(before)
