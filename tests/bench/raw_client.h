#ifndef BENCH_RAW_CLIENT_H
#define BENCH_RAW_CLIENT_H

#include "base/buffer.h"
#include "wire/frame.h"

/* A client that sends whatever frames it likes, many at a time, and of the answers only counts
 * the frames. Dies of errors. */
struct raw_client {
	int fd;
	const char *url;
	struct buffer output; /* what is sent next */
	struct buffer input;
	struct arena arena;
	uint64_t last_call;
	uint64_t session; /* its number, after raw_client_open() */
};

/* At an address that begins with abstract://. */
void raw_client_open(struct raw_client *client, const char *url);
void raw_client_close(struct raw_client *client);

/* The same in steps: connect; add Hello, as the heir of that session, or 0, to what is sent. */
void raw_client_connect(struct raw_client *client, const char *url);
void raw_client_greet(struct raw_client *client, uint64_t inherits);

/* Initialises a Relevo__Header: RAW_HEADER(QUEUE_GET, queue_get, &get). */
#define RAW_HEADER(NAME, name, message)                                                            \
	{                                                                                          \
		.base = PROTOBUF_C_MESSAGE_INIT(&relevo__header__descriptor),                      \
		.op_case = RELEVO__HEADER__OP_##NAME, .name = (message)                            \
	}

/* Number the call and add it to what is sent; bodies are empty. */
uint64_t raw_client_add(struct raw_client *client, Relevo__Header *header);

/* The same with bodies, one behind the other. */
uint64_t raw_client_add_with(struct raw_client *client, Relevo__Header *header, const void *bodies);

/* Send all of it, and read until that call is answered. */
const Relevo__Header *raw_client_await(struct raw_client *client, uint64_t call);

/* Send all of it. */
void raw_client_send(struct raw_client *client);

/* Send all of it, and read until the broker has dealt with it. */
void raw_client_flush(struct raw_client *client);

#endif
