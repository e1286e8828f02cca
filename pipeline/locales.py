"""Messages about names and texts that the locale of this machine cannot encode."""

import locale
import sys

REMEDY = "run the command with PYTHONUTF8=1, or under a UTF-8 locale such as LC_ALL=C.UTF-8"


def encoding() -> str:
    """Return the encoding of file names under this locale."""
    return sys.getfilesystemencoding().lower()


def named() -> str:
    """Return the name of this machine's locale for messages, such as ``the locale C (encoding ascii)``."""
    name = locale.setlocale(locale.LC_CTYPE) or "C"
    return f"the locale {name} (encoding {encoding()})"


def cannot_spell(error: UnicodeEncodeError) -> str:
    """Return the message about a name or text that an encoding cannot represent."""
    text = ascii(error.object if len(error.object) < 200 else error.object[max(error.start - 20, 0) : error.end + 20])
    if encoding() == "utf-8":
        return f"{text} contains a lone surrogate, which no file can hold: rename the file, or correct the text"
    return f"{text} cannot be encoded under {named()}: {REMEDY}"


def hint_of(name: str) -> str:
    """Return a hint to add to the message about a missing file; empty if the locale cannot be the reason."""
    if name.isascii() or encoding() == "utf-8":
        return ""
    return f"; under {named()} names with non-ASCII letters may not be found: {REMEDY}"
