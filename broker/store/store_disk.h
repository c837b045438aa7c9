#ifndef STORE_STORE_DISK_H
#define STORE_STORE_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * The system calls that a log in files is made of, so that tests can put a disk below that
 * loses, tears and refuses. They fail as those do, by -1 and errno. Called from several
 * threads at one time.
 */
struct store_disk {
	/* openat(); what is made is for the user alone. */
	int (*open)(const struct store_disk *disk, int folder, const char *name, int flags);
	void (*close)(const struct store_disk *disk, int fd);
	ssize_t (*read)(const struct store_disk *disk, int fd, void *bytes, size_t size,
			uint64_t offset);
	ssize_t (*write)(const struct store_disk *disk, int fd, const struct iovec *parts,
			 int count, uint64_t offset);
	/* fallocate(): room for so many bytes from the start, and the file as large at least. */
	int (*allocate)(const struct store_disk *disk, int fd, uint64_t size);
	int (*truncate)(const struct store_disk *disk, int fd, uint64_t size);
	/* fdatasync() */
	int (*sync)(const struct store_disk *disk, int fd);
	/* fsync() of the folder: names count. */
	int (*sync_folder)(const struct store_disk *disk, int folder);
	int (*rename)(const struct store_disk *disk, int folder, const char *from, const char *to);
	int (*unlink)(const struct store_disk *disk, int folder, const char *name);
	/* How large the file is. */
	int64_t (*size)(const struct store_disk *disk, int fd);
	/* Call `visit` with the name of each file. */
	int (*list)(const struct store_disk *disk, int folder,
		    void (*visit)(void *context, const char *name), void *context);
	/* A hint: this will be read soon. */
	void (*ahead)(const struct store_disk *disk, int fd, uint64_t offset, uint64_t size);
};

/* The real one. */
extern const struct store_disk store_disk_real;

#endif
