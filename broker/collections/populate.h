#ifndef COLLECTIONS_POPULATE_H
#define COLLECTIONS_POPULATE_H

#include <stddef.h>

/*
 * For memory that is about to be written: have its pages made at once, which takes half as long
 * as a page fault for each. For little it does nothing, nor where the kernel cannot (before
 * Linux 5.14): then they come one by one.
 */
void populate(void *bytes, size_t size);

#endif
