"""Infer the encoding of a text file from its first bytes."""

_BOMS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def encoding_of(raw: bytes) -> str:
    """Return the Unicode encoding of a text, inferred from its byte order mark or its NUL bytes; otherwise UTF-8.

    >>> encoding_of("word".encode("utf-16-le")), encoding_of(b"word")
    ('utf-16-le', 'utf-8-sig')
    """
    for mark, encoding in _BOMS.items():
        if raw.startswith(mark):
            return encoding
    even, odd = raw[: len(raw) & ~1 : 2].count(0), raw[1::2].count(0)
    if (
        max(even, odd) * 2 > len(raw) * 0.6
    ):  # every second byte is NUL: UTF-16 of a Latin script without a byte order mark
        return "utf-16-be" if even > odd else "utf-16-le"
    return next((name for name in ("utf-16-le", "utf-16-be") if b"\0" in raw and _reads_as(raw, name)), "utf-8-sig")


def _reads_as(raw: bytes, encoding: str) -> bool:
    """Whether the first line of a file, decoded from a given two-byte encoding, consists mostly of ASCII characters."""
    first = raw[: 1 << 12].decode(encoding, errors="replace").split("\n")[0].strip("\r")
    return 2 * sum(" " <= char <= "~" for char in first) > len(first) > 0
