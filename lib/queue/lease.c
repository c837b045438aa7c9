/* What becomes of leased items: acknowledged, put back, rejected, or leased for longer. */
#include "queue/lease.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/item_block.h"
#include "queue/queue.h"
#include "session/call.h"
#include "session/outbox.h"
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
	if (outbox_frame(session, &header, NULL, 0) == RELEVO_OK)
		outbox_push(session);
}

/* The leases among those items that this connection can hold. Leases end with
 * their connection; *lost tells how many of them had. */
static size_t lease_collect(const struct relevo_session *session, const relevo_item *items,
			    size_t count, uint64_t *leases, size_t *lost)
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

/* What is to become of some items. */
struct fate {
	int (*send)(struct relevo_session *session, const struct fate *fate, struct error *error);
	bool held_on; /* they stay leased */
	bool unread;  /* it never was a delivery */
	uint64_t msec;
	/* One frame's worth: */
	uint64_t *leases;
	size_t count;
};

static int lease_run(struct relevo_session *session, Relevo__Header *header, struct error *error)
{
	struct call call = { .take = NULL };
	return call_run(session, &call, header, session_limit(session), error);
}

static int send_ack(struct relevo_session *session, const struct fate *fate, struct error *error)
{
	Relevo__QueueAck operation = RELEVO__QUEUE_ACK__INIT;
	operation.leases = fate->leases;
	operation.n_leases = fate->count;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ACK;
	header.queue_ack = &operation;
	return lease_run(session, &header, error);
}

static int send_nack(struct relevo_session *session, const struct fate *fate, struct error *error)
{
	Relevo__QueueNack operation = RELEVO__QUEUE_NACK__INIT;
	operation.leases = fate->leases;
	operation.n_leases = fate->count;
	operation.delay_ms = fate->msec;
	operation.unread = fate->unread && !MUTANT(put_back_counts);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_NACK;
	header.queue_nack = &operation;
	return lease_run(session, &header, error);
}

static int send_reject(struct relevo_session *session, const struct fate *fate, struct error *error)
{
	Relevo__QueueReject operation = RELEVO__QUEUE_REJECT__INIT;
	operation.leases = fate->leases;
	operation.n_leases = fate->count;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_REJECT;
	header.queue_reject = &operation;
	return lease_run(session, &header, error);
}

static int send_extend(struct relevo_session *session, const struct fate *fate, struct error *error)
{
	Relevo__QueueExtend operation = RELEVO__QUEUE_EXTEND__INIT;
	operation.leases = fate->leases;
	operation.n_leases = fate->count;
	operation.lease_ms = fate->msec;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_EXTEND;
	header.queue_extend = &operation;
	return lease_run(session, &header, error);
}

/* Whether the broker has nothing more to say about the leases: otherwise they may
 * be tried again. */
static bool is_settled(int status)
{
	return status != RELEVO_DISCONNECTED && status != RELEVO_TIMED_OUT &&
	       status != RELEVO_UNANSWERED && status != RELEVO_NO_MEMORY;
}

/* One frame's worth. */
static int give_step(struct relevo_session *session, relevo_item *items, size_t count,
		     struct fate *fate)
{
	struct error *error = thread_error();
	size_t lost = 0;
	fate->count = lease_collect(session, items, count, fate->leases, &lost);
	int status = RELEVO_OK;
	if (fate->count > 0)
		status = fate->send(session, fate, error);
	if (status == RELEVO_OK && lost > 0)
		status = error_set(error, RELEVO_NOT_OWNER,
				   "%zu items went back when their connection ended", lost);
	if (is_settled(status) && !fate->held_on) {
		for (size_t i = 0; i < count; i++)
			items[i].lease = 0;
	}
	return status;
}

/* With a connection that is lost, or a broker that is silent, nothing more comes of it. */
static bool may_go_on(int status)
{
	return status != RELEVO_DISCONNECTED && status != RELEVO_UNANSWERED;
}

/* A failure of some does not stop the others. */
static int lease_give(struct relevo_session *session, relevo_item *items, size_t count,
		      struct fate *fate)
{
	size_t most = count < FRAME_MAX_LEASES ? count : FRAME_MAX_LEASES;
	fate->leases = malloc((most > 0 ? most : 1) * sizeof *fate->leases);
	if (fate->leases == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for %zu leases",
				 most);
	struct error first = { 0 };
	for (size_t done = 0; done < count && may_go_on(first.status); done += most) {
		size_t step = count - done < most ? count - done : most;
		int status = give_step(session, items + done, step, fate);
		if (status != RELEVO_OK && first.status == RELEVO_OK)
			error_set(&first, status, "%s", relevo_error_detail());
	}
	free(fate->leases);
	*thread_error() = first;
	return first.status;
}

static int give_in_session(relevo_queue *queue, relevo_item *items, size_t count, struct fate fate)
{
	nsec_t limit = session_limit(queue->handle.session);
	struct error *error = thread_error();
	int status;
	/* Over another connection all of them are another's: NOT_OWNER. */
	do {
		status = queue_enter(queue, limit, error);
		if (status == RELEVO_OK) {
			status = lease_give(queue->handle.session, items, count, &fate);
			session_leave(queue->handle.session);
		}
	} while (handle_rides(&queue->handle, limit, &status, error));
	return status;
}

int relevo_queue_ack(relevo_queue *queue, relevo_item *items, size_t count)
{
	if (!given(queue) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	return give_in_session(queue, items, count, (struct fate){ send_ack });
}

int relevo_queue_nack(relevo_queue *queue, relevo_item *items, size_t count, int64_t delay)
{
	if (!given(queue) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	int status = queue_check_time("a delay", delay, thread_error());
	if (status != RELEVO_OK)
		return status;
	return give_in_session(queue, items, count,
			       (struct fate){ send_nack, .msec = (uint64_t)delay });
}

int relevo_queue_put_back(relevo_queue *queue, relevo_item *items, size_t count)
{
	if (!given(queue) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	return give_in_session(queue, items, count, (struct fate){ send_nack, .unread = true });
}

int relevo_queue_reject(relevo_queue *queue, relevo_item *items, size_t count)
{
	if (!given(queue) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	return give_in_session(queue, items, count, (struct fate){ send_reject });
}

int relevo_queue_extend(relevo_queue *queue, relevo_item *items, size_t count, int64_t lease)
{
	if (!given(queue) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	int status = queue_check_time("a lease", lease, thread_error());
	if (status != RELEVO_OK)
		return status;
	return give_in_session(
		queue, items, count,
		(struct fate){ send_extend, .held_on = true, .msec = (uint64_t)lease });
}
