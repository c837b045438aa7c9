/* How heads of files, groups and records stand in bytes, and their checksums. */
#include "store/store_format.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "store/store_crc32c.h"

#include <endian.h>
#include <relevo/status.h>
#include <string.h>
#include <sys/random.h>

#define MAGIC_SIZE 8
static const char file_magic[][MAGIC_SIZE + 1] = {
	[STORE_FILE_EXTENT] = "relevoL\n",
	[STORE_FILE_CHECKPOINT] = "relevoC\n",
};

const uint8_t store_group_magic[4] = { 0xf5, 'r', 'g', 0x9e };

static void put32(uint8_t *bytes, uint32_t number)
{
	number = htole32(number);
	memcpy(bytes, &number, sizeof number);
}

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t number;
	memcpy(&number, bytes, sizeof number);
	return le32toh(number);
}

static void put64(uint8_t *bytes, uint64_t number)
{
	number = htole64(number);
	memcpy(bytes, &number, sizeof number);
}

static uint64_t get64(const uint8_t *bytes)
{
	uint64_t number;
	memcpy(&number, bytes, sizeof number);
	return le64toh(number);
}

/* Whatever stands in a file belongs to its place in that extent's file. */
static store_position format_place(store_position at)
{
	return MUTANT(stale_group_accepted) ? (uint32_t)at : at;
}

static uint32_t format_salt(uint32_t salt)
{
	return MUTANT(stale_group_accepted) ? 0 : salt;
}

/* ---- files: magic 8, version 4, checksum 4 (these stay in every version); extent 4, salt 4,
 * size 8, begins 8, group 8, number 8, checksum 4, 0 4 ----------------------------------- */

uint32_t store_file_salt(void)
{
	uint32_t salt;
	if (MUTANT(salt_kept))
		return 1;
	if (getrandom(&salt, sizeof salt, 0) == (ssize_t)sizeof salt)
		return salt;
	/* A small request is never refused on Linux; what is left is better than nothing. */
	return (uint32_t)clock_now();
}

void store_file_head_put(uint8_t *bytes, const struct store_file_head *head)
{
	memset(bytes, 0, STORE_FILE_HEAD);
	memcpy(bytes, file_magic[head->kind], MAGIC_SIZE);
	put32(bytes + 8, STORE_FORMAT);
	put32(bytes + 12, store_crc32c(0, bytes, 12));
	put32(bytes + 16, head->extent);
	put32(bytes + 20, head->salt);
	put64(bytes + 24, head->size);
	put64(bytes + 32, head->begins);
	put64(bytes + 40, head->group);
	put64(bytes + 48, head->number);
	put32(bytes + 56, store_crc32c(0, bytes + 16, 40));
}

static bool file_kind_get(const uint8_t *bytes, enum store_file_kind *kind)
{
	for (int i = STORE_FILE_EXTENT; i <= STORE_FILE_CHECKPOINT; i++) {
		if (memcmp(bytes, file_magic[i], MAGIC_SIZE) == 0) {
			*kind = (enum store_file_kind)i;
			return true;
		}
	}
	return false;
}

int store_file_head_get(const uint8_t *bytes, struct store_file_head *head, uint32_t *version)
{
	if (!file_kind_get(bytes, &head->kind) || get32(bytes + 12) != store_crc32c(0, bytes, 12))
		return RELEVO_DAMAGED;
	*version = get32(bytes + 8);
	if (*version != STORE_FORMAT)
		return RELEVO_BAD_VERSION;
	if (get32(bytes + 56) != store_crc32c(0, bytes + 16, 40) || get32(bytes + 60) != 0)
		return RELEVO_DAMAGED;
	head->extent = get32(bytes + 16);
	head->salt = get32(bytes + 20);
	head->size = get64(bytes + 24);
	head->begins = get64(bytes + 32);
	head->group = get64(bytes + 40);
	head->number = get64(bytes + 48);
	return RELEVO_OK;
}

/* ---- groups: magic 4, kind 4, number 8, durable 8, position 8, size 4, records 4, checksum of
 * their heads 4, 0 4, checksum 4 ---------------------------------------------------------- */

