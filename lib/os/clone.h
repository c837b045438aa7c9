#ifndef OS_CLONE_H
#define OS_CLONE_H

#include <sched.h>

/*
 * clone(2) of a child that shares this process's memory. The thread sanitizer takes it for fork(),
 * and from then on, since it is not the child alone that remembers, it sees no lock of this thread
 * any more. It does not know the C library's other name of the same function.
 */
#ifdef __SANITIZE_THREAD__
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
#define CLONE __clone
#else
#define CLONE clone
#endif

/* Of what runs in such a child. */
#define UNSANITIZED __attribute__((no_sanitize("address", "thread", "undefined")))

#endif
