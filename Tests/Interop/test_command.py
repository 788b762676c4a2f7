"""The command line: its manual page, its completions, and what `pull` does in a pipe."""
import hashlib
import json
import shutil
import subprocess
import sys

import pytest

from daemon import REPOSITORY, binary, get

PAGE = REPOSITORY / "docs/man/weight-server.1"


def pull(*arguments):
    return subprocess.run([binary(), "pull", *map(str, arguments)], capture_output=True, timeout=60)


def test_the_manual_page_is_what_the_help_says():
    done = subprocess.run(
        [sys.executable, REPOSITORY / "Scripts/man", "--check", binary()], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["mandoc", "-Tlint", "-Wwarning"], ["groff", "-mandoc", "-Tutf8", "-ww", "-z"]])
def test_the_manual_page_has_no_mistakes(command):
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    done = subprocess.run([*command, PAGE], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell,check", [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])])
def test_completions_are_made(shell, check, tmp_path):
    done = subprocess.run([binary(), "--generate-completion-script", shell], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for word in ("weight-server", "pull", "ranks", "output"):
        assert word in done.stdout, word
    if shutil.which(check[0]):
        script = tmp_path / "script"
        script.write_text(done.stdout)
        checked = subprocess.run([*check, script], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr


def test_bash_completes_the_options_of_pull(tmp_path):
    script = tmp_path / "script"
    script.write_text(
        subprocess.run([binary(), "--generate-completion-script", "bash"], capture_output=True, text=True).stdout
    )
    done = subprocess.run(
        [
            "bash", "-c",
            'source "$0"; COMP_WORDS=(weight-server pull --ver); COMP_CWORD=2; COMP_LINE="weight-server pull --ver";'
            "COMP_POINT=${#COMP_LINE}; $(complete -p weight-server | sed 's/.*-F \\([^ ]*\\).*/\\1/') weight-server --ver pull;"
            'printf "%s\\n" "${COMPREPLY[@]}"',
            script,
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert sorted(done.stdout.split()) == ["--verbose", "--verify", "--version"], (done.stdout, done.stderr)


def test_a_partition_passes_through_a_pipe(sample_url):
    done = pull("--mp", 4, "--rank", 2, "--verify", "-o", "-", sample_url)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == get(f"{sample_url}/shard?rank=2&mp=4")[0]


def test_a_pipe_that_is_closed_early_ends_the_pull(sample_url):
    done = subprocess.run(
        ["bash", "-c", '"$0" pull --mp 1 --rank 0 -o - "$1" | head -c 10 | wc -c; exit "${PIPESTATUS[1]}"',
         binary(), sample_url], capture_output=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, b"10")


def test_a_pull_in_a_pipe_prints_names_alone(sample_url, tmp_path):
    done = pull("--mp", 4, "--ranks", "0-3", "-o", f"{tmp_path}/", sample_url)
    names = [f"{tmp_path}/gpt2-tiny-rank-{rank}-of-4.safetensors" for rank in range(4)]
    assert (done.returncode, done.stdout.decode().splitlines(), done.stderr) == (0, names, b"")
    quiet = pull("--mp", 4, "--ranks", "0-3", "-q", "-o", f"{tmp_path}/", sample_url)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"", b"")


def test_json_tells_the_digest(sample_url, tmp_path):
    target = tmp_path / "part"
    done = pull("--mp", 2, "--rank", 1, "--verify", "--json", "--connections", 4, "-o", target, sample_url)
    (file,) = json.loads(done.stdout)["files"]
    assert file["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert file["digest_confirmed"] is True
    assert file["path"] == str(target)


def test_the_next_server_is_asked(sample_url, tmp_path):
    target = tmp_path / "part"
    done = pull("--mp", 2, "--rank", 1, "-o", target, "http://127.0.0.1:1", sample_url)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == get(f"{sample_url}/shard?rank=1&mp=2")[0]


@pytest.mark.parametrize(
    "arguments,status",
    [
        (["--mp", 2, "--ranks", "0-1", "-o", "-"], 64), (["--mp", 2, "--rank", 0, "-o", "-", "--json"], 64),
        (["--mp", 2, "--rank", 0, "--connections", 0], 64), (["--mp", 2, "--rank", 0, "--timeout", 0], 64),
        (["--mp", 2, "--rank", 7, "-o", "-"], 64), (["--mp", 2, "--rank", 0, "--model", "x", "-o", "-"], 66),
        (["--mp", 2, "--rank", 0, "-o", "/nowhere/x"], 74),
    ],
)  # fmt: skip
def test_what_cannot_be_has_its_status_and_one_line(sample_url, arguments, status):
    done = pull(*arguments, sample_url)
    assert done.returncode == status, done.stderr
    assert done.stdout == b""
    assert done.stderr.startswith(b"weight-server: ") and done.stderr.count(b"\n") == 1, done.stderr
