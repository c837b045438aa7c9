#ifndef NET_OUTPUT_H
#define NET_OUTPUT_H

#include "base/buffer.h"
#include "collections/account.h"
#include "net/descriptor.h"
#include "transport/channel.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>

/* Bodies from this size on are sent from where they are; copying smaller ones
 * is cheaper than one more piece in the vector of a system call. */
#define OUTPUT_REFER_FROM 4096u

/* Memory that an output may have without asking, so that whoever has no share left can
 * be told so. */
#define OUTPUT_PREPAID    1024u

/* The body of an item on its way out. */
struct output_body {
	const void *bytes;
	size_t size;
	void *owner; /* keeps the bytes where they are while held; NULL: they have to be copied */
};

/* How an owner is kept. */
struct output_owners {
	void *context;
	/* False: it cannot be held, the body is copied instead. */
	bool (*hold)(void *context, void *owner);
	void (*release)(void *context, void *owner);
};

/*
 * What waits to be sent on one connection, in order: runs of bytes that were
 * copied, bodies that are only referred to, and descriptors. Zero-initialised but for
 * `owners`, `spare` and `bill.account` is empty and valid. The account is charged before
 * anything beyond OUTPUT_PREPAID is allocated.
 */
struct output {
	const struct output_owners *owners;
	struct buffer *spare; /* an empty one that outputs share, for what is large */
	struct buffer copied; /* the bytes of all copied runs, one behind the other */
	struct buffer pieces; /* of struct output_piece */
	struct bill bill;     /* for the memory of both */
	size_t size;          /* bytes waiting */
	size_t warm;          /* bytes of the next answer that there are pages for */
	uint32_t descriptors; /* waiting among them, each once */
};

void output_fini(struct output *output);

/* Forget all that waits, and release it. */
void output_discard(struct output *output);

/* Whether the account has a share left for that many bytes more. */
bool output_affords(const struct output *output, size_t size);

/*
 * Have memory for an answer of that many bytes made, a piece at each call, so that it is only
 * copied in the end: true when that is done, or not worth it, or there is no share left for it.
 * It is kept until the next frame is appended.
 */
bool output_warm(struct output *output, size_t size);

/*
 * Append a frame; header->sizes are those of the bodies. QUOTA: the user has no share of
 * memory left, and nothing has been appended. NO_MEMORY: the stream may be cut inside a
 * frame, and is of no more use.
 */
int output_append(struct output *output, const Relevo__Header *header,
		  const struct output_body *bodies);

/* Append a frame without bodies whose first byte brings a descriptor; holds it
 * until it has left. Where the system does not pass it, the frame goes without. */
int output_append_with(struct output *output, const Relevo__Header *header,
		       struct descriptor *descriptor);

/*
 * Send what goes. OK: nothing waits any more, or the connection's turn is over
 * and it need not wait for its next one. TRY_AGAIN: it takes no more now.
 * DISCONNECTED as for channel_send().
 */
int output_send(struct output *output, struct channel *channel);

/* Give memory back that is not used now. */
void output_shrink(struct output *output);

#endif
