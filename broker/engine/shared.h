#ifndef ENGINE_SHARED_H
#define ENGINE_SHARED_H

#include "base/error.h"
#include "core/object.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct engine;
struct engine_peer;

/*
 * Shared memory, as far as rules go: names, lifetimes, who has it open. What is
 * behind a name is opaque here and comes from a source.
 */
struct shared_options {
	enum queue_lifetime lifetime;
	uint64_t size; /* bytes; not 0 when it is created */
	bool unlocked; /* it has no lock of its own */
	/* What it begins with if it is created: so many bytes, at most `size`. */
	const void *initial;
	size_t initial_size;
};

/* Stands in engine_config; who opens no shared memory needs none. */
struct shared_source {
	/* Make memory and charge the account for it. QUOTA, LIMIT, NO_DESCRIPTORS, NO_MEMORY,
	 * SYSTEM. */
	int (*make)(const struct shared_options *options, struct account *account, void **memory,
		    struct error *error);
	/* The engine needs it no more. */
	void (*release)(void *memory);
	/* How many that one session has made may be there at a time. NULL: any number. */
	uint32_t (*share)(void);
};

struct shared_request {
	const char *name; /* "": a new one that the engine makes up */
	enum queue_open_mode mode;
	struct shared_options options;
};

struct shared_opened {
	uint32_t handle;  /* number of the memory in this session, never 0 */
	const char *name; /* valid until the engine is called again, as is the next */
	void *memory;
	bool created;
	uint64_t identity; /* tells it from any other that ever bears the name */
	uint64_t size;
	bool unlocked;
};

/*
 * Open shared memory, creating it as the mode says. OPEN_EXISTING takes it as it
 * is; QUEUE_OPEN_OR_CREATE has to agree with it in size, lock and lifetime.
 *   BAD_NAME, BAD_ARGUMENT (nothing, or less than its first contents, is to be
 *   created), NOT_FOUND, EXISTS, OPTION_MISMATCH, QUOTA, LIMIT (handles of this
 *   session, or what it has made), NO_MEMORY, SYSTEM
 */
int shared_open(struct engine_peer *peer, const struct shared_request *request,
		struct shared_opened *opened, struct error *error);

/* BAD_ARGUMENT: no such handle. */
int shared_close(struct engine_peer *peer, uint32_t handle, struct error *error);

/* The name is free at once. Handles stay as they are. NOT_FOUND, BAD_NAME. */
int shared_delete(struct engine *engine, const char *name, struct error *error);

/* ---- for the engine --------------------------------------------------- */

/* Have open what the other session has. QUOTA, NO_MEMORY. */
int shared_inherit(struct engine_peer *peer, const struct engine_peer *from, struct error *error);

/* The session has ended: a piece of what follows. False: there is more. */
bool shared_leave(struct engine_peer *peer);

/* The engine ends: let go of what is still there. */
void shared_forget_all(struct engine *engine);

#endif
