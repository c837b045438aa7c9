"""A check that cannot fail is worthless: give each a bad tree, and a good one.

usage: selftest.py CHECK BUILD
"""
import pathlib
import subprocess
import sys
import tempfile

import selftest_cases

HERE = pathlib.Path(__file__).parent


def run(check, tree, build):
    """Exit status and output of the check in a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tree.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = [sys.executable, HERE / f"check_{check}.py", "--root", folder]
        if check in selftest_cases.NEED_BUILD:
            command += ["--build", build]
        ran = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    return ran.returncode, ran.stdout.decode()


def main():
    check, build = sys.argv[1:]
    wrong = []
    for tree, expected in selftest_cases.BAD[check]:
        status, output = run(check, tree, build)
        if status != 1 or expected not in output:
            wrong.append(f"{list(tree)}: expected \"{expected}\", got {status}: {output}")
    for tree in selftest_cases.GOOD.get(check, []):
        status, output = run(check, tree, build)
        if status != 0:
            wrong.append(f"{list(tree)}: is good, got {status}: {output}")
    print("\n".join(wrong), end="")
    sys.exit(1 if wrong else 0)


main()
