"""Decoders of JSON to typed values are made here alone, one at a time.

msgspec completes its description of a struct type while other threads can already see the description. Two threads
that use a type for the first time at once end the interpreter with a segmentation fault (msgspec 0.21 and before). Any
number of threads may use a decoder once it is made.
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
        msgspec.MsgspecError: the text is no JSON, or the value is not of that type.
        UnicodeDecodeError: a string in the text is not UTF-8.
        RecursionError: the text is nested too deeply.

    """
    with _making:
        if kind not in _made:
            _made[kind] = msgspec.json.Decoder(kind)
        decoder: msgspec.json.Decoder[T] = _made[kind]
    return decoder.decode(text)
