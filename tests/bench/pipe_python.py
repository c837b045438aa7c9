"""Print how many messages a second go through multiprocessing.Pipe, one way.

usage: pipe_python.py SIZE COUNT
"""
import multiprocessing
import sys
import time


def pour(end, size, count):
    message = bytes(size)
    for _ in range(count):
        end.send_bytes(message)


def main():
    size, count = map(int, sys.argv[1:])
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=pour, args=(writer, size, count))
    child.start()
    reader.recv_bytes()
    start = time.perf_counter()
    for _ in range(count - 1):
        reader.recv_bytes()
    print((count - 1) / (time.perf_counter() - start))
    child.join()


if __name__ == "__main__":
    main()
