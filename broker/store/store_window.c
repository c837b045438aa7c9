/* Reading a file a large piece at a time. */
#include "store/store_window.h"

#include <fcntl.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_SIZE = 1 << 20 };

int store_window_open(struct store_window *window, const struct store_folder *folder,
		      const char *name, int flags, struct error *error)
{
	store_window_close(window);
	snprintf(window->name, sizeof window->name, "%s", name);
	window->file = (struct store_file){ folder, -1, window->name };
	window->file.fd = store_folder_open(folder, name, flags, error);
	if (window->file.fd < 0)
		return error->status;
	window->start = 0;
	window->held = 0;
	window->unsalted = false;
	return store_file_size(&window->file, &window->size, error);
}

void store_window_close(struct store_window *window)
{
	if (window->file.folder != NULL)
		store_folder_close(window->file.folder, window->file.fd);
	window->file.fd = -1;
}

void store_window_fini(struct store_window *window)
{
	store_window_close(window);
	free(window->bytes);
	window->bytes = NULL;
	window->capacity = 0;
}

static int window_reserve(struct store_window *window, size_t size, struct error *error)
{
	if (size <= window->capacity)
		return RELEVO_OK;
	uint8_t *bytes = realloc(window->bytes, size);
	if (bytes == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to read %s", window->name);
	window->bytes = bytes;
	window->capacity = size;
	return RELEVO_OK;
}

static int window_fill(struct store_window *window, uint64_t at, size_t size, struct error *error)
{
	if (size < WINDOW_SIZE)
		size = window->size - at < WINDOW_SIZE ? window->size - at : WINDOW_SIZE;
	int status = window_reserve(window, size, error);
	if (status != RELEVO_OK)
		return status;
	window->start = at;
	window->held = 0;
	const struct iovec into = { window->bytes, size };
	return store_file_read(&window->file, into, at, &window->held, error);
}

static bool window_holds(const struct store_window *window, uint64_t at, size_t size)
{
	return at >= window->start && at - window->start <= window->held &&
	       size <= window->held - (at - window->start);
}

int store_window_at(struct store_window *window, uint64_t at, size_t size, const uint8_t **bytes,
		    struct error *error)
{
	int status = RELEVO_OK;
	*bytes = NULL;
	if (at > window->size || size > window->size - at)
		return RELEVO_OK;
	if (!window_holds(window, at, size))
		status = window_fill(window, at, size, error);
	if (status == RELEVO_OK && window_holds(window, at, size))
		*bytes = window->bytes + (at - window->start);
	return status;
}

int store_window_find(struct store_window *window, const uint8_t wanted[4], uint64_t *at,
		      struct error *error)
{
	const uint8_t *bytes;
	for (;;) {
		int status = store_window_at(window, *at, 4, &bytes, error);
		if (status != RELEVO_OK)
			return status;
		if (bytes == NULL)
			break;
		size_t held = window->held - (size_t)(*at - window->start);
		const uint8_t *found = memmem(bytes, held, wanted, 4);
		if (found != NULL) {
			*at += (uint64_t)(found - bytes);
			return RELEVO_OK;
		}
		/* It may begin in the last three. */
		*at += held - 3;
	}
	*at = window->size;
	return RELEVO_OK;
}
