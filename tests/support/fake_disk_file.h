#ifndef SUPPORT_FAKE_DISK_FILE_H
#define SUPPORT_FAKE_DISK_FILE_H

#include "support/fake_disk.h"

/* The parts of a fake_disk: files with what was not synced, and names. */

struct fake_file {
	struct fake_file *next;
	uint8_t *now; /* as it is read */
	size_t size, capacity;
	uint8_t *disk; /* as it would be after a power cut */
	size_t disk_size, disk_capacity;
	struct fake_unsynced *unsynced, **unsynced_end;
};

struct fake_file *fake_file_new(struct fake_file **all);
void fake_files_free(struct fake_file *all);
void fake_file_write(struct fake_file *file, const void *bytes, size_t size, uint64_t offset);
void fake_file_resize(struct fake_file *file, size_t size);
void fake_file_sync(struct fake_file *file);
/* A sync failed: some of what was to be written never will be. */
void fake_file_lose(struct fake_file *file, struct random *random);
/* The power was cut: this is what there is. */
void fake_file_settle(struct fake_file *file, enum fake_loss loss, struct random *random);

struct fake_name {
	struct fake_name *next;
	struct fake_file *file;
	char text[64];
};

struct fake_file *fake_names_find(struct fake_name *names, const char *text);
/* From NULL: a new name; to NULL: it has none any more. */
void fake_names_change(struct fake_disk *disk, const char *from, const char *to,
		       struct fake_file *file);
void fake_names_sync(struct fake_disk *disk);
void fake_names_lose(struct fake_disk *disk, enum fake_loss loss);
void fake_names_free(struct fake_disk *disk);

#endif
