#ifndef UNIT_ENGINE_FIXTURE_H
#define UNIT_ENGINE_FIXTURE_H

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/core.h"
#include "engine/engine.h"
#include "queues/manage.h"
#include "support/recorder_fake.h"

/*
 * An engine, three sessions (a and b of user 1, c of user 2), and calls whose
 * answers are kept. Items are words: "x y z" is a put of three. Time is `now`,
 * in seconds from the start.
 */
struct fixture {
	struct accounts accounts;
	struct account *first_user, *second_user;
	struct recorder_fake recorder;
	struct engine *engine;
	struct engine_peer *a, *b, *c;
	nsec_t now;
};

enum { CALL_ITEMS = 64 };

struct call {
	struct waiter waiter;
	int answers; /* how often it was answered: must never be above 1 */
	int status;
	char text[ERROR_TEXT_SIZE];
	uint32_t accepted;
	uint32_t count;
	uint64_t leases[CALL_ITEMS];
	uint32_t deliveries[CALL_ITEMS];
	uint64_t grants[CALL_ITEMS];
	char items[1024];                /* the words */
	void (*then)(struct call *call); /* called from inside the answer */
	struct fixture *fixture;         /* for `then` */
	void *user;
};

struct fixture *fixture_open(const struct engine_config *config);

/* The same, with no recorder: f->recorder hears nothing. */
struct fixture *fixture_open_unrecorded(const struct engine_config *config);

/* Ends the sessions that are left and the engine, which checks that no item is alive;
 * checks that nothing is charged. */
void fixture_close(struct fixture *fixture);

/* For cmocka_unit_test_setup_teardown(): roomy limits. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define fixture_test(function)                                                                     \
	cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* The same, with turns in which little is done, so that what is long takes many. */
enum { SHORT_TURN = 40 };

int fixture_setup_short_turns(void **state);

#define fixture_turn_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, fixture_setup_short_turns, fixture_teardown)

/* Turns until nothing is left to do now, and how many; each does no more than it may, and a
 * step. */
unsigned take_turns(struct fixture *fixture);

/* The session ends, and its pointer becomes NULL. */
void gone(struct fixture *fixture, struct engine_peer **peer);

/* Time goes on to `seconds`, in as many ticks as the engine asks for. */
void tick_to(struct fixture *fixture, unsigned seconds);

#define SECONDS(n) ((nsec_t)(n)*NSEC_PER_SEC)

/* Open or create; asserts that it worked. */
uint32_t open_queue(struct engine_peer *peer, const char *name,
		    const struct queue_options *options);
uint32_t open_plain(struct engine_peer *peer, const char *name);
uint32_t open_bounded(struct engine_peer *peer, const char *name, uint64_t capacity);
uint32_t open_leased(struct engine_peer *peer, const char *name, unsigned seconds);

/* Calls, at the time that the engine was told last; `deadline` as in the requests. Each `struct
 * call` is set up here, but for `then`, `fixture` and `user`. */
void put(struct engine_peer *peer, uint32_t handle, const char *words, nsec_t deadline,
	 struct call *call);
void get(struct engine_peer *peer, uint32_t handle, uint32_t max_items, nsec_t deadline,
	 struct call *call);
/* One item, and up to `ahead` more; does not wait. */
void get_ahead(struct engine_peer *peer, uint32_t handle, uint32_t ahead, struct call *call);
void put_request(struct engine_peer *peer, struct put_request *request, const char *words,
		 struct call *call);

/* Move items from one queue to another, at that time. */
void move_items(struct engine_peer *peer, const struct move_request *request, nsec_t now,
		struct call *call);

/* A put that does not wait, and must succeed. */
void put_now(struct engine_peer *peer, uint32_t handle, const char *words);

/* A get of all there is that does not wait: checks the words, "" for none. */
void expect(struct engine_peer *peer, uint32_t handle, const char *words, struct call *call);

/* Acknowledge all that the call got; asserts that it worked. */
void ack(struct engine_peer *peer, const struct call *call);

/* Give all of it back at once. */
void nack(struct engine_peer *peer, const struct call *call);

struct queue_counts counts_of(struct engine_peer *peer, uint32_t handle);

void assert_waits(const struct call *call);
void assert_answer(const struct call *call, int status);
void assert_items(const struct call *call, const char *words);
void assert_text(const char *text, const char *part);

#endif
