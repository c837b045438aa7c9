#ifndef SUPPORT_SILENCE_H
#define SUPPORT_SILENCE_H

#include "support/broker.h"
#include "support/relay.h"

/* A broker that falls silent: it stands still, or the line to it swallows everything. */
struct silence {
	struct test_broker *broker;
	bool of_line;
	struct relay relay;
	char url[ADDRESS_MAX]; /* to be connected to */
};

/* What relevod is to be started with, for a line. */
extern const char *const silence_of_line[];

/* The transport starts once in a process, and keeps what it opens then: for a group's setup. */
int silence_start_lines(void **state);

/* One connection can be made to it. */
void silence_prepare(struct silence *silence, struct test_broker *broker, bool of_line);

void silence_fall(struct silence *silence);

/* Whoever is connected can go, without waiting for it. */
void silence_break(struct silence *silence);

/* When nobody is connected any more. */
void silence_end(struct silence *silence);

/* In ms: what the library gives the broker beyond a call's time, and a busy machine needs. */
enum { SILENCE_SLACK = 2000 };

/* A call, and how it is to end when nobody answers. */
struct silence_trial {
	const char *name;
	int (*run)(void);
	int time; /* in ms, in which it is to end */
	int status;
};

/* Run them one after the other, and fail with the first that ends too late, or otherwise. */
void silence_try(const struct silence_trial *trials, size_t count);

#endif
