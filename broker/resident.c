/* How much of the broker's own memory is resident, as the kernel counts it. */
#include "resident.h"

#include "base/clock.h"
#include "base/list.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct resident {
	struct scales scales;
	int statm;
	size_t page;
	nsec_t next_trim;
};

/* Bytes, without those of files; 0: unknown. */
static size_t resident_bytes(const struct resident *resident)
{
	char text[128];
	size_t pages, of_files;
	ssize_t size = pread(resident->statm, text, sizeof text - 1, 0);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	if (sscanf(text, "%*s %zu %zu", &pages, &of_files) != 2 || of_files > pages)
		return 0;
	return (pages - of_files) * resident->page;
}

/* It walks through the whole heap, so it gets a twentieth of the time at most. */
static void resident_give_back(struct resident *resident)
{
	nsec_t before = clock_now();
	if (before < resident->next_trim)
		return;
	malloc_trim(0);
	nsec_t after = clock_now();
	resident->next_trim = after + 20 * (after - before);
}

static size_t resident_weigh(struct scales *scales, size_t enough)
{
	struct resident *resident = container_of(scales, struct resident, scales);
	size_t bytes = resident_bytes(resident);
	if (bytes <= enough)
		return bytes;
	resident_give_back(resident);
	return resident_bytes(resident);
}

/* A sanitizer keeps freed memory for itself, and much besides. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TELLS_SOMETHING = false };
#else
enum { TELLS_SOMETHING = true };
#endif

struct scales *resident_open(void)
{
	struct resident *resident = TELLS_SOMETHING ? calloc(1, sizeof *resident) : NULL;
	if (resident == NULL)
		return NULL;
	resident->scales.weigh = resident_weigh;
	resident->page = (size_t)sysconf(_SC_PAGESIZE);
	resident->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (resident->statm >= 0)
		return &resident->scales;
	free(resident);
	return NULL;
}

void resident_close(struct scales *scales)
{
	if (scales == NULL)
		return;
	struct resident *resident = container_of(scales, struct resident, scales);
	close(resident->statm);
	free(resident);
}
