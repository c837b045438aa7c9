#ifndef TRANSCRIPT_SCENE_H
#define TRANSCRIPT_SCENE_H

#include "support/broker.h"
#include "support/test.h"
#include "support/wire_client.h"

/*
 * What most transcripts start from: a broker, a client that has said hello and
 * opened the queue "work", and a bystander who did the same. When the test is
 * over the bystander must not have noticed anything: its items go there and
 * back, and the broker ends in order.
 */
struct scene {
	struct test_broker broker;
	struct wire_client client;
	uint32_t queue; /* "work", of the client */
	struct wire_client bystander;
	uint32_t beside; /* "beside", of the bystander */
};

/* cmocka fixtures; *state is a struct scene. */
int scene_setup(void **state);
int scene_teardown(void **state);

/* The broker gets these arguments as well. */
int scene_setup_with(void **state, const char *const *arguments);

#define scene_test(function) cmocka_unit_test_setup_teardown(function, scene_setup, scene_teardown)

#endif
