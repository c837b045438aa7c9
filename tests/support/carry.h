#ifndef SUPPORT_CARRY_H
#define SUPPORT_CARRY_H

#include "support/cutter.h"
#include "support/queues.h"

/* A client of a broker with a data folder, by way of a cutter, and one that goes there directly. */
struct line {
	struct scene *scene;
	struct cutter cutter;
	relevo_session *session; /* by way of the cutter */
	relevo_queue *queue;     /* durable, there */
	relevo_session *direct;
	relevo_queue *other; /* the same queue, directly */
};

/* cmocka fixtures; *state is a struct line, not opened. The environment's CARRY_ON_SEED, or the
 * time, says where the cutter cuts. */
int line_setup(void **state);
int line_teardown(void **state);

#define line_test(function) cmocka_unit_test_setup_teardown(function, line_setup, line_teardown)

/* Connect, and open the queue "line"; `options` are made durable. */
void line_open(struct line *line, struct relevo_queue_options options);
relevo_queue *open_durable(relevo_session *session, const char *name,
			   struct relevo_queue_options options);

/* No more connections, and none is left; and: they can be made again. */
void go_away(struct line *line);
void come_back(struct line *line);

/* What the client has said since `swallows` never came to the broker. */
void lose_what_was_said(struct line *line);

/* Items that are numbers. */
void put_number(relevo_queue *queue, uint32_t number);
uint32_t get_number(relevo_queue *queue);

/* So many from there on, some alone, some together. */
void put_numbers(relevo_queue *queue, uint32_t from, uint32_t count);

/* From 0 on each is there once, in order. */
void expect_numbers(relevo_queue *queue, uint32_t count);

#endif
