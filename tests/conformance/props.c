#include "conformance/props.h"

#include "conformance/stage.h"

#include <sys/mman.h>

/* ---- memory ------------------------------------------------------------ */

enum { MAX_BLOCKS = 4 };

static struct block {
	void *address;
	size_t size;
	int fd;
} blocks[MAX_BLOCKS];

static size_t block_count;

void *props_memory(size_t size)
{
	assert_true(block_count < MAX_BLOCKS);
	struct block block = { NULL, size, memfd_create("props", MFD_CLOEXEC) };
	assert_true(block.fd >= 0);
	assert_int_equal(ftruncate(block.fd, (off_t)size), 0);
	block.address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, block.fd, 0);
	assert_true(block.address != MAP_FAILED);
	blocks[block_count++] = block;
	return block.address;
}

void props_end(void)
{
	while (block_count > 0) {
		const struct block *block = &blocks[--block_count];
		munmap(block->address, block->size);
		close(block->fd);
	}
}

static void pack_memory(relevo_tuple *tuple, const void *address)
{
	if (address == NULL) {
		assert_ok(relevo_tuple_add_none(tuple, NULL));
		return;
	}
	for (size_t i = 0; i < block_count; i++) {
		if (blocks[i].address != address)
			continue;
		assert_ok(relevo_tuple_add_descriptor(tuple, NULL, blocks[i].fd));
		assert_ok(relevo_tuple_add_int(tuple, NULL, (int64_t)blocks[i].size));
		return;
	}
	fail_msg("%p is not from props_memory()", address);
}

/* What the case has not made is 0, and standard input is no prop. */
static void pack_descriptor(relevo_tuple *tuple, int fd)
{
	assert_ok(fd != 0 ? relevo_tuple_add_descriptor(tuple, NULL, fd)
			  : relevo_tuple_add_none(tuple, NULL));
}

/* Whether there is none; then it is passed over. */
static bool is_none(const relevo_tuple *tuple, size_t *index)
{
	if (relevo_tuple_kind(tuple, *index) != RELEVO_TUPLE_NONE)
		return false;
	++*index;
	return true;
}

static int take_descriptor(relevo_tuple *tuple, size_t *index)
{
	int fd = -1;
	if (is_none(tuple, index))
		return 0;
	child_check(relevo_tuple_take_descriptor(tuple, (*index)++, &fd) == RELEVO_OK);
	return fd;
}

static void *unpack_memory(relevo_tuple *tuple, size_t *index)
{
	int64_t size = 0;
	if (is_none(tuple, index))
		return NULL;
	int fd = take_descriptor(tuple, index);
	child_check(relevo_tuple_int(tuple, (*index)++, &size) == RELEVO_OK);
	void *address = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	child_check(address != MAP_FAILED);
	close(fd);
	return address;
}

/* ---- all kinds --------------------------------------------------------- */

#define PACK(KIND, kind)                                                                           \
	case PROP_##KIND:                                                                          \
		assert_ok(relevo_tuple_add_##kind(tuple, NULL, *(relevo_##kind *const *)place));   \
		break

#define UNPACK(KIND, kind)                                                                         \
	case PROP_##KIND:                                                                          \
		child_check(relevo_tuple_##kind(tuple, (*index)++, session, NULL,                  \
						(relevo_##kind **)place) == RELEVO_OK);            \
		break

static void pack(relevo_tuple *tuple, enum prop_kind kind, const void *place)
{
	switch (kind) {
		PACK(ARRAY, array);
		PACK(BARRIER, barrier);
		PACK(CONDITION, condition);
		PACK(EVENT, event);
		PACK(LOCK, lock);
		PACK(QUEUE, queue);
		PACK(RLOCK, rlock);
		PACK(SEMAPHORE, semaphore);
		PACK(SHARED, shared);
		PACK(VALUE, value);
	case PROP_MEMORY:
		pack_memory(tuple, *(void *const *)place);
		break;
	case PROP_GATE:
		pack_descriptor(tuple, ((const struct gate *)place)->ends[0]);
		pack_descriptor(tuple, ((const struct gate *)place)->ends[1]);
		break;
	case PROP_DESCRIPTOR:
		pack_descriptor(tuple, *(const int *)place);
		break;
	case PROP_STAGE:
	case PROP_END:
		break;
	}
}

static void unpack(relevo_tuple *tuple, size_t *index, enum prop_kind kind, void *place,
		   struct stage *stage)
{
	relevo_session *session = stage_session(stage);
	switch (kind) {
		UNPACK(ARRAY, array);
		UNPACK(BARRIER, barrier);
		UNPACK(CONDITION, condition);
		UNPACK(EVENT, event);
		UNPACK(LOCK, lock);
		UNPACK(QUEUE, queue);
		UNPACK(RLOCK, rlock);
		UNPACK(SEMAPHORE, semaphore);
		UNPACK(SHARED, shared);
		UNPACK(VALUE, value);
	case PROP_MEMORY:
		*(void **)place = unpack_memory(tuple, index);
		break;
	case PROP_GATE:
		((struct gate *)place)->ends[0] = take_descriptor(tuple, index);
		((struct gate *)place)->ends[1] = take_descriptor(tuple, index);
		break;
	case PROP_DESCRIPTOR:
		*(int *)place = take_descriptor(tuple, index);
		break;
	case PROP_STAGE:
		*(struct stage **)place = stage;
		break;
	case PROP_END:
		break;
	}
}

void props_pack(relevo_tuple *tuple, const struct props *props, const void *play)
{
	assert_ok(relevo_tuple_add_bytes(tuple, NULL, play, props->size));
	for (const struct prop *prop = props->list; prop->kind != PROP_END; prop++)
		pack(tuple, prop->kind, (const char *)play + prop->offset);
}

void *props_unpack(relevo_tuple *tuple, size_t index, const struct props *props,
		   struct stage *stage)
{
	static void *play; /* what can be reached from it is not lost */
	const void *bytes;
	size_t size;
	child_check(relevo_tuple_bytes(tuple, index++, &bytes, &size) == RELEVO_OK);
	child_check(size == props->size && (play = malloc(size)) != NULL);
	memcpy(play, bytes, size);
	for (const struct prop *prop = props->list; prop->kind != PROP_END; prop++)
		unpack(tuple, &index, prop->kind, (char *)play + prop->offset, stage);
	return play;
}
