#ifndef STORE_STORE_WINDOW_H
#define STORE_STORE_WINDOW_H

#include "store/store_folder.h"

/*
 * A file as it is read from its beginning to its end, a large piece at a time.
 */
struct store_window {
	struct store_file file;
	char name[STORE_NAME_SIZE];
	uint64_t size; /* of the file */
	uint32_t salt; /* what heads of its groups are told by, */
	bool unsalted; /* unless it is lost: then by their place alone */
	uint8_t *bytes;
	size_t capacity;
	uint64_t start; /* where in the file they begin */
	size_t held;
};

/* Zero is closed. STORAGE; its descriptor is for reading, and writing if `flags` say so. */
int store_window_open(struct store_window *window, const struct store_folder *folder,
		      const char *name, int flags, struct error *error);
void store_window_close(struct store_window *window);
void store_window_fini(struct store_window *window);

/* *bytes are so many bytes of the file, until the next call; NULL: it does not have them. */
int store_window_at(struct store_window *window, uint64_t at, size_t size, const uint8_t **bytes,
		    struct error *error);

/* *at becomes the next place, from there on, where these four bytes are; the file's end if there
 * is none. */
int store_window_find(struct store_window *window, const uint8_t wanted[4], uint64_t *at,
		      struct error *error);

#endif
