"""Keeps passwords out of everything that is printed, stored or sent."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

MASKED = "********"


class Mask:
    """Replaces passwords in text.

    Public words that merely contain one stay: the address of a user whose password is his name.
    """

    def __init__(self, secrets: Iterable[str], public: Iterable[str] = ()) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        kept = {word for word in public if any(secret in word for secret in self._secrets)} - set(self._secrets)
        self._public = kept
        self._plain = all(secret.isascii() and secret.isprintable() and not set(secret) & set('"\\/') for secret in self._secrets)
        self._octets = [secret.encode() for secret in self._secrets]
        words = sorted(kept, key=len, reverse=True) + self._secrets
        self._pattern = re.compile("|".join(map(re.escape, words)))

    def touches(self, json: bytes) -> bool:
        """Whether a line of JSON may hold a password. A password that JSON may write in several ways always may be there."""
        return not self._plain or any(secret in json for secret in self._octets)

    def text(self, text: str) -> str:
        """`text` without passwords."""
        if not any(secret in text for secret in self._secrets):
            return text
        return self._pattern.sub(lambda found: found[0] if found[0] in self._public else MASKED, text)

    def tree(self, value: Any, ours: Collection[str] = ()) -> Any:
        """A JSON value with every string in it masked but keys, and what stands under the keys `ours`: names of the protocol."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item, ours) for item in value]
        if isinstance(value, dict):
            return {key: item if key in ours else self.tree(item, ours) for key, item in value.items()}
        return value

    def file(self, path: Path) -> None:
        """Masks a finished file in place; does not touch one that holds no password or is not there."""
        if not self._secrets or not path.is_file():
            return
        old = path.read_bytes().decode("utf-8", "surrogateescape")
        new = self.text(old)
        if new != old:
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                temporary.write_bytes(new.encode("utf-8", "surrogateescape"))
                temporary.replace(path)
            except OSError:  # then it is better lost than kept
                temporary.unlink(missing_ok=True)
                path.unlink()
                raise
