"""`make audit`: ask for known vulnerabilities of every package in the lock, and say plainly of which nothing is known.

pip-audit does the asking. What it could not ask about isn't counted as sound: it is not audited.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_OPTIONS = ("--require-hashes", "--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
SOUND, VULNERABLE, NOT_AUDITED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a lock's packages. `vulnerable`: a line for each; `reason`: why one was skipped."""

    audited: frozenset[str]
    not_audited: frozenset[str]
    vulnerable: tuple[str, ...]
    reason: str | None = None

    @property
    def exit_code(self) -> int:
        """0 where every package was asked about and none is vulnerable; 1: vulnerable; 2: not all were asked about."""
        if self.vulnerable:
            return VULNERABLE
        return NOT_AUDITED if self.not_audited else SOUND

    def lines(self) -> list[str]:
        """Say it."""
        said = list(self.vulnerable)
        if not self.audited:
            return [*said, f"not audited: of none of {len(self.not_audited)} packages could it be asked"]
        said.append(f"{len(self.audited)} packages audited, {len(self.vulnerable)} known vulnerabilities")
        if self.not_audited:
            said.append(f"not audited: {len(self.not_audited)} packages: {', '.join(sorted(self.not_audited))}")
        return said


def judge(lock: str, report: str) -> Outcome:
    """Read pip-audit's report; a package of the lock of which it says nothing, or that it skipped, is not audited."""
    wanted = {_normal(name) for name in _PINNED.findall(lock)}
    try:
        told = list(json.loads(report)["dependencies"])
    except (KeyError, TypeError, ValueError):
        told = []
    audited = frozenset(_normal(each["name"]) for each in told if "vulns" in each and "skip_reason" not in each)
    vulnerable = tuple(
        f"{each['name']} {each['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability.get('fix_versions') or []) or 'no version yet'}"
        for each in told
        for vulnerability in each.get("vulns", ())
    )
    reason = next((str(each["skip_reason"]) for each in told if "skip_reason" in each), None)
    return Outcome(audited & wanted, frozenset(wanted - audited), vulnerable, reason)


def main(auditor: str, lock: Path) -> int:
    """Ask, say what is known, and give the exit code."""
    command = [auditor, "--requirement", str(lock), *_OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (the Makefile's own)
    outcome = judge(lock.read_text(encoding="utf-8"), done.stdout)
    for line in outcome.lines():
        typer.echo(line)
    last_words = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    for why in [outcome.reason] if outcome.reason else last_words:
        typer.echo(f"pip-audit: {why[:300]}")
    return outcome.exit_code


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
