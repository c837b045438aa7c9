#!/usr/bin/env python3
"""See whether the tests notice deliberate faults.

usage: run_mutants.py BUILD [NAME ...]

BUILD was built with the option `mutants`. For each fault of mutants.txt, or those named,
the tests that stand there are run with it; the fault is caught if one of them fails. Before
that all of these have to pass without a fault. One line each; the last is "N passed,
N failed", where a fault that is caught has passed.
"""
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
RUN_TESTS = HERE.parent / "support/run_tests.py"

# A fault may show itself in a test that hangs: that need not take long.
SECONDS = "40"


def read_mutants():
    mutants = {}
    for line in (HERE / "mutants.txt").read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if words:
            mutants[words[0]] = words[1:]
    return mutants


def run(build, tests, mutant):
    """How many passed and failed, and the output."""
    environment = {**os.environ, "RELEVO_MUTANT": mutant}
    if mutant:
        environment["RELEVO_TEST_TIMEOUT"] = SECONDS
    ended = subprocess.run(
        [sys.executable, str(RUN_TESTS), build, *tests],
        env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    output = ended.stdout.decode("utf-8", "replace")
    words = output.split()[-4:]
    if len(words) != 4 or words[1::2] != ["passed,", "failed"]:
        sys.exit(f"the tests did not run:\n{output}")
    return int(words[0]), int(words[2]), output


def check_sound(build, mutants):
    tests = sorted({test for name in mutants for test in mutants[name]})
    _, failed, output = run(build, tests, "")
    if failed:
        sys.exit(f"these tests fail without any fault:\n{output}")


def main():
    build, names = sys.argv[1], sys.argv[2:]
    known = read_mutants()
    for name in names:
        if name not in known:
            sys.exit(f"there is no fault \"{name}\" in tests/mutants/mutants.txt")
    mutants = {name: known[name] for name in names or known}
    check_sound(build, mutants)
    caught = 0
    for name, tests in mutants.items():
        started = time.monotonic()
        _, failed, _ = run(build, tests, name)
        caught += failed > 0
        print(f"{name:28}{'caught' if failed else 'NOT CAUGHT':>12}"
              f"{time.monotonic() - started:9.2f} s   {' '.join(tests)}", flush=True)
    print(f"{caught} passed, {len(mutants) - caught} failed")
    sys.exit(0 if caught == len(mutants) else 1)


main()
