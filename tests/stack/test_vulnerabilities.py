"""`make audit` says what it knows, and of what it knows nothing."""

import json
import stat
from pathlib import Path

import pytest

from deploy.vulnerabilities import NOT_AUDITED, SOUND, VULNERABLE, judge, main

LOCK = "alpha==1.0 \\\n    --hash=sha256:00\nbeta_two==2.0 \\\n    --hash=sha256:11\n"
CLEAN = [{"name": "alpha", "version": "1.0", "vulns": []}, {"name": "beta-two", "version": "2.0", "vulns": []}]


def report(*dependencies: object) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_packages_that_were_all_asked_about_are_sound() -> None:
    outcome = judge(LOCK, report(*CLEAN))
    assert outcome.exit_code == SOUND
    assert outcome.lines() == ["2 packages audited, 0 known vulnerabilities"]


def test_a_skipped_package_is_not_audited() -> None:
    outcome = judge(LOCK, report(CLEAN[0], {"name": "beta-two", "skip_reason": "not found on PyPI"}))
    assert outcome.exit_code == NOT_AUDITED
    assert outcome.lines()[1] == "not audited: 1 packages: beta-two"
    assert outcome.reason == "not found on PyPI"


def test_a_package_of_which_nothing_is_said_is_not_audited() -> None:
    assert judge(LOCK, report(CLEAN[1])).not_audited == {"alpha"}


def test_a_vulnerability_is_told_with_what_mends_it() -> None:
    vulnerable = {"name": "alpha", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
    outcome = judge(LOCK, report(vulnerable, CLEAN[1]))
    assert outcome.exit_code == VULNERABLE
    assert outcome.lines()[0] == "alpha 1.0: PYSEC-1, mended in 1.1"


@pytest.mark.parametrize("said", ["", "no JSON", "[]", "{}", '{"dependencies": null}'])
def test_where_the_source_cannot_be_reached_nothing_is_audited(said: str) -> None:
    outcome = judge(LOCK, said)
    assert outcome.exit_code == NOT_AUDITED
    assert outcome.lines() == ["not audited: of none of 2 packages could it be asked"]


def test_an_auditor_that_fails_is_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    auditor, lock = tmp_path / "auditor", tmp_path / "requirements.lock"
    auditor.write_text("#!/bin/sh\necho 'api.osv.dev can not be resolved' >&2\nexit 1\n")
    auditor.chmod(auditor.stat().st_mode | stat.S_IXUSR)
    lock.write_text(LOCK)
    assert main(str(auditor), lock) == NOT_AUDITED
    said = capsys.readouterr().out
    assert "not audited: of none of 2" in said
    assert "api.osv.dev" in said
