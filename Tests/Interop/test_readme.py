"""What README tells a newcomer to type has to work as it stands there."""
import os
import re
import subprocess
import sys

from daemon import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8080"


def blocks(language):
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return [block for block in found if ADDRESS in block]


def test_the_python_lines_run(sample_url, tmp_path):
    assert blocks("python")
    for block in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", block.replace(ADDRESS, sample_url)], cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "HF_HOME": str(tmp_path / "home")},
        )
        assert done.returncode == 0, done.stderr


def test_the_curl_lines_run(sample_url, tmp_path):
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl")]
    assert lines
    for line in lines:
        command = line.replace(ADDRESS, sample_url).replace("curl ", "curl --silent --show-error --fail ", 1)
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stderr)


def test_the_swift_program_is_the_example():
    example = (REPOSITORY / "Examples" / "Client" / "Sources" / "FirstPartition" / "FirstPartition.swift").read_text()
    program = "".join(line for line in example.splitlines(keepends=True) if not line.startswith("///"))
    assert blocks("swift") == [program]
