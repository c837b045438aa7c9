#ifndef UNIT_ENGINE_CELLS_H
#define UNIT_ENGINE_CELLS_H

#include "fixture.h"

/*
 * Calls on cells made of numbers of 64 bits, and their answers. A check or change
 * of one element is a struct number_term.
 */
struct cell_call {
	struct waiter waiter;
	int answers; /* how often it was answered: must never be above 1 */
	int status;
	char text[ERROR_TEXT_SIZE];
	bool applied;
	uint64_t version, will;
	uint32_t waiters;
	int64_t values[8]; /* what was read, of the first eight */
	size_t count;
	void (*then)(struct cell_call *call); /* called from inside the answer */
	void *user;
};

struct number_term {
	uint32_t first;
	uint8_t operation;
	int64_t operand;
};

enum { MOST_TERMS = CELL_MAX_TERMS + 1 };

struct number_update {
	uint32_t handle;
	struct number_term terms[MOST_TERMS];
	size_t count;
	struct number_term will[4];
	size_t will_count;
	uint64_t withdraw;
	uint32_t read_first, read_count;
};

/* Options of a cell of so many numbers that is kept, and serves as "test". */
struct cell_options numbers(uint32_t count);

/* Open or create; asserts that it worked. */
uint32_t open_cell(struct engine_peer *peer, const char *name, const struct cell_options *options);
uint32_t open_numbers(struct engine_peer *peer, const char *name, uint32_t count);
int try_open_cell(struct engine_peer *peer, const char *name, enum queue_open_mode mode,
		  const struct cell_options *options, struct error *error);

/* At the time that the engine was told last. The call is set up here, but for
 * `then` and `user`. An update is always answered. */
void update(struct engine_peer *peer, const struct number_update *update, struct cell_call *call);
void update_with(struct engine_peer *peer, const struct cell_update *request,
		 struct cell_call *call);
void await(struct engine_peer *peer, const struct cell_wait *request, int64_t operand,
	   struct cell_call *call);

/* Wait for element 0, for ever. */
void await_first(struct engine_peer *peer, uint32_t handle, uint8_t operation, int64_t operand,
		 struct cell_call *call);

/* Set one element; add to it; what it is. */
void set(struct engine_peer *peer, uint32_t handle, uint32_t first, int64_t value);
int64_t add(struct engine_peer *peer, uint32_t handle, uint32_t first, int64_t value);
int64_t value_of(struct engine_peer *peer, uint32_t handle, uint32_t first);

/* Leave a will that sets element `first`; its number. */
uint64_t leave_will(struct engine_peer *peer, uint32_t handle, uint32_t first, int64_t value);

void assert_cell_waits(const struct cell_call *call);
void assert_cell_answer(const struct cell_call *call, int status);

#endif
