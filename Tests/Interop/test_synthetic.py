"""The synthetic checkpoint in small: every word of every rank, and the daemon's memory."""
import subprocess
import sys

import pytest

from daemon import REPOSITORY, binary


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    subprocess.run([sys.executable, REPOSITORY / "Scripts" / "make_synthetic.py", "--mib", "64", folder], check=True)
    return folder


@pytest.mark.parametrize("mp", [1, 4, 8])
def test_every_word_comes_from_its_place(folder, mp):
    script = REPOSITORY / "Scripts" / "check_synthetic.py"
    # Debug binaries are slower and larger than what the script's own limits are for.
    limits = ["--inspect-limit", "10", "--rss-limit", "200"]
    done = subprocess.run(
        [sys.executable, script, "--server", binary(), "--mp", str(mp), "--all", *limits, folder], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
