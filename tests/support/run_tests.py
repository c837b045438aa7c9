#!/usr/bin/env python3
"""Run the tests of a build folder and count them one by one.

usage: run_tests.py BUILD [--sanitizer NAME] [--slowest N] [--targets] [SUITE[/PREFIX] ...]

Every test program runs under the runner (runner.c), two at a time, and beside them
some of those that do nothing but wait most of the time (waiting.txt). A test of
cmocka counts by itself; a program that says nothing about tests counts as one.
--slowest: in the end, the N programs that took longest, and the processor's time.
--targets: run nothing, print what ninja has to build for these tests.
RELEVO_TEST_TIMEOUT: seconds that a program may take, in place of its own limit.
One line a program, its output only when it failed; the last line is
"N passed, N failed". The exit status is 0 when all passed and one ran at least.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import cmocka_output

AT_ONCE = 2
WAITING_AT_ONCE = 4
LAST_LINES = 30  # of a failed program's output, at the end of the run
LONGEST = 120  # seconds a program may take; four times that under a sanitizer
SUITES = pathlib.Path(__file__).with_name("suites.txt")
WAITING = pathlib.Path(__file__).with_name("waiting.txt")

SANITIZER_ENVIRONMENT = {
    # The handlers of cmocka would hide where the program crashed.
    "ASAN_OPTIONS": "allow_user_segv_handler=0:handle_segv=2:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # Tests fork while the library's flusher runs, and over tcp the child starts threads.
    "TSAN_OPTIONS": "second_deadlock_stack=1:handle_segv=2:die_after_fork=0:suppressions="
                    + str(SUITES.with_name("tsan.supp")),
}


def suite_names():
    lines = SUITES.read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def waiting_names():
    lines = WAITING.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


class Test:
    """One test program, as meson knows it."""

    def __init__(self, described):
        self.suite = described["suite"][0].split(":")[-1]
        self.name = f"{self.suite}/{described['name']}"
        self.command = described["cmd"]
        self.environment = described["env"]
        self.folder = described["workdir"]
        self.timeout = max(LONGEST, described["timeout"])
        self.alone = not described["is_parallel"]
        self.needs = described["depends"]

    def chosen(self, selections):
        return not selections or any(
            self.suite == selection or self.name == selection
            or self.name.startswith(selection.rstrip("/") + "/")
            for selection in selections
        )


class Outcome:
    def __init__(self, test, status, output, times):
        self.test = test
        self.output = output
        self.seconds, self.processor = times
        self.counts = cmocka_output.count(output, status, must_announce=uses_cmocka(test))


def uses_cmocka(test):
    program = pathlib.Path(test.command[0])
    return program.is_file() and b"libcmocka" in program.read_bytes()


def run(test, build, sanitizer):
    environment = {**os.environ, **test.environment, "CMOCKA_MESSAGE_OUTPUT": "STDOUT"}
    environment.setdefault("RELEVO_TEST_TIMEOUT", str(test.timeout * (4 if sanitizer else 1)))
    if sanitizer:
        environment.update(SANITIZER_ENVIRONMENT)
    command = [f"{build}/tests/support/runner", *test.command]
    # gcc's thread sanitizer cannot place its shadow under strong randomisation.
    if sanitizer == "tsan" and shutil.which("setarch"):
        command = ["setarch", "-R", *command]
    started = time.monotonic()
    # Killed with this script, it ends what it has started.
    with subprocess.Popen(
        command,
        cwd=test.folder or build,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as started_program:
        output = started_program.stdout.read().decode("utf-8", "replace")
        # With the times of all whose end the runner has seen.
        _, status, used = os.wait4(started_program.pid, 0)
        started_program.returncode = os.waitstatus_to_exitcode(status)
    times = time.monotonic() - started, used.ru_utime + used.ru_stime
    return Outcome(test, started_program.returncode, output, times)


def report(outcome):
    counts = outcome.counts
    text = f"{counts.passed:5} passed"
    if counts.skipped:
        text += f", {counts.skipped} skipped"
    if counts.failed:
        text += f", {counts.failed} FAILED"
    print(f"{outcome.test.name:32}{text}  {outcome.seconds:7.2f} s", flush=True)
    if counts.failed:
        print_failure(outcome, outcome.output.splitlines())


def print_failure(outcome, lines):
    for problem in outcome.counts.problems:
        print(f"    {problem}")
    print("\n".join(f"    | {line}" for line in lines), flush=True)


def run_group(tests, waiting, run_one):
    """Run them beside each other, reporting in the order of the list."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as working, \
            concurrent.futures.ThreadPoolExecutor(WAITING_AT_ONCE) as idling:
        # The longest are named first there, and begin first.
        futures = {
            test: idling.submit(run_one, test)
            for test in sorted(tests, key=lambda test: waiting.get(test.name, -1))
            if test.name in waiting
        }
        futures |= {test: working.submit(run_one, test) for test in tests if test not in futures}
        for test in tests:
            outcome = futures[test].result()
            report(outcome)
            yield outcome


