#ifndef OS_MEMORY_SIZE_H
#define OS_MEMORY_SIZE_H

#include <stdint.h>

/* Bytes of memory that there are for this process: the machine's, or what control groups (of a
 * container, say) leave it, if that is less. 0: nobody knows. */
uint64_t memory_size(void);

/* What control groups leave it: the least that is set for its own group and those above it,
 * version 2 or 1. All paths begin with `root`, which is "" but in tests. UINT64_MAX: any. */
uint64_t memory_limit(const char *root);

#endif
