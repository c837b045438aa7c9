/* Making many pages of memory at once. */
#include "collections/populate.h"

#include "base/mutant.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { POPULATE_FROM = 1024 * 1024 };

void populate(void *bytes, size_t size)
{
	if (size < POPULATE_FROM || MUTANT(pages_one_by_one))
		return;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const size_t before = (uintptr_t)bytes % page;
	int made = madvise((char *)bytes - before, before + size, MADV_POPULATE_WRITE);
	(void)made;
}
