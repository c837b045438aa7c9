#ifndef OS_PID_SPACE_H
#define OS_PID_SPACE_H

#include <stdint.h>

/*
 * The PID namespace of this process, as a number that no other on this host has while this
 * process lives: the numbers of processes and threads mean something within one only. 0: it is not
 * known, as /proc/self/ns/pid cannot be read (see errno). Thread-safe; makes no system call
 * but for the first time, also in a child of fork(2).
 */
uint64_t pid_space(void);

#endif
