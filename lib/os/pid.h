/* Numbers of processes that come from elsewhere. */
#ifndef OS_PID_H
#define OS_PID_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

/* What was said to be the number of a process; 0: it cannot be one. */
static inline pid_t pid_of(uint64_t number)
{
	return number <= INT_MAX ? (pid_t)number : 0;
}

#endif
