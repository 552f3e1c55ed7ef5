"""Carrying imports out: read what is there, plan by `attendance.imports`, write. For the command and the API alike."""
