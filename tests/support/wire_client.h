#ifndef SUPPORT_WIRE_CLIENT_H
#define SUPPORT_WIRE_CLIENT_H

#include "base/buffer.h"
#include "base/clock.h"
#include "support/test.h"
#include "wire/frame.h"
#include "wire/protocol.h"

#include <stdbool.h>

/*
 * A client that knows frames and nothing else, over a plain socket. Whatever is
 * not as expected fails the test; nothing waits longer than WIRE_MSEC.
 */
enum { WIRE_MSEC = TEST_PATIENCE };

struct wire_client {
	int fd;
	struct buffer input;
	struct arena arena;
	struct frame frame; /* the last received */
	size_t consume;     /* its size, while it is looked at */
	uint64_t last_call; /* number given out last */
};

/* ipc://, abstract:// or tcp://127.0.0.1:PORT. */
void wire_connect(struct wire_client *client, const char *url);
void wire_close(struct wire_client *client);

/* ---- bytes ------------------------------------------------------------- */

void wire_send_bytes(struct wire_client *client, const void *bytes, size_t size);

/* The prefix of a frame: `length` and `header` as they are given. */
void wire_send_prefix(struct wire_client *client, uint32_t length, uint32_t header);

/* The other end closes the connection, and has nothing more to say. */
void wire_expect_end(struct wire_client *client);

/* Nothing arrives for so long. */
void wire_expect_silence(struct wire_client *client, int msec);

/* ---- frames ------------------------------------------------------------ */

/* Initialises a Relevo__Header: WIRE_HEADER(QUEUE_GET, queue_get, &get). */
#define WIRE_HEADER(NAME, name, message)                                                           \
	{                                                                                          \
		.base = PROTOBUF_C_MESSAGE_INIT(&relevo__header__descriptor),                      \
		.op_case = RELEVO__HEADER__OP_##NAME, .name = (message)                            \
	}

/* The bytes of a frame; buffer_fini() them. header->sizes have to be set. */
struct buffer wire_encode(const Relevo__Header *header, const void *bodies);

/* Number the call and send it; returns the number. `bodies` are one behind the
 * other. */
uint64_t wire_send(struct wire_client *client, Relevo__Header *header, const void *bodies);

/* The next frame, valid until the following one is received. */
const struct frame *wire_receive(struct wire_client *client);

/* The next frame answers that call with that operation. */
const Relevo__Header *wire_expect(struct wire_client *client, uint64_t call,
				  Relevo__Header__OpCase operation);
void wire_expect_done(struct wire_client *client, uint64_t call, uint32_t count);

/* A Failure of that status, `text` a part of what it says. */
const Relevo__Header *wire_expect_failure(struct wire_client *client, uint64_t call, int status,
					  const char *text);

/* The next frame is QueueItems with one item of that text. Its lease. */
uint64_t wire_expect_item(struct wire_client *client, uint64_t call, const char *text);

/* ---- calls: each sends one, those without an answer here return its number -- */

void wire_hello(struct wire_client *client);
uint32_t wire_open(struct wire_client *client, const char *name);
uint64_t wire_send_put(struct wire_client *client, const Relevo__QueuePut *put, const char *text);
void wire_put(struct wire_client *client, uint32_t queue, const char *text);
uint64_t wire_send_get(struct wire_client *client, uint32_t queue, uint32_t max_items,
		       uint32_t timeout_ms);
uint64_t wire_send_ack(struct wire_client *client, uint64_t lease);
uint64_t wire_send_nack(struct wire_client *client, uint64_t lease, uint64_t delay_ms);
uint64_t wire_send_flush(struct wire_client *client);
uint64_t wire_send_goodbye(struct wire_client *client);

/* Put an item, get it, acknowledge it. */
void wire_round_trip(struct wire_client *client, uint32_t queue);

/* The first byte of the next frame, and the descriptor that comes with it or -1. */
int wire_receive_descriptor(struct wire_client *client);

#endif
