"""AES-256-GCM (NIST SP 800-38D) with a random nonce before what it sealed: the one form of everything sealed here."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
# SP 800-38D, 8.2.2: 96 random bits are safe for 2^32 seals under one key; a person's own key seals a few dozen times.
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(ValueError):
    """It was sealed under another key or for something else, or is damaged."""


def seal(key: bytes, text: bytes, bound_to: bytes) -> bytes:
    """Seal bytes under a key of 32 bytes; they open only for what they are bound to."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Open what `seal` gave.

    Raises:
        SealBroken: it isn't that, or not for this key and this binding.
    """
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise SealBroken("too short")
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except InvalidTag as error:
        raise SealBroken("the seal doesn't hold") from error