void store_group_head_put(uint8_t *bytes, const struct store_group_head *head, uint32_t salt)
{
	memcpy(bytes, store_group_magic, sizeof store_group_magic);
	put32(bytes + 4, head->kind);
	put64(bytes + 8, head->number);
	put64(bytes + 16, head->durable);
	put64(bytes + 24, head->at);
	put32(bytes + 32, head->size);
	put32(bytes + 36, head->records);
	put32(bytes + 40, head->heads);
	put32(bytes + 44, 0);
	put32(bytes + 48, store_crc32c(format_salt(salt), bytes, 48));
}

bool store_group_head_get(const uint8_t *bytes, store_position at, const uint32_t *salt,
			  struct store_group_head *head)
{
	if (memcmp(bytes, store_group_magic, sizeof store_group_magic) != 0)
		return false;
	*head = (struct store_group_head){
		.kind = (enum store_group_kind)get32(bytes + 4),
		.number = get64(bytes + 8),
		.durable = get64(bytes + 16),
		.at = get64(bytes + 24),
		.size = get32(bytes + 32),
		.records = get32(bytes + 36),
		.heads = get32(bytes + 40),
	};
	return format_place(head->at) == format_place(at) &&
	       (salt == NULL || get32(bytes + 48) == store_crc32c(format_salt(*salt), bytes, 48));
}

/* ---- records: size 4, type 1, checksum 4 ------------------------------------------------- */

void store_record_head_put(uint8_t *bytes, const struct store_record_head *head)
{
	put32(bytes, head->size);
	bytes[4] = head->type;
	put32(bytes + 5, head->crc);
}

struct store_record_head store_record_head_get(const uint8_t *bytes)
{
	return (struct store_record_head){
		.size = get32(bytes),
		.type = bytes[4],
		.crc = get32(bytes + 5),
	};
}

struct store_record_head store_record_head_look(const uint8_t *bytes)
{
	return (struct store_record_head){ .size = get32(bytes), .type = bytes[4] };
}

uint32_t store_record_crc(store_position at, const struct store_record_head *head,
			  const uint8_t *bytes)
{
	uint8_t place[13];
	put64(place, format_place(at));
	put32(place + 8, head->size);
	place[12] = head->type;
	return store_crc32c(store_crc32c(0, place, sizeof place), bytes, head->size);
}

void store_group_seal(uint8_t *bytes, size_t size, struct store_group_head *head, uint32_t salt)
{
	head->size = (uint32_t)(size - STORE_GROUP_HEAD);
	head->records = 0;
	head->heads = 0;
	for (size_t at = STORE_GROUP_HEAD; at < size; head->records++) {
		uint8_t *record = bytes + at;
		const struct store_record_head found = store_record_head_look(record);
		put32(record + 5,
		      store_record_crc(head->at + at, &found, record + STORE_RECORD_HEAD));
		head->heads = store_crc32c(head->heads, record, STORE_RECORD_HEAD);
		at += STORE_RECORD_HEAD + (size_t)found.size;
	}
	store_group_head_put(bytes, head, salt);
}

bool store_group_check(const uint8_t *records, const struct store_group_head *head)
{
	uint32_t heads = 0, count = 0;
	size_t at = 0;
	for (; head->size - at >= STORE_RECORD_HEAD; count++) {
		const uint8_t *record = records + at;
		struct store_record_head found = store_record_head_get(record);
		if (found.size > head->size - at - STORE_RECORD_HEAD)
			return false;
		if (found.crc != store_record_crc(head->at + STORE_GROUP_HEAD + at, &found,
						  record + STORE_RECORD_HEAD) &&
		    !MUTANT(record_unchecked))
			return false;
		heads = store_crc32c(heads, record, STORE_RECORD_HEAD);
		at += STORE_RECORD_HEAD + (size_t)found.size;
	}
	return at == head->size && count == head->records &&
	       (heads == head->heads || MUTANT(record_unchecked));
}
