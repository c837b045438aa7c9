#include "client/lease.h"

#include "client/call.h"
#include "client/error.h"
#include "client/item_block.h"
#include "client/output.h"
#include "client/queue.h"
#include "wire/protocol.h"

#include <stdlib.h>

void lease_give_back(struct relevo_session *session, uint64_t *leases, size_t count)
{
	Relevo__QueueNack operation = RELEVO__QUEUE_NACK__INIT;
	operation.leases = leases;
	operation.n_leases = count;
	operation.unread = true;
	operation.quiet = true;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++session->connection.last_call;
	header.op_case = RELEVO__HEADER__OP_QUEUE_NACK;
	header.queue_nack = &operation;
	if (output_frame(session, &header, NULL, 0) == RELEVO_OK)
		output_push(session);
}

/* The leases among those items that this connection can hold. Leases end with
 * their connection; *lost tells how many of them had. */
static size_t collect(const struct relevo_session *session, const relevo_item *items, size_t count,
		      uint64_t *leases, size_t *lost)
{
	size_t held = 0;
	for (size_t i = 0; i < count; i++) {
		if (items[i].lease == 0)
			continue;
		if (item_block_epoch(&items[i]) == session->connection.epoch)
			leases[held++] = items[i].lease;
		else
			++*lost;
	}
	return held;
}

static int send_ack(struct relevo_session *session, uint64_t *leases, size_t count,
		    struct error *error)
{
	Relevo__QueueAck operation = RELEVO__QUEUE_ACK__INIT;
	operation.leases = leases;
	operation.n_leases = count;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ACK;
	header.queue_ack = &operation;
	struct call call = { .take = NULL };
	return call_run(session, &call, &header, NSEC_NEVER, error);
}

static int send_nack(struct relevo_session *session, uint64_t *leases, size_t count, uint32_t delay,
		     struct error *error)
{
	Relevo__QueueNack operation = RELEVO__QUEUE_NACK__INIT;
	operation.leases = leases;
	operation.n_leases = count;
	operation.delay_ms = delay;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_NACK;
	header.queue_nack = &operation;
	struct call call = { .take = NULL };
	return call_run(session, &call, &header, NSEC_NEVER, error);
}

/* One frame's worth. `delay` < 0: acknowledge. */
static int give_step(struct relevo_session *session, relevo_item *items, size_t count,
		     int64_t delay, uint64_t *leases)
{
	struct error *error = client_error();
	size_t lost = 0;
	size_t held = collect(session, items, count, leases, &lost);
	int status = RELEVO_OK;
	if (held > 0)
		status = delay < 0 ? send_ack(session, leases, held, error)
				   : send_nack(session, leases, held, (uint32_t)delay, error);
	if (status == RELEVO_OK && lost > 0)
		status = error_set(error, RELEVO_NOT_OWNER,
				   "%zu items went back when their connection ended", lost);
	if (status == RELEVO_OK || status == RELEVO_NOT_OWNER) {
		for (size_t i = 0; i < count; i++)
			items[i].lease = 0;
	}
	return status;
}

/* NOT_OWNER for some does not stop the others. */
static int give(struct relevo_session *session, relevo_item *items, size_t count, int64_t delay)
{
	size_t most = count < FRAME_MAX_ITEMS ? count : FRAME_MAX_ITEMS;
	uint64_t *leases = malloc((most > 0 ? most : 1) * sizeof *leases);
	if (leases == NULL)
		return error_set(client_error(), RELEVO_NO_MEMORY, "no memory for %zu leases",
				 most);
	struct error first = { 0 };
	int status = RELEVO_OK;
	for (size_t done = 0; done < count && first.status != RELEVO_DISCONNECTED; done += most) {
		size_t step = count - done < most ? count - done : most;
		status = give_step(session, items + done, step, delay, leases);
		if (status != RELEVO_OK && first.status == RELEVO_OK)
			error_set(&first, status, "%s", relevo_error_detail());
	}
	free(leases);
	*client_error() = first;
	return first.status;
}

static int give_in_session(relevo_queue *queue, relevo_item *items, size_t count, int64_t delay)
{
	int status = queue_begin(queue, NSEC_NEVER, client_error());
	if (status != RELEVO_OK)
		return status;
	status = give(queue->handle.session, items, count, delay);
	session_end(queue->handle.session);
	return status;
}

int relevo_queue_ack(relevo_queue *queue, relevo_item *items, size_t count)
{
	return give_in_session(queue, items, count, -1);
}

int relevo_queue_nack(relevo_queue *queue, relevo_item *items, size_t count, int64_t delay)
{
	if (delay < 0 || delay >= MSEC_FOREVER)
		return error_set(client_error(), RELEVO_BAD_ARGUMENT,
				 "a delay of %lld ms cannot be kept", (long long)delay);
	return give_in_session(queue, items, count, delay);
}
