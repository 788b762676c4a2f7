"""A rank into a file, going on where it stopped, be it this program or the server that did: resume_download.py URL RANK MP FILE

What has arrived lies in FILE.part, and which content it is in FILE.part.etag: the tag names content, not a server, so another server of
the same checkpoint may send the rest. FILE appears when it is whole and its digest is right."""
import base64
import hashlib
import os
import pathlib
import sys
import time

import requests

BLOCK = 1 << 20


def refuse(answer):
    """Ends with what the server says is wrong, unless trying again may help."""
    if answer.status_code not in (429, 502, 503, 504):
        sys.exit(answer.json()["message"] if answer.content else f"the server answers {answer.status_code}")
    raise requests.ConnectionError(f"the server answers {answer.status_code}")


def fetch(session, shard, part, tag):
    """Adds what is missing to `part`. Gives the length of the whole."""
    known = tag.read_text() if tag.exists() and part.exists() else ""
    start = part.stat().st_size if known else 0
    fields = {"Range": f"bytes={start}-", "If-Range": known} if start else {}
    with session.get(shard, headers=fields, stream=True, timeout=60) as answer:
        if answer.status_code == 416 and answer.headers.get("ETag") == known:
            return start
        if answer.status_code not in (200, 206):
            refuse(answer)
        if answer.status_code == 200:
            # The first time, or the content is another now: what has arrived is of no use.
            start = 0
            tag.write_text(answer.headers["ETag"])
        whole = start + int(answer.headers["Content-Length"])
        with open(part, "r+b" if start else "wb") as file:
            file.seek(start)
            for block in answer.iter_content(BLOCK):
                file.write(block)
    if part.stat().st_size < whole:
        raise requests.ConnectionError("the connection was cut")
    return whole


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            sha.update(block)
    return base64.b64encode(sha.digest()).decode()


def download(url, rank, mp, path, attempts=10):
    path = pathlib.Path(path)
    part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.etag")
    shard = f"{url}/shard?rank={rank}&mp={mp}"
    with requests.Session() as session:
        for attempt in range(attempts):
            before = part.stat().st_size if part.exists() else 0
            try:
                fetch(session, shard, part, tag)
                break
            except requests.RequestException as error:
                if attempt == attempts - 1:
                    sys.exit(f"{attempts} tries failed; {part} is kept for the next one: {error}")
                print(f"{error}; going on", file=sys.stderr)
                # Whoever makes progress need not wait.
                if not part.exists() or part.stat().st_size == before:
                    time.sleep(min(0.1 * 2**attempt, 5))
        # The server reads the partition once for its digest, if it does not know it.
        head = session.head(shard, headers={"Want-Repr-Digest": "sha-256=10", "If-Match": tag.read_text()}, timeout=600)
        if not head.ok:
            sys.exit("the content changed while it was fetched: start again")
        if f"sha-256=:{digest(part)}:" != head.headers["Repr-Digest"]:
            part.unlink()
            sys.exit("the digest is another: what was received is thrown away")
    os.replace(part, path)
    tag.unlink()


if __name__ == "__main__":
    download(*sys.argv[1:])
