"""Count single tests in what a program with cmocka printed."""
import re

RUNNING = re.compile(r"\[={10}\] (?:.*: )?Running (\d+) test\(s\)")
DONE = re.compile(r"\[={10}\] (?:.*: )?\d+ test\(s\) run")
START = re.compile(r"\[ RUN      \] (\S+)")
# A failed assertion also starts with [  ERROR   ], but goes on with dashes.
VERDICT = re.compile(r"\[(       OK |  FAILED  |  SKIPPED |  ERROR   )\] (?!--- )(.+)$")
RUNNER = re.compile(r"^runner: ")

SKIPPED_PROGRAM = 77  # exit status of a program, not cmocka's, that cannot run here


class Counts:
    def __init__(self):
        self.announced = 0
        self.passed = 0
        self.skipped = 0
        self.failed = 0
        self.problems = []  # each a sentence

    def fail(self, problem):
        self.failed += 1
        self.problems.append(problem)


def read_groups(output, counts):
    """Follow the groups. A test that started and was not judged has failed."""
    inside = False
    running = None
    for line in output.splitlines():
        if match := RUNNING.search(line):
            counts.announced += int(match[1])
            inside = True
        elif DONE.search(line):
            inside = False
        elif inside and (match := START.search(line)):
            if running:
                counts.fail(f"{running}: ended without a verdict")
            running = match[1]
        elif inside and running and (match := VERDICT.search(line)) and match[2] == running:
            verdict = match[1].strip()
            if verdict == "OK":
                counts.passed += 1
            elif verdict == "SKIPPED":
                counts.skipped += 1
            else:
                counts.fail(f"{running}: failed")
            running = None
    if running:
        counts.fail(f"{running}: the program ended in it")


def count(output, status, must_announce):
    """Counts of a program that printed `output` and ended with `status`."""
    counts = Counts()
    read_groups(output, counts)
    if counts.announced == 0 and not must_announce:
        if status == SKIPPED_PROGRAM:
            counts.skipped = 1
        elif status == 0:
            counts.passed = 1
        else:
            counts.fail(f"exit status {status}")
        return counts
    missing = counts.announced - counts.passed - counts.skipped - counts.failed
    for _ in range(missing):
        counts.fail("a test did not run")
    if counts.announced == 0:
        counts.fail("it ran no test")
    left = [line for line in output.splitlines() if RUNNER.search(line)]
    if left or (status != 0 and counts.failed == 0):
        counts.fail("; ".join(left) or f"exit status {status}")
    return counts
