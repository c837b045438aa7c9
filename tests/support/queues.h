#ifndef SUPPORT_QUEUES_H
#define SUPPORT_QUEUES_H

#include "support/broker.h"
#include "support/leaks.h"
#include "support/process.h"

#include <relevo/relevo.h>
#include <string.h>

/* A broker, a session and a queue "q" of it: what most tests begin with. */
struct scene {
	struct test_broker broker;
	relevo_session *session;
	relevo_queue *queue;
};

/* For cmocka: set up and torn down around a test, with the check for
 * descriptors left open around all. *state is the scene. */
int scene_setup(void **state);
int scene_setup_with(void **state, const char *const *arguments); /* of relevod */
int scene_teardown(void **state);

#define scene_unit_test(function)                                                                  \
	cmocka_unit_test_setup_teardown(function, scene_setup, scene_teardown)

/* SIGKILL for the broker; what it kept is lost, its folder stays. */
void broker_kill(struct test_broker *broker);

/* Another one at the same addresses. */
void broker_again(struct test_broker *broker);

/* Another session with that broker, and queues of it. */
relevo_session *session_open(const char *url);
relevo_queue *queue_open(relevo_session *session, const char *name);
relevo_queue *queue_open_existing(relevo_session *session, const char *name);
relevo_queue *queue_open_bounded(relevo_session *session, const char *name, int64_t capacity);

/* Put a text, get one. */
void put_text(relevo_queue *queue, const char *text);
void expect_text(relevo_queue *queue, const char *text);
void expect_empty(relevo_queue *queue);

struct relevo_queue_state counts_of(relevo_queue *queue);

/* Wait until so many calls wait for an item of it, or for room in it. */
void wait_for_getters(relevo_queue *queue, uint64_t count);
void wait_for_putters(relevo_queue *queue, uint64_t count);

/* Wait until so many items are handed out and not acknowledged. */
void wait_for_leased(relevo_queue *queue, uint64_t count);

/* An item whose bytes tell where they stand. */
void pattern_fill(uint8_t *bytes, size_t size, uint32_t seed);
bool pattern_holds(const uint8_t *bytes, size_t size, uint32_t seed);

#endif
