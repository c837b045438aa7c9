#include "support/scarce.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool counting, failed;
static enum scarcity how;
static uint64_t left; /* until one fails */

void scarce_begin(uint64_t nth, enum scarcity scarcity)
{
	counting = true;
	failed = false;
	how = scarcity;
	left = nth;
}

bool scarce_end(void)
{
	counting = false;
	return failed;
}

static bool fails(void)
{
	if (!counting || (failed && how == SCARCE_ONCE))
		return false;
	failed = failed || --left == 0;
	return failed;
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
