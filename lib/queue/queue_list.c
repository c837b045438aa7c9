/* Listing the queues of a broker, with their counts. */
#include "base/thread_error.h"
#include "queue/queue.h"
#include "session/call.h"

#include <relevo/manage.h>
#include <stdlib.h>
#include <string.h>

/* One page of the listing, out of the frame. */
struct listing {
	struct call call;
	struct relevo_queue_info *infos; /* with the names behind them */
	size_t count;
	bool more;
};

/* Whether each column has an entry for each queue. */
static bool queue_list_is_whole(const Relevo__QueueListing *listing)
{
	const size_t counts[] = {
		listing->n_kinds,        listing->n_ready,   listing->n_leased,  listing->n_delayed,
		listing->n_bytes,        listing->n_getters, listing->n_putters, listing->n_put,
		listing->n_acknowledged, listing->n_handles,
	};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		if (counts[i] != listing->n_names)
			return false;
	}
	return true;
}

static struct relevo_queue_info queue_list_row(const Relevo__QueueListing *listing, size_t i,
					       char **place)
{
	struct relevo_queue_info info = {
		.name = *place,
		.kind = (enum relevo_kind)listing->kinds[i],
		.ready = listing->ready[i],
		.leased = listing->leased[i],
		.delayed = listing->delayed[i],
		.bytes = listing->bytes[i],
		.getters = listing->getters[i],
		.putters = listing->putters[i],
		.put = listing->put[i],
		.acknowledged = listing->acknowledged[i],
		.handles = listing->handles[i],
	};
	*place = stpcpy(*place, listing->names[i]) + 1;
	return info;
}

static int queue_list_take_listing(struct call *call, const struct frame *frame)
{
	struct listing *page = container_of(call, struct listing, call);
	const Relevo__QueueListing *listing = frame->header->queue_listing;
	if (frame->header->op_case != RELEVO__HEADER__OP_QUEUE_LISTING ||
	    !queue_list_is_whole(listing))
		return RELEVO_BAD_FRAME;
	size_t size = listing->n_names * sizeof *page->infos;
	for (size_t i = 0; i < listing->n_names; i++)
		size += strlen(listing->names[i]) + 1;
	page->infos = malloc(size + 1);
	if (page->infos == NULL)
		return RELEVO_NO_MEMORY;
	char *place = (char *)(page->infos + listing->n_names);
	for (size_t i = 0; i < listing->n_names; i++)
		page->infos[i] = queue_list_row(listing, i, &place);
	page->count = listing->n_names;
	page->more = listing->more;
	return RELEVO_OK;
}

static int queue_list_fetch(relevo_session *session, const char *prefix, const char *after,
			    struct listing *page)
{
	nsec_t limit = session_limit(session);
	struct error *error = thread_error();
	int status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueList operation = RELEVO__QUEUE_LIST__INIT;
	operation.prefix = (char *)prefix;
	operation.after = (char *)after;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_LIST;
	header.queue_list = &operation;
	status = call_run(session, &page->call, &header, limit, error);
	session_leave(session);
	return status;
}

int relevo_queue_list(relevo_session *session, const char *prefix,
		      int (*visit)(const struct relevo_queue_info *info, void *user), void *user)
{
	if (!given(session) || !given_function(visit))
		return RELEVO_BAD_ARGUMENT;
	char after[NAME_MAX_BYTES + 1] = "";
	bool more = true;
	int status = RELEVO_OK;
	while (more && status == RELEVO_OK) {
		struct listing page = { .call.take = queue_list_take_listing };
		status = queue_list_fetch(session, prefix != NULL ? prefix : "", after, &page);
		for (size_t i = 0; i < page.count && status == RELEVO_OK; i++)
			status = visit(&page.infos[i], user);
		more = page.more && page.count > 0;
		if (more)
			strncpy(after, page.infos[page.count - 1].name, NAME_MAX_BYTES);
		free(page.infos);
	}
	return status;
}
