#ifndef OS_QUIET_H
#define OS_QUIET_H

#include <sys/types.h>

/*
 * System calls whose failure is told by a signal, too, which ends the program: SIGPIPE (nobody
 * reads the pipe: EPIPE) and SIGXFSZ (the file would be larger than RLIMIT_FSIZE allows: EFBIG;
 * memory files are no exception). What the program does with its signals is its own. So they are
 * held back in this thread, to which they are sent, and the one that the call has raised is taken
 * away. One that was pending before stays.
 */
ssize_t quiet_write(int fd, const void *data, size_t size);
ssize_t quiet_pwrite(int fd, const void *data, size_t size, off_t offset);
int quiet_truncate(int fd, off_t size);

#endif
