#ifndef STORE_STORE_OPTIONS_H
#define STORE_STORE_OPTIONS_H

#include "store/store_disk.h"

/* How a log is opened, and what is told of it afterwards. */

/* When a group counts as durable, for `done`. */
enum store_durability {
	STORE_SYNC,   /* the disk says that it has it */
	STORE_COMMIT, /* the kernel has it: it outlives the program, and a second later the machine
		       */
	STORE_NONE    /* it was committed: it will be written soon, and synced within a second */
};

#define STORE_EXTENT_SIZE       (UINT32_C(64) << 20)
#define STORE_EXTENT_SIZE_LEAST (UINT32_C(16) << 10)
#define STORE_EXTENT_SIZE_MOST  (UINT32_C(1) << 30)

struct store_log_options {
	int folder;       /* a descriptor, which is used until close() and stays the caller's */
	const char *path; /* of the folder, to name it in what is said of it */
	enum store_durability durability;
	uint32_t extent_size; /* 0: STORE_EXTENT_SIZE */
	uint32_t retry_msec;  /* the first time after which a disk is asked again; 0: 100 */
	const struct store_disk *disk; /* NULL: the real one */
};

/* What a recovery has seen. */
struct store_recovery {
	uint64_t image;   /* records of the checkpoint, */
	uint64_t groups;  /* groups behind its beginning, */
	uint64_t records; /* and records in them that were read back */
	/* What was dropped behind the last whole group: never confirmed. */
	uint64_t dropped_groups; /* of which so much as a head was found */
	/* The first place that is damaged; "" if none is. */
	char damaged[64]; /* the file */
	uint64_t damaged_at;
	uint64_t readable; /* whole groups behind it */
};

#endif
