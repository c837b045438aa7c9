"""Tests of the counting of tests."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import cmocka_output  # noqa: E402

START = "[==========] Running 2 test(s).\n"
GOOD = "[ RUN      ] a\n[       OK ] a\n"
BAD = "[ RUN      ] b\n[  ERROR   ] --- 0x1 != 0x2\n[   LINE   ] --- b.c:1\n[  FAILED  ] b\n"
END = "[==========] 2 test(s) run.\n"
SUMMARY = "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n"


class TestCount(unittest.TestCase):
    def check(self, output, status, expected, cmocka=True):
        counts = cmocka_output.count(output, status, must_announce=cmocka)
        self.assertEqual((counts.passed, counts.skipped, counts.failed), expected)
        self.assertEqual(len(counts.problems), counts.failed)

    def test_all_pass(self):
        self.check(START + GOOD + GOOD + END, 0, (2, 0, 0))

    def test_failure_counts_once(self):
        self.check(START + GOOD + BAD + END + SUMMARY, 1, (1, 0, 1))

    def test_output_before_the_verdict(self):
        self.check(START + GOOD + "[ RUN      ] b\nhi[       OK ] b\n" + END, 0, (2, 0, 0))

    def test_skipped(self):
        self.check(START + GOOD + "[ RUN      ] b\n[  SKIPPED ] b\n" + END, 0, (1, 1, 0))

    def test_failed_teardown(self):
        self.check(START + GOOD + "[ RUN      ] b\nbad[  ERROR   ] b\n" + END, 1, (1, 0, 1))

    def test_crash_in_the_middle(self):
        self.check(START + GOOD + "[ RUN      ] b\n", 134, (1, 0, 1))

    def test_exit_before_all_ran(self):
        self.check(START + GOOD, 0, (1, 0, 1))

    def test_crash_after_all_passed(self):
        self.check(START + GOOD + GOOD + END, 134, (2, 0, 1))

    def test_leak_found_by_the_runner(self):
        self.check(START + GOOD + GOOD + END + "runner: left a file: /tmp/x\n", 1, (2, 0, 1))

    def test_leak_besides_a_failure(self):
        self.check(START + GOOD + BAD + END + "runner: left a file: /tmp/x\n", 1, (1, 0, 2))

    def test_two_groups(self):
        self.check((START + GOOD + GOOD + END) * 2, 0, (4, 0, 0))

    def test_cmocka_that_ran_nothing(self):
        self.check("", 0, (0, 0, 1))

    def test_other_programs(self):
        self.check("a.c:1: bad\n", 0, (1, 0, 0), cmocka=False)
        self.check("a.c:1: bad\n", 1, (0, 0, 1), cmocka=False)
        self.check("", cmocka_output.SKIPPED_PROGRAM, (0, 1, 0), cmocka=False)


unittest.main()
