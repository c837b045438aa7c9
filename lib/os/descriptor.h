#ifndef OS_DESCRIPTOR_H
#define OS_DESCRIPTOR_H

#include <stdbool.h>

/*
 * The numbers 0, 1 and 2 are the program's. If it has closed one of them, the next descriptor that
 * anybody makes gets that number: then what is written to standard output goes into a socket. So
 * whatever is made here goes through one of these at once.
 */

/* A copy with a number of at least `least`, that closes on exec. Returns -1 and errno: EMFILE
 * also where the process may have no descriptor of such a number. */
int descriptor_copy(int fd, int least);

/* A new descriptor, out of the way of the standard streams: `fd`, or in its place a copy that
 * closes on exec. Returns -1, with errno as it is, for one that could not be made; -1 too if no
 * number is left, and `fd` is closed then. */
int descriptor_raise(int fd);

/* The same for both ends of a pipe or a pair of sockets. False: both are closed; errno says why. */
bool descriptor_raise_pair(int fds[2]);

#endif
