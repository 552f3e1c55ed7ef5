"""Sealing what names or shows a person under keys of their own, which are kept apart from the data.

    keys = KeyRing(MasterKeys.of(settings), SqliteKeyStore(settings.key_store_file))
    await keys.check()
    identities, templates = SealedIdentities(keys), SealedTemplates(keys)

A person has two keys: one for what names them and one for their templates. Each is wrapped by the master key. When a
key is destroyed, whatever was sealed under it can't be read any more, wherever a copy of it lies.
"""

from attendance.sealing.identities import SealedIdentities
from attendance.sealing.key_store import Ending, KeyStore, Purpose
from attendance.sealing.keyring import KeyRing
from attendance.sealing.master import MasterKeys
from attendance.sealing.rotation import Rewrapped, open_all, rewrap
from attendance.sealing.sqlite_keys import SqliteKeyStore
from attendance.sealing.templates import SealedTemplates

__all__ = [
    "Ending",
    "KeyRing",
    "KeyStore",
    "MasterKeys",
    "Purpose",
    "Rewrapped",
    "SealedIdentities",
    "SealedTemplates",
    "SqliteKeyStore",
    "open_all",
    "rewrap",
]
