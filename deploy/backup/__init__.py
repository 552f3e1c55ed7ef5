"""Backups of the store: a folder of files with checksums, taken while everything runs, restored only whole."""

from deploy.backup.files import BackupUnusable, Manifest, verify
from deploy.backup.restoring import DatabaseInUse, restore
from deploy.backup.taking import take

__all__ = ["BackupUnusable", "DatabaseInUse", "Manifest", "restore", "take", "verify"]
