#ifndef PROCESS_DAEMON_H
#define PROCESS_DAEMON_H

#include <stdbool.h>

/*
 * In a daemon: end with the parent, of which this is the pidfd, however that ends. By a
 * thread that waits for it: PR_SET_PDEATHSIG would end the daemon with the thread that
 * started it, or with the fork server. False: there can be no thread.
 */
bool daemon_watch(int parent_fd);

#endif
