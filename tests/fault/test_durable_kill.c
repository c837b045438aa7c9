/* The broker is killed again and again under load, and a history tells whether what it confirmed
 * held. */
#include "support/queues.h"
#include "support/random.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	PRODUCERS = 3,
	QUEUES = PRODUCERS + 1, /* one of each producer, and the last is everybody's */
	SHARED = PRODUCERS,
	CONSUMERS = QUEUES + 1, /* two at the last */
	STREAMS = 2 * PRODUCERS,
	MOST = 400000, /* items of a stream */
	BATCH = 40,
	USUAL_KILLS = 12,
};

/* What is known of an item. */
enum { NOT_SEEN, SEEN, MAYBE_GONE, GONE };

/* What one producer puts into one queue: numbers, from 0 on. */
struct stream {
	atomic_uint issued, confirmed;
	atomic_uint last_first; /* the number behind the highest that came for the first time */
	atomic_uchar *states;
};

struct number {
	uint32_t stream, number;
};

static struct stream streams[STREAMS];
static struct test_broker broker;
static uint64_t seed;
static atomic_bool killing, producing;
static atomic_uint again, unmarked, doubtful, refused_acks;

#define history_check(condition, item)                                                             \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "seed %llu: %s: stream %u, number %u\n",                   \
				(unsigned long long)seed, #condition, (item)->stream,              \
				(item)->number);                                                   \
			_exit(EXIT_FAILURE);                                                       \
		}                                                                                  \
	} while (0)

