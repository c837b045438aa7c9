#include "bench/cases.h"

const struct bench_case bench_cases[] = {
	{ "queue_round_trip", "us", queue_round_trip, "raw relay", raw_unix_round_trip },
	{ "queue_round_trip_one", "us", queue_round_trip, "raw relay", raw_unix_round_trip, true },
	{ "tcp_round_trip", "us", tcp_round_trip, "raw relay over tcp", raw_tcp_round_trip },
	{ "queue_batch", "items/s", queue_batch, "raw relay, 6 KB writes", raw_batched },
	{ "queue_get_batch", "items/s", queue_get_batch, "raw relay, 6 KB writes", raw_batched },
	{ "queue_put_one", "items/s", queue_put_one, "raw relay, 64 byte writes", raw_single },
	{ "queue_get_one", "items/s", queue_get_one, NULL, NULL },
	{ "queue_large", "MB/s", queue_large, "raw relay, 64 KB writes", raw_large },
	{ "queue_deep", "items/s", queue_deep, "1,000 items deep, not 5,000,000", queue_shallow },
	{ "queue_memory", "bytes/item", queue_memory, NULL, NULL },
	{ "event_set", "us", event_set, NULL, NULL },
	{ "value_add", "us", value_add, NULL, NULL },
	{ "lock", "us", lock_free, "release_ahead", lock_free_ahead },
	{ "lock_one", "us", lock_free, "release_ahead", lock_free_ahead, true },
	{ "lock_tcp", "us", lock_free_tcp, "release_ahead", lock_free_tcp_ahead },
	{ "lock_contended", "us", lock_contended, "release_ahead", lock_contended_ahead },
	{ "pool_noop", "tasks/s", pool_noop, "Python's Pool, chunksize=1", python_noop },
	{ "pool_noop_chunked", "tasks/s", pool_noop_chunked, "Python's Pool", python_noop_chunked },
	{ "shared_lock", "ns", shared_lock, "a bare pthread_mutex_t", bare_mutex },
	{ .name = NULL },
};
