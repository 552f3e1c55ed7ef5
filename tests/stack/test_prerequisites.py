"""The check that runs before anything is installed."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "local" / "prerequisites.sh"
# What the script itself is made of.
TOOLS = ("sh", "grep", "sed", "head", "ldconfig")


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder for PATH with the script's own tools and nothing else."""
    for tool in TOOLS:
        found = next(
            Path(folder) / tool
            for folder in ("/usr/bin", "/bin", "/sbin", "/usr/sbin")
            if (Path(folder) / tool).exists()
        )
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def check(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "PYTHON": str(path / "python3.11")}
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_this_machine_passes() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHON"}
    done = subprocess.run(["sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_missing_thing_comes_with_the_line_to_type(bare_path: Path) -> None:
    done = check(bare_path)
    assert done.returncode == 1
    for line in (
        "sudo apt-get install -y python3.11 python3.11-venv",
        "sudo apt-get install -y default-jre-headless",
        "sudo apt-get install -y maven",
        "sudo apt-get install -y util-linux",
    ):
        assert line in done.stderr


def test_a_java_that_is_too_old_counts_as_missing(bare_path: Path) -> None:
    program(bare_path / "java", "echo 'openjdk version \"11.0.22\" 2024-01-16' >&2")
    assert "Java 17" in check(bare_path).stderr
    program(bare_path / "java", "echo 'openjdk version \"21.0.2\" 2024-01-16' >&2")
    assert "Java 17" not in check(bare_path).stderr


def test_another_python_counts_as_missing(bare_path: Path) -> None:
    program(bare_path / "python3.11", "exit 1")
    assert "Python 3.11" in check(bare_path).stderr


def test_the_build_machine_gets_the_names_of_the_packages_alone(bare_path: Path) -> None:
    done = check(bare_path, "--packages")
    assert done.returncode == 0
    assert {"python3.11", "default-jre-headless", "maven", "util-linux"} <= set(done.stdout.split())
    assert done.stderr == ""
