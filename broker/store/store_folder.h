#ifndef STORE_STORE_FOLDER_H
#define STORE_STORE_FOLDER_H

#include "base/error.h"
#include "store/store_options.h"

#include <stdbool.h>

/*
 * The folder of a log, and what is done with its files. What fails leaves a sentence that
 * names the call and the file, and STORAGE (or NO_MEMORY, NO_DESCRIPTORS) as its status.
 */
struct store_folder {
	const struct store_disk *disk;
	int fd;
	char path[256]; /* to be named; cut if it is longer */
	uint32_t extent_size;
};

void store_folder_set(struct store_folder *folder, const struct store_log_options *options);

/* Names of files: of an extent, ... */
#define STORE_NAME_SIZE      32
#define STORE_CHECKPOINT     "checkpoint"
#define STORE_CHECKPOINT_NEW "checkpoint.new"
#define STORE_SPARE_NEW      "spare.new"
#define STORE_REWRITE_NEW    "rewrite.new"
void store_extent_name(char name[STORE_NAME_SIZE], uint32_t extent);
/* ... and of a spare. */
void store_spare_name(char name[STORE_NAME_SIZE], uint32_t number);
/* Whether it is one, and which. */
bool store_extent_named(const char *name, uint32_t *extent);
bool store_spare_named(const char *name, uint32_t *number);

/* A system call failed: errno says why, and still does afterwards. */
int store_folder_failed(const struct store_folder *folder, const char *call, const char *name,
			struct error *error);

/* A descriptor, or -1; *error is set then. */
int store_folder_open(const struct store_folder *folder, const char *name, int flags,
		      struct error *error);
void store_folder_close(const struct store_folder *folder, int fd);

/* A file in the folder that is read or written; the name is for what is said of it. */
struct store_file {
	const struct store_folder *folder;
	int fd;
	const char *name;
};

/* Write all of it. The parts are changed. */
int store_file_write(const struct store_file *file, struct iovec *parts, int count, uint64_t offset,
		     struct error *error);
/* Read so many bytes, or as many as there are: *got. */
int store_file_read(const struct store_file *file, struct iovec into, uint64_t offset, size_t *got,
		    struct error *error);
int store_file_sync(const struct store_file *file, struct error *error);
int store_file_size(const struct store_file *file, uint64_t *size, struct error *error);

int store_folder_rename(const struct store_folder *folder, const char *from, const char *to,
			struct error *error);
int store_folder_sync(const struct store_folder *folder, struct error *error);
/* It may not be there. */
int store_folder_unlink(const struct store_folder *folder, const char *name, struct error *error);

/* A file of an extent's size with nothing in it, under that name, durable but for the name;
 * `zeros`: written, so that writing it again changes nothing but its bytes. */
int store_folder_make(const struct store_folder *folder, const char *name, bool zeros,
		      struct error *error);

#endif
