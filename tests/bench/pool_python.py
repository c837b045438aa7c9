"""Print how many tasks a second multiprocessing.Pool.map does that do nothing.

usage: pool_python.py TASKS PROCESSES CHUNKSIZE MAPS APPLIES; CHUNKSIZE 0 is the default.
With APPLIES, print the microseconds that each of so many Pool.apply takes instead.
"""
import multiprocessing
import sys
import time

WARM_UP = 100


def noop(_number):
    return None


def main():
    tasks, processes, chunk, maps, applies = map(int, sys.argv[1:])
    with multiprocessing.Pool(processes) as pool:
        pool.map(noop, range(WARM_UP), chunksize=1)
        start = time.perf_counter()
        for _ in range(maps):
            pool.map(noop, range(tasks), chunksize=chunk or None)
        for _ in range(applies):
            pool.apply(noop, (0,))
        took = time.perf_counter() - start
        print(1e6 * took / applies if applies else tasks * maps / took)


if __name__ == "__main__":
    main()
