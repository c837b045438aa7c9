"""Print how many tasks a second multiprocessing.Pool.map does that do nothing.

usage: pool_python.py TASKS PROCESSES CHUNKSIZE MAPS; CHUNKSIZE 0 is the default
"""
import multiprocessing
import sys
import time

WARM_UP = 100


def noop(_number):
    return None


def main():
    tasks, processes, chunk, maps = map(int, sys.argv[1:])
    with multiprocessing.Pool(processes) as pool:
        pool.map(noop, range(WARM_UP), chunksize=1)
        start = time.perf_counter()
        for _ in range(maps):
            pool.map(noop, range(tasks), chunksize=chunk or None)
        print(tasks * maps / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
