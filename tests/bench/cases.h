#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "bench/harness.h"

/* All cases, in the order of the report; ended by one without a name. Those of
 * one file are made there, and listed in cases.c. */
extern const struct bench_case bench_cases[];

/* case_round_trip.c */
bench_figure queue_round_trip, tcp_round_trip, raw_unix_round_trip, raw_tcp_round_trip;

/* case_stream.c */
bench_figure queue_batch, queue_get_batch, queue_put_one, queue_get_one, queue_large;
bench_figure raw_batched, raw_single, raw_large;

/* case_backlog.c */
bench_figure queue_deep, queue_shallow, queue_memory;

/* case_cell.c */
bench_figure event_set, value_add;
/* case_lock.c */
bench_figure lock_free, lock_free_ahead, lock_free_tcp, lock_free_tcp_ahead;
bench_figure lock_contended, lock_contended_ahead;

/* case_pipe.c */
bench_figure pipe_round_trip, pipe_small, pipe_large;
bench_figure bare_round_trip, bare_packet_round_trip, python_small, python_large;

/* case_pool.c */
bench_figure pool_noop, pool_noop_chunked, python_noop, python_noop_chunked;
bench_figure pool_apply, python_apply, gearman_noop, gearman_apply;

/* case_process.c */
bench_figure process_fork, process_forkserver, process_spawn, bare_fork;

/* case_store.c */
bench_figure store_append, store_commit, bare_commit;

/* case_turn.c */
bench_figure turn_list, turn_move, turn_purge, turn_delete, turn_peek, turn_peek_timed;
bench_figure turn_shut_down, turn_drained, turn_expire;

/* case_turn_session.c */
bench_figure turn_updates, turn_array, turn_served, turn_wills, turn_waits_end;
bench_figure turn_looks, turn_look_at_leases, turn_leases_end, turn_handles_end;

/* case_turn_crowd.c */
bench_figure turn_crowd_puts, turn_crowd_gets, turn_crowd_acknowledges, turn_crowd_purges;
bench_figure turn_crowd_peeks, turn_crowd_lists, turn_crowd_inherits;

/* case_turn_large.c */
bench_figure turn_large_read, turn_large_set, turn_large_both, turn_large_create, turn_large_put;

/* case_durable.c */
bench_figure durable_put_confirmed, durable_put_get;
bench_figure durable_put_pipelined, durable_put_pipelined_1k, durable_put_pipelined_64k;
bench_figure raw_put_confirmed, raw_small_groups, raw_small_large_groups;
bench_figure raw_groups, raw_large_groups;
bench_peer_figure peer_put_confirmed, peer_put_get;
bench_peer_figure peer_put_pipelined, peer_put_pipelined_1k, peer_put_pipelined_64k;

/* case_durable_deep.c */
extern size_t durable_deep_items;
bench_figure durable_deep_put, durable_deep_memory, durable_deep_written;
bench_figure durable_deep_killed, durable_deep_stopped, durable_deep_get;

/* case_shared.c */
bench_figure shared_lock, bare_mutex;

#endif
