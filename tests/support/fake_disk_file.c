/* Files of a fake disk: what is read, what is on the disk, and what a power cut leaves. */
#include "support/fake_disk_file.h"

#include <stdlib.h>
#include <string.h>

/* What a disk writes as a whole. */
enum { SECTOR = 512 };

/* Bytes written, or none and another size. */
struct fake_unsynced {
	struct fake_unsynced *next;
	bool resizes;
	uint64_t offset;
	size_t size;
	uint8_t bytes[];
};

static void *fake_allocate_memory(void *old, size_t size)
{
	void *memory = realloc(old, size > 0 ? size : 1);
	if (memory == NULL)
		abort();
	return memory;
}

struct fake_file *fake_file_new(struct fake_file **all)
{
	struct fake_file *file = fake_allocate_memory(NULL, sizeof *file);
	*file = (struct fake_file){ .next = *all };
	file->unsynced_end = &file->unsynced;
	*all = file;
	return file;
}

static void fake_file_forget(struct fake_file *file)
{
	while (file->unsynced != NULL) {
		struct fake_unsynced *first = file->unsynced;
		file->unsynced = first->next;
		free(first);
	}
	file->unsynced_end = &file->unsynced;
}

void fake_files_free(struct fake_file *all)
{
	while (all != NULL) {
		struct fake_file *file = all;
		all = file->next;
		fake_file_forget(file);
		free(file->now);
		free(file->disk);
		free(file);
	}
}

static void fake_file_set_size(uint8_t **bytes, size_t *size, size_t *capacity, size_t wanted)
{
	if (wanted > *capacity) {
		*capacity = wanted * 2;
		*bytes = fake_allocate_memory(*bytes, *capacity);
	}
	if (wanted > *size)
		memset(*bytes + *size, 0, wanted - *size);
	*size = wanted;
}

static void fake_file_set_now(struct fake_file *file, size_t size)
{
	fake_file_set_size(&file->now, &file->size, &file->capacity, size);
}

static void fake_file_set_disk(struct fake_file *file, size_t size)
{
	fake_file_set_size(&file->disk, &file->disk_size, &file->disk_capacity, size);
}

static void fake_file_note(struct fake_file *file, const void *bytes, size_t size, uint64_t offset)
{
	size_t kept = bytes != NULL ? size : 0;
	struct fake_unsynced *unsynced = fake_allocate_memory(NULL, sizeof *unsynced + kept);
	*unsynced = (struct fake_unsynced){
		.resizes = bytes == NULL,
		.offset = offset,
		.size = size,
	};
	if (kept > 0)
		memcpy(unsynced->bytes, bytes, kept);
	*file->unsynced_end = unsynced;
	file->unsynced_end = &unsynced->next;
}

void fake_file_write(struct fake_file *file, const void *bytes, size_t size, uint64_t offset)
{
	if (size == 0)
		return;
	if (offset + size > file->size)
		fake_file_set_now(file, offset + size);
	memcpy(file->now + offset, bytes, size);
	fake_file_note(file, bytes, size, offset);
}

void fake_file_resize(struct fake_file *file, size_t size)
{
	fake_file_set_now(file, size);
	fake_file_note(file, NULL, size, 0);
}

static void fake_file_put(struct fake_file *file, const struct fake_unsynced *from, size_t at,
			  size_t size)
{
	size_t offset = from->offset + at;
	if (offset + size > file->disk_size)
		fake_file_set_disk(file, offset + size);
	memcpy(file->disk + offset, from->bytes + at, size);
}

void fake_file_sync(struct fake_file *file)
{
	for (const struct fake_unsynced *next = file->unsynced; next != NULL; next = next->next) {
		if (next->resizes)
			fake_file_set_disk(file, next->size);
		else
			fake_file_put(file, next, 0, next->size);
	}
	fake_file_forget(file);
}

/* ---- what is lost ------------------------------------------------------- */

static bool fake_keeps(enum fake_loss loss, struct random *random)
{
	return loss == FAKE_KEEPS || (loss != FAKE_DROPS && random_percent(random, 50));
}

/* Sector by sector: all, none, some; or some with one that is torn. */
static void fake_file_put_some(struct fake_file *file, const struct fake_unsynced *from,
			       enum fake_loss loss, struct random *random)
{
	for (size_t at = 0; at < from->size;) {
		size_t size = SECTOR - (from->offset + at) % SECTOR;
		if (size > from->size - at)
			size = from->size - at;
		if (loss == FAKE_TEARS && random_percent(random, 30))
			fake_file_put(file, from, at, random_below(random, (uint32_t)size + 1));
		else if (fake_keeps(loss, random))
			fake_file_put(file, from, at, size);
		at += size;
	}
}

static void fake_file_write_back(struct fake_file *file, enum fake_loss loss, struct random *random)
{
	for (const struct fake_unsynced *next = file->unsynced; next != NULL; next = next->next) {
		if (!next->resizes)
			fake_file_put_some(file, next, loss, random);
		else if (fake_keeps(loss, random))
			fake_file_set_disk(file, next->size);
	}
	fake_file_forget(file);
}

void fake_file_lose(struct fake_file *file, struct random *random)
{
	fake_file_write_back(file, random_percent(random, 50) ? FAKE_DROPS : FAKE_TEARS, random);
}

void fake_file_settle(struct fake_file *file, enum fake_loss loss, struct random *random)
{
	fake_file_write_back(file, loss, random);
	fake_file_set_now(file, 0);
	fake_file_set_now(file, file->disk_size);
	if (file->disk_size > 0)
		memcpy(file->now, file->disk, file->disk_size);
}
