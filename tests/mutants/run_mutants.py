#!/usr/bin/env python3
"""See whether the tests notice deliberate faults.

usage: run_mutants.py BUILD [NAME ...]

BUILD was built with the option `mutants`. For each fault of mutants.txt, or those named,
the tests that stand there are run with it; the fault is caught if one of them fails. Before
that all of these have to pass without a fault. One line each, which tells whether a test
found the fault or only ran into its time limit; the last but one counts the latter, the last
is "N passed, N failed", where a fault that is caught in either way has passed.
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

CAUGHT, LIMIT, MISSED = "caught", "caught by the time limit", "NOT CAUGHT"


def read_mutants():
    mutants = {}
    for line in (HERE / "mutants.txt").read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if words:
            mutants[words[0]] = words[1:]
    return mutants


def failures(output):
    """What was found wrong with each program that failed, from the end of the output."""
    found = []
    for line in output.splitlines():
        if line.startswith("FAILED: "):
            found.append([])
        elif found and line.startswith("    ") and not line.startswith("    |"):
            found[-1].append(line)
    return found


def only_ran_out_of_time(problems):
    """Whether the runner ended that program, and none of its tests had failed before."""
    return any("runner: time-out" in problem for problem in problems) and not any(
        problem.endswith(": failed") for problem in problems
    )


def verdict(failed, output):
    if not failed:
        return MISSED
    return LIMIT if all(map(only_ran_out_of_time, failures(output))) else CAUGHT


def run(build, tests, mutant):
    """How many passed and failed, and the output."""
    environment = {**os.environ, "RELEVO_MUTANT": mutant}
    if mutant:
        environment["RELEVO_TEST_TIMEOUT"] = SECONDS
        # One test that fails is enough: its teardown, and the next, might hang.
        environment["CMOCKA_TEST_ABORT"] = "1"
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
    verdicts = []
    for name, tests in mutants.items():
        started = time.monotonic()
        _, failed, output = run(build, tests, name)
        verdicts.append(verdict(failed, output))
        print(f"{name:28}{verdicts[-1]:>26}"
              f"{time.monotonic() - started:9.2f} s   {' '.join(tests)}", flush=True)
    missed = verdicts.count(MISSED)
    print(f"{verdicts.count(LIMIT)} caught by the time limit only")
    print(f"{len(verdicts) - missed} passed, {missed} failed")
    sys.exit(1 if missed else 0)


main()