#define call_check(call)                                                                           \
	do {                                                                                       \
		int status_ = (call);                                                              \
		if (status_ != RELEVO_OK) {                                                        \
			fprintf(stderr, "seed %llu: %s: %s: %s\n", (unsigned long long)seed,       \
				#call, relevo_error_name(status_), relevo_error_detail());         \
			_exit(EXIT_FAILURE);                                                       \
		}                                                                                  \
	} while (0)

static relevo_queue *open_numbered(relevo_session *session, int number)
{
	char name[16];
	relevo_queue *queue;
	const struct relevo_queue_options options = { .durable = true };
	snprintf(name, sizeof name, "kill-%d", number);
	call_check(relevo_queue_open(session, name, &options, &queue));
	return queue;
}

static relevo_session *open_session(void)
{
	relevo_session *session;
	const struct relevo_session_options options = { .timeout = TEST_PATIENCE };
	call_check(relevo_session_open(broker.url, &options, &session));
	return session;
}

/* ---- producers ------------------------------------------------------------------ */

static void put_some(struct random *random, relevo_queue *queue, uint32_t which)
{
	struct stream *stream = &streams[which];
	struct number numbers[BATCH];
	struct relevo_bytes bytes[BATCH];
	uint32_t first = atomic_load(&stream->issued);
	uint32_t count = 1 + random_below(random, BATCH);
	if (first + count > MOST)
		return;
	for (uint32_t i = 0; i < count; i++) {
		numbers[i] = (struct number){ which, first + i };
		bytes[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	atomic_store(&stream->issued, first + count);
	if (random_percent(random, 50)) {
		call_check(relevo_queue_put_many(queue, bytes, count, RELEVO_FOREVER, NULL));
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		call_check(relevo_queue_put(queue, &numbers[i], sizeof numbers[i], RELEVO_FOREVER));
}

static void confirm(relevo_session *session, uint32_t producer)
{
	unsigned own = atomic_load(&streams[2 * producer].issued);
	unsigned shared = atomic_load(&streams[2 * producer + 1].issued);
	call_check(relevo_session_flush(session, TEST_PATIENCE));
	atomic_store(&streams[2 * producer].confirmed, own);
	atomic_store(&streams[2 * producer + 1].confirmed, shared);
}

static void *produce(void *argument)
{
	uint32_t producer = *(uint32_t *)argument;
	struct random random = { seed * 31 + producer };
	relevo_session *session = open_session();
	relevo_queue *own = open_numbered(session, (int)producer);
	relevo_queue *shared = open_numbered(session, SHARED);
	while (atomic_load(&killing)) {
		bool to_own = random_percent(&random, 50);
		put_some(&random, to_own ? own : shared, 2 * producer + (to_own ? 0 : 1));
		if (random_percent(&random, 60))
			confirm(session, producer);
	}
	put_some(&random, own, 2 * producer);
	put_some(&random, shared, 2 * producer + 1);
	confirm(session, producer);
	relevo_queue_close(own);
	relevo_queue_close(shared);
	call_check(relevo_session_close(session));
	return NULL;
}

/* ---- consumers ------------------------------------------------------------------ */

static struct number number_of(const relevo_item *item)
{
	struct number number;
	child_check(item->size == sizeof number);
	memcpy(&number, item->data, sizeof number);
	child_check(number.stream < STREAMS);
	history_check(number.number < atomic_load(&streams[number.stream].issued), &number);
	return number;
}

/* Another consumer of the same queue may be ahead: only where there is one is order seen. */
static void note_first(const struct number *number, bool alone)
{
	struct stream *stream = &streams[number->stream];
	if (!alone)
		return;
	history_check(number->number >= atomic_load(&stream->last_first), number);
	atomic_store(&stream->last_first, number->number + 1);
}

static void note_delivery(const relevo_item *item, bool alone)
{
	const struct number number = number_of(item);
	atomic_uchar *state = &streams[number.stream].states[number.number];
	unsigned char was = atomic_exchange(state, SEEN);
	history_check(was != GONE, &number);
	if (was == NOT_SEEN && item->deliveries == 1) {
		note_first(&number, alone);
	} else if (was != NOT_SEEN) {
		atomic_fetch_add(&again, 1);
		/* The broker died before it could write down that it had handed it out. */
		if (item->deliveries == 1)
			atomic_fetch_add(&unmarked, 1);
	}
}

static void note_end(const relevo_item *item, unsigned char end)
{
	const struct number number = number_of(item);
	atomic_uchar *state = &streams[number.stream].states[number.number];
	unsigned char seen = SEEN;
	if (end == GONE)
		atomic_store(state, GONE);
	else if (atomic_compare_exchange_strong(state, &seen, MAYBE_GONE))
		atomic_fetch_add(&doubtful, 1);
}

static bool may_fail_so(int status)
{
	return status == RELEVO_NOT_OWNER || status == RELEVO_UNANSWERED ||
	       status == RELEVO_DISCONNECTED;
}

static void acknowledge_all(relevo_queue *queue, relevo_item *items, size_t count)
{
	int status = relevo_queue_ack(queue, items, count);
	child_check(status == RELEVO_OK || may_fail_so(status));
	if (status != RELEVO_OK)
		atomic_fetch_add(&refused_acks, 1);
	for (size_t i = 0; i < count; i++)
		note_end(&items[i], status == RELEVO_OK ? GONE : MAYBE_GONE);
}

static void consume_leased(struct random *random, relevo_queue *queue, bool alone, size_t *got)
{
	relevo_item items[BATCH];
	int status = relevo_queue_lease(queue, 50, items, 1 + random_below(random, BATCH), got);
	if (status == RELEVO_TIMED_OUT) {
		*got = 0;
		return;
	}
	call_check(status);
	for (size_t i = 0; i < *got; i++)
		note_delivery(&items[i], alone);
	if (random_percent(random, 85)) {
		acknowledge_all(queue, items, *got);
	} else {
		status = relevo_queue_nack(queue, items, *got, random_below(random, 20));
		child_check(status == RELEVO_OK || may_fail_so(status));
	}
	for (size_t i = 0; i < *got; i++)
		relevo_item_free(&items[i]);
}

/* It is acknowledged by itself, which nobody hears of. */
static void consume_one(relevo_queue *queue, bool alone, size_t *got)
{
	relevo_item item;
	int status = relevo_queue_get(queue, 50, &item);
	*got = 0;
	if (status == RELEVO_TIMED_OUT)
		return;
	call_check(status);
	note_delivery(&item, alone);
	note_end(&item, MAYBE_GONE);
	relevo_item_free(&item);
	*got = 1;
}

static bool queue_is_empty(relevo_queue *queue)
{
	struct relevo_queue_state state;
	call_check(relevo_queue_inspect(queue, &state));
	return state.ready + state.delayed + state.leased == 0;
}

static void *consume(void *argument)
{
	uint32_t consumer = *(uint32_t *)argument;
	uint32_t which = consumer < QUEUES ? consumer : SHARED;
	bool alone = which != SHARED, done = false;
	struct random random = { seed * 37 + consumer };
	relevo_session *session = open_session();
	relevo_queue *queue = open_numbered(session, (int)which);
	while (!done) {
		bool ended = !atomic_load(&producing);
		size_t got;
		if (random_percent(&random, 80))
			consume_leased(&random, queue, alone, &got);
		else
			consume_one(queue, alone, &got);
		done = ended && got == 0 && queue_is_empty(queue);
	}
	relevo_queue_close(queue);
	call_check(relevo_session_close(session));
	return NULL;
}

/* ---- the rest --------------------------------------------------------------------- */

static unsigned all_issued(void)
{
	unsigned issued = 0;
	for (uint32_t i = 0; i < STREAMS; i++)
		issued += atomic_load(&streams[i].issued);
	return issued;
}

static bool so_many_are_put(void *argument)
{
	return all_issued() >= *(unsigned *)argument;
}

static void kill_often(struct random *random, unsigned kills)
{
	for (unsigned i = 0; i < kills; i++) {
		unsigned until = all_issued() + random_below(random, 3000);
		assert_true(eventually(so_many_are_put, &until));
		broker_kill(&broker);
		broker_again(&broker);
	}
}

static void nothing_confirmed_is_lost(void)
{
	for (uint32_t i = 0; i < STREAMS; i++) {
		unsigned confirmed = atomic_load(&streams[i].confirmed);
		assert_true(confirmed > 0);
		for (uint32_t at = 0; at < confirmed; at++) {
			const struct number number = { i, at };
			history_check(atomic_load(&streams[i].states[at]) >= MAYBE_GONE, &number);
		}
	}
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void report(unsigned kills)
{
	unsigned items = 0;
	for (uint32_t i = 0; i < STREAMS; i++)
		items += atomic_load(&streams[i].confirmed);
	print_message("%u kills, %u items; %u came again, %u of them unmarked; %u may be gone, "
		      "%u acknowledgements in vain\n",
		      kills, items, atomic_load(&again), atomic_load(&unmarked),
		      atomic_load(&doubtful), atomic_load(&refused_acks));
}

static void what_was_confirmed_outlives_kills(void **state)
{
	(void)state;
	pthread_t producers[PRODUCERS], consumers[CONSUMERS];
	uint32_t numbers[CONSUMERS];
	unsigned kills = (unsigned)number_from("RELEVO_DURABLE_KILLS", USUAL_KILLS);
	struct random random = { seed };
	atomic_store(&killing, true);
	atomic_store(&producing, true);
	for (uint32_t i = 0; i < CONSUMERS; i++) {
		numbers[i] = i;
		if (i < PRODUCERS)
			assert_int_equal(pthread_create(&producers[i], NULL, produce, &numbers[i]),
					 0);
		assert_int_equal(pthread_create(&consumers[i], NULL, consume, &numbers[i]), 0);
	}
	kill_often(&random, kills);
	atomic_store(&killing, false);
	for (uint32_t i = 0; i < PRODUCERS; i++)
		thread_join(producers[i], "one that puts");
	atomic_store(&producing, false);
	for (uint32_t i = 0; i < CONSUMERS; i++)
		thread_join(consumers[i], "one that gets");
	nothing_confirmed_is_lost();
	report(kills);
}

static char data_folder[64];

static int setup_killing(void **state)
{
	char data[96];
	(void)state;
	seed = number_from("RELEVO_DURABLE_SEED", (uint64_t)time(NULL));
	print_message("RELEVO_DURABLE_SEED=%llu\n", (unsigned long long)seed);
	for (uint32_t i = 0; i < STREAMS; i++) {
		streams[i].states = calloc(MOST, sizeof *streams[i].states);
		assert_non_null(streams[i].states);
	}
	test_folder_make(data_folder);
	snprintf(data, sizeof data, "%s/data", data_folder);
	test_broker_start(&broker, (const char *const[]){ "--data", data, NULL });
	return 0;
}

static int teardown_killing(void **state)
{
	(void)state;
	test_broker_stop(&broker);
	test_folder_remove(data_folder);
	for (uint32_t i = 0; i < STREAMS; i++)
		free(streams[i].states);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_confirmed_outlives_kills, setup_killing,
						teardown_killing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
