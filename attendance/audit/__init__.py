"""The audit: who read or changed what about whom, in lines that nobody changes unseen. The store keeps them."""

from attendance.audit.chain import BEGINNING, Batch, Check, Fault, Head, Line, seal, trimmed, verify
from attendance.audit.head_file import HeadFile
from attendance.audit.key import AuditKey

__all__ = ["BEGINNING", "AuditKey", "Batch", "Check", "Fault", "Head", "HeadFile", "Line", "seal", "trimmed", "verify"]
