/* Keeping an answer back as packed bytes until the commit: see deferred.h. */
#include "route/deferred.h"

#include "base/mutant.h"
#include "core/commit.h"

#include <stdlib.h>
#include <string.h>

/* Bodies of these are items that are not to be copied; and they do not change what is durable,
 * or wait in the engine until it is. */
static bool operation_waits_itself(unsigned operation)
{
	switch (operation) {
	case RELEVO__HEADER__OP_QUEUE_PUT:
	case RELEVO__HEADER__OP_QUEUE_GET:
	case RELEVO__HEADER__OP_QUEUE_PEEK:
	case RELEVO__HEADER__OP_QUEUE_MOVE:
	case RELEVO__HEADER__OP_CELL_WAIT:
		return true;
	default:
		return false;
	}
}

void deferred_begin(struct session *session, const Relevo__Header *header)
{
	struct router *router = session->router;
	router->answering = operation_waits_itself(header->op_case) ? NULL : session;
	router->answering_call = header->call;
	router->changes = engine_changes(router->engine);
}

void deferred_end(struct router *router)
{
	router->answering = NULL;
}

void deferred_wait_for_all(struct session *session, uint64_t call)
{
	struct router *router = session->router;
	router->answering = engine_is_committing(router->engine) ? session : NULL;
	router->answering_call = call;
	/* As if it had changed something itself. */
	router->changes = UINT64_MAX;
}

static void answer_deferred(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	struct session *session = call->session;
	struct answer_kept *kept = call->kept;
	if (answer->status == RELEVO_OK) {
		struct output_body body = { .bytes = kept->bytes + kept->header_size,
					    .size = (uint32_t)kept->body_size };
		Relevo__Header *header =
			relevo__header__unpack(NULL, kept->header_size, kept->bytes);
		if (header != NULL)
			connection_send(session->connection, header,
					header->n_sizes > 0 ? &body : NULL);
		else
			call->fail(session, call->number,
				   &(struct error){ .status = RELEVO_NO_MEMORY });
		if (header != NULL)
			relevo__header__free_unpacked(header, NULL);
	} else {
		struct error error;
		error_set(&error, answer->status, "%s", answer->text);
		call->fail(session, call->number, &error);
	}
	call_free(call);
}

/* The header packed, and the body behind it: what is deferred has one at most. */
static struct answer_kept *keep(const Relevo__Header *header, const struct output_body *bodies)
{
	size_t header_size = relevo__header__get_packed_size(header);
	size_t body_size = header->n_sizes > 0 ? header->sizes[0] : 0;
	struct answer_kept *kept = malloc(sizeof *kept + header_size + body_size);
	if (kept == NULL)
		return NULL;
	kept->header_size = header_size;
	kept->body_size = body_size;
	relevo__header__pack(header, kept->bytes);
	if (body_size > 0)
		memcpy(kept->bytes + header_size, bodies->bytes, body_size);
	return kept;
}

bool deferred_take(struct session *session, const Relevo__Header *header,
		   const struct output_body *bodies, answer_failure *fail)
{
	struct router *router = session->router;
	struct error error;
	struct call *call;
	/* What is done may answer other calls of the same session, too. */
	if (router->answering != session || router->answering_call != header->call ||
	    session->peer == NULL || router->changes == engine_changes(router->engine) ||
	    header->n_sizes > 1 || MUTANT(answered_before_durable))
		return false;
	router->answering = NULL;
	struct answer_kept *kept = keep(header, bodies);
	if (kept == NULL)
		error_set(&error, RELEVO_NO_MEMORY,
			  "no memory for the answer: what was asked has been done");
	else if (call_new(session, header->call, false, &call, &error) == RELEVO_OK) {
		call->kept = kept;
		call->fail = fail;
		call->waiter.answer = answer_deferred;
		engine_await_commit(session->peer, &call->waiter);
		return true;
	}
	free(kept);
	fail(session, header->call, &error);
	return true;
}
