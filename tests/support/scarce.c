/* Counting allocations, and the one that fails. */
#include "support/scarce.h"

#include <stdatomic.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* Threads of libraries call the project's code, too. */
static atomic_bool counting, failed;
static enum scarcity how;
static atomic_uint_fast64_t left; /* until one fails */

void scarce_begin(uint64_t nth, enum scarcity scarcity)
{
	failed = false;
	how = scarcity;
	left = nth;
	counting = true;
}

bool scarce_end(void)
{
	counting = false;
	return failed;
}

void scarce_pause(bool pause)
{
	static bool paused;
	if (pause)
		paused = atomic_exchange(&counting, false);
	else
		counting = paused;
}

static bool fails(void)
{
	if (!counting)
		return false;
	if (failed)
		return how == SCARCE_FROM_NOW;
	if (atomic_fetch_sub(&left, 1) != 1)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}
