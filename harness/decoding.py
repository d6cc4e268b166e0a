"""Decoders of JSON to typed values, made one at a time.

msgspec fills in what it knows of a struct type while other threads can already see it: two threads that meet a type
for the first time together end the interpreter with a segmentation fault (msgspec 0.21, and before). Once a decoder is
made, any number of threads may use it.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_making = threading.Lock()
_made: dict[Any, msgspec.json.Decoder[Any]] = {}


def decode(text: bytes | str, kind: type[T]) -> T:
    """Return the value that a JSON text holds.

    Raises:
        msgspec.MsgspecError: it is no JSON, or not of that type.
        UnicodeDecodeError: a text in it is not UTF-8.
        RecursionError: it is nested too deeply.

    """
    with _making:
        if kind not in _made:
            _made[kind] = msgspec.json.Decoder(kind)
        decoder: msgspec.json.Decoder[T] = _made[kind]
    return decoder.decode(text)
