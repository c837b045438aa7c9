#include "client/put_to.h"

#include "client/call.h"
#include "client/error.h"
#include "client/item_block.h"
#include "client/queue.h"

static int run_put(struct relevo_session *session, const char *name,
		   const struct relevo_bytes *item, const relevo_item *done, struct error *error)
{
	if (done != NULL && item_block_epoch(done) != session->connection.epoch)
		return error_set(error, RELEVO_NOT_OWNER,
				 "the lease ended when the connection was lost");
	if (item->size > session->connection.limits.max_item)
		return error_set(error, RELEVO_TOO_LARGE,
				 "an item for \"%s\" has %zu bytes, more than the limit of %u",
				 name, item->size, session->connection.limits.max_item);
	uint64_t lease = done != NULL ? done->lease : 0;
	uint32_t size = (uint32_t)item->size;
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.name = (char *)name;
	operation.acks = &lease;
	operation.n_acks = done != NULL;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = &size;
	header.n_sizes = 1;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct iovec body = { (void *)item->data, item->size };
	struct call call = { .bodies = &body, .body_count = 1 };
	return call_run(session, &call, &header, NSEC_NEVER, error);
}

int put_to(relevo_queue *from, const char *name, const struct relevo_bytes *item, relevo_item *done)
{
	struct error *error = client_error();
	int status = queue_begin(from, NSEC_NEVER, error);
	if (status != RELEVO_OK)
		return status;
	status = run_put(from->handle.session, name, item, done, error);
	if (status == RELEVO_OK && done != NULL)
		done->lease = 0;
	session_end(from->handle.session);
	return status;
}
