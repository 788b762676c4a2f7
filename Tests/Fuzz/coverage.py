"""coverage.py TARGET SUMMARY.json SOURCE…: how many lines of the sources that begin so were reached."""
import json
import sys


def main(target, summary, *sources):
    with open(summary) as file:
        files = json.load(file)["data"][0]["files"]
    covered = count = 0
    for entry in files:
        # The path within its module.
        _, found, name = entry["filename"].rpartition("/Sources/")
        name = name.partition("/")[2]
        if found and any(name.startswith(source) for source in sources):
            lines = entry["summary"]["lines"]
            covered += lines["covered"]
            count += lines["count"]
            print(f"  {lines['covered']:5} of {lines['count']:5}  {name}")
    print(f"{target}: {covered} of {count} lines, {100 * covered / max(count, 1):.1f} %")


if __name__ == "__main__":
    main(*sys.argv[1:])
