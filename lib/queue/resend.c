/* Sending again what is kept, over a new connection: see resend.h. */
#include "queue/resend.h"

#include "base/mutant.h"
#include "queue/close_handle.h"
#include "session/call.h"
#include "wire/protocol.h"

#include <string.h>

/* ---- their queues --------------------------------------------------------- */

struct finding {
	struct call call;
	uint32_t number;
	uint64_t identity;
};

static int take_found(struct call *call, const struct frame *frame)
{
	struct finding *finding = container_of(call, struct finding, call);
	if (frame->header->op_case != RELEVO__HEADER__OP_QUEUE_OPENED)
		return RELEVO_BAD_FRAME;
	finding->number = frame->header->queue_opened->queue;
	finding->identity = frame->header->queue_opened->identity;
	return RELEVO_OK;
}

/* Open it for the time: its own handle may be closed, or finds the queue when it needs it. GONE:
 * there is none, or another. */
static int target_open(struct relevo_session *session, struct kept_target *target, nsec_t deadline,
		       struct error *error)
{
	struct finding finding = { .call.take = take_found };
	Relevo__QueueOpen operation = RELEVO__QUEUE_OPEN__INIT;
	operation.name = target->name;
	operation.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	operation.any_kind = true;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_OPEN;
	header.queue_open = &operation;
	int status = call_run(session, &finding.call, &header, deadline, error);
	if (status == RELEVO_OK && finding.identity != target->identity) {
		queue_close_handle(session, finding.number);
		status = RELEVO_NOT_FOUND;
	}
	if (status == RELEVO_NOT_FOUND)
		return RELEVO_GONE;
	target->number = finding.number;
	target->epoch = status == RELEVO_OK ? session->connection.epoch : 0;
	return status;
}

static bool is_open(const struct kept_puts *puts, const struct kept_target *target)
{
	return target->epoch == puts->session->connection.epoch;
}

static void target_close(const struct kept_puts *puts, struct kept_target *target)
{
	if (is_open(puts, target))
		queue_close_handle(puts->session, target->number);
	target->epoch = 0;
}

/* ---- the puts ------------------------------------------------------------- */

static int send_again(struct kept_put *kept, const Relevo__QueuePut *options)
{
	struct relevo_session *session = kept->puts->session;
	struct connection *connection = &session->connection;
	size_t size = buffer_size(&kept->bodies);
	Relevo__QueuePut operation = *options;
	operation.queue = kept->target->number;
	operation.name = NULL;
	operation.quiet = true;
	put_number_hold(&kept->puts->numbers, &kept->number, &operation);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++connection->last_call;
	header.sizes = kept->sizes;
	header.n_sizes = kept->count;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct iovec body = { buffer_data(&kept->bodies), size };
	connection->window_used += WINDOW_COST(kept->count, size);
	kept->call = header.call;
	kept->window_end = connection->window_used;
	return outbox_frame(session, &header, &body, size > 0);
}

static int kept_put_resend(struct kept_put *kept)
{
	static const Relevo__QueuePut none = RELEVO__QUEUE_PUT__INIT;
	if (kept->options == NULL)
		return send_again(kept, &none);
	Relevo__QueuePut *options =
		relevo__queue_put__unpack(NULL, kept->options_size, kept->options);
	if (options == NULL)
		return RELEVO_NO_MEMORY;
	int status = send_again(kept, options);
	relevo__queue_put__free_unpacked(options, NULL);
	return status;
}

static int find_all(struct kept_puts *puts, nsec_t deadline, struct error *error)
{
	struct list *node = puts->kept.next;
	while (node != &puts->kept) {
		struct kept_put *kept = container_of(node, struct kept_put, link);
		int status = RELEVO_OK;
		node = node->next;
		if (!is_open(puts, kept->target))
			status = target_open(puts->session, kept->target, deadline, error);
		if (status == RELEVO_GONE)
			kept_put_fail(kept, status);
		else if (status != RELEVO_OK)
			return status;
	}
	return RELEVO_OK;
}

static int send_all(struct kept_puts *puts)
{
	bool backwards = MUTANT(resent_backwards);
	struct list *node = backwards ? puts->kept.previous : puts->kept.next;
	while (node != &puts->kept) {
		int status = kept_put_resend(container_of(node, struct kept_put, link));
		if (status != RELEVO_OK)
			return status;
		node = backwards ? node->previous : node->next;
	}
	list_for_each (each, &puts->kept)
		target_close(puts, container_of(each, struct kept_put, link)->target);
	return outbox_push(puts->session);
}

int resend_kept_puts(struct kept_puts *puts, nsec_t deadline, struct error *error)
{
	if (list_empty(&puts->kept) || MUTANT(kept_puts_not_resent))
		return RELEVO_OK;
	int status = find_all(puts, deadline, error);
	if (status == RELEVO_OK)
		status = send_all(puts);
	if (status != RELEVO_OK && error->status == RELEVO_OK)
		error_set(error, status, "what was put before cannot be sent again");
	flusher_notify(puts->session);
	return status;
}
