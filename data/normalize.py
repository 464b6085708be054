"""The one normalisation of a text, done once, when it enters the corpus; offsets count in its result.

What is done: line ends become LF (form feeds and Unicode's own line separators too), tabs become spaces,
control characters, byte order marks, zero-width and direction marks, noncharacters and half characters (lone
surrogates) go, the rest is put in NFC, and blank lines at both ends are cut.

What is kept: full-width forms, Traditional characters, no-break and ideographic spaces (a coder copies them
with the passage, and an indent of two ideographic spaces marks a paragraph), variation selectors (they pick a
rare form of a name's character), U+FFFD (the sign that something was lost before).
"""

from __future__ import annotations

import re
import unicodedata

_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_REMOVED = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls; LF, tab and line ends are dealt with before
    # zero width, direction, annotation
    "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "]"
)
_BLANK_START = re.compile(r"\A(?:[^\S\n]*\n)+")


def normalize_text(raw: str) -> str:
    """The form of a text that is stored; normalising it again changes nothing."""
    # Halves that belong together (JSON written by other languages) are a character, not damage.
    text = _PAIR.sub(lambda m: (m[1] + m[2]).encode("utf-16", "surrogatepass").decode("utf-16"), raw)
    text = _LINE_END.sub("\n", text).replace("\t", " ")
    text = unicodedata.normalize("NFC", _REMOVED.sub("", text))
    return _BLANK_START.sub("", text).rstrip()


def normalize_line(raw: str) -> str:
    """Normalised and on one line: for titles and other fields."""
    return " ".join(normalize_text(raw).split("\n")).strip()