def run_all(tests, build, sanitizer):
    waiting = {name: place for place, name in enumerate(waiting_names())}
    outcomes = list(run_group(
        [test for test in tests if not test.alone], waiting,
        lambda test: run(test, build, sanitizer),
    ))
    for test in tests:
        if test.alone:
            outcomes.append(run(test, build, sanitizer))
            report(outcomes[-1])
    return outcomes


def report_slowest(outcomes, count):
    for outcome in sorted(outcomes, key=lambda one: -one.seconds)[:count]:
        print(f"slow: {outcome.test.name:32}{outcome.seconds:7.2f} s"
              f"{outcome.processor:8.2f} s of the processor")
    print(f"slow: all of {len(outcomes)} {sum(one.seconds for one in outcomes):27.2f} s"
          f"{sum(one.processor for one in outcomes):8.2f} s of the processor", flush=True)


def introspect(build, what):
    told = subprocess.run(
        ["meson", "introspect", what, build], check=True, stdout=subprocess.PIPE
    )
    return json.loads(told.stdout)


def select(build, selections, sanitizer):
    known = suite_names()
    for selection in selections:
        if selection.split("/")[0] not in known:
            sys.exit(f"there is no suite \"{selection}\"; the suites are: {', '.join(known)}")
    tests = [Test(one) for one in introspect(build, "--tests")]
    for name in set(waiting_names()) - {test.name for test in tests}:
        sys.exit(f"there is no test \"{name}\", which is named in {WAITING.name}")
    if sanitizer and not selections:
        # It looks at sources and at symbols, which are the same.
        tests = [test for test in tests if test.suite != "lint"]
    tests = [test for test in tests if test.chosen(selections)]
    return sorted(tests, key=lambda test: known.index(test.suite))


def tell_missing(tests, selections):
    for selection in selections:
        if not any(test.chosen([selection]) for test in tests):
            print(f"there are no tests in {selection}", flush=True)


def print_targets(tests, build):
    files = {
        target["id"]: [os.path.relpath(file, build) for file in target["filename"]]
        for target in introspect(build, "--targets")
    }
    needed = {file for test in tests for one in test.needs for file in files[one]}
    print("\n".join(sorted(needed | {"tests/support/runner"})))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--sanitizer")
    parser.add_argument("--slowest", type=int, default=0)
    parser.add_argument("--targets", action="store_true")
    parser.add_argument("selections", nargs="*")
    arguments = parser.parse_intermixed_args()
    build = str(pathlib.Path(arguments.build).resolve())
    tests = select(build, arguments.selections, arguments.sanitizer)
    if arguments.targets:
        print_targets(tests, build)
        return
    tell_missing(tests, arguments.selections)
    outcomes = run_all(tests, build, arguments.sanitizer)
    failed = [outcome for outcome in outcomes if outcome.counts.failed]
    for outcome in failed:
        # Once more, since whoever reads a long log reads its end.
        print(f"FAILED: {outcome.test.name}")
        print_failure(outcome, outcome.output.splitlines()[-LAST_LINES:])
    if arguments.slowest:
        report_slowest(outcomes, arguments.slowest)
    count_passed = sum(outcome.counts.passed for outcome in outcomes)
    count_failed = sum(outcome.counts.failed for outcome in outcomes)
    if count_passed + count_failed == 0:
        print("no test ran")
    print(f"{count_passed} passed, {count_failed} failed")
    sys.exit(0 if count_passed and not count_failed else 1)


main()
