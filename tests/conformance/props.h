#ifndef CONFORMANCE_PROPS_H
#define CONFORMANCE_PROPS_H

#include <relevo/tuple.h>

#include <stddef.h>

/*
 * What a child works with is a structure of the test's. Its bytes are worth the same in
 * every process, but for handles, gates and pointers. Those are its props:
 *
 *	static const struct props play_props = {
 *		sizeof(struct play),
 *		{ PROP(STAGE, struct play, stage), PROP(LOCK, struct play, lock) },
 *	};
 *
 * Where the child has not inherited them it gets others in their places, which do the
 * same: handles that it has opened itself, copies of descriptors, a mapping of the memory.
 */
enum prop_kind {
	PROP_END = 0,
	PROP_STAGE,      /* struct stage *, where the child is */
	PROP_MEMORY,     /* any pointer from props_memory() */
	PROP_GATE,       /* struct gate */
	PROP_DESCRIPTOR, /* int */
	PROP_ARRAY,
	PROP_BARRIER,
	PROP_CONDITION,
	PROP_EVENT,
	PROP_LOCK,
	PROP_QUEUE,
	PROP_RLOCK,
	PROP_SEMAPHORE,
	PROP_SHARED,
	PROP_VALUE,
};

struct prop {
	enum prop_kind kind;
	size_t offset;
};

enum { MAX_PROPS = 7 };

/* Holds no pointer. */
struct props {
	size_t size;
	struct prop list[MAX_PROPS + 1]; /* ended by PROP_END */
};

#define PROP(kind, type, member)                                                                   \
	{                                                                                          \
		PROP_##kind, offsetof(type, member)                                                \
	}

/* In the case: add the structure at the end of the tuple. */
void props_pack(relevo_tuple *tuple, const struct props *props, const void *play);

/* In the child: the structure, from `index` on. The child's, until it ends. */
struct stage;
void *props_unpack(relevo_tuple *tuple, size_t index, const struct props *props,
		   struct stage *stage);

/* Memory that the case and its children see, zeroed; until props_end(). */
void *props_memory(size_t size);

/* The case is over. */
void props_end(void);

#endif
