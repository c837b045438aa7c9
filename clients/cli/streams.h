#ifndef CLI_STREAMS_H
#define CLI_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Standard input, output and errors, as whoever starts this program may have left them. Closed:
 * then their numbers are kept from whatever is opened here, and using them fails with EBADF. Not
 * blocking: that is a property of what others may have open too, so it is left as it is, and waited
 * for where it shows.
 */

/* Before anything is opened. From here on stdout and stderr wait. False: errno says why. */
bool streams_open(void);

/* read(2), in spite of signals, that waits until there is something. */
ssize_t streams_read(int fd, void *bytes, size_t size);

/* Wait for these events of poll(2), in spite of signals. Returns those that are; 0: it cannot be
 * waited for, errno says why. */
short streams_wait(int fd, short events);

#endif
