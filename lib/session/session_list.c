/* Listing the sessions of a broker, with what each waits for and holds. */
#include "base/thread_error.h"
#include "os/pid.h"
#include "session/call.h"

#include <relevo/manage.h>
#include <stdlib.h>
#include <string.h>

/* One page of the listing, out of the frame: in one allocation the sessions, what they
 * wait for, what they hold, and all texts. */
struct listing {
	struct call call;
	struct relevo_session_info *infos;
	size_t count;
	bool more;
	char *place; /* for the next text */
};

/* Whether each column has an entry for each row. */
static bool all_equal(const size_t *counts, size_t columns, size_t rows)
{
	for (size_t i = 0; i < columns; i++) {
		if (counts[i] != rows)
			return false;
	}
	return true;
}

static size_t sum(const uint32_t *numbers, size_t count)
{
	size_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += numbers[i];
	return all;
}

static bool session_list_is_whole(const Relevo__SessionListing *listing)
{
	const size_t rows = listing->n_sessions;
	const size_t columns[] = {
		listing->n_pids,        listing->n_uids,        listing->n_local,
		listing->n_names,       listing->n_hosts,       listing->n_addresses,
		listing->n_ages_ms,     listing->n_handles,     listing->n_leases,
		listing->n_waits,       listing->n_bytes,       listing->n_user_bytes,
		listing->n_wait_counts, listing->n_held_counts,
	};
	const size_t waits[] = { listing->n_wait_kinds, listing->n_wait_objects,
				 listing->n_waits_ms };
	const size_t held[] = { listing->n_held_kinds, listing->n_held_objects };
	return all_equal(columns, sizeof columns / sizeof columns[0], rows) &&
	       all_equal(waits, 3, listing->n_wait_calls) && all_equal(held, 2, listing->n_held) &&
	       sum(listing->wait_counts, rows) == listing->n_wait_calls &&
	       sum(listing->held_counts, rows) == listing->n_held;
}

/* ---- copying ------------------------------------------------------------ */

static size_t text_size(char *const *texts, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += strlen(texts[i]) + 1;
	return size;
}

static size_t all_text(const Relevo__SessionListing *listing)
{
	return text_size(listing->names, listing->n_names) +
	       text_size(listing->hosts, listing->n_hosts) +
	       text_size(listing->addresses, listing->n_addresses) +
	       text_size(listing->wait_kinds, listing->n_wait_kinds) +
	       text_size(listing->wait_objects, listing->n_wait_objects) +
	       text_size(listing->held_kinds, listing->n_held_kinds) +
	       text_size(listing->held_objects, listing->n_held_objects);
}

static const char *session_list_copy(struct listing *page, const char *text)
{
	char *place = page->place;
	page->place = stpcpy(place, text) + 1;
	return place;
}

static void copy_waits(struct listing *page, const Relevo__SessionListing *listing,
		       struct relevo_session_wait *waits)
{
	for (size_t i = 0; i < listing->n_wait_calls; i++)
		waits[i] = (struct relevo_session_wait){
			.call = (enum relevo_waiting_call)listing->wait_calls[i],
			.kind = session_list_copy(page, listing->wait_kinds[i]),
			.object = session_list_copy(page, listing->wait_objects[i]),
			.msec = (int64_t)listing->waits_ms[i],
		};
}

static void copy_holds(struct listing *page, const Relevo__SessionListing *listing,
		       struct relevo_session_hold *holds)
{
	for (size_t i = 0; i < listing->n_held; i++)
		holds[i] = (struct relevo_session_hold){
			.kind = session_list_copy(page, listing->held_kinds[i]),
			.object = session_list_copy(page, listing->held_objects[i]),
			.count = listing->held[i],
		};
}

static struct relevo_session_info session_list_row(struct listing *page,
						   const Relevo__SessionListing *listing, size_t i)
{
	return (struct relevo_session_info){
		.number = listing->sessions[i],
		.name = session_list_copy(page, listing->names[i]),
		.host = session_list_copy(page, listing->hosts[i]),
		.address = session_list_copy(page, listing->addresses[i]),
		.pid = pid_of(listing->pids[i]),
		.local = listing->local[i],
		.uid = listing->uids[i],
		.msec = (int64_t)listing->ages_ms[i],
		.handles = listing->handles[i],
		.leases = listing->leases[i],
		.waits = listing->waits[i],
		.bytes = listing->bytes[i],
		.user_bytes = listing->user_bytes[i],
		.waiting_count = listing->wait_counts[i],
		.held_count = listing->held_counts[i],
	};
}

static int session_list_take_listing(struct call *call, const struct frame *frame)
{
	struct listing *page = container_of(call, struct listing, call);
	const Relevo__SessionListing *listing = frame->header->session_listing;
	if (frame->header->op_case != RELEVO__HEADER__OP_SESSION_LISTING ||
	    !session_list_is_whole(listing))
		return RELEVO_BAD_FRAME;
	const size_t rows = listing->n_sessions;
	page->infos = malloc(rows * sizeof *page->infos +
			     listing->n_wait_calls * sizeof(struct relevo_session_wait) +
			     listing->n_held * sizeof(struct relevo_session_hold) +
			     all_text(listing) + 1);
	if (page->infos == NULL)
		return RELEVO_NO_MEMORY;
	struct relevo_session_wait *waits = (struct relevo_session_wait *)(page->infos + rows);
	struct relevo_session_hold *holds =
		(struct relevo_session_hold *)(waits + listing->n_wait_calls);
	page->place = (char *)(holds + listing->n_held);
	copy_waits(page, listing, waits);
	copy_holds(page, listing, holds);
	for (size_t i = 0; i < rows; i++) {
		page->infos[i] = session_list_row(page, listing, i);
		page->infos[i].waiting = waits;
		page->infos[i].held = holds;
		waits += listing->wait_counts[i];
		holds += listing->held_counts[i];
	}
	page->count = rows;
	page->more = listing->more;
	return RELEVO_OK;
}

/* ---- asking ------------------------------------------------------------- */

static int session_list_fetch(relevo_session *session, uint64_t after, struct listing *page)
{
	nsec_t limit = session_limit(session);
	struct error *error = thread_error();
	int status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__SessionList operation = RELEVO__SESSION_LIST__INIT;
	operation.after = after;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_SESSION_LIST;
	header.session_list = &operation;
	status = call_run(session, &page->call, &header, limit, error);
	session_leave(session);
	return status;
}

int relevo_session_list(relevo_session *session,
			int (*visit)(const struct relevo_session_info *info, void *user),
			void *user)
{
	if (!given(session) || !given_function(visit))
		return RELEVO_BAD_ARGUMENT;
	uint64_t after = 0;
	bool more = true;
	int status = RELEVO_OK;
	while (more && status == RELEVO_OK) {
		struct listing page = { .call.take = session_list_take_listing };
		status = session_list_fetch(session, after, &page);
		for (size_t i = 0; i < page.count && status == RELEVO_OK; i++)
			status = visit(&page.infos[i], user);
		more = page.more && page.count > 0;
		if (more)
			after = page.infos[page.count - 1].number;
		free(page.infos);
	}
	return status;
}
