#ifndef SUPPORT_NAMESPACE_H
#define SUPPORT_NAMESPACE_H

#include <sys/types.h>

/*
 * A child in a user namespace of its own, in which the users and groups of `map` have numbers,
 * as in /proc/PID/uid_map ("INSIDE OUTSIDE COUNT"); NULL: none has. It runs `body` and ends
 * with success; _exit() it with something else. -1: such a thing is not allowed here.
 */
pid_t namespace_child(const char *map, void (*body)(void *argument), void *argument);

#endif
