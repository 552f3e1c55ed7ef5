"""What a text may hold that people will read: any script, nothing that misleads or that can't be kept."""

import unicodedata

# Control characters, lone surrogates (which UTF-8 and so the store can't hold), line and paragraph separators.
_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
# They turn the text behind them around: a name would be shown as another one. Joiners, which some scripts need, stay.
_REFUSED_DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """Give the text in Unicode's composed form (NFC).

    Raises:
        ValueError: it holds what a text can't hold; with a sentence that says so.
    """
    if not text.isascii() or not text.isprintable():
        if any(unicodedata.category(sign) in _REFUSED_CATEGORIES or sign in _REFUSED_DIRECTIONS for sign in text):
            raise ValueError("control characters, line breaks and signs that change the direction can't be in it")
        return unicodedata.normalize("NFC", text)
    return text
