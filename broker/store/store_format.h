#ifndef STORE_STORE_FORMAT_H
#define STORE_STORE_FORMAT_H

#include "store/store.h"

/*
 * How bytes stand in the files, all numbers with the lowest byte first.
 *
 * A file: a head, then groups one behind the other. A group: a head, then records. A record: a
 * head, then its bytes. Each head says where it stands, and its checksum covers that and a salt,
 * which is another one whenever a file is used again. So nothing that was in it before is taken
 * for what belongs there.
 * Checkpoints are made of the same parts; their positions are offsets in the file.
 */

/* Raise it with any change; whoever reads knows this one and no later one. */
#define STORE_FORMAT 1

enum store_file_kind { STORE_FILE_EXTENT, STORE_FILE_CHECKPOINT };

#define STORE_FILE_HEAD 64
struct store_file_head {
	enum store_file_kind kind;
	uint32_t extent; /* 0: a checkpoint */
	uint32_t salt;   /* heads of its groups are told by it; random, and not told to anybody */
	uint64_t size;   /* what was there before anything was written; less is damage */
	store_position begins; /* of a checkpoint: its beginning, */
	store_position group;  /* the group that was forming or would be the next, */
	uint64_t number;       /* and its number */
};

/* Such a random number. */
uint32_t store_file_salt(void);

void store_file_head_put(uint8_t *bytes, const struct store_file_head *head);
/* OK; BAD_VERSION: *version is one that is not known; DAMAGED: no such head. */
int store_file_head_get(const uint8_t *bytes, struct store_file_head *head, uint32_t *version);

enum store_group_kind {
	STORE_GROUP_RECORDS = 1,
	/* What was known to be durable, with no group behind it; others are written over it. */
	STORE_GROUP_MARK = 2,
	/* The end of a checkpoint. */
	STORE_GROUP_END = 3
};

#define STORE_GROUP_HEAD 52
struct store_group_head {
	enum store_group_kind kind;
	uint64_t number;  /* groups are numbered from 1; a mark has the next one's */
	uint64_t durable; /* the number up to which groups were known to be durable */
	store_position at;
	uint32_t size;    /* of its records */
	uint32_t records; /* how many */
	uint32_t heads;   /* checksum of their heads */
};

/* The first bytes of a group's head, to search for. */
extern const uint8_t store_group_magic[4];

void store_group_head_put(uint8_t *bytes, const struct store_group_head *head, uint32_t salt);
/* False: it is none, or none that belongs to that place. Without the salt (NULL) it may be wrong
 * in all but that. */
bool store_group_head_get(const uint8_t *bytes, store_position at, const uint32_t *salt,
			  struct store_group_head *head);

#define STORE_RECORD_HEAD 9
struct store_record_head {
	uint32_t size; /* of its bytes */
	uint8_t type;
	uint32_t crc; /* of the position, the size, the type and the bytes */
};

void store_record_head_put(uint8_t *bytes, const struct store_record_head *head);
struct store_record_head store_record_head_get(const uint8_t *bytes);
/* Without the checksum, which the commit thread may just be filling in. */
struct store_record_head store_record_head_look(const uint8_t *bytes);
/* The checksum that the record with this head and these bytes must have there. */
uint32_t store_record_crc(store_position at, const struct store_record_head *head,
			  const uint8_t *bytes);

/* Fill in the checksums of the records that stand there, and the head before them: its number,
 * kind, position and durable are the caller's, the rest is told by the records. */
void store_group_seal(uint8_t *bytes, size_t size, struct store_group_head *head, uint32_t salt);

/* Whether the records behind a head are those that it was made for. */
bool store_group_check(const uint8_t *records, const struct store_group_head *head);

#endif
