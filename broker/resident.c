/* How much of the broker's own memory is resident, as the kernel counts it. */
#include "resident.h"

#include "base/clock.h"
#include "base/list.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
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

/* What this thread has had of the processors. */
static nsec_t resident_spent(void)
{
	struct timespec spent;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (nsec_t)spent.tv_sec * NSEC_PER_SEC + (nsec_t)spent.tv_nsec;
}

/*
 * It walks through the whole heap, so it gets a twentieth of the time at most. What it waited for a
 * processor, on a busy machine, is none of its time: else a user who is within his share would
 * be refused for as long, although there is much to give back.
 */
static void resident_give_back(struct resident *resident)
{
	if (clock_now() < resident->next_trim)
		return;
	nsec_t before = resident_spent();
	malloc_trim(0);
	resident->next_trim = clock_now() + 20 * (resident_spent() - before);
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
