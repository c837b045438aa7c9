/* The answer that lists sessions. */
#include "route/call.h"
#include "route/reply.h"

#include <assert.h>

enum { DETAILS_MOST = SESSIONS_MOST * LOOK_MOST };

/* What has a name of another object's kind is short: see CELL_MAX_PURPOSE. */
static_assert(SESSIONS_MOST * (2 * NAME_MAX_BYTES + ADDRESS_MAX + 128) +
			      2 * DETAILS_MOST * (NAME_MAX_BYTES + CELL_MAX_PURPOSE + 32) <
		      FRAME_MAX_HEADER,
	      "a full answer fits a header");
static_assert((int)PEER_MEET == RELEVO__WAITING_CALL__WAITING_MEET, "calls differ");

/* The listing's columns. */
struct columns {
	uint64_t sessions[SESSIONS_MOST], pids[SESSIONS_MOST], ages[SESSIONS_MOST];
	uint64_t handles[SESSIONS_MOST], leases[SESSIONS_MOST], waits[SESSIONS_MOST];
	uint64_t bytes[SESSIONS_MOST], user_bytes[SESSIONS_MOST];
	uint32_t uids[SESSIONS_MOST], wait_counts[SESSIONS_MOST], held_counts[SESSIONS_MOST];
	protobuf_c_boolean local[SESSIONS_MOST];
	char *names[SESSIONS_MOST], *hosts[SESSIONS_MOST], *addresses[SESSIONS_MOST];
	/* Further down: `waiting` and `held` entries in all. */
	Relevo__WaitingCall wait_calls[DETAILS_MOST];
	char *wait_kinds[DETAILS_MOST], *wait_objects[DETAILS_MOST];
	uint64_t waits_ms[DETAILS_MOST];
	char *held_kinds[DETAILS_MOST], *held_objects[DETAILS_MOST];
	uint64_t held[DETAILS_MOST];
	uint32_t waiting_count, held_count;
};

static uint64_t msec_since(nsec_t then, nsec_t now)
{
	return now > then ? (now - then) / NSEC_PER_MSEC : 0;
}

static void fill_identity(struct columns *columns, uint32_t row, const struct session *session)
{
	const struct channel_peer *peer = connection_peer(session->connection);
	columns->sessions[row] = session->number;
	columns->pids[row] = session->identity.pid;
	columns->local[row] = peer->local;
	columns->uids[row] = peer->local ? peer->uid : 0;
	columns->names[row] = (char *)session->identity.name;
	columns->hosts[row] = (char *)session->identity.host;
	columns->addresses[row] = (char *)peer->address;
}

static void fill_look(struct columns *columns, uint32_t row, const struct session_row *from)
{
	const struct session *session = from->session;
	const struct peer_look *look = &from->look;
	columns->handles[row] = look->handles;
	columns->leases[row] = look->leases;
	columns->waits[row] = look->waits;
	columns->bytes[row] = connection_cost(session->connection) + sizeof *session +
			      look->waits * sizeof(struct call) + look->bytes;
	columns->user_bytes[row] = connection_account(session->connection)->used;
	columns->wait_counts[row] = look->waiting_count;
	columns->held_counts[row] = look->held_count;
}

static void fill_details(struct columns *columns, const struct peer_look *look, nsec_t now)
{
	for (uint32_t i = 0; i < look->waiting_count; i++) {
		const struct peer_wait *wait = &look->waiting[i];
		uint32_t place = columns->waiting_count++;
		columns->wait_calls[place] = (Relevo__WaitingCall)wait->call;
		columns->wait_kinds[place] = (char *)wait->kind;
		columns->wait_objects[place] = (char *)wait->object;
		columns->waits_ms[place] = msec_since(wait->since, now);
	}
	for (uint32_t i = 0; i < look->held_count; i++) {
		uint32_t place = columns->held_count++;
		columns->held_kinds[place] = (char *)look->held[i].kind;
		columns->held_objects[place] = (char *)look->held[i].object;
		columns->held[place] = look->held[i].count;
	}
}

static void point_to(Relevo__SessionListing *listing, struct columns *columns, uint32_t count)
{
	listing->n_sessions = listing->n_pids = listing->n_uids = listing->n_local = count;
	listing->n_names = listing->n_hosts = listing->n_addresses = listing->n_ages_ms = count;
	listing->n_handles = listing->n_leases = listing->n_waits = listing->n_bytes = count;
	listing->n_user_bytes = listing->n_wait_counts = listing->n_held_counts = count;
	listing->sessions = columns->sessions;
	listing->pids = columns->pids;
	listing->uids = columns->uids;
	listing->local = columns->local;
	listing->names = columns->names;
	listing->hosts = columns->hosts;
	listing->addresses = columns->addresses;
	listing->ages_ms = columns->ages;
	listing->handles = columns->handles;
	listing->leases = columns->leases;
	listing->waits = columns->waits;
	listing->bytes = columns->bytes;
	listing->user_bytes = columns->user_bytes;
	listing->wait_counts = columns->wait_counts;
	listing->held_counts = columns->held_counts;
}

static void point_to_details(Relevo__SessionListing *listing, struct columns *columns)
{
	listing->n_wait_calls = listing->n_wait_kinds = columns->waiting_count;
	listing->n_wait_objects = listing->n_waits_ms = columns->waiting_count;
	listing->wait_calls = columns->wait_calls;
	listing->wait_kinds = columns->wait_kinds;
	listing->wait_objects = columns->wait_objects;
	listing->waits_ms = columns->waits_ms;
	listing->n_held_kinds = listing->n_held_objects = listing->n_held = columns->held_count;
	listing->held_kinds = columns->held_kinds;
	listing->held_objects = columns->held_objects;
	listing->held = columns->held;
}

void reply_sessions(struct session *session, uint64_t call, const struct session_row *rows,
		    uint32_t count, bool more)
{
	struct columns columns;
	nsec_t now = loop_now(session->router->loop);
	columns.waiting_count = columns.held_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct session *one = rows[i].session;
		fill_identity(&columns, i, one);
		columns.ages[i] = msec_since(one->opened, now);
		fill_look(&columns, i, &rows[i]);
		fill_details(&columns, &rows[i].look, now);
	}
	Relevo__SessionListing listing = RELEVO__SESSION_LISTING__INIT;
	point_to(&listing, &columns, count);
	point_to_details(&listing, &columns);
	listing.more = more;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_SESSION_LISTING;
	header.session_listing = &listing;
	connection_send(session->connection, &header, NULL);
}
