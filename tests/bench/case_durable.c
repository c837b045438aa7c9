/* Queues that outlive the broker, beside the disk alone and other servers of such queues. */
#include "bench/cases.h"
#include "bench/durable_load.h"
#include "bench/raw_disk.h"

/* The disk alone writes as many bytes as the items have, in groups of as many as its suffix says.
 */
enum {
	CONFIRMED = 300,
	SMALL_SIZE = 64,
	SMALL_ITEMS = 300 * 1000,
	SMALL_GROUP = 1000 * SMALL_SIZE,
	MIDDLE_SIZE = 1024,
	MIDDLE_ITEMS = 200 * 1000,
	LARGE_SIZE = 64 * 1024,
	LARGE_ITEMS = 4000,
	GROUP = 1024 * 1024,
	LARGE_GROUP = 8 * 1024 * 1024,
	THROUGH = 200 * 1000,
};

static const double bytes_per_mb = 1e6;

/* ---- one item after the other ----------------------------------------------- */

double peer_put_confirmed(const struct peer *peer)
{
	return load_confirmed(peer, CONFIRMED, SMALL_SIZE);
}

double durable_put_confirmed(const struct fixture *fixture)
{
	relevo_peer_at(fixture->url);
	return peer_put_confirmed(&relevo_peer);
}

double raw_put_confirmed(const struct fixture *fixture)
{
	(void)fixture;
	return raw_disk_round_trip(CONFIRMED, SMALL_SIZE);
}

/* ---- many, confirmed in the end ---------------------------------------------- */

double peer_put_pipelined(const struct peer *peer)
{
	return load_pipelined(peer, SMALL_ITEMS, SMALL_SIZE);
}

double durable_put_pipelined(const struct fixture *fixture)
{
	relevo_peer_at(fixture->url);
	return peer_put_pipelined(&relevo_peer);
}

double peer_put_pipelined_1k(const struct peer *peer)
{
	return load_pipelined(peer, MIDDLE_ITEMS, MIDDLE_SIZE) * MIDDLE_SIZE / bytes_per_mb;
}

double durable_put_pipelined_1k(const struct fixture *fixture)
{
	relevo_peer_at(fixture->url);
	return peer_put_pipelined_1k(&relevo_peer);
}

double peer_put_pipelined_64k(const struct peer *peer)
{
	return load_pipelined(peer, LARGE_ITEMS, LARGE_SIZE) * LARGE_SIZE / bytes_per_mb;
}

double durable_put_pipelined_64k(const struct fixture *fixture)
{
	relevo_peer_at(fixture->url);
	return peer_put_pipelined_64k(&relevo_peer);
}

/* Small items a second that the disk alone could take. */
static double raw_small(size_t group)
{
	const size_t bytes = (size_t)SMALL_ITEMS * SMALL_SIZE;
	return (double)SMALL_ITEMS / raw_disk_stream(bytes, group);
}

double raw_small_groups(const struct fixture *fixture)
{
	(void)fixture;
	return raw_small(SMALL_GROUP);
}

double raw_small_large_groups(const struct fixture *fixture)
{
	(void)fixture;
	return raw_small(GROUP);
}

/* MB a second. */
static double raw_bytes(size_t group)
{
	const size_t bytes = (size_t)LARGE_ITEMS * LARGE_SIZE;
	return (double)bytes / raw_disk_stream(bytes, group) / bytes_per_mb;
}

double raw_groups(const struct fixture *fixture)
{
	(void)fixture;
	return raw_bytes(GROUP);
}

double raw_large_groups(const struct fixture *fixture)
{
	(void)fixture;
	return raw_bytes(LARGE_GROUP);
}

/* ---- from one client to another ----------------------------------------------- */

double peer_put_get(const struct peer *peer)
{
	return load_through(peer, THROUGH, SMALL_SIZE);
}

double durable_put_get(const struct fixture *fixture)
{
	relevo_peer_at(fixture->url);
	return peer_put_get(&relevo_peer);
}
